import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, OperatorError } from '../../base/errors.js';
import { faultPoint } from '../../base/fault-point.js';
import type { Logger } from '../../base/log.js';
import { type GroupRecord, masterOf, type ServerRecord } from '../../cluster/model/group.js';
import type { Store } from '../../cluster/store.js';
import type { Changes, Step } from '../changes.js';
import { ConflictError, RedisUnreachableError } from '../errors.js';
import { noteSourceFailure } from '../migration/source-failure.js';
import { GroupGate } from './group-gate.js';
import { existingGroup, existingServer, groupChanged, withServers } from './groups.js';
import { RedisConnection, withRedis } from './redis-connection.js';
import { follows, type RedisState, readState } from './redis-info.js';
import { follow, followNobody } from './replication.js';
import { pauseWrites, resumeWrites } from './write-pause.js';

const NO_STEP: Step = { writes: [], announcements: [] };
/** A small first synchronisation: Redis 7 waits 5 s for more replicas before it begins. */
const LINK_TIMEOUT_MS = 10_000;
const LINK_POLL_MS = 50;
/** How long the replica may take to receive what the master has left, its writes being paused. */
const CATCH_UP_TIMEOUT_MS = 3_000;
const CATCH_UP_POLL_MS = 2;
/** What a replica receives within some milliseconds, while clients wait for it. */
const NEAR_BYTES = 256 * 1024;

interface Switched {
  /** `whole`: the new master has all of the former's stream. */
  readonly how: 'whole' | 'as it was';
  /** Closed; null: the servers were not exchanged under clients. */
  readonly gate: GroupGate | null;
}

/**
 * Makes a replica the master of its group.
 *
 * The servers come first, as a promotion must work with a dead master. If the old master answers
 * the proxies hold the group's commands back (the gate), its writes are paused, the replica receives
 * the rest, becomes the master, and the old one its replica. So no write is acknowledged by a server
 * that is not the master: a proxy that does not know of gates gets -READONLY. The other replicas
 * follow the new master. Then the records: the old master's says `offline` until `server add … slave`,
 * as in Codis. Then the proxies, confirmed, and the gate is opened. Until the roles are exchanged
 * whatever goes wrong opens the gate, and the master is what it was.
 *
 * The change is not taken back if a proxy is silent: the new master has writes by then that the
 * old one has not. It may be repeated at any step.
 */
export class Promotion {
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
   * @throws NotFoundError, ConflictError, UnresolvedFenceError: nothing was changed
   * @throws SilentProxyError: the promotion is made, and a proxy has not acknowledged it
   */
  promote(groupId: number, addr: string): Promise<void> {
    return this.#changes.run(() => this.promoteInTurn(groupId, addr));
  }

  /** {@link promote} for who has the turn in the queue of changes. */
  async promoteInTurn(groupId: number, addr: string): Promise<void> {
    const group = await existingGroup(this.#store, groupId);
    promotableServer(group, addr);
    const master = masterOf(group);
    await this.#changes.assertConfirmable();
    const { how, gate } = await this.#switchServers(groupId, addr, master);
    // Clients need the new master alone: its replicas may take their time.
    const following = this.#followNewMaster(group, addr);
    try {
      await this.#saveRecords(group, addr, how, gate);
    } finally {
      await gate?.open();
    }
    await following;
  }

  async #switchServers(groupId: number, addr: string, master: string | null): Promise<Switched> {
    return withRedis(addr, this.#password, async (replica) => {
      const state = await readState(replica);
      const old = master === null ? null : await this.#openIfAlive(master);
      if (!old) {
        assertHasData(addr, master, state);
        await followNobody(replica, this.#log);
        return { how: 'as it was', gate: null };
      }
      try {
        assertPromotable(addr, state, old.redis.addr, old.state);
        if (state.role === 'replica') {
          const gate = await this.#handOver(groupId, replica, old.redis);
          return { how: 'whole', gate };
        }
        await this.#demote(old.redis, addr);
        return { how: 'as it was', gate: null };
      } finally {
        old.redis.close();
      }
    });
  }

  /** Null for a master that is gone or hangs: a promotion is made for that very case. */
  async #openIfAlive(addr: string): Promise<{ redis: RedisConnection; state: RedisState } | null> {
    let redis: RedisConnection | null = null;
    try {
      redis = await RedisConnection.open(addr, this.#password);
      return { redis, state: await readState(redis) };
    } catch (error) {
      redis?.close();
      if (!(error instanceof RedisUnreachableError)) throw error;
      this.#log.warn(
        { master: addr, reason: messageOf(error) },
        'promoting without the old master',
      );
      return null;
    }
  }

  /**
   * @returns the gate, which is to be opened when the proxies can know of the new master
   * @throws ConflictError if the replica does not catch up in time, or a proxy has commands that do
   * not end; then all is as before
   */
  async #handOver(
    groupId: number,
    replica: RedisConnection,
    oldMaster: RedisConnection,
  ): Promise<GroupGate> {
    await awaitLink(replica, oldMaster.addr);
    await awaitNear(replica, oldMaster);
    const gate = await GroupGate.close(this.#store, groupId, this.#log);
    faultPoint('promotion-gate-closed');
    try {
      // For those who are not behind a gate.
      await pauseWrites(oldMaster, this.#log);
      try {
        await catchUp(replica, oldMaster);
        await followNobody(replica, this.#log);
        // Before writes go on: they must find a read-only replica.
        await this.#demote(oldMaster, replica.addr);
      } finally {
        await resumeWrites(oldMaster, this.#log);
      }
    } catch (error) {
      await gate.open();
      throw error;
    }
    faultPoint('promotion-switched');
    return gate;
  }

  /** There is no way back by now, so an old master that fails is left to itself. */
  async #demote(oldMaster: RedisConnection, newMaster: string): Promise<void> {
    try {
      await follow(oldMaster, newMaster, this.#password, this.#log);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      this.#log.error({ master: oldMaster.addr, reason: messageOf(error) }, 'not made read-only');
    }
  }

  /** The other replicas; one that does not answer is told in the log, and may be added again. */
  async #followNewMaster(group: GroupRecord, newMaster: string): Promise<void> {
    const others = group.servers!.filter(
      (server) => server.type === 'slave' && server.addr !== newMaster,
    );
    await Promise.all(
      others.map(async ({ addr }) => {
        try {
          await withRedis(addr, this.#password, (redis) =>
            follow(redis, newMaster, this.#password, this.#log),
          );
        } catch (error) {
          if (!(error instanceof OperatorError)) throw error;
          this.#log.error({ replica: addr, reason: messageOf(error) }, 'replica left behind');
        }
      }),
    );
  }

  async #saveRecords(
    group: GroupRecord,
    newMaster: string,
    how: Switched['how'],
    gate: GroupGate | null,
  ): Promise<void> {
    const servers = group.servers!.map((server): ServerRecord => {
      if (server.addr === newMaster) return { ...server, type: 'master' };
      return server.type === 'master' ? { ...server, type: 'offline' } : server;
    });
    const changed = servers.filter((server, index) => server.type !== group.servers![index]!.type);
    const moves = how === 'whole' ? NO_STEP : await noteSourceFailure(this.#store, group.id);
    await this.#changes.apply({
      what: `promotion of ${newMaster} in group ${group.id}`,
      writes: [...changed.map((server) => this.#store.serverWrite(server)), ...moves.writes],
      announcements: [...moves.announcements, groupChanged(withServers(group, servers))],
      confirm: 'stands',
      // Proxies read the record as they open the gate: they need not have heard of it before.
      onWritten: () => void gate?.open(),
    });
  }
}

/** @throws NotFoundError, ConflictError: by its record it cannot be made the master */
export function promotableServer(group: GroupRecord, addr: string): ServerRecord {
  const chosen = existingServer(group, addr);
  if (chosen.type === 'master') {
    throw new ConflictError(`${addr} is the master of group ${group.id} already`);
  }
  if (chosen.type === 'offline') {
    throw new ConflictError(`${addr} is offline: it may lack what was written since`, {
      hint: `let it catch up first: codis-config server add ${group.id} ${addr} slave`,
    });
  }
  return chosen;
}

/**
 * With the master alive: a replica of it; or one that an interrupted promotion has made a master
 * already, which shows in the replication id that it had before.
 */
function assertPromotable(
  addr: string,
  state: RedisState,
  master: string,
  masterState: RedisState,
): void {
  const id = masterState.fields.master_replid;
  const wasPromoted =
    state.role === 'master' &&
    ((id !== undefined && state.fields.master_replid2 === id) || follows(masterState, addr, state));
  if (wasPromoted) return;
  if (!follows(state, master, masterState)) {
    const what =
      state.role === 'master' ? 'a master by itself' : `a replica of ${state.masterAddr}`;
    throw new ConflictError(`${addr} is ${what}, not a replica of the group's master ${master}`, {
      hint: 'remove it from the group, then add it as slave again',
    });
  }
}

/** With the master dead: any replica of it that was ever synchronised. */
function assertHasData(addr: string, master: string | null, state: RedisState): void {
  if (state.role === 'master') {
    const neverFollowed = /^0*$/.test(state.fields.master_replid2 ?? '');
    if (!neverFollowed) return;
    throw new ConflictError(`${addr} is a master by itself and has followed nobody`, {
      hint: 'remove it from the group, then add it as slave again',
    });
  }
  const { master_sync_in_progress: syncing, master_link_down_since_seconds: down } = state.fields;
  const neverInTouch = down === '-1' && state.keyCount === 0;
  if (syncing === '1' || neverInTouch) {
    throw new ConflictError(`${addr} has not got the keys of ${master ?? 'its master'} yet`, {
      hint: 'promote another replica, or bring the old master back',
    });
  }
}

/** A replica that was just added synchronises first. @throws ConflictError if that takes long */
async function awaitLink(replica: RedisConnection, master: string): Promise<void> {
  const deadline = Date.now() + LINK_TIMEOUT_MS;
  for (;;) {
    if ((await readState(replica)).fields.master_link_status === 'up') return;
    if (Date.now() > deadline) {
      throw new ConflictError(`${replica.addr} is not in touch with ${master}, which is alive`, {
        hint: 'wait until its INFO says master_link_status:up',
      });
    }
    await sleep(LINK_POLL_MS);
  }
}

/** Clients are not to wait for a replica that has much to catch up with. */
async function awaitNear(replica: RedisConnection, oldMaster: RedisConnection): Promise<void> {
  const deadline = Date.now() + LINK_TIMEOUT_MS;
  for (;;) {
    const behind = (await readState(oldMaster)).offset - (await readState(replica)).offset;
    if (behind <= NEAR_BYTES) return;
    if (Date.now() > deadline) throw tooFarBehind(replica, oldMaster, behind);
    await sleep(LINK_POLL_MS);
  }
}

function tooFarBehind(replica: RedisConnection, oldMaster: RedisConnection, bytes: number): Error {
  return new ConflictError(
    `${replica.addr} is ${bytes} bytes behind ${oldMaster.addr} and does not catch up`,
    { hint: 'try again when it is less busy' },
  );
}

async function catchUp(replica: RedisConnection, oldMaster: RedisConnection): Promise<void> {
  const { offset: goal } = await readState(oldMaster);
  const deadline = Date.now() + CATCH_UP_TIMEOUT_MS;
  for (;;) {
    const behind = goal - (await readState(replica)).offset;
    if (behind <= 0) return;
    if (Date.now() > deadline) throw tooFarBehind(replica, oldMaster, behind);
    await sleep(CATCH_UP_POLL_MS);
  }
}
