import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeReply, toPlain } from '../../../resp/decode.js';
import { encodeMultibulk } from '../../../resp/inline-command.js';
import { Random } from '../../support/random.js';
import { Connection, PASSWORD } from './connection.js';
import type { Findings } from './findings.js';
import { outcomeOf } from './outcome.js';

const CHANNELS = 6;
const PUBLISHERS = 2;
const SUBSCRIBERS = 4;
const ANSWER_TIMEOUT_MS = 30_000;
const PAUSE_MS = 5;
const RETRY_MS = 50;
/** The last messages are on their way for so long at most. */
const SETTLING_MS = 2_000;

/** What has been published to a channel, by number from 0 on: true if it was acknowledged. */
type Published = boolean[];

/**
 * Clients that publish numbers, and clients that listen to them: numbers that were acknowledged come in
 * their order, none comes twice, and none is missing between two that came by one connection, unless something was done to a
 * process meanwhile.
 */
export class Messages {
  readonly #ports: readonly number[];
  readonly #findings: Findings;
  readonly #areLossesFaults: boolean;
  readonly channels: readonly string[];
  readonly #published: readonly Published[];
  readonly #stopping = new AbortController();
  readonly #sockets = new Set<Socket>();
  #publishing: Promise<unknown> = Promise.resolve();
  #listening: Promise<unknown> = Promise.resolve();
  /** Messages that were heard. */
  count = 0;
  /** Messages that were not, while processes were killed. */
  missed = 0;

  /**
   * @param areLossesFaults nothing is done to any process: slots move, and that is no reason
   * @param tagOf makes a hash tag; different for different names
   */
  constructor(
    ports: readonly number[],
    areLossesFaults: boolean,
    tagOf: (what: string) => string,
    findings: Findings,
  ) {
    this.#ports = ports;
    this.#areLossesFaults = areLossesFaults;
    this.#findings = findings;
    this.channels = Array.from(
      { length: CHANNELS },
      (_, index) => `channel{${tagOf(`channel${index}`)}}`,
    );
    this.#published = this.channels.map(() => []);
  }

  start(seed: number): void {
    const listeners = Array.from({ length: SUBSCRIBERS }, (_, id) => this.#listenOn(id));
    this.#listening = Promise.all(listeners);
    const publishers = Array.from({ length: PUBLISHERS }, (_, id) =>
      this.#publish(id, new Random(seed + id)),
    );
    this.#publishing = Promise.all(publishers);
  }

  async finish(): Promise<void> {
    this.#stopping.abort();
    await this.#publishing;
    if (this.#sockets.size > 0) await sleep(SETTLING_MS);
    for (const socket of this.#sockets) socket.destroy();
    await this.#listening;
  }

  /** Each publisher has channels of its own, so that their order is known. */
  async #publish(id: number, random: Random): Promise<void> {
    const own = this.channels.flatMap((_, index) => (index % PUBLISHERS === id ? [index] : []));
    let connection: Connection | null = null;
    while (!this.#stopping.signal.aborted) {
      await sleep(PAUSE_MS);
      if (connection === null || !connection.isOpen) {
        connection = await Connection.open(random.pick(this.#ports)).catch(() => null);
        continue;
      }
      const index = random.pick(own);
      const published = this.#published[index]!;
      const number = published.push(false) - 1;
      const command = ['PUBLISH', this.channels[index]!, String(number)];
      const [answer] = await connection.exchange([command], ANSWER_TIMEOUT_MS);
      const outcome = outcomeOf(answer!.value, connection.end);
      if (outcome.type === 'answered' && typeof outcome.reply === 'number')
        published[number] = true;
      else if (outcome.type !== 'answered') this.#findings.error(outcome.error);
      if (/no reply within/.test(connection.end)) this.#findings.difference(connection.end);
    }
    connection?.close();
  }

  async #listenOn(id: number): Promise<void> {
    for (let turn = id; !this.#stopping.signal.aborted; turn++) {
      await this.#listen(this.#ports[turn % this.#ports.length]!);
      await sleep(RETRY_MS);
    }
  }

  /** Until the connection ends. */
  #listen(port: number): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' });
      this.#sockets.add(socket);
      // By channel: the number that came last.
      const last = new Map<string, number>();
      let received: Buffer = Buffer.alloc(0);
      socket.once('connect', () => {
        socket.write(encodeMultibulk(['AUTH', PASSWORD]));
        socket.write(encodeMultibulk(['SUBSCRIBE', ...this.channels]));
      });
      socket.on('data', (chunk) => {
        received = received.length > 0 ? Buffer.concat([received, chunk]) : chunk;
        for (let at = 0; ; ) {
          const decoded = decodeReply(received, at);
          if (decoded === null) {
            received = received.subarray(at);
            return;
          }
          at = decoded.end;
          const frame = toPlain(decoded.value);
          if (Array.isArray(frame) && frame[0] === 'message') {
            this.#hear(String(frame[1]), Number(frame[2]), last);
          }
        }
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        resolve();
      });
    });
  }

  #hear(channel: string, number: number, last: Map<string, number>): void {
    this.count++;
    const before = last.get(channel);
    const published = this.#published[this.channels.indexOf(channel)]!;
    if (before !== undefined && number <= before) {
      // One that was not acknowledged may be late: a server that hung executes it when it goes on.
      if (number < before && published[number] === false) return;
      this.#findings.difference(`${channel}: message ${number} came after ${before}`);
      return;
    }
    last.set(channel, number);
    if (before === undefined) return;
    const missing = published.slice(before + 1, number).filter((isAcknowledged) => isAcknowledged);
    if (missing.length === 0) return;
    this.missed += missing.length;
    if (this.#areLossesFaults) {
      this.#findings.difference(
        `${channel}: ${missing.length} messages between ${before} and ${number} did not come`,
      );
    }
  }
}
