import { messageOf, OperatorError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { type GroupRecord, masterOf, type ServerRecord } from '../../cluster/model/group.js';
import type { Store } from '../../cluster/store.js';
import type { Changes } from '../changes.js';
import { groupChanged, withServers } from '../service/groups.js';
import type { Promotion } from '../service/promote.js';
import { type RedisConnection, withRedis } from '../service/redis-connection.js';
import { type RedisState, readState } from '../service/redis-info.js';
import { follow } from '../service/replication.js';
import { pauseWrites, resumeWrites } from '../service/write-pause.js';
import { measureDivergence } from './divergence.js';
import type { FormerMaster } from './former-masters.js';
import type { Journal } from './journal.js';
import type { ServerWatches } from './server-watches.js';

export interface ReturningServersParts {
  readonly store: Store;
  readonly changes: Changes;
  readonly promotion: Promotion;
  readonly watches: ServerWatches;
  readonly journal: Journal;
  readonly password: string;
  readonly log: Logger;
}

/**
 * Brings the servers of groups into the roles that the records give them, when they answer again:
 *
 * - a former master becomes a replica of its successor at once, before anything else is looked at
 *   but what it has that the successor has not; and a slave on record, when it has caught up;
 * - a slave on record that follows nobody, or somebody else, follows the master;
 * - a promotion that was cut off behind the switch of the servers is carried through.
 *
 * The master on record is the measure only if it says itself that it is a master.
 */
export class ReturningServers {
  readonly #store: Store;
  readonly #changes: Changes;
  readonly #promotion: Promotion;
  readonly #watches: ServerWatches;
  readonly #journal: Journal;
  readonly #password: string;
  readonly #log: Logger;
  readonly #busy = new Set<string>();

  constructor(parts: ReturningServersParts) {
    this.#store = parts.store;
    this.#changes = parts.changes;
    this.#promotion = parts.promotion;
    this.#watches = parts.watches;
    this.#journal = parts.journal;
    this.#password = parts.password;
    this.#log = parts.log;
  }

  /** Looks at all servers, and begins what is to be done. Does not wait for it, nor throw. */
  look(groups: readonly GroupRecord[], formers: readonly FormerMaster[]): void {
    for (const former of formers) {
      const group = groups.find(({ id }) => id === former.group_id);
      this.#once(former.addr, () => this.#receive(former, group ?? null));
    }
    for (const group of groups) {
      const master = masterOf(group);
      if (master === null) continue;
      for (const { addr, type } of group.servers ?? []) {
        if (type === 'slave') this.#once(addr, () => this.#align(group, master, addr));
      }
    }
  }

  /** @param work is not begun while it is under way for the same server */
  #once(addr: string, work: () => Promise<void>): void {
    if (this.#busy.has(addr)) return;
    this.#busy.add(addr);
    work()
      .catch((error: unknown) => {
        if (!(error instanceof OperatorError)) throw error;
        this.#log.info({ server: addr, reason: messageOf(error) }, 'not brought into its role yet');
      })
      .finally(() => this.#busy.delete(addr));
  }

  /** A former master that is there again. */
  async #receive(former: FormerMaster, group: GroupRecord | null): Promise<void> {
    const { addr } = former;
    const record = group?.servers?.find((server) => server.addr === addr);
    if (record?.type !== 'offline') {
      // Removed, added again, or promoted: it is the operator's.
      await this.#store.deleteIfPresent(this.#store.paths.formerMaster(addr));
      return;
    }
    if (this.#stateIfThere(addr) === null) return;
    // What we know of servers and records may be a second old, and another master be there now.
    const master = await this.#presentMaster(former.group_id);
    if (master === null || master === addr) return;
    await withRedis(addr, this.#password, async (redis) => {
      const state = await readState(redis);
      if (state.role === 'master') await this.#demote(redis, former, master);
      else if (state.masterAddr !== master) await this.#redirect(redis, master);
      else if (state.fields.master_link_status === 'up') await this.#rejoin(former);
    });
  }

  /** The master on record, if it says so itself. */
  async #presentMaster(groupId: number): Promise<string | null> {
    const group = await this.#store.loadGroup(groupId);
    const master = group && masterOf(group);
    if (!master) return null;
    const { role } = await withRedis(master, this.#password, readState);
    return role === 'master' ? master : null;
  }

  /** It came back as a master: from now on it takes no write any more. */
  async #demote(redis: RedisConnection, former: FormerMaster, master: string): Promise<void> {
    const { addr, group_id } = former;
    const seenAt = Date.now();
    await pauseWrites(redis, this.#log);
    let evidence: Record<string, unknown> = {};
    try {
      evidence = await this.#compare(redis, former, master);
    } finally {
      await this.#redirect(redis, master);
      await resumeWrites(redis, this.#log);
    }
    await this.#journal.note({
      group_id,
      event: 'returned',
      words: `${addr} came back as a master and follows ${master} now: ${lossInWords(evidence)}`,
      evidence: { ...evidence, replaced_at: former.since, seen_at: seenAt },
    });
  }

  async #compare(
    redis: RedisConnection,
    former: FormerMaster,
    master: string,
  ): Promise<Record<string, unknown>> {
    try {
      return await withRedis(master, this.#password, async (successor) => {
        const state = await readState(redis);
        const found = await measureDivergence(redis, state, successor, await readState(successor));
        return { ...found, replid: state.fields.master_replid ?? '', known: former.replid };
      });
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      return { not_compared: messageOf(error) };
    }
  }

  async #redirect(redis: RedisConnection, master: string): Promise<void> {
    await follow(redis, master, this.#password, this.#log);
    this.#watches.get(redis.addr)?.forgetState();
  }

  /** It has caught up: a slave on record from now on. */
  async #rejoin({ addr, group_id }: FormerMaster): Promise<void> {
    await this.#changes.run(async () => {
      const group = await this.#store.loadGroup(group_id);
      const server = group?.servers?.find((each) => each.addr === addr);
      if (!group || server?.type !== 'offline') return;
      const slave: ServerRecord = { ...server, type: 'slave' };
      const others = group.servers!.filter((each) => each !== server);
      await this.#changes.apply({
        what: `slave ${addr} in group ${group_id}`,
        writes: [
          this.#store.serverWrite(slave),
          { type: 'delete', path: this.#store.paths.formerMaster(addr) },
        ],
        announcements: [groupChanged(withServers(group, [...others, slave]))],
        confirm: 'unconfirmed',
      });
    });
    await this.#journal.note({
      group_id,
      event: 'rejoined',
      words: `${addr} has caught up and is a slave of group ${group_id} again`,
      evidence: {},
    });
  }

  /** A slave on record that says otherwise. */
  async #align(group: GroupRecord, master: string, addr: string): Promise<void> {
    const state = this.#stateIfThere(addr);
    const masterState = this.#stateIfThere(master);
    if (state === null || masterState === null || isAligned(state, master, masterState)) return;
    // In the queue of changes, and looked at anew: a promotion may be under way, or just over.
    const completed = await this.#changes.run(async () => {
      const now = await this.#store.loadGroup(group.id);
      const server = now?.servers?.find((each) => each.addr === addr);
      if (!now || masterOf(now) !== master || server?.type !== 'slave') return false;
      const present = await withRedis(master, this.#password, readState);
      return withRedis(addr, this.#password, async (redis) => {
        const own = await readState(redis);
        if (isAligned(own, master, present)) return false;
        if (present.role === 'master') {
          await this.#redirect(redis, master);
          return false;
        }
        // The servers were switched and the records were not: the dashboard died just then.
        if (own.role !== 'master' || present.masterAddr !== addr) return false;
        await this.#promotion.promoteInTurn(group.id, addr);
        return true;
      });
    });
    if (!completed) return;
    this.#watches.get(master)?.forgetState();
    await this.#journal.note({
      group_id: group.id,
      event: 'completed',
      words: `the promotion of ${addr} in group ${group.id} had been cut off; it is done now`,
      evidence: { former_master: master },
    });
  }

  /** Null unless it answers, and has its data. */
  #stateIfThere(addr: string): RedisState | null {
    const watch = this.#watches.get(addr);
    const state = watch?.error === '' ? watch.state : null;
    return state?.fields.loading === '1' ? null : state;
  }
}

/** The replica follows the master at that address, be it under another name. */
function isAligned(replica: RedisState, addr: string, master: RedisState): boolean {
  if (replica.role === 'master' || master.role === 'replica') return false;
  if (replica.masterAddr === addr) return true;
  const { fields } = replica;
  return fields.master_link_status === 'up' && fields.master_replid === master.fields.master_replid;
}

function lossInWords(evidence: Record<string, unknown>): string {
  const { bytes, keysOnlyHere, stringsThatDiffer } = evidence;
  const parts = [
    ...(typeof bytes === 'number' ? [`${bytes} bytes of its replication stream`] : []),
    ...(typeof keysOnlyHere === 'number' ? [`${keysOnlyHere} keys`] : []),
    ...(typeof stringsThatDiffer === 'number' ? [`${stringsThatDiffer} strings`] : []),
  ];
  return parts.length === 0
    ? 'what it had alone is not known'
    : `${parts.join(', ')} that only it had are dropped`;
}
