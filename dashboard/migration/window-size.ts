import type { Store } from '../../cluster/store.js';

/** Gates are to be closed no longer than this; commands of their slots wait for so long. */
const CLOSED_MS = 25;
/**
 * Fewer would wait hardly shorter, and make the whole take longer: with the embedded coordinator
 * and one proxy, on half of a machine, gates were closed for 9 ms and 0.3 ms a slot.
 */
const FEWEST = 16;
const FIRST = 32;
const MOST = 64;
const GROWTH = 8;
/** Of slots that wait for nothing; as many actions as a proxy takes at once. */
const MOST_OPEN = 256;
/** The same while clients use the servers: a proxy of one process serves nobody while it takes them. */
const MOST_OPEN_BUSY = 32;

/**
 * How many slots change hands together: as many as the proxies take note of within
 * {@link CLOSED_MS}, which is found out on the way.
 */
export class WindowSize {
  readonly #store: Store;
  #size = FIRST;

  constructor(store: Store) {
    this.#store = store;
  }

  /** For slots whose gates are to be closed. @param servers whether clients use them */
  async next(servers: 'busy' | 'idle'): Promise<number> {
    return Math.min(servers === 'busy' ? FEWEST : this.#size, await this.most(servers));
  }

  /** For slots that wait for nothing. */
  async most(servers: 'busy' | 'idle'): Promise<number> {
    // An original Go proxy looks at the newest action alone and would miss the others.
    const proxies = await this.#store.loadProxies();
    if (proxies.some(({ start_at }) => isGoTime(start_at))) return 1;
    return servers === 'busy' ? MOST_OPEN_BUSY : MOST_OPEN;
  }

  /** So many slots have had their gates closed for so long. */
  note(slots: number, tookMs: number): void {
    if (tookMs > CLOSED_MS) this.#size = Math.max(FEWEST, Math.floor(slots / 2));
    else if (slots >= this.#size) this.#size = Math.min(MOST, slots + GROWTH);
  }
}

/** Go writes times to the nanosecond, our proxies to the millisecond. */
function isGoTime(time: string): boolean {
  return /\.\d{4,9} [+-]\d{4} /.test(time);
}
