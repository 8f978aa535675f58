import { Backoff } from '../../base/backoff.js';

const FIRST_PAUSE_MS = 500;
/** What is back is seen within this time. */
const LAST_PAUSE_MS = 5_000;

/** When to look at something again that may be away: at each turn, or less and less often. */
export class ProbePace {
  readonly #backoff = new Backoff(FIRST_PAUSE_MS, LAST_PAUSE_MS);
  #notBefore = 0;

  isDue(now: number): boolean {
    return now >= this.#notBefore;
  }

  succeeded(): void {
    this.#backoff.reset();
    this.#notBefore = 0;
  }

  failed(now: number): void {
    this.#notBefore = now + this.#backoff.nextMs();
  }
}
