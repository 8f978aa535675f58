import { withDeadline } from '../../base/deadline.js';
import { messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { Handle } from '../../cluster/coordinator/coordinator.js';
import type { GroupRecord } from '../../cluster/model/group.js';
import type { ProxyRecord } from '../../cluster/model/proxy.js';
import type { SlotRecord } from '../../cluster/model/slot.js';
import type { Store } from '../../cluster/store.js';
import { hasEnded, MigrationQueue, type QueueContent } from '../migration/queue.js';

/** A change that nobody announced, such as one by hand, is seen within this time. */
const FULL_READ_MS = 15_000;
const READ_TIMEOUT_MS = 5_000;

/** The records of the cluster, as they were when they were last read. */
export interface Records {
  readonly groups: readonly GroupRecord[];
  /** Ascending; empty before `slot init`. */
  readonly slots: readonly SlotRecord[];
  readonly proxies: readonly ProxyRecord[];
  /** Fences of proxies that are not registered: their addresses. */
  readonly orphanFences: readonly string[];
  readonly queue: QueueContent;
  /** host:port of all dashboards of this product, this one too. */
  readonly dashboards: readonly string[];
}

type Part = 'cluster' | 'queue' | 'dashboards';

/**
 * Follows the records without asking for all of them all the time: every change of groups and
 * slots makes an action, so those are read when there is a new one.
 */
export class RecordReader {
  readonly #store: Store;
  readonly #queue: MigrationQueue;
  readonly #log: Logger;
  readonly #handles: Handle[] = [];
  readonly #stale = new Set<Part>(['cluster', 'queue', 'dashboards']);
  #records: Records | null = null;
  #readAllAt = 0;
  #trouble = '';

  constructor(store: Store, log: Logger) {
    this.#store = store;
    this.#queue = new MigrationQueue(store);
    this.#log = log;
  }

  /** @param onChange called soon after something has changed */
  async watch(onChange: () => void): Promise<void> {
    const { coordinator, paths } = this.#store;
    const watched: [string, Part | null][] = [
      [paths.actions, 'cluster'],
      [paths.migrateTasks, 'queue'],
      [paths.migrateJobs, 'queue'],
      [paths.dashboards, 'dashboards'],
      [paths.proxies, null],
    ];
    for (const [path, part] of watched) {
      const listener = () => {
        if (part) this.#stale.add(part);
        onChange();
      };
      this.#handles.push(await coordinator.watchChildren(path, listener));
    }
  }

  close(): void {
    for (const handle of this.#handles.splice(0)) handle.close();
  }

  /** Null until they could be read once. While the coordinator is away: as they were. */
  get latest(): Records | null {
    return this.#records;
  }

  /** Never throws. */
  async refresh(now: number): Promise<Records | null> {
    if (this.#store.coordinator.state !== 'connected') return this.#records;
    try {
      this.#records = await withDeadline(this.#read(now), READ_TIMEOUT_MS, 'the coordinator');
      this.#trouble = '';
    } catch (error) {
      for (const part of ['cluster', 'queue', 'dashboards'] as const) this.#stale.add(part);
      const trouble = messageOf(error);
      if (trouble !== this.#trouble) this.#log.warn({ reason: trouble }, 'records not read');
      this.#trouble = trouble;
    }
    return this.#records;
  }

  /** A part is fresh from before it is read: what changes meanwhile makes it stale again. */
  async #read(now: number): Promise<Records> {
    const last = this.#records;
    const all = !last || now - this.#readAllAt > FULL_READ_MS;
    if (all) this.#readAllAt = now;
    const isStale = (part: Part) => this.#stale.delete(part) || all || !last;
    // While slots move their tasks change without a node coming or going.
    const isMoving = last?.queue.jobs.some((job) => !hasEnded(job)) ?? true;
    const [cluster, queue, dashboards, fences] = await Promise.all([
      isStale('cluster') ? this.#readCluster() : last!,
      isStale('queue') || isMoving ? this.#queue.load() : last!.queue,
      isStale('dashboards') ? this.#readDashboards() : last!.dashboards,
      this.#store.loadFences(),
    ]);
    // After the fences: a proxy makes its fence before its node.
    const proxies = await this.#store.loadProxies();
    const registered = new Set(proxies.map((proxy) => proxy.addr));
    return {
      groups: cluster.groups,
      slots: cluster.slots,
      proxies,
      orphanFences: fences.filter((addr) => !registered.has(addr)),
      queue,
      dashboards,
    };
  }

  async #readCluster(): Promise<Pick<Records, 'groups' | 'slots'>> {
    const [groups, slots] = await Promise.all([this.#store.loadGroups(), this.#store.loadSlots()]);
    return { groups, slots };
  }

  #readDashboards(): Promise<string[]> {
    return this.#store.coordinator.children(this.#store.paths.dashboards);
  }
}
