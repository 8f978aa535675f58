/**
 * Waiting times for a series of retries: exponential growth from `firstMs` to `maxMs`, each with
 * "full jitter" (uniform between half of the step and the step), so that many proxies that lost
 * the same server do not come back in the same millisecond.
 */
export class Backoff {
  #attempt = 0;
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;

  constructor(firstMs: number, maxMs: number, random: () => number = Math.random) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  /** Milliseconds to wait before the next attempt. */
  nextMs(): number {
    const step = Math.min(this.#maxMs, this.#firstMs * 2 ** Math.min(this.#attempt, 30));
    this.#attempt++;
    return Math.round(step / 2 + (step / 2) * this.#random());
  }

  /** To be called after a success: the series starts again at `firstMs`. */
  reset(): void {
    this.#attempt = 0;
  }
}
