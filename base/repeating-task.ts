import type { Backoff } from './backoff.js';

/**
 * Work that is done again each time it is asked for. It never runs twice at once; requests that
 * come while it runs are served together by one more run, begun after they were made. A run that
 * throws is repeated after a backoff, or at once if a request comes earlier.
 */
export class RepeatingTask {
  readonly #work: () => Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  readonly #backoff: Backoff;
  #state: 'idle' | 'running' | 'waiting' | 'stopped' = 'idle';
  #requested = false;
  #retry: NodeJS.Timeout | undefined;
  #current: Promise<void> = Promise.resolve();

  constructor(work: () => Promise<void>, onFailure: (error: unknown) => void, backoff: Backoff) {
    this.#work = work;
    this.#onFailure = onFailure;
    this.#backoff = backoff;
  }

  request(): void {
    this.#requested = true;
    if (this.#state === 'idle' || this.#state === 'waiting') {
      clearTimeout(this.#retry);
      this.#state = 'running';
      this.#current = this.#run();
    }
  }

  /** No run begins any more. @returns resolves when the one under way has ended. */
  stop(): Promise<void> {
    clearTimeout(this.#retry);
    this.#state = 'stopped';
    return this.#current;
  }

  async #run(): Promise<void> {
    while (this.#requested && this.#state === 'running') {
      this.#requested = false;
      try {
        await this.#work();
        this.#backoff.reset();
      } catch (error) {
        this.#fail(error);
        return;
      }
    }
    if (this.#state === 'running') this.#state = 'idle';
  }

  #fail(error: unknown): void {
    if (this.#state !== 'running') return;
    this.#onFailure(error);
    this.#state = 'waiting';
    this.#retry = setTimeout(() => this.request(), this.#backoff.nextMs());
  }
}
