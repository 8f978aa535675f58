import { silentLog } from '../../../base/log.js';
import type { Coordinator } from '../../../cluster/coordinator/coordinator.js';
import type { ProxyRecord } from '../../../cluster/model/proxy.js';
import { Store } from '../../../cluster/store.js';
import type {
  GroupRoute,
  SlotRoute,
  TopologyChange,
  TopologySink,
} from '../../../proxy/router/topology-change.js';
import { newProxyRecord } from '../../../proxy/topology/identity.js';
import { type Serving, Topology } from '../../../proxy/topology/topology.js';
import { eventually } from '../../support/eventually.js';
import { PRODUCT, type StandInDashboard } from '../../support/stand-in-dashboard.js';

/** A router that only keeps the table, and that can be told to take its time. */
export class FakeSink implements TopologySink {
  readonly changes: TopologyChange[] = [];
  readonly slots = new Map<number, SlotRoute>();
  readonly groups = new Map<number, GroupRoute>();
  #held: Promise<void> = Promise.resolve();
  #release = () => {};

  async apply(change: TopologyChange): Promise<void> {
    this.changes.push(change);
    await this.#held;
    for (const slot of change.slots) this.slots.set(slot.slotId, slot);
    for (const group of change.groups) this.groups.set(group.groupId, group);
  }

  /** From now on changes wait in `apply` for {@link release}. */
  hold(): void {
    this.#held = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  release(): void {
    this.#release();
  }

  /** The ids of the single slots applied, in order: bulk loads left out. */
  get singleSlots(): number[] {
    return this.changes
      .filter((change) => change.slots.length === 1)
      .map((change) => change.slots[0]!.slotId);
  }
}

export class FakeServing implements Serving {
  state: 'never' | 'serving' | 'ended' = 'never';
  /** What was true when serving began. */
  onBegin = () => {};
  onEnd = async () => {};

  async begin(): Promise<void> {
    this.onBegin();
    this.state = 'serving';
  }

  async end(): Promise<void> {
    if (this.state !== 'serving') return;
    await this.onEnd();
    this.state = 'ended';
  }
}

export interface TestTopology {
  readonly topology: Topology;
  readonly sink: FakeSink;
  readonly serving: FakeServing;
  readonly record: ProxyRecord;
}

/** A proxy's control side over a coordinator of its own, begun. */
export function startTopology(
  coordinator: Coordinator,
  dashboard: StandInDashboard,
  options: { id?: string; addr?: string; admin?: string; sessionTimeoutMs?: number } = {},
): TestTopology {
  const { id = 'proxy_1', addr = '127.0.0.1:19000', admin = '127.0.0.1:1' } = options;
  const record = newProxyRecord(id, addr, admin, new Date());
  const sink = new FakeSink();
  const serving = new FakeServing();
  const topology = new Topology(
    new Store(coordinator, PRODUCT),
    record,
    sink,
    serving,
    { dashboardAddr: dashboard.addr, sessionTimeoutMs: options.sessionTimeoutMs ?? 3_000 },
    silentLog(),
  );
  topology.start();
  return { topology, sink, serving, record };
}

export function isOnline({ topology }: TestTopology): Promise<unknown> {
  return eventually('the proxy is online', () => topology.status.state === 'online');
}
