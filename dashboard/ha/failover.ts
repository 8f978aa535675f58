import { messageOf, OperatorError } from '../../base/errors.js';
import { faultPoint } from '../../base/fault-point.js';
import type { Logger } from '../../base/log.js';
import { type GroupRecord, masterOf, type ServerRecord } from '../../cluster/model/group.js';
import type { Store } from '../../cluster/store.js';
import type { Changes } from '../changes.js';
import { SilentProxyError } from '../errors.js';
import { noteSourceFailure } from '../migration/source-failure.js';
import { existingGroup, groupChanged, withServers } from '../service/groups.js';
import { RedisConnection } from '../service/redis-connection.js';
import { readState } from '../service/redis-info.js';
import { follow, followNobody } from '../service/replication.js';
import { type Choice, chooseCandidate, type LastMaster, type ReplicaAnswer } from './candidate.js';
import { formerMasterWrite } from './former-masters.js';

/** A replica that does not answer within this time is not chosen: clients are waiting. */
const REPLICA_TIMEOUT_MS = 1_000;

/** What became of a failover. */
export type Outcome =
  | { readonly type: 'done'; readonly master: string; readonly choice: Choice; readonly ms: Timing }
  /** Nothing was changed: `reason` says why not. */
  | { readonly type: 'refused'; readonly reason: string; readonly choice: Choice | null }
  /** The master answers, or is another one: there is nothing to be done. */
  | { readonly type: 'overtaken' };

/** How long the steps took, in milliseconds. */
interface Timing {
  /** Until records could be written: other changes came first. */
  readonly waiting: number;
  /** Replicas asked, one of them made the master. */
  readonly promoting: number;
  /** Records written, proxies told, and heard. */
  readonly announcing: number;
}

/**
 * Gives a group whose master is down another master. The old one is not asked nor told: it is dead,
 * or nobody reaches it.
 *
 * As in a promotion the servers come first, then the records in one step, then the proxies; what
 * is not done when we are killed is done by the next dashboard, which finds the master on record
 * still down and the chosen replica made a master already.
 */
export class Failover {
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
   * @param master as it was last seen
   * @param isDown asked once more before anything is done
   * @throws UnavailableError if we do not lead, or do not reach the coordinator
   */
  run(groupId: number, master: LastMaster, isDown: () => boolean): Promise<Outcome> {
    const asked = performance.now();
    return this.#changes.runUrgently(async () => {
      const begin = performance.now();
      const group = await existingGroup(this.#store, groupId);
      if (masterOf(group) !== master.addr || !isDown()) return { type: 'overtaken' };
      const choice = await this.#choose(group, master);
      const { chosen } = choice;
      if (chosen === null) {
        const reason = 'no replica may become the master';
        return { type: 'refused', reason, choice };
      }
      try {
        await this.#makeMaster(chosen);
      } catch (error) {
        if (!(error instanceof OperatorError)) throw error;
        const reason = `${chosen} could not be made the master: ${messageOf(error)}`;
        return { type: 'refused', reason, choice };
      }
      faultPoint('failover-promoted');
      const promoted = performance.now();
      // The others may take their time: clients need the new master alone.
      const following = this.#followNewMaster(group, chosen);
      await this.#saveRecords(group, master, chosen);
      const announced = performance.now();
      await following;
      const ms = {
        waiting: Math.round(begin - asked),
        promoting: Math.round(promoted - begin),
        announcing: Math.round(announced - promoted),
      };
      return { type: 'done', master: chosen, choice, ms };
    });
  }

  /** What {@link run} would do; nothing is changed. */
  async consider(groupId: number, master: LastMaster): Promise<Choice> {
    return this.#choose(await existingGroup(this.#store, groupId), master);
  }

  async #choose(group: GroupRecord, master: LastMaster): Promise<Choice> {
    const replicas = group.servers!.filter(({ type }) => type === 'slave');
    const answers = await Promise.all(replicas.map(({ addr }) => this.#interrogate(addr)));
    return chooseCandidate(answers, master);
  }

  async #interrogate(addr: string): Promise<ReplicaAnswer> {
    try {
      return { addr, state: await this.#with(addr, readState) };
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      return { addr, error: messageOf(error) };
    }
  }

  async #makeMaster(addr: string): Promise<void> {
    await this.#with(addr, (redis) => followNobody(redis, this.#log));
  }

  /** One that does not answer now is made to follow when it does: see returning-servers.ts. */
  async #followNewMaster(group: GroupRecord, newMaster: string): Promise<void> {
    const others = group.servers!.filter(
      ({ type, addr }) => type === 'slave' && addr !== newMaster,
    );
    await Promise.all(
      others.map(async ({ addr }) => {
        try {
          await this.#with(addr, (redis) => follow(redis, newMaster, this.#password, this.#log));
        } catch (error) {
          if (!(error instanceof OperatorError)) throw error;
          this.#log.error({ replica: addr, reason: messageOf(error) }, 'replica left behind');
        }
      }),
    );
  }

  async #saveRecords(group: GroupRecord, old: LastMaster, newMaster: string): Promise<void> {
    const servers = group.servers!.map((server): ServerRecord => {
      if (server.addr === newMaster) return { ...server, type: 'master' };
      return server.addr === old.addr ? { ...server, type: 'offline' } : server;
    });
    const changed = servers.filter((server, index) => server.type !== group.servers![index]!.type);
    const former = await formerMasterWrite(this.#store, {
      addr: old.addr,
      group_id: group.id,
      since: Date.now(),
      why: 'failover',
      replid: old.state?.fields.master_replid ?? '',
      offset: old.state?.offset ?? 0,
    });
    const moves = await noteSourceFailure(this.#store, group.id);
    const serverWrites = changed.map((server) => this.#store.serverWrite(server));
    try {
      await this.#changes.apply({
        what: `failover of group ${group.id} to ${newMaster}`,
        name: 'failover',
        writes: [...serverWrites, former, ...moves.writes],
        announcements: [...moves.announcements, groupChanged(withServers(group, servers))],
        confirm: 'stands',
      });
    } catch (error) {
      // A proxy that is silent goes on asking the old master, and gets nothing from it.
      if (!(error instanceof SilentProxyError)) throw error;
      this.#log.error({ reason: messageOf(error) }, 'failed over, and not every proxy has said so');
    }
  }

  async #with<T>(addr: string, use: (redis: RedisConnection) => Promise<T>): Promise<T> {
    const redis = await RedisConnection.open(
      addr,
      this.#password,
      REPLICA_TIMEOUT_MS,
      REPLICA_TIMEOUT_MS,
    );
    try {
      return await use(redis);
    } finally {
      redis.close();
    }
  }
}
