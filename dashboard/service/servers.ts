import { formatAddress, parseAddress } from '../../base/address.js';
import { OperatorError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import {
  type GroupRecord,
  masterOf,
  type ServerRecord,
  type ServerType,
} from '../../cluster/model/group.js';
import { NO_GROUP } from '../../cluster/model/slot.js';
import type { Store } from '../../cluster/store.js';
import type { Changes } from '../changes.js';
import { ConflictError, InvalidInputError } from '../errors.js';
import {
  assertWithoutSlots,
  existingGroup,
  existingServer,
  groupChanged,
  withServers,
} from './groups.js';
import { type RedisConnection, withRedis } from './redis-connection.js';
import { fetchState, findKey, follows, type RedisState, readState } from './redis-info.js';
import { follow } from './replication.js';

/**
 * How many keys of a new master are checked against the slots: enough to find foreign data, and
 * no more than a few tens of milliseconds.
 */
const KEYS_CHECKED = 20_000;

/** Servers in groups. Everything is checked before anything is written, on servers or records. */
export class Servers {
  readonly #store: Store;
  readonly #changes: Changes;
  readonly #password: string;
  readonly #log: Logger;

  constructor(store: Store, changes: Changes, password: string, log: Logger) {
    this.#store = store;
    this.#changes = changes;
    this.#password = password;
    this.#log = log;
  }

  /**
   * Adds a server. A `master` must be a master, of a group that has none, and may bring keys of
   * slots that no other group owns. A `slave` is made a replica of the group's master if it is
   * not yet, which drops its keys: so it must be empty, or have been a server of this group
   * before (a former master that comes back).
   *
   * @throws InvalidInputError, NotFoundError, ConflictError, and the errors of redis-connection.ts
   */
  add(groupId: number, givenAddr: string, type: ServerType): Promise<void> {
    return this.#changes.run(async () => {
      const { group, addr } = await this.#checkedPlace(groupId, givenAddr, type);
      if (type === 'master') {
        await this.#checkMaster(group, addr);
      } else {
        await this.#checkReplica(group, addr, async (redis, master) => {
          await follow(redis, master, this.#password, this.#log);
        });
      }
      await this.#save(group, { type, group_id: group.id, addr });
    });
  }

  /** Nothing is changed. @throws what {@link add} would now */
  async check(groupId: number, givenAddr: string, type: ServerType): Promise<void> {
    const { group, addr } = await this.#checkedPlace(groupId, givenAddr, type);
    if (type === 'master') await this.#checkMaster(group, addr);
    else await this.#checkReplica(group, addr, async () => {});
  }

  async #checkedPlace(
    groupId: number,
    givenAddr: string,
    type: ServerType,
  ): Promise<{ group: GroupRecord; addr: string }> {
    const addr = checkAddr(givenAddr);
    if (type === 'offline') {
      throw new InvalidInputError('a server is added as master or slave, not as offline');
    }
    const group = await existingGroup(this.#store, groupId);
    await this.#assertInNoOtherGroup(group, addr);
    return { group, addr };
  }

  /**
   * Takes a server out of its group; the server itself is left alone.
   *
   * @throws NotFoundError; ConflictError for the master of a group that has slots
   */
  remove(groupId: number, addr: string): Promise<void> {
    return this.#changes.run(async () => {
      const group = await existingGroup(this.#store, groupId);
      const server = existingServer(group, addr);
      const isMaster = server.type === 'master';
      if (isMaster) await assertWithoutSlots(this.#store, groupId, `the master ${addr} must stay`);
      const others = group.servers!.filter((other) => other.addr !== addr);
      await this.#changes.apply({
        what: `removal of ${addr} from group ${groupId}`,
        writes: [this.#store.serverRemoval(server)],
        announcements: [groupChanged(withServers(group, others))],
        confirm: isMaster ? 'or undo' : 'unconfirmed',
        undo: {
          writes: [this.#store.serverCreation(server)],
          announcements: [groupChanged(group)],
        },
      });
    });
  }

  async #checkMaster(group: GroupRecord, addr: string): Promise<void> {
    const master = masterOf(group);
    if (master === addr) {
      throw new ConflictError(`${addr} is the master of group ${group.id} already`);
    }
    if (master !== null) {
      throw new ConflictError(`group ${group.id} has a master already: ${master}`, {
        hint: `add it as slave, then: codis-config server promote ${group.id} ${addr}`,
      });
    }
    await withRedis(addr, this.#password, async (redis) => {
      const state = await readState(redis);
      if (state.role === 'replica') {
        throw new ConflictError(`${addr} is a replica of ${state.masterAddr}`, {
          hint: `add its master instead, or send it REPLICAOF NO ONE first`,
        });
      }
      await this.#assertNotInUse(group, addr, state);
      await this.#assertNoForeignKeys(redis, state, group.id);
    });
  }

  /** @param make is called for a server that does not follow the master yet */
  async #checkReplica(
    group: GroupRecord,
    addr: string,
    make: (redis: RedisConnection, master: string) => Promise<void>,
  ): Promise<void> {
    const master = masterOf(group);
    if (master === null) {
      throw new ConflictError(`group ${group.id} has no master to replicate`, {
        hint: `add one first: codis-config server add ${group.id} <redis_addr> master`,
      });
    }
    if (master === addr) {
      throw new ConflictError(`${addr} is the master of group ${group.id}, not a slave`, {
        hint: `to change places: codis-config server promote ${group.id} <redis_addr of a slave>`,
      });
    }
    const masterState = await fetchState(master, this.#password);
    await withRedis(addr, this.#password, async (redis) => {
      const state = await readState(redis);
      await this.#assertNotInUse(group, addr, state);
      if (follows(state, master, masterState)) return;
      if (follows(masterState, addr, state)) {
        throw new ConflictError(`the group's master ${master} is itself a replica of ${addr}`, {
          hint: `promote instead, or send ${master} REPLICAOF NO ONE`,
        });
      }
      const wasOurs = group.servers!.some((server) => server.addr === addr);
      if (!wasOurs) assertDisposable(addr, state, master);
      await make(redis, master);
    });
  }

  async #save(group: GroupRecord, server: ServerRecord): Promise<void> {
    const former = group.servers?.find((other) => other.addr === server.addr);
    const others = group.servers?.filter((other) => other.addr !== server.addr) ?? [];
    await this.#changes.apply({
      what: `${server.type} ${server.addr} in group ${group.id}`,
      writes: [former ? this.#store.serverWrite(server) : this.#store.serverCreation(server)],
      announcements: [groupChanged(withServers(group, [...others, server]))],
      confirm: server.type === 'master' ? 'or undo' : 'unconfirmed',
      undo: {
        writes: [former ? this.#store.serverWrite(former) : this.#store.serverRemoval(server)],
        announcements: [groupChanged(group)],
      },
    });
  }

  async #assertInNoOtherGroup(group: GroupRecord, addr: string): Promise<void> {
    for (const other of await this.#store.loadGroups()) {
      if (other.id === group.id) continue;
      if (other.servers?.some((server) => server.addr === addr)) throw inGroup(addr, other.id);
    }
  }

  /** The same server may be in a group already under another name: same port, same run id. */
  async #assertNotInUse(group: GroupRecord, addr: string, state: RedisState): Promise<void> {
    const { port } = parseAddress(addr, 'address');
    for (const other of await this.#store.loadGroups()) {
      for (const server of other.servers ?? []) {
        if (server.addr === addr && other.id === group.id) continue;
        if (!server.addr.endsWith(`:${port}`)) continue;
        if (state.runId === '' || (await this.#runIdOf(server.addr)) !== state.runId) continue;
        throw inGroup(addr, other.id, server.addr);
      }
    }
  }

  /** Null if it does not answer as it should: then it is not the one that just did. */
  async #runIdOf(addr: string): Promise<string | null> {
    try {
      return (await fetchState(addr, this.#password)).runId;
    } catch (error) {
      if (error instanceof OperatorError) return null;
      throw error;
    }
  }

  /**
   * Keys of slots that another group owns would come to light as stale data when such a slot is
   * moved here one day.
   */
  async #assertNoForeignKeys(
    redis: RedisConnection,
    state: RedisState,
    groupId: number,
  ): Promise<void> {
    if (state.keyCount === 0) return;
    const owners = new Map(
      (await this.#store.loadSlots()).map((slot) => [slot.id, slot.group_id] as const),
    );
    const foreign = await findKey(redis, state, KEYS_CHECKED, (slotId) => {
      const owner = owners.get(slotId) ?? NO_GROUP;
      return owner !== NO_GROUP && owner !== groupId;
    });
    if (!foreign) {
      this.#log.warn({ addr: redis.addr, keys: state.keyCount }, 'the new master brings keys');
      return;
    }
    const owner = owners.get(foreign.slotId);
    throw new ConflictError(
      `${redis.addr} is not empty: it holds ${JSON.stringify(foreign.key)} of slot ` +
        `${foreign.slotId}, which group ${owner} owns`,
      { hint: 'empty it first (FLUSHALL), or add it before slots are assigned' },
    );
  }
}

/** @throws ConflictError for a server whose keys or whose role somebody may still need */
function assertDisposable(addr: string, state: RedisState, master: string): void {
  if (state.role === 'replica') {
    throw new ConflictError(`${addr} is a replica of ${state.masterAddr}, not of ${master}`, {
      hint: 'send it REPLICAOF NO ONE and FLUSHALL first if nobody needs it there',
    });
  }
  if (state.keyCount > 0) {
    throw new ConflictError(
      `${addr} is not empty: its ${state.keyCount} keys would be lost as it becomes a replica`,
      { hint: 'empty it first (FLUSHALL) if nobody needs them' },
    );
  }
}

/** The address as it is written into the tree. @throws InvalidInputError */
function checkAddr(text: string): string {
  try {
    const address = parseAddress(text, 'redis address');
    if (address.host !== '' && address.port !== 0 && !address.host.includes('/')) {
      return formatAddress(address);
    }
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
  }
  throw new InvalidInputError(`redis address: "${text}" is not an address`, {
    hint: 'write host:port, for example 127.0.0.1:6379',
  });
}

function inGroup(addr: string, groupId: number, knownAs = addr): ConflictError {
  const name = knownAs === addr ? '' : `, as ${knownAs}`;
  return new ConflictError(`${addr} is in group ${groupId} already${name}`, {
    hint: `remove it there first: codis-config server remove ${groupId} ${knownAs}`,
  });
}
