import { setTimeout as sleep } from 'node:timers/promises';
import type { MoveOptions } from '../../cluster/model/migrate-job.js';
import type { ClientLoad } from './client-load.js';
import { bytesMovedWithin } from './stall.js';

/** Of small keys: a call of about a millisecond. Larger batches are hardly faster. */
const MAX_BATCH_KEYS = 128;
/** A call of a few milliseconds. */
const MAX_BATCH_BYTES = 512 * 1024;
/** The same while clients use the servers: a fifth of a millisecond. */
const BUSY_BATCH_KEYS = 16;
const BUSY_BATCH_BYTES = 128 * 1024;
/** What a call may take without another word of the operator; a busy target answers later. */
const USUAL_STALL_MS = 20;
/** With a limit of keys a second, in how many batches a second they go. */
const BATCHES_A_SECOND = 10;
/**
 * How long servers are left to their clients, by how long a call of ours took: at half the machine's
 * load clients' p99 is 3.3 times as long with 1 and 32 keys, 2.3 with 3 and 16, 1.9 with 6 and 16.
 */
const REST_FACTOR = 6;
/** Shorter pauses cannot be had. */
const SHORTEST_REST_MS = 1;
/** After a call that took long because its server was away, say. */
const LONGEST_REST_MS = 50;

/** How many keys go at once, and how soon the next ones follow. */
export class Pace {
  readonly #load: ClientLoad;
  readonly #keysPerSecond: number;
  readonly #stallMs: number;
  readonly #maxKeys: number;
  readonly #maxBytes: number;
  #keys: number;
  #nextAt = 0;
  /** What clients have had to wait for us, and have not been given yet. */
  #owedMs = 0;

  constructor(options: MoveOptions, load: ClientLoad) {
    this.#load = load;
    const byDelay = options.delay > 0 ? 1000 / options.delay : Infinity;
    this.#keysPerSecond = Math.min(options.max_keys_per_second || Infinity, byDelay);
    this.#stallMs = options.max_stall || USUAL_STALL_MS;
    this.#maxKeys = Math.min(
      MAX_BATCH_KEYS,
      Math.max(1, Math.floor(this.#keysPerSecond / BATCHES_A_SECOND)),
    );
    this.#maxBytes = Math.min(MAX_BATCH_BYTES, bytesMovedWithin(this.#stallMs));
    this.#keys = this.#maxKeys;
  }

  /** True if clients use the servers, as far as is known. */
  get isBusy(): boolean {
    return this.#load.isBusy;
  }

  /** Whether clients use the servers now; to be asked when nothing of ours is under way. */
  async servers(): Promise<'busy' | 'idle'> {
    await this.#load.look();
    return this.isBusy ? 'busy' : 'idle';
  }

  /** True if a batch of so many keys and bytes is to be sent before more is added to it. */
  isFull(keys: number, bytes: number): boolean {
    if (keys >= this.#keys || bytes >= this.#maxBytes) return true;
    return this.isBusy && (keys >= BUSY_BATCH_KEYS || bytes >= BUSY_BATCH_BYTES);
  }

  /** Takes note of how long a batch of small keys took: batches become smaller, or larger again. */
  note(keys: number, tookMs: number): void {
    if (tookMs > this.#stallMs && keys > 1) this.#keys = Math.max(1, Math.floor(keys / 2));
    else if (tookMs < this.#stallMs / 2) this.#keys = Math.min(this.#maxKeys, this.#keys + 8);
  }

  /** Resolves when so many keys may be sent. @throws AbortError */
  async turn(keys: number, signal: AbortSignal): Promise<void> {
    if (this.#keysPerSecond === Infinity) return;
    const now = performance.now();
    const at = Math.max(this.#nextAt, now);
    this.#nextAt = at + (keys * 1000) / this.#keysPerSecond;
    if (at > now) await sleep(at - now, undefined, { signal });
  }

  /**
   * To be called after every call that kept a server busy, when nothing of ours is under way: leaves
   * the servers to their clients for several times as long, if there are any.
   *
   * @throws AbortError
   */
  async rest(tookMs: number, signal?: AbortSignal): Promise<void> {
    await this.#load.look();
    if (!this.isBusy) {
      this.#owedMs = 0;
      return;
    }
    this.#owedMs = Math.min(LONGEST_REST_MS, this.#owedMs + tookMs * REST_FACTOR);
    if (this.#owedMs < SHORTEST_REST_MS) return;
    const begin = performance.now();
    await sleep(this.#owedMs, undefined, signal ? { signal } : {});
    // Timers are late: what was given too much is taken next time.
    this.#owedMs -= performance.now() - begin;
  }
}
