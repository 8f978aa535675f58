import { OperatorError } from '../../base/errors.js';
import { masterOf } from '../../cluster/model/group.js';
import type { Store } from '../../cluster/store.js';
import { ConflictError, NotFoundError } from '../errors.js';
import { existingGroup } from './groups.js';
import type { ProxyVars } from './proxy-vars.js';
import { countSlotKeys, fetchStat } from './redis-info.js';
import { assertSlotId } from './slots.js';

/** What the cluster's Redis servers and proxies tell of themselves. */
export class Overview {
  readonly #store: Store;
  readonly #proxyVars: ProxyVars;
  readonly #password: string;

  constructor(store: Store, proxyVars: ProxyVars, password: string) {
    this.#store = store;
    this.#proxyVars = proxyVars;
    this.#password = password;
  }

  /** INFO of every master that answers; `ops` are commands a second through all proxies. */
  async show() {
    const groups = await this.#store.loadGroups();
    const masters = groups.map(masterOf).filter((addr) => addr !== null);
    const [ops, stats] = await Promise.all([
      this.#proxyVars.opsPerSecond(),
      Promise.all(masters.map((addr) => this.#statIfAlive(addr))),
    ]);
    return {
      ops,
      product: this.#store.paths.product,
      redis_infos: stats.filter((stat) => stat !== null),
    };
  }

  /** @throws NotFoundError, and the errors of redis-connection.ts */
  async redisStat(addr: string): Promise<Record<string, string>> {
    await this.#assertInCluster(addr);
    return fetchStat(addr, this.#password);
  }

  /** Keys of a slot on one server. @throws as {@link redisStat} */
  async slotInfo(addr: string, slotId: number) {
    assertSlotId(slotId);
    await this.#assertInCluster(addr);
    return { keys: await countSlotKeys(addr, slotId, this.#password), slot_id: slotId };
  }

  /** Keys of a slot on the group's master. @throws ConflictError if it has none */
  async groupSlotInfo(groupId: number, slotId: number) {
    assertSlotId(slotId);
    const addr = masterOf(await existingGroup(this.#store, groupId));
    if (addr === null) throw new ConflictError(`group ${groupId} has no master`);
    const keys = await countSlotKeys(addr, slotId, this.#password);
    return { addr, group_id: groupId, keys, slot_id: slotId };
  }

  /** Only servers of groups are asked: whoever asks must not have our password sent elsewhere. */
  async #assertInCluster(addr: string): Promise<void> {
    const groups = await this.#store.loadGroups();
    if (groups.some((group) => group.servers?.some((server) => server.addr === addr))) return;
    throw new NotFoundError(`no group has a server ${addr}`, {
      hint: 'see: codis-config server list',
    });
  }

  async #statIfAlive(addr: string): Promise<Record<string, string> | null> {
    try {
      return await fetchStat(addr, this.#password);
    } catch (error) {
      if (error instanceof OperatorError) return null;
      throw error;
    }
  }
}
