import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Address } from '../../base/address.js';
import { loadConfig } from '../../base/config.js';
import { OperatorError } from '../../base/errors.js';
import { silentLog } from '../../base/log.js';
import { openCoordinator } from '../../cluster/coordinator/open.js';
import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import { Store } from '../../cluster/store.js';
import type { Dashboard, Servers } from '../bench/servers.js';
import type { Target } from '../bench/target.js';
import { fillServer } from './fill.js';
import { type KeySet, MOVED_SLOTS } from './keys.js';
import { costOf, type MoveCost } from './move-cost.js';

const MOVE_TIMEOUT_MS = 300_000;
const POLL_MS = 10;
/** We are told of tasks that are done; this is for servers that have ended. */
const LOOK_MS = 500;

/** Slots that always move together; at first the lower are in group 1, the upper in group 2. */
export type SlotRange = 'lower' | 'upper';

const RANGES: Readonly<Record<SlotRange, { from: number; to: number }>> = {
  lower: { from: 0, to: MOVED_SLOTS - 1 },
  upper: { from: MOVED_SLOTS, to: SLOT_COUNT - 1 },
};

export interface CodisOptions {
  /** The path of codis_slots.so for the Redis servers, or null. */
  readonly module: string | null;
  /** Where dashboard and proxy leave profiles of their processor time when they end, or null. */
  readonly profileFolder: string | null;
}

interface Profiles {
  readonly dashboard: string;
  readonly proxy: string;
}

/** Where each program leaves its profile below the folder asked for. */
export function profileFolders(folder: string): Profiles {
  return { dashboard: join(folder, 'dashboard'), proxy: join(folder, 'proxy') };
}

/** Two groups of one redis-server each, the dashboard and a proxy as processes of their own. */
export class CodisCluster {
  readonly servers: Servers;
  readonly proxy: Target;
  readonly #dashboard: Dashboard;
  readonly #store: Store;
  readonly #masters: readonly Redis[];
  readonly #owner: Record<SlotRange, number> = { lower: 1, upper: 2 };

  private constructor(servers: Servers, proxy: Target, dashboard: Dashboard, store: Store) {
    this.servers = servers;
    this.proxy = proxy;
    this.#dashboard = dashboard;
    this.#store = store;
    this.#masters = servers.backends.map(({ address }) => new Redis(address));
  }

  /** @param servers none are started yet */
  static async start(servers: Servers, options: CodisOptions): Promise<CodisCluster> {
    const { module, profileFolder } = options;
    await servers.startBackends(() => (module === null ? [] : ['--loadmodule', module]));
    const profile = (of: keyof Profiles) => profileFolder && profileFolders(profileFolder)[of];
    const dashboard = await servers.startDashboard(profile('dashboard'));
    const proxy = await servers.startProxy(dashboard, profile('proxy'));
    const config = loadConfig(dashboard.configFile);
    const coordinator = await openCoordinator(config, silentLog());
    return new CodisCluster(servers, proxy, dashboard, new Store(coordinator, config.product));
  }

  /** Nothing but these keys is there afterwards, each at its owner. */
  async fill({ moving, staying }: KeySet): Promise<void> {
    for (const master of this.#masters) await master.flushall('SYNC');
    await fillServer(this.masterOf('lower'), moving);
    await fillServer(this.masterOf('upper'), staying);
  }

  /**
   * Moves the slots to the other group, as POST /api/migrate does for anybody. Ends with the last
   * slot's record.
   *
   * @param pids all of the benchmark's processes
   */
  async move(range: SlotRange, pids: readonly number[], signal: AbortSignal): Promise<MoveCost> {
    const target = 3 - this.#owner[range];
    const own = {
      servers: this.servers.backends.map(({ pid }) => pid!),
      mover: [this.#dashboard.pid],
      proxies: [this.proxy.pid!],
      all: pids,
    };
    const cost = await costOf(own, async () => {
      const { from, to } = RANGES[range];
      await this.#dashboard.client.migrate({ from, to, new_group: target, delay: 0 });
      await this.#noTasks(signal);
    });
    this.#owner[range] = target;
    await this.#arrived(range, target);
    await this.#noJob();
    return cost;
  }

  async close(): Promise<void> {
    for (const master of this.#masters) master.disconnect();
    await this.#store.coordinator.close();
    await this.servers.stop();
  }

  /** Of the group that has the range now. */
  masterOf(range: SlotRange): Address {
    return this.servers.backends[this.#owner[range] - 1]!.address;
  }

  async #noTasks(signal: AbortSignal): Promise<void> {
    const { coordinator, paths } = this.#store;
    const deadline = Date.now() + MOVE_TIMEOUT_MS;
    let change = () => {};
    const watch = await coordinator.watchChildren(paths.migrateTasks, () => change());
    try {
      for (;;) {
        const changed = new Promise<void>((resolve) => {
          change = resolve;
        });
        if ((await coordinator.children(paths.migrateTasks)).length === 0) return;
        signal.throwIfAborted();
        this.servers.checkAlive();
        if (Date.now() > deadline) {
          const [job] = await this.#dashboard.client.listJobs();
          throw new OperatorError(`a move did not end within ${MOVE_TIMEOUT_MS / 1000} s`, {
            hint: job?.last_error ?? '',
          });
        }
        const look = setTimeout(change, LOOK_MS);
        await changed;
        clearTimeout(look);
      }
    } finally {
      watch.close();
    }
  }

  /** @throws OperatorError if a slot is not where it should be, or its keys are not */
  async #arrived(range: SlotRange, group: number): Promise<void> {
    const { from, to } = RANGES[range];
    const slots = await this.#store.loadSlots(from, to);
    const lost = slots.find((slot) => slot.group_id !== group || slot.state.status !== 'online');
    if (lost) throw new OperatorError(`slot ${lost.id} did not arrive in group ${group}`);
  }

  /** The next move is not to wait for the end of this one's record. */
  async #noJob(): Promise<void> {
    const deadline = Date.now() + MOVE_TIMEOUT_MS;
    for (;;) {
      const jobs = await this.#dashboard.client.listJobs();
      if (jobs.every(({ state }) => state === 'done')) return;
      const failed = jobs.find(({ state }) => state === 'failed');
      if (failed || Date.now() > deadline) {
        throw new OperatorError('a move has failed', { hint: failed?.last_error ?? '' });
      }
      await sleep(POLL_MS);
    }
  }

  /** How many keys the owner of the range has, and the other. */
  async keysAt(range: SlotRange): Promise<{ owner: number; other: number }> {
    const sizes = await Promise.all(this.#masters.map((master) => master.dbsize()));
    const owner = this.#owner[range] - 1;
    return { owner: sizes[owner]!, other: sizes[1 - owner]! };
  }
}
