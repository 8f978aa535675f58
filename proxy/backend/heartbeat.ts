import type { Backend } from './backend.js';
import { internalRequest } from './internal-request.js';

const PING = Buffer.from('*1\r\n$4\r\nPING\r\n');
/** How often {@link Heartbeat.tick} is called when nothing keeps us from it. */
const TICK_MS = 100;

/**
 * Whether a server is there, by what comes from it: replies to whatever it was sent, else to PINGs
 * that it is sent for this purpose. One that is loading its data answers, and does not count.
 */
export class Heartbeat {
  readonly #backend: Backend;
  readonly #lane: number;
  readonly #periodMs: number;
  /** Since when it owes an answer, by performance.now(); null: it owes none. */
  #askedMs: number | null = performance.now();
  #sentMs = Number.NEGATIVE_INFINITY;
  #tickMs = performance.now();
  #isUnanswered = false;
  #isLoading = false;
  /** It said so: a script keeps it from all else. */
  isBusy = false;
  #heard = 0;

  /** @param backend any connection to the server, of this lane */
  constructor(backend: Backend, lane: number, periodMs: number) {
    this.#backend = backend;
    this.#lane = lane;
    this.#periodMs = periodMs;
  }

  /** For how long the server has owed an answer; 0 if it answers. */
  get silentMs(): number {
    return this.#askedMs === null ? 0 : Math.max(0, performance.now() - this.#askedMs);
  }

  /** To be called some times a second. @param heard reads from all connections to the server */
  tick(heard: number): void {
    const now = performance.now();
    this.#excuse(now - this.#tickMs - 2 * TICK_MS);
    this.#tickMs = now;
    if (heard !== this.#heard && !this.#isLoading) this.#askedMs = null;
    this.#heard = heard;
    if (now - this.#sentMs < this.#periodMs) return;
    this.#sentMs = now;
    this.#askedMs ??= now;
    if (!this.#isUnanswered && this.#backend.state === 'ready') this.#ping();
  }

  /** A process that had no processor has heard nothing for as long: that proves nothing. */
  #excuse(deafMs: number): void {
    if (deafMs > 0 && this.#askedMs !== null) {
      this.#askedMs = Math.min(performance.now(), this.#askedMs + deafMs);
    }
  }

  #ping(): void {
    this.#isUnanswered = true;
    const request = internalRequest(this.#lane, (error) => {
      this.#isUnanswered = false;
      this.#isLoading = error?.startsWith('LOADING') ?? false;
      this.isBusy = error?.startsWith('BUSY') ?? false;
      if (error === null) this.#askedMs = null;
    });
    this.#backend.send(request, PING, 0, PING.length, true);
  }
}
