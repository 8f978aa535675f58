import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../support/random.js';
import { Cell } from './cell.js';
import { Connection } from './connection.js';
import { ExpiringKey } from './expiring-key.js';
import type { Findings } from './findings.js';
import { LargeKey } from './large-key.js';
import type { Latencies } from './latencies.js';
import type { Operation, Subject } from './operation.js';
import { outcomeOf } from './outcome.js';
import type { SharedKeys } from './shared-keys.js';
import { splitOperation } from './split-operations.js';

/** Every command is answered within this time, be it with an error: silence is a defect. */
const ANSWER_TIMEOUT_MS = 30_000;
/**
 * A write to a large key waits for its copy for up to a minute, and is refused then: while a proxy is
 * cut off nobody can end the copying.
 */
const LARGE_KEY_ANSWER_TIMEOUT_MS = 75_000;
/** Before a proxy that does not accept us is tried again. */
const RETRY_MS = 20;
const MAX_BATCH = 12;
/** Of commands in an error, in characters. */
const MAX_SHOWN = 300;
/** One of so many batches is a burst. */
const BURST_SHARE = 60;
const EXPIRING_KEYS = 12;
const LARGE_KEYS = 3;
/** One of so many keys is in database 1. */
const DATABASE_SHARE = 4;

/** What the workers of a run share. */
export interface Run {
  readonly findings: Findings;
  readonly shared: SharedKeys;
  /** Of the proxies. Workers use all of them, in turns: what one has done, the other must see. */
  readonly ports: readonly number[];
  /** Where answering times go now. */
  latencies: Latencies;
  /**
   * Grows when nothing that was sent before can be executed any more: then reads tell what became
   * of commands whose outcome is unknown.
   */
  settled: number;
  operations: number;
}

export interface WorkerOptions {
  readonly id: number;
  readonly seed: number;
  /** Hash tags of the keys that are this worker's own. */
  readonly tags: readonly string[];
  /** Commands a second. */
  readonly rate: number;
}

/** A client with keys of its own and a model of them: checks every reply. */
export class Worker {
  readonly id: number;
  readonly cells: readonly Cell[];
  readonly expiring: readonly ExpiringKey[];
  readonly large: readonly LargeKey[];
  readonly #run: Run;
  readonly #random: Random;
  readonly #rate: number;
  readonly #connections = new Map<number, Connection>();
  /** Since which settlement they are uncertain. */
  readonly #uncertain = new Map<Subject, number>();
  #texts = 0;
  /** The newest answer that was an error. */
  #lastError = '';

  constructor({ id, seed, tags, rate }: WorkerOptions, run: Run) {
    this.id = id;
    this.#run = run;
    this.#rate = rate;
    this.#random = new Random(seed);
    const unique = () => `${id}.${this.#texts++}`;
    this.cells = tags.map((tag, index) => {
      return new Cell(tag, databaseOf(index), run.findings, unique);
    });
    this.expiring = tags.slice(0, EXPIRING_KEYS).map((tag, index) => {
      return new ExpiringKey(`expiring{${tag}}`, databaseOf(index), run.findings, unique);
    });
    this.large = tags.slice(0, LARGE_KEYS).map((tag, index) => {
      return new LargeKey(tag, index, run.findings);
    });
  }

  /** Writes the keys that are large from the beginning. @throws if that fails */
  async prepare(): Promise<void> {
    const connection = await this.#connection();
    for (const large of this.large) {
      for (const commands of large.fill()) {
        const answers = await connection.exchange(commands, ANSWER_TIMEOUT_MS);
        const wrong = answers.find(({ value }) => value === null || value.type === 'error');
        if (wrong) throw new Error(`${large.key}: ${wrong.value?.value ?? connection.end}`);
      }
    }
  }

  /** Sends commands until the signal; resolves when all are answered. */
  async run(until: AbortSignal): Promise<void> {
    let next = performance.now();
    while (!until.aborted) {
      const sent = await this.#batch();
      next = Math.max(next + (sent / this.#rate) * 1000, performance.now() - 100);
      const ahead = next - performance.now();
      // Also without need to wait the other workers have to have their turn.
      await sleep(Math.max(0, ahead));
    }
  }

  /** Reads what is uncertain until all is certain. @throws if it is not within the time */
  async recover(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (this.#subjects().some((subject) => !subject.isCertain)) {
      if (Date.now() > deadline) throw this.#unreadable();
      const connection = await this.#connection();
      const subject = this.#subjects().find((each) => !each.isCertain)!;
      await this.#exchange(connection, subject.recover(), new Set([subject]));
    }
  }

  #unreadable(): Error {
    const left = this.#subjects().filter((subject) => !subject.isCertain);
    const next = left[0]!.recover().map(({ args }) => args.join(' '));
    return new Error(
      `worker ${this.id} cannot read its keys: ${left.length} are left, the next by ` +
        `${next.join('; ').slice(0, MAX_SHOWN)}; the last error was ${this.#lastError || 'none'}`,
    );
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
  }

  #subjects(): readonly Subject[] {
    return [...this.cells, ...this.expiring, ...this.large];
  }

  /** @returns how many commands were sent */
  async #batch(): Promise<number> {
    const connection = await this.#connection();
    const touched = new Set<Subject>();
    const operations = this.#recoverable(touched) ?? this.#choose(touched);
    if (operations.length === 0) {
      // All is uncertain: there is nothing to do before the fault is over.
      await sleep(RETRY_MS);
      return 0;
    }
    await this.#exchange(connection, operations, touched);
    return operations.length;
  }

  async #exchange(
    connection: Connection,
    operations: readonly Operation[],
    touched: ReadonlySet<Subject>,
  ): Promise<void> {
    const { findings } = this.#run;
    const settled = this.#run.settled;
    const sent = performance.now();
    const { database } = [...touched][0] ?? { database: 0 };
    const isAboutLarge = [...touched].some((subject) => subject instanceof LargeKey);
    const answers = await connection.exchangeIn(
      database,
      operations.map(({ args }) => args),
      isAboutLarge ? LARGE_KEY_ANSWER_TIMEOUT_MS : ANSWER_TIMEOUT_MS,
    );
    for (const [index, operation] of operations.entries()) {
      const { value, received } = answers[index]!;
      const outcome = outcomeOf(value, connection.end);
      if (outcome.type === 'answered') this.#run.latencies.add(received - sent);
      else {
        findings.error(outcome.error);
        this.#lastError = outcome.error;
      }
      operation.settle(outcome, { sent, received });
    }
    if (/no reply within/.test(connection.end)) findings.difference(connection.end);
    for (const subject of touched) {
      subject.conclude();
      if (subject.isCertain) this.#uncertain.delete(subject);
      else this.#uncertain.set(subject, settled);
    }
    this.#run.operations += operations.length;
  }

  #recoverable(touched: Set<Subject>): readonly Operation[] | null {
    for (const [subject, settled] of this.#uncertain) {
      if (settled >= this.#run.settled) continue;
      touched.add(subject);
      return subject.recover();
    }
    return null;
  }

  #choose(touched: Set<Subject>): Operation[] {
    const random = this.#random;
    const database = databaseOf(random.whole(0, DATABASE_SHARE - 1));
    const isUsable = (subject: Subject) => subject.database === database && subject.isCertain;
    const cells = this.cells.filter(isUsable);
    const expiring = this.expiring.filter(isUsable);
    if (cells.length === 0) return [];
    if (database === 0 && random.oneIn(BURST_SHARE)) {
      return this.#run.shared.burst(this.id, random);
    }
    const count = random.whole(1, MAX_BATCH);
    return Array.from({ length: count }, () => {
      const kind = random.whole(0, 23);
      if (kind < 2 && database === 0) return this.#run.shared.operation(this.id, random);
      const large = kind === 7 ? this.large.filter(isUsable) : [];
      if (large.length > 0) {
        const key = random.pick(large);
        touched.add(key);
        return key.operation(random);
      }
      if (kind < 5 && expiring.length > 0) {
        const key = random.pick(expiring);
        touched.add(key);
        return key.operation(random);
      }
      if (kind < 7) {
        const chosen = [
          ...new Set(Array.from({ length: random.whole(2, 4) }, () => random.pick(cells))),
        ];
        for (const cell of chosen) touched.add(cell);
        const unique = () => `${this.id}.${this.#texts++}`;
        return splitOperation(chosen, random, unique, this.#run.findings);
      }
      const cell = random.pick(cells);
      touched.add(cell);
      return cell.operation(random);
    });
  }

  /** To one of the proxies; waits until one accepts us. */
  async #connection(): Promise<Connection> {
    for (;;) {
      const port = this.#random.pick(this.#run.ports);
      const present = this.#connections.get(port);
      if (present?.isOpen) return present;
      try {
        const connection = await Connection.open(port, this.id % 2 === 1 ? 3 : 2);
        this.#connections.set(port, connection);
        return connection;
      } catch {
        this.#run.findings.error('a proxy does not accept clients');
        await sleep(RETRY_MS);
      }
    }
  }
}

function databaseOf(index: number): number {
  return index % DATABASE_SHARE === DATABASE_SHARE - 1 ? 1 : 0;
}
