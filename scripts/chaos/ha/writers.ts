import { setTimeout as sleep } from 'node:timers/promises';
import { slotOf } from '../../../cluster/slot-hash.js';
import { Connection } from '../checker/connection.js';

/** A command that has not been answered by then has an outcome that nobody knows. */
const REPLY_TIMEOUT_MS = 15_000;
const WAIT_MS = 2_000;
const CHECKED_AT_ONCE = 500;

/** An acknowledged write. */
export interface AckedWrite {
  readonly key: string;
  readonly value: string;
  readonly slotId: number;
  /** When it was acknowledged, by performance.now(). */
  readonly atMs: number;
  /** WAIT has said that a replica has it. */
  readonly isSafe: boolean;
}

/** A time without acknowledged writes, by performance.now(). */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Clients whose proxy was away go back to it after so many writes. */
const WRITES_AWAY = 100;

/**
 * Clients that write keys of their own, each once, over all slots, and remember what was acknowledged.
 * Half of them ask with WAIT whether a replica has each of their writes.
 */
export class Writers {
  readonly acknowledged: AckedWrite[] = [];
  readonly errors = new Map<string, number>();
  readonly #ports: readonly number[];
  readonly #pauseMs: number;
  /** Clients that are not at their own proxy. */
  readonly #away = new Set<number>();
  #working: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  constructor(ports: readonly number[], pauseMs: number) {
    this.#ports = ports;
    this.#pauseMs = pauseMs;
  }

  start(count: number): void {
    const all = Array.from({ length: count }, (_, index) => this.#run(index));
    this.#working = Promise.all(all);
  }

  /** Each client writes by its own proxy: half of them by either. */
  get areSpread(): boolean {
    return this.#away.size === 0;
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#working;
  }

  /** @returns the acknowledged writes that a proxy does not find any more */
  async lost(): Promise<readonly AckedWrite[]> {
    const connection = await this.#connect(0);
    const lost: AckedWrite[] = [];
    for (let at = 0; at < this.acknowledged.length; at += CHECKED_AT_ONCE) {
      const some = this.acknowledged.slice(at, at + CHECKED_AT_ONCE);
      const answers = await connection.exchange(
        some.map(({ key }) => ['GET', key]),
        REPLY_TIMEOUT_MS,
      );
      for (const [index, { value }] of answers.entries()) {
        const found = value?.type === 'bulk' ? value.value.toString() : null;
        if (found !== some[index]!.value) lost.push(some[index]!);
      }
    }
    connection.close();
    return lost;
  }

  async #run(index: number): Promise<void> {
    const waits = index % 2 === 1;
    let connection: Connection | null = null;
    /** How many proxies farther than its own the client has had to go. */
    let away = 0;
    for (let count = 0; !this.#isStopped; count++) {
      if (away > 0 && count % WRITES_AWAY === 0) {
        connection?.close();
        away = 0;
      }
      try {
        if (!connection?.isOpen) connection = await this.#connect(index + away);
        if (away === 0) this.#away.delete(index);
        else this.#away.add(index);
      } catch (error) {
        this.#note(error instanceof Error ? error.message : String(error));
        away++;
        await sleep(20);
        continue;
      }
      await this.#write(connection, `w${index}:${count}`, String(count), waits);
      if (this.#pauseMs > 0) await sleep(this.#pauseMs);
    }
    connection?.close();
  }

  async #write(connection: Connection, key: string, value: string, waits: boolean): Promise<void> {
    const [answer] = await connection.exchange([['SET', key, value]], REPLY_TIMEOUT_MS);
    const reply = answer!.value;
    if (reply?.type !== 'simple') {
      this.#note(reply?.type === 'error' ? reply.value : connection.end);
      return;
    }
    const [slotId, atMs] = [slotOf(key), answer!.received];
    let isSafe = false;
    if (waits) {
      const [waited] = await connection.exchange(
        [['WAIT', '1', String(WAIT_MS)]],
        REPLY_TIMEOUT_MS,
      );
      const count = waited!.value;
      isSafe = count?.type === 'integer' && count.value > 0n;
      if (count?.type === 'error') this.#note(`WAIT: ${count.value}`);
    }
    this.acknowledged.push({ key, value, slotId, atMs, isSafe });
  }

  #connect(attempt: number): Promise<Connection> {
    return Connection.open(this.#ports[attempt % this.#ports.length]!);
  }

  /** Numbers are left out, so that errors of a kind count as one. */
  #note(error: string): void {
    const kind = error.replaceAll(/\d[\d.:]*/g, 'N');
    this.errors.set(kind, (this.errors.get(kind) ?? 0) + 1);
  }
}

/** The longest time of a round without an acknowledged write to any of its slots. */
export function longestGap(
  writes: readonly AckedWrite[],
  round: {
    readonly slotIds: ReadonlySet<number>;
    readonly struckMs: number;
    readonly endMs: number;
  },
): Gap {
  const { slotIds, struckMs, endMs } = round;
  const times = writes
    .filter(({ slotId, atMs }) => atMs > struckMs && atMs < endMs && slotIds.has(slotId))
    .map(({ atMs }) => atMs)
    .sort((one, other) => one - other);
  let longest: Gap = { fromMs: struckMs, toMs: struckMs };
  for (const [index, toMs] of times.entries()) {
    const fromMs = times[index - 1] ?? struckMs;
    if (toMs - fromMs > longest.toMs - longest.fromMs) longest = { fromMs, toMs };
  }
  return longest;
}

/** A client that is alone with a server which all others have lost: what it is told is true there. */
export class Insider {
  lastMs = 0;
  count = 0;
  #isStopped = false;
  readonly #done: Promise<void>;

  constructor(port: number) {
    this.#done = this.#run(port);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  async #run(port: number): Promise<void> {
    const connection = await Connection.open(port);
    while (!this.#isStopped && connection.isOpen) {
      const key = `insider:${this.count}`;
      const [answer] = await connection.exchange([['SET', key, 'x', 'PX', '1']], REPLY_TIMEOUT_MS);
      if (answer!.value?.type === 'simple') {
        this.count++;
        this.lastMs = answer!.received;
      }
      await sleep(10);
    }
    connection.close();
  }
}
