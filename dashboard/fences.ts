import type { Logger } from '../base/log.js';
import type { Store } from '../cluster/store.js';
import { UnresolvedFenceError } from './errors.js';
import { probeAddress } from './probe.js';

/**
 * Fences: every proxy that may hold a slot table has a persistent node with its address. One
 * without a registered proxy is of a process that was killed, or of one that is cut off from the
 * coordinator and goes on serving.
 */
export class Fences {
  readonly #store: Store;
  readonly #log: Logger;

  constructor(store: Store, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /**
   * Resolves when every proxy that may serve clients can be asked. Removes the fences of those
   * that are proven to be gone: the address refuses connections.
   *
   * @throws UnresolvedFenceError naming the addresses of which neither is known.
   */
  async assertResolved(): Promise<void> {
    const orphans = await this.#orphans();
    const answers = await Promise.all(orphans.map((addr) => probeAddress(addr)));
    const unresolved: string[] = [];
    for (const [index, addr] of orphans.entries()) {
      if (answers[index] !== 'refuses') {
        unresolved.push(addr);
        continue;
      }
      await this.#store.deleteIfPresent(this.#store.paths.fence(addr));
      this.#log.warn({ addr }, 'fence removed: the proxy is gone, its address refuses connections');
    }
    if (unresolved.length > 0) {
      throw new UnresolvedFenceError(
        `the proxy at ${unresolved.join(' and ')} is not registered but may still serve clients`,
        { hint: 'stop it, then: codis-config action remove-fence' },
      );
    }
  }

  /** Removes every fence without a registered proxy, on the operator's word that it is gone. */
  async removeOrphans(): Promise<void> {
    for (const addr of await this.#orphans()) {
      await this.#store.deleteIfPresent(this.#store.paths.fence(addr));
      this.#log.warn({ addr }, 'fence removed by the operator');
    }
  }

  async #orphans(): Promise<string[]> {
    // Fences first: a proxy makes its fence before its node, so one that registers in between
    // is not taken for an orphan.
    const fences = await this.#store.loadFences();
    const proxies = await this.#store.loadProxies();
    const registered = new Set(proxies.map((proxy) => proxy.addr));
    return fences.filter((addr) => !registered.has(addr));
  }
}
