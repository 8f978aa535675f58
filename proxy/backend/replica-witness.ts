import { withDeadline } from '../../base/deadline.js';
import { replicaWitness } from '../../cluster/replica-witness.js';
import { encodeMultibulk } from '../../resp/inline-command.js';
import type { DedicatedConnection } from './dedicated-connection.js';

/** One WAIT: for so long those who come later wait for their own. */
const WAIT_MS = 100;
/** A replica that lags for longer is not waited for: clients wait meanwhile. */
const PATIENCE_MS = 1_000;
const COLON = 0x3a;
const ONE = 0x31;

export interface ReplicaWitnessParts {
  /** A connection that nobody else uses. @throws ConnectionLostError, DeadlineError */
  readonly open: () => Promise<DedicatedConnection>;
  /** A server is to answer within this time. */
  readonly timeoutMs: number;
}

/** Tells when what a server has executed is at one of its replicas, too. */
export class ReplicaWitness {
  readonly #parts: ReplicaWitnessParts;
  #connection: DedicatedConnection | null = null;
  /** What has been asked for while a round was under way is served by the next one. */
  #next: Promise<boolean> | null = null;
  #current: Promise<unknown> = Promise.resolve();
  /** Since when no replica has had what was asked for; null: the last time one had. */
  #lagsSinceMs: number | null = null;
  #isClosed = false;

  constructor(parts: ReplicaWitnessParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when a replica has everything that the server has executed until now; at once while
   * replicas have lagged, or been away, for too long to be waited for.
   *
   * @throws ConnectionLostError, DeadlineError, Error with the server's words: it is not known
   */
  async confirm(): Promise<void> {
    for (;;) {
      const round = this.#round();
      if (this.#hasLostPatience) {
        // Whether a replica has caught up is found out for those who come later.
        round.catch(() => undefined);
        return;
      }
      if (await round) return;
    }
  }

  /**
   * As {@link confirm}, but tells whether a replica has it indeed: a master that was replaced while it
   * hung has none that follow it.
   *
   * @throws as {@link confirm}
   */
  async isAtReplica(): Promise<boolean> {
    const begin = performance.now();
    do {
      if (await this.#round()) return true;
    } while (performance.now() - begin < PATIENCE_MS);
    return false;
  }

  get #hasLostPatience(): boolean {
    return this.#lagsSinceMs !== null && performance.now() - this.#lagsSinceMs > PATIENCE_MS;
  }

  close(): void {
    this.#isClosed = true;
    this.#connection?.close();
  }

  /** @returns whether a replica has all that was executed before the call */
  #round(): Promise<boolean> {
    if (this.#next === null) {
      const begin = this.#current.catch(() => undefined);
      const round: Promise<boolean> = begin.then(() => {
        this.#next = null;
        return this.#ask();
      });
      this.#next = round;
      this.#current = round;
    }
    return this.#next;
  }

  async #ask(): Promise<boolean> {
    const { timeoutMs } = this.#parts;
    const commands = replicaWitness(WAIT_MS);
    const connection = await this.#connect();
    let replies: readonly Buffer[];
    try {
      replies = await withDeadline(
        connection.sendAll(Buffer.concat(commands.map(encodeMultibulk)), commands.length),
        timeoutMs,
        `server ${connection.addr}`,
      );
    } catch (error) {
      connection.close();
      throw error;
    }
    const reply = replies.at(-1)!;
    if (reply[0] !== COLON) throw new Error(reply.toString('latin1').trim());
    const isAtReplica = reply[1]! >= ONE;
    if (isAtReplica) this.#lagsSinceMs = null;
    else this.#lagsSinceMs ??= performance.now() - WAIT_MS;
    return isAtReplica;
  }

  async #connect(): Promise<DedicatedConnection> {
    if (this.#connection === null || this.#connection.endReason !== null) {
      this.#connection = await this.#parts.open();
      if (this.#isClosed) this.#connection.close();
    }
    return this.#connection;
  }
}
