import { setTimeout as sleep } from 'node:timers/promises';
import { toPlain } from '../../../resp/decode.js';
import { Random } from '../../support/random.js';
import { Connection } from './connection.js';
import type { Findings } from './findings.js';
import { outcomeOf } from './outcome.js';

const QUEUES = 6;
const PRODUCERS = 3;
const CONSUMERS = 6;
/** Seconds of a BLPOP: consumers wait now and then, and are told in time that it is over. */
const WAIT_SECONDS = '1';
/** Every command is answered within this time, be it with an error: silence is a defect. */
const ANSWER_TIMEOUT_MS = 30_000;
/** Of a producer, between two elements: consumers are quicker, so that they block. */
const PAUSE_MS = 10;
const RETRY_MS = 20;

/** A list that some push to and others wait at. */
interface Queue {
  readonly key: string;
  /** What has been pushed, or may have been; `refused` ones must never come. */
  readonly pushed: Map<string, 'acknowledged' | 'unknown' | 'refused'>;
  readonly popped: Set<string>;
  /** Pops whose outcome is not known: each may have taken an element along. */
  lostPops: number;
}

/**
 * Clients that push elements, and clients that wait for them with BLPOP: every element that was
 * acknowledged is popped once, or is still there.
 */
export class Queues {
  readonly #ports: readonly number[];
  readonly #findings: Findings;
  readonly #queues: readonly Queue[];
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #pushes = 0;
  /** Elements that were popped. */
  count = 0;

  /**
   * @param ports of the proxies
   * @param tagOf makes a hash tag; different for different names
   */
  constructor(ports: readonly number[], tagOf: (what: string) => string, findings: Findings) {
    this.#ports = ports;
    this.#findings = findings;
    this.#queues = Array.from({ length: QUEUES }, (_, index) => ({
      key: `queue{${tagOf(`queue${index}`)}}`,
      pushed: new Map(),
      popped: new Set(),
      lostPops: 0,
    }));
  }

  get keys(): readonly string[] {
    return this.#queues.map(({ key }) => key);
  }

  start(seed: number): void {
    const clients = (count: number, work: (random: Random) => Promise<void>) =>
      Array.from({ length: count }, (_, id) => work(new Random(seed + id)));
    this.#running = Promise.all([
      ...clients(PRODUCERS, (random) => this.#work(random, this.#produce)),
      ...clients(CONSUMERS, (random) => this.#work(random, this.#consume)),
    ]);
  }

  /** Ends the clients, compares, and deletes the keys. */
  async finish(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    const connection = await Connection.open(this.#ports[0]!);
    try {
      for (const queue of this.#queues) {
        const left = toPlain(await connection.call('LRANGE', queue.key, '0', '-1')) as string[];
        for (const element of left) this.#take(queue, element);
        this.#compare(queue);
        await connection.call('DEL', queue.key);
      }
    } finally {
      connection.close();
    }
  }

  #compare({ key, pushed, popped, lostPops }: Queue): void {
    const missing = [...pushed].filter(
      ([element, outcome]) => outcome === 'acknowledged' && !popped.has(element),
    );
    if (missing.length <= lostPops) return;
    this.#findings.difference(
      `${missing.length} elements of ${key} were lost, such as ${missing[0]![0]}; ` +
        `of ${lostPops} pops the outcome is unknown`,
    );
  }

  async #work(
    random: Random,
    step: (connection: Connection, random: Random) => Promise<void>,
  ): Promise<void> {
    let connection: Connection | null = null;
    while (!this.#stopping.signal.aborted) {
      if (connection === null || !connection.isOpen) {
        connection = await Connection.open(random.pick(this.#ports)).catch(() => null);
        if (connection === null) await sleep(RETRY_MS);
        continue;
      }
      await step.call(this, connection, random);
      if (/no reply within/.test(connection.end)) this.#findings.difference(connection.end);
      // Another proxy is to see the same.
      if (random.oneIn(100)) connection.close();
    }
    connection?.close();
  }

  async #produce(connection: Connection, random: Random): Promise<void> {
    await sleep(PAUSE_MS);
    const queue = random.pick(this.#queues);
    const element = `element ${this.#pushes++}`;
    // It may be popped before we hear of it.
    queue.pushed.set(element, 'unknown');
    const [answer] = await connection.exchange([['RPUSH', queue.key, element]], ANSWER_TIMEOUT_MS);
    const outcome = outcomeOf(answer!.value, connection.end);
    if (outcome.type !== 'unknown') {
      queue.pushed.set(element, outcome.type === 'answered' ? 'acknowledged' : 'refused');
      if (outcome.type === 'refused' && queue.popped.has(element)) this.#report(queue, element);
    }
    if (outcome.type !== 'answered') this.#findings.error(outcome.error);
  }

  async #consume(connection: Connection, random: Random): Promise<void> {
    const queue = random.pick(this.#queues);
    const command = ['BLPOP', queue.key, WAIT_SECONDS];
    const [answer] = await connection.exchange([command], ANSWER_TIMEOUT_MS);
    const outcome = outcomeOf(answer!.value, connection.end);
    if (outcome.type === 'refused') {
      this.#findings.error(outcome.error);
      await sleep(RETRY_MS);
      return;
    }
    const isError = answer!.value?.type === 'error';
    if (outcome.type === 'unknown' || isError) {
      queue.lostPops++;
      this.#findings.error(
        outcome.type === 'unknown' ? outcome.error : String(answer!.value!.value),
      );
      return;
    }
    if (outcome.reply === null) return;
    const [, element] = outcome.reply as string[];
    this.count++;
    this.#take(queue, element!);
  }

  /** The element has been popped, or is what is left. */
  #take(queue: Queue, element: string): void {
    const outcome = queue.pushed.get(element);
    if (queue.popped.has(element)) {
      this.#findings.difference(`${element} of ${queue.key} came twice`);
    } else if (outcome === undefined || outcome === 'refused') {
      this.#report(queue, element);
    }
    queue.popped.add(element);
  }

  #report(queue: Queue, element: string): void {
    this.#findings.difference(`${element} of ${queue.key} came, and its push was refused`);
  }
}
