import { messageOf, OperatorError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { type GroupRecord, masterOf } from '../../cluster/model/group.js';
import type { Store } from '../../cluster/store.js';
import type { Lease } from '../lease.js';
import type { AddressChanges } from './address-changes.js';
import type { Choice, LastMaster } from './candidate.js';
import type { Failover } from './failover.js';
import { type FormerMaster, loadFormerMasters } from './former-masters.js';
import type { Journal, JournalEntry } from './journal.js';
import type { ProxyView, ProxyViews } from './proxy-views.js';
import type { ReturningServers } from './returning-servers.js';
import type { ServerWatches } from './server-watches.js';
import { judge, type Verdict, type View } from './verdict.js';
import type { WriteFence } from './write-fence.js';

/** How often groups and proxies are read anew, and servers compared with their records. */
const REFRESH_MS = 1_000;
/** Between two attempts of a failover that was refused: a replica may come back. */
const RETRY_MS = 1_000;

export interface WatchdogOptions {
  readonly mode: 'on' | 'observe';
  readonly downAfterMs: number;
  readonly minIntervalMs: number;
  /** How often verdicts are formed. */
  readonly periodMs: number;
}

export interface WatchdogParts {
  readonly store: Store;
  readonly lease: Lease;
  readonly watches: ServerWatches;
  readonly proxyViews: ProxyViews;
  readonly failover: Failover;
  readonly returning: ReturningServers;
  readonly addresses: AddressChanges;
  readonly writeFence: WriteFence;
  readonly journal: Journal;
}

/** A group as it is judged now. */
export interface GroupHealth {
  readonly group: GroupRecord;
  /** Null: the group has none. */
  readonly master: string | null;
  readonly verdict: Verdict;
  readonly views: readonly View[];
}

/** What a group has been through since this dashboard watches. */
interface GroupMemory {
  health: Verdict['health'];
  acting: boolean;
  retryAtMs: number;
  /** What was said of a refusal last: not again each second. */
  saidOf: string;
}

/** Watches all masters while we lead, and has those that are down failed over. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #parts: WatchdogParts;
  readonly #log: Logger;
  readonly #memories = new Map<number, GroupMemory>();
  readonly #lastFailovers = new Map<number, number>();
  readonly #counts = { failovers: 0, refusals: 0 };
  #groups: readonly GroupRecord[] = [];
  #formers: readonly FormerMaster[] = [];
  #timer: NodeJS.Timeout | undefined;
  #refreshAtMs = 0;
  #refreshing: Promise<void> | null = null;
  #isStopped = false;
  #hasReadJournal = false;

  constructor(options: WatchdogOptions, parts: WatchdogParts, log: Logger) {
    this.#options = options;
    this.#parts = parts;
    this.#log = log;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), this.#options.periodMs);
  }

  /** Nothing is begun any more; what is under way ends as a change of the cluster. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
  }

  /** To be called when a server answers again. */
  onReturn(): void {
    if (this.#options.mode === 'on' && this.#mayAct) {
      this.#parts.returning.look(this.#groups, this.#formers);
    }
  }

  get health(): readonly GroupHealth[] {
    const proxies = this.#parts.proxyViews.all;
    return this.#groups.map((group) => this.#healthOf(group, proxies));
  }

  get formerMasters(): readonly FormerMaster[] {
    return this.#formers;
  }

  /** Since we watch. */
  get counts(): { readonly failovers: number; readonly refusals: number } {
    return this.#counts;
  }

  /** Unix milliseconds; null: not that anybody remembers. */
  lastFailoverAt(groupId: number): number | null {
    return this.#lastFailovers.get(groupId) ?? null;
  }

  get #mayAct(): boolean {
    return !this.#isStopped && this.#parts.lease.state === 'held';
  }

  #look(): void {
    if (!this.#mayAct) {
      this.#rest();
      return;
    }
    if (performance.now() >= this.#refreshAtMs) void this.#refresh();
    if (!this.#hasReadJournal) return;
    const proxies = this.#parts.proxyViews.all;
    for (const group of this.#groups) {
      const health = this.#healthOf(group, proxies);
      const memory = this.#memoryOf(group.id);
      if (memory.health !== health.verdict.health) this.#noteHealth(memory, health);
      if (health.verdict.health !== 'down' || memory.acting) continue;
      if (performance.now() < memory.retryAtMs) continue;
      memory.acting = true;
      this.#act(health, memory)
        .catch((error: unknown) => {
          const known = error instanceof OperatorError;
          this.#log.error(known ? { reason: error.message } : { err: error }, 'failover failed');
        })
        .finally(() => {
          memory.acting = false;
          memory.retryAtMs = performance.now() + RETRY_MS;
        });
    }
  }

  /** Another dashboard leads: what we knew is old when it is our turn again. */
  #rest(): void {
    if (!this.#hasReadJournal) return;
    this.#hasReadJournal = false;
    this.#groups = [];
    this.#formers = [];
    this.#memories.clear();
    this.#parts.watches.follow([]);
    this.#parts.proxyViews.follow([]);
    this.#parts.addresses.rest();
  }

  #healthOf(group: GroupRecord, proxies: readonly ProxyView[]): GroupHealth {
    const master = masterOf(group);
    const views: View[] = [
      { observer: 'dashboard', silentMs: master === null ? null : this.#silentMs(master) },
      ...proxies.map(({ id, servers }) => {
        const seen = master === null ? undefined : servers?.[master];
        return { observer: id, silentMs: seen?.silent_ms ?? null };
      }),
    ];
    return { group, master, views, verdict: judge(views, this.#options.downAfterMs) };
  }

  #silentMs(addr: string): number | null {
    return this.#parts.watches.get(addr)?.silentMs ?? null;
  }

  #noteHealth(memory: GroupMemory, { group, master, verdict, views }: GroupHealth): void {
    const level = verdict.health === 'healthy' ? 'info' : 'warn';
    this.#log[level](
      { group: group.id, master, from: memory.health, to: verdict.health, views },
      'health of a master',
    );
    memory.health = verdict.health;
    if (verdict.health === 'healthy') memory.saidOf = '';
  }

  /** A master is down by the word of the majority. */
  async #act(health: GroupHealth, memory: GroupMemory): Promise<void> {
    const { group, master } = health;
    const { failover, journal, watches } = this.#parts;
    const watch = watches.get(master!);
    const last: LastMaster = {
      addr: master!,
      state: watch?.state ?? null,
      silentMs: watch?.silentMs ?? this.#options.downAfterMs,
    };
    const evidence = {
      master,
      views: health.views,
      against: health.verdict.against,
      needed: health.verdict.needed,
      down_after_ms: this.#options.downAfterMs,
      last_known: last.state && {
        offset: last.state.offset,
        keys: last.state.keyCount,
        replid: last.state.fields.master_replid,
      },
    };
    if (!group.servers!.some(({ type }) => type === 'slave')) {
      await this.#sayOnce(memory, {
        group_id: group.id,
        event: 'refused',
        words: `the master ${master} is down, and the group has no replica`,
        evidence,
      });
      return;
    }
    const leftMs = this.#quietLeftMs(group.id);
    if (leftMs > 0) {
      await this.#sayOnce(memory, {
        group_id: group.id,
        event: 'refused',
        words:
          `the master ${master} is down, and the group was failed over less than ` +
          `${this.#options.minIntervalMs} ms ago (ha_min_interval)`,
        evidence,
      });
      return;
    }
    if (this.#options.mode === 'observe') {
      const choice = await failover.consider(group.id, last);
      await this.#sayOnce(memory, {
        group_id: group.id,
        event: 'would_fail_over',
        words: `${master} is down; ${choice.chosen ?? 'no replica'} would become the master`,
        evidence: { ...evidence, replicas: choice.judged },
      });
      return;
    }
    const isStillDown = () =>
      this.#healthOf(group, this.#parts.proxyViews.all).verdict.health === 'down';
    const outcome = await failover.run(group.id, last, isStillDown);
    // What is being read may be older than what was just written.
    await this.#refreshing;
    await this.#refresh();
    if (outcome.type === 'overtaken') return;
    if (outcome.type === 'done') {
      this.#counts.failovers++;
      this.#lastFailovers.set(group.id, Date.now());
      memory.health = 'healthy';
      watches.get(outcome.master)?.forgetState();
      await journal.note({
        group_id: group.id,
        event: 'failover',
        words: `${master} was down: ${outcome.master} is the master of group ${group.id}`,
        evidence: { ...evidence, replicas: outcome.choice.judged, ms: outcome.ms },
      });
      return;
    }
    await this.#sayOnce(memory, {
      group_id: group.id,
      event: 'refused',
      words: `the master ${master} is down: ${outcome.reason}${refusals(outcome.choice)}`,
      evidence: { ...evidence, replicas: outcome.choice?.judged ?? [] },
    });
  }

  /** The same words about the same failure once. */
  async #sayOnce(memory: GroupMemory, entry: Omit<JournalEntry, 'at'>): Promise<void> {
    if (memory.saidOf === entry.words) return;
    memory.saidOf = entry.words;
    this.#counts.refusals++;
    await this.#parts.journal.note(entry);
  }

  #quietLeftMs(groupId: number): number {
    const last = this.#lastFailovers.get(groupId);
    return last === undefined ? 0 : last + this.#options.minIntervalMs - Date.now();
  }

  #memoryOf(groupId: number): GroupMemory {
    let memory = this.#memories.get(groupId);
    if (memory === undefined) {
      memory = { health: 'healthy', acting: false, retryAtMs: 0, saidOf: '' };
      this.#memories.set(groupId, memory);
    }
    return memory;
  }

  /** Does not throw. */
  #refresh(): Promise<void> {
    this.#refreshAtMs = performance.now() + REFRESH_MS;
    this.#refreshing ??= this.#readRecords()
      .catch((error: unknown) => {
        // The coordinator is away: what we know goes on to be watched.
        this.#log.debug({ reason: messageOf(error) }, 'records not read');
      })
      .finally(() => {
        this.#refreshing = null;
      });
    return this.#refreshing;
  }

  async #readRecords(): Promise<void> {
    const { store, watches, proxyViews, returning, addresses, writeFence, journal } = this.#parts;
    const [groups, proxies, formers] = await Promise.all([
      store.loadGroups(),
      store.loadProxies(),
      loadFormerMasters(store),
    ]);
    if (!this.#mayAct) return;
    if (!this.#hasReadJournal) {
      for (const entry of (await journal.load()).toReversed()) {
        if (entry.event === 'failover') this.#lastFailovers.set(entry.group_id, entry.at);
      }
      this.#hasReadJournal = true;
    }
    if (!this.#mayAct) return;
    this.#groups = groups;
    this.#formers = formers;
    watches.follow(groups.flatMap(({ servers }) => servers ?? []).map(({ addr }) => addr));
    proxyViews.follow(proxies.filter(({ state }) => state === 'online'));
    if (this.#options.mode !== 'on') return;
    returning.look(groups, formers);
    addresses.look(groups);
    writeFence.keep(groups);
  }
}

function refusals(choice: Choice | null): string {
  const all = (choice?.judged ?? []).map(({ addr, refusal }) => `${addr}: ${refusal}`);
  return all.length === 0 ? '' : ` (${all.join('; ')})`;
}
