import { formatAddress } from '../../base/address.js';
import { messageOf, OperatorError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { type GroupRecord, masterOf, type ServerRecord } from '../../cluster/model/group.js';
import type { Store } from '../../cluster/store.js';
import type { Changes } from '../changes.js';
import { groupChanged, withServers } from '../service/groups.js';
import { fetchState, type RedisState } from '../service/redis-info.js';
import type { Journal } from './journal.js';
import { ServerIdentities } from './server-identities.js';
import type { ServerWatches } from './server-watches.js';

/** A replica that is no server on record is asked who it is once in this time. */
const ASK_AGAIN_MS = 10_000;

export interface AddressChangesParts {
  readonly store: Store;
  readonly changes: Changes;
  readonly watches: ServerWatches;
  readonly journal: Journal;
  readonly password: string;
  /** `ha_address_change`: the record is changed, or it is only said. */
  readonly rule: 'ask' | 'update';
  /** A server that has not answered for so long is away. */
  readonly downAfterMs: number;
  readonly log: Logger;
}

/**
 * Recognises replicas that are away at their address on record, and follow their master from another
 * one: the master names it, and the process there has the run id that was last heard at the old one.
 */
export class AddressChanges {
  readonly #parts: AddressChangesParts;
  readonly #identities: ServerIdentities;
  /** By address: when it was asked last, by performance.now(). */
  readonly #askedMs = new Map<string, number>();
  readonly #saidOf = new Set<string>();
  #isBusy = false;

  constructor(parts: AddressChangesParts) {
    this.#parts = parts;
    this.#identities = new ServerIdentities(parts.store);
  }

  /** Does not wait, nor throw. */
  look(groups: readonly GroupRecord[]): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#lookAtAll(groups)
      .catch((error: unknown) => {
        this.#identities.forget();
        this.#parts.log.debug({ reason: messageOf(error) }, 'run ids not compared');
      })
      .finally(() => {
        this.#isBusy = false;
      });
  }

  /** Another dashboard leads. */
  rest(): void {
    this.#identities.forget();
    this.#saidOf.clear();
  }

  async #lookAtAll(groups: readonly GroupRecord[]): Promise<void> {
    const addrs = groups.flatMap(({ servers }) => servers ?? []).map(({ addr }) => addr);
    const heard = new Map<string, string>();
    for (const addr of addrs) {
      // What it said last, be it away by now.
      const runId = this.#parts.watches.get(addr)?.state?.runId ?? '';
      if (runId !== '') heard.set(addr, runId);
    }
    await this.#identities.note(heard, addrs);
    for (const group of groups) {
      const master = masterOf(group);
      const state = master === null ? null : this.#stateOf(master);
      const away = (group.servers ?? []).filter((server) => this.#isAway(server));
      if (state === null || away.length === 0) continue;
      for (const addr of replicasOf(state)) {
        if (!addrs.includes(addr)) await this.#compare(group, away, addr);
      }
    }
  }

  /** What it says of itself now; null: it does not answer. */
  #stateOf(addr: string): RedisState | null {
    const watch = this.#parts.watches.get(addr);
    return watch?.error === '' ? watch.state : null;
  }

  #isAway({ addr, type }: ServerRecord): boolean {
    const watch = this.#parts.watches.get(addr);
    if (type !== 'slave' || !watch || watch.error === '') return false;
    return watch.silentMs >= this.#parts.downAfterMs && this.#identities.runIdOf(addr) !== null;
  }

  /** @param stranger follows the group's master */
  async #compare(
    group: GroupRecord,
    away: readonly ServerRecord[],
    stranger: string,
  ): Promise<void> {
    const askedMs = this.#askedMs.get(stranger) ?? Number.NEGATIVE_INFINITY;
    if (performance.now() - askedMs < ASK_AGAIN_MS) return;
    this.#askedMs.set(stranger, performance.now());
    const runId = await this.#runIdAt(stranger);
    const server = away.find(({ addr }) => this.#identities.runIdOf(addr) === runId);
    if (runId === null || server === undefined) return;
    if (this.#parts.rule === 'update') await this.#update(server, stranger, runId);
    else await this.#say(group, server, stranger, runId);
  }

  /** Null: nobody there whom we can ask. */
  async #runIdAt(addr: string): Promise<string | null> {
    try {
      const { runId, role } = await fetchState(addr, this.#parts.password);
      return role === 'replica' && runId !== '' ? runId : null;
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      return null;
    }
  }

  async #say(
    group: GroupRecord,
    { addr }: ServerRecord,
    stranger: string,
    runId: string,
  ): Promise<void> {
    const what = `${addr} ${stranger}`;
    if (this.#saidOf.has(what)) return;
    this.#saidOf.add(what);
    await this.#parts.journal.note({
      group_id: group.id,
      event: 'address_seen',
      words:
        `the replica ${addr} is at ${stranger} now: codis-config server add ${group.id} ` +
        `${stranger} slave, then server remove ${group.id} ${addr} (or ha_address_change=update)`,
      evidence: { run_id: runId },
    });
  }

  async #update({ addr, group_id }: ServerRecord, stranger: string, runId: string): Promise<void> {
    const { store, changes, journal } = this.#parts;
    const isDone = await changes.run(async () => {
      const groups = await store.loadGroups();
      const group = groups.find(({ id }) => id === group_id);
      const server = group?.servers?.find((each) => each.addr === addr);
      const isKnown = groups.some(({ servers }) => servers?.some((s) => s.addr === stranger));
      if (!group || server?.type !== 'slave' || isKnown || !this.#isAway(server)) return false;
      if ((await this.#runIdAt(stranger)) !== runId) return false;
      const moved: ServerRecord = { ...server, addr: stranger };
      const others = group.servers!.filter((each) => each !== server);
      await changes.apply({
        what: `${addr} in group ${group_id} is at ${stranger}`,
        writes: [store.serverRemoval(server), store.serverCreation(moved)],
        announcements: [groupChanged(withServers(group, [...others, moved]))],
        confirm: 'unconfirmed',
      });
      return true;
    });
    if (!isDone) return;
    await journal.note({
      group_id,
      event: 'address_changed',
      words: `the replica ${addr} is at ${stranger} now, and on record there`,
      evidence: { run_id: runId },
    });
  }
}

/** Where a master sees its replicas: `slave0:ip=127.0.0.1,port=7001,state=online,…` in its INFO. */
export function replicasOf({ role, fields }: RedisState): readonly string[] {
  if (role !== 'master') return [];
  return Object.entries(fields).flatMap(([name, text]) => {
    const found = /^slave\d+$/.test(name) && /^ip=([^,]+),port=(\d+),state=online/.exec(text);
    return found ? [formatAddress({ host: found[1]!, port: Number(found[2]) })] : [];
  });
}
