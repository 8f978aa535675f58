import { UnavailableError } from './errors.js';

/** More than this many waiting changes mean a client gone wild; the next is refused. */
const MAX_WAITING = 256;

/** One change of the cluster at a time, in the order asked for. */
export class ChangeQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #closed = false;

  /**
   * Runs `change` when all earlier ones have ended, well or badly, and gives its outcome.
   *
   * @throws UnavailableError if too many wait, or after `close`.
   */
  async run<T>(change: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new UnavailableError('the dashboard is stopping');
    if (this.#waiting >= MAX_WAITING) {
      throw new UnavailableError(`${MAX_WAITING} changes are waiting already`, {
        hint: 'try again when they are done',
      });
    }
    this.#waiting++;
    const turn = this.#last;
    const outcome = (async () => {
      await turn;
      this.#waiting--;
      if (this.#closed) throw new UnavailableError('the dashboard is stopping');
      return change();
    })();
    // The next in line waits for the end and does not care about the outcome.
    this.#last = outcome.catch(() => undefined);
    return outcome;
  }

  /** Refuses what has not begun, and resolves when what has begun is done. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
  }
}
