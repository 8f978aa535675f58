import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Plain, toPlain, type Value } from '../../../resp/decode.js';
import { Random } from '../../support/random.js';
import { Connection } from './connection.js';
import type { Findings } from './findings.js';
import { outcomeOf } from './outcome.js';

const CLIENTS = 8;
const PAIRS = 6;
/** Every command is answered within this time, be it with an error: silence is a defect. */
const ANSWER_TIMEOUT_MS = 30_000;
/** Of a client, between two transactions: they are here to be right, not to be many. */
const PAUSE_MS = 8;
const RETRY_MS = 20;
/** Both counters, by a script; it finds its server also after a move or a promotion. */
const SCRIPT = "return {redis.call('incr', KEYS[1]), redis.call('incr', KEYS[2])}";
const SHA = createHash('sha1').update(SCRIPT).digest('hex');

/** Two counters in one slot that only transactions change, both at a time. */
interface Pair {
  readonly keys: readonly [string, string];
  /** Every value that was answered: each increment has one of its own. */
  readonly answered: Set<number>;
  unknown: number;
  /** One wrong value makes many that follow it wrong. */
  isReported: boolean;
}

type Command = readonly string[];

/**
 * Clients that increment counters by transactions: with WATCH, without, and by scripts. An
 * increment that is lost, done by half, or done twice shows in the values.
 */
export class Transactions {
  readonly #ports: readonly number[];
  readonly #findings: Findings;
  readonly #pairs: readonly Pair[];
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  /** Increments that were acknowledged. */
  count = 0;
  /** EXECs answered with null. */
  aborted = 0;

  /**
   * @param ports of the proxies
   * @param tagOf makes a hash tag; different for different names
   */
  constructor(ports: readonly number[], tagOf: (what: string) => string, findings: Findings) {
    this.#ports = ports;
    this.#findings = findings;
    this.#pairs = Array.from({ length: PAIRS }, (_, index) => {
      const tag = `{${tagOf(`transaction${index}`)}}`;
      return {
        keys: [`one${tag}`, `two${tag}`],
        answered: new Set(),
        unknown: 0,
        isReported: false,
      };
    });
  }

  /** Their clients begin. */
  start(seed: number): void {
    const clients = Array.from({ length: CLIENTS }, (_, id) => this.#work(new Random(seed + id)));
    this.#running = Promise.all(clients);
  }

  /** Ends the clients, compares the values, and deletes the keys. */
  async finish(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    const connection = await Connection.open(this.#ports[0]!);
    try {
      for (const pair of this.#pairs) {
        const [one, two] = toPlain(await connection.call('MGET', ...pair.keys)) as (
          | string
          | null
        )[];
        if (one !== two) this.#findings.difference(`${pair.keys} are ${one} and ${two}`);
        const value = Number(one ?? 0);
        const least = pair.answered.size;
        if (value < least || value > least + pair.unknown) {
          this.#findings.difference(
            `${pair.keys} are ${value}: ${least} increments were acknowledged, ${pair.unknown} unknown`,
          );
        }
        await connection.call('DEL', ...pair.keys);
      }
    } finally {
      connection.close();
    }
  }

  async #work(random: Random): Promise<void> {
    let connection: Connection | null = null;
    while (!this.#stopping.signal.aborted) {
      await sleep(PAUSE_MS);
      if (connection === null || !connection.isOpen) {
        connection = await Connection.open(random.pick(this.#ports)).catch(() => null);
        if (connection === null) await sleep(RETRY_MS);
        continue;
      }
      const pair = random.pick(this.#pairs);
      const kind = random.whole(0, 9);
      if (kind < 5) await this.#incrementWatched(connection, pair);
      else if (kind < 7) await this.#incrementBlindly(connection, pair);
      else if (kind < 8) await this.#incrementByScript(connection, pair);
      else await this.#read(connection, pair);
      // Another proxy is to see the same.
      if (random.oneIn(50)) connection.close();
    }
    connection?.close();
  }

  async #incrementWatched(connection: Connection, pair: Pair): Promise<void> {
    const [one, two] = pair.keys;
    const answers = await this.#send(connection, [
      ['WATCH', one, two],
      ['GET', one],
    ]);
    const [watched, value] = answers;
    if (watched?.value !== 'OK' || value === null || value?.type === 'error') {
      for (const answer of answers) this.#noteError(answer, connection);
      await this.#send(connection, [['UNWATCH']]);
      return;
    }
    const next = String(Number(toPlain(value!) ?? 0) + 1);
    const executed = await this.#execute(connection, [
      ['SET', one, next],
      ['SET', two, next],
    ]);
    this.#settle(connection, pair, executed, () => [Number(next), Number(next)]);
  }

  async #incrementBlindly(connection: Connection, pair: Pair): Promise<void> {
    const executed = await this.#execute(
      connection,
      pair.keys.map((key) => ['INCR', key]),
    );
    this.#settle(connection, pair, executed, (reply) => reply as number[]);
  }

  async #incrementByScript(connection: Connection, pair: Pair): Promise<void> {
    let [executed] = await this.#send(connection, [['EVALSHA', SHA, '2', ...pair.keys]]);
    if (executed?.type === 'error' && executed.value.startsWith('NOSCRIPT')) {
      [executed] = await this.#send(connection, [['EVAL', SCRIPT, '2', ...pair.keys]]);
    }
    this.#settle(connection, pair, executed!, (reply) => reply as number[]);
  }

  async #read(connection: Connection, pair: Pair): Promise<void> {
    const executed = await this.#execute(
      connection,
      pair.keys.map((key) => ['GET', key]),
    );
    const outcome = outcomeOf(executed, connection.end);
    if (outcome.type !== 'answered') {
      this.#findings.error(outcome.error);
      return;
    }
    if (!Array.isArray(outcome.reply) || outcome.reply[0] !== outcome.reply[1]) {
      this.#findings.difference(`${pair.keys} were read as ${JSON.stringify(outcome.reply)}`);
    }
  }

  /** @param valuesOf the counters' values, of EXEC's reply */
  #settle(
    connection: Connection,
    pair: Pair,
    executed: Value | null,
    valuesOf: (reply: Plain) => readonly number[],
  ): void {
    const outcome = outcomeOf(executed, connection.end);
    if (outcome.type === 'unknown') pair.unknown++;
    if (outcome.type !== 'answered') {
      this.#findings.error(outcome.error);
      return;
    }
    if (outcome.reply === null) {
      this.aborted++;
      return;
    }
    if (!Array.isArray(outcome.reply)) {
      this.#noteError(executed, connection);
      return;
    }
    const [one, two] = valuesOf(outcome.reply);
    if (one !== two) this.#findings.difference(`${pair.keys} became ${one} and ${two}`);
    if (pair.answered.has(one!) && !pair.isReported) {
      pair.isReported = true;
      this.#findings.difference(`${pair.keys} became ${one} twice: an increment is lost`);
    }
    pair.answered.add(one!);
    this.count++;
  }

  async #execute(connection: Connection, commands: readonly Command[]): Promise<Value | null> {
    return (await this.#send(connection, [['MULTI'], ...commands, ['EXEC']])).at(-1)!;
  }

  async #send(
    connection: Connection,
    commands: readonly Command[],
  ): Promise<readonly (Value | null)[]> {
    const answers = await connection.exchange(commands, ANSWER_TIMEOUT_MS);
    if (/no reply within/.test(connection.end)) this.#findings.difference(connection.end);
    return answers.map(({ value }) => value);
  }

  #noteError(value: Value | null | undefined, connection: Connection): void {
    if (value === null || value === undefined) this.#findings.error(connection.end);
    else if (value.type === 'error') this.#findings.error(value.value);
  }
}
