import type { Logger } from '../../base/log.js';
import { connectionName, isConnectionName } from '../../cluster/model/proxy.js';
import type { Store } from '../../cluster/store.js';
import { RedisUnreachableError } from '../errors.js';
import { masterAddr } from './masters.js';
import { ServerConnection } from './server-connection.js';
import { endConnections } from './stale-connections.js';

/** Of a connection that was ended while we did not look. */
const LOST_WITHIN_MS = 1_000;

/**
 * What proxies that died have left at the servers. A refused port proves that a proxy sends nothing
 * any more, but what it has sent may still lie in the source's socket, and be executed after the
 * slot was given away: an old value would come back. So before the keys move, connections of
 * proxies that are not registered are ended at the source.
 *
 * In two steps, because clients wait for the second one.
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

  /**
   * Connects to the masters of these groups; the connections are to be closed.
   *
   * @throws RedisUnreachableError, RedisPasswordError
   */
  async reach(groupIds: ReadonlySet<number>): Promise<StrayEnding> {
    const ending = new StrayEnding(this.#store, groupIds, this.#password, this.#log);
    try {
      await ending.connect();
    } catch (error) {
      ending.close();
      throw error;
    }
    return ending;
  }
}

/** See {@link StrayProxies}. */
export class StrayEnding {
  readonly #store: Store;
  readonly #groupIds: ReadonlySet<number>;
  readonly #password: string;
  readonly #log: Logger;
  readonly #connections = new Map<string, ServerConnection>();

  constructor(store: Store, groupIds: ReadonlySet<number>, password: string, log: Logger) {
    this.#store = store;
    this.#groupIds = groupIds;
    this.#password = password;
    this.#log = log;
  }

  async connect(): Promise<void> {
    for (const groupId of this.#groupIds) {
      const connection = await this.#connectionTo(groupId);
      // A server that hangs accepts connections: better found out before clients wait.
      await connection.pipeline([['PING']]);
    }
  }

  /** @throws RedisUnreachableError, RedisReplyError, RedisPasswordError: it is not known */
  async end(): Promise<void> {
    const proxies = await this.#store.loadProxies();
    const living = new Set(proxies.map(({ id, pid }) => connectionName(id, pid)));
    const isStale = (name: string) => isConnectionName(name) && !living.has(name);
    for (const groupId of this.#groupIds) {
      const early = await this.#connectionTo(groupId);
      const beginMs = performance.now();
      try {
        await endConnections(early, isStale, this.#log);
      } catch (error) {
        // One that was lost since it was made says so at once; one that hangs is not asked again.
        const isLost = performance.now() - beginMs < LOST_WITHIN_MS;
        if (!(error instanceof RedisUnreachableError) || !isLost) throw error;
        await endConnections(await this.#connectionTo(groupId), isStale, this.#log);
      }
    }
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
  }

  /** To the master that the group has now. */
  async #connectionTo(groupId: number): Promise<ServerConnection> {
    const addr = await masterAddr(this.#store, groupId);
    const present = this.#connections.get(addr);
    if (present?.isOpen) return present;
    const connection = await ServerConnection.open(addr, this.#password);
    this.#connections.set(addr, connection);
    return connection;
  }
}
