import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, OperatorError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { NotRedisError, RedisPasswordError, RedisReplyError } from '../errors.js';
import { RedisConnection } from '../service/redis-connection.js';
import { type RedisState, readState } from '../service/redis-info.js';

/** INFO costs a server a tenth of a millisecond; what it tells need not be newer. */
const INFO_PERIOD_MS = 1_000;

export interface WatchOptions {
  readonly password: string;
  /** How often the server is asked. */
  readonly periodMs: number;
  /** A question that is not answered in this time ends the connection. */
  readonly deadlineMs: number;
}

/** A Redis server as the dashboard sees it: asked again and again whether it is there. */
export class ServerWatch {
  readonly addr: string;
  readonly #options: WatchOptions;
  readonly #log: Logger;
  readonly #onReturn: () => void;
  readonly #stopping = new AbortController();
  #redis: RedisConnection | null = null;
  /** Since when it owes an answer, by performance.now(); null: it owes none. */
  #askedMs: number | null = performance.now();
  #state: RedisState | null = null;
  #stateAtMs = Number.NEGATIVE_INFINITY;
  #error = 'it has not answered yet';

  /** @param onReturn called when it answers after it did not */
  constructor(addr: string, options: WatchOptions, log: Logger, onReturn: () => void) {
    this.addr = addr;
    this.#options = options;
    this.#log = log;
    this.#onReturn = onReturn;
    void this.#ask();
  }

  /** For how long it has owed an answer; 0 if it answers. */
  get silentMs(): number {
    return this.#askedMs === null ? 0 : Math.max(0, performance.now() - this.#askedMs);
  }

  /** Why it did not answer; empty if it did. */
  get error(): string {
    return this.#error;
  }

  /** What it said of itself last; null: nothing so far. */
  get state(): RedisState | null {
    return this.#state;
  }

  /** For so long we were not listening ourselves: that is not to be laid to the server. */
  excuse(ms: number): void {
    if (this.#askedMs !== null) this.#askedMs = Math.min(performance.now(), this.#askedMs + ms);
  }

  /** What was known of its state is not true any more: its role has been changed. */
  forgetState(): void {
    this.#stateAtMs = Number.NEGATIVE_INFINITY;
  }

  stop(): void {
    this.#stopping.abort();
    this.#redis?.close();
  }

  async #ask(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#askedMs ??= performance.now();
      try {
        await this.#askOnce();
        this.#askedMs = null;
        if (this.#error !== '') this.#noteReturn();
      } catch (error) {
        if (!(error instanceof OperatorError)) throw error;
        // It may come back as another one.
        this.forgetState();
        // LOADING is an answer, but not of a server that serves: the connection is kept.
        if (!(error instanceof RedisReplyError)) this.#close();
        if (this.#error === '') {
          this.#log.warn({ server: this.addr, reason: messageOf(error) }, 'server does not answer');
        }
        this.#error = messageOf(error);
        // One that does not let us in is there for others.
        const isThere = error instanceof RedisPasswordError || error instanceof NotRedisError;
        if (isThere) this.#askedMs = null;
      }
      // Fails only by the abort, which the loop's condition sees.
      await sleep(this.#options.periodMs, undefined, { signal }).catch(() => undefined);
    }
    this.#close();
  }

  /** @throws OperatorError if the server does not answer, or does not serve */
  async #askOnce(): Promise<void> {
    const { password, deadlineMs } = this.#options;
    this.#redis ??= await RedisConnection.open(this.addr, password, deadlineMs, deadlineMs);
    if (this.#stopping.signal.aborted) return;
    try {
      await this.#redis.command('PING');
    } catch (error) {
      // Whatever else it says, it is there: MASTERDOWN, BUSY.
      const isThere = error instanceof RedisReplyError && !/: LOADING /.test(error.message);
      if (!isThere) throw error;
    }
    if (performance.now() - this.#stateAtMs < INFO_PERIOD_MS) return;
    this.#stateAtMs = performance.now();
    this.#state = await readState(this.#redis);
  }

  #noteReturn(): void {
    this.#error = '';
    if (this.#stopping.signal.aborted) return;
    this.#log.info({ server: this.addr }, 'server answers');
    this.#onReturn();
  }

  #close(): void {
    this.#redis?.close();
    this.#redis = null;
  }
}
