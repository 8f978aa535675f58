import type { Logger } from '../../base/log.js';
import { ServerWatch, type WatchOptions } from './server-watch.js';

/** How often we look whether we were kept from listening. */
const BEAT_MS = 50;

/** All servers on record, watched. */
export class ServerWatches {
  readonly #options: WatchOptions;
  readonly #log: Logger;
  readonly #onReturn: () => void;
  readonly #watches = new Map<string, ServerWatch>();
  readonly #timer: NodeJS.Timeout;
  #beatMs = performance.now();

  /** @param onReturn called when a server answers after it did not */
  constructor(options: WatchOptions, log: Logger, onReturn: () => void) {
    this.#options = options;
    this.#log = log;
    this.#onReturn = onReturn;
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
  }

  /** From now on these servers are watched, and no others. */
  follow(addrs: readonly string[]): void {
    for (const [addr, watch] of this.#watches) {
      if (addrs.includes(addr)) continue;
      watch.stop();
      this.#watches.delete(addr);
    }
    for (const addr of addrs) {
      if (this.#watches.has(addr)) continue;
      this.#watches.set(addr, new ServerWatch(addr, this.#options, this.#log, this.#onReturn));
    }
  }

  get(addr: string): ServerWatch | null {
    return this.#watches.get(addr) ?? null;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.follow([]);
  }

  /**
   * A process that was stopped, or had no processor, finds all its questions unanswered for as long.
   * The time in which it could not have heard an answer is taken off.
   */
  #beat(): void {
    const now = performance.now();
    const deafMs = now - this.#beatMs - 2 * BEAT_MS;
    this.#beatMs = now;
    if (deafMs <= 0) return;
    for (const watch of this.#watches.values()) watch.excuse(deafMs);
  }
}
