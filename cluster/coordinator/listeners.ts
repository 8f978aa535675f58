import { messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { Handle } from './coordinator.js';

/** Callbacks of the driver's owner. One that throws is logged and does not keep the others back. */
export class Listeners<Args extends unknown[] = []> {
  readonly #listeners = new Set<{ call: (...args: Args) => void }>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  get size(): number {
    return this.#listeners.size;
  }

  add(listener: (...args: Args) => void): Handle {
    const entry = { call: listener };
    this.#listeners.add(entry);
    return { close: () => void this.#listeners.delete(entry) };
  }

  call(...args: Args): void {
    for (const listener of [...this.#listeners]) {
      // A listener called before may have closed this one.
      if (!this.#listeners.has(listener)) continue;
      try {
        listener.call(...args);
      } catch (error) {
        this.#log.error({ error: messageOf(error) }, 'a coordinator listener failed');
      }
    }
  }
}
