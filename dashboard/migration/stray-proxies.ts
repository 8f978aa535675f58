import type { Logger } from '../../base/log.js';
import { connectionName, isConnectionName } from '../../cluster/model/proxy.js';
import type { Store } from '../../cluster/store.js';
import { masterAddr } from './masters.js';
import { endConnections } from './stale-connections.js';

/**
 * What proxies that died have left at the servers. A refused port proves that a proxy sends nothing
 * any more, but what it has sent may still lie in the source's socket, and be executed after the
 * slot was given away: an old value would come back. So before the keys move, connections of
 * proxies that are not registered are ended at the source.
 */
export class StrayProxies {
  readonly #store: Store;
  readonly #password: string;
  readonly #log: Logger;

  constructor(store: Store, password: string, log: Logger) {
    this.#store = store;
    this.#password = password;
    this.#log = log;
  }

  /** @throws RedisUnreachableError, RedisReplyError, RedisPasswordError: it is not known */
  async endAt(groupIds: Iterable<number>): Promise<void> {
    const proxies = await this.#store.loadProxies();
    const living = new Set(proxies.map(({ id, pid }) => connectionName(id, pid)));
    const isStale = (name: string) => isConnectionName(name) && !living.has(name);
    for (const groupId of groupIds) {
      const addr = await masterAddr(this.#store, groupId);
      await endConnections(addr, this.#password, isStale, this.#log);
    }
  }
}
