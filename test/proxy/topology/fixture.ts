import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLog } from '../../../base/log.js';
import type { Coordinator } from '../../../cluster/coordinator/coordinator.js';
import type { Action } from '../../../cluster/model/action.js';
import type { GroupRecord, ServerType } from '../../../cluster/model/group.js';
import type { ProxyRecord, ProxyState } from '../../../cluster/model/proxy.js';
import { initialSlot, type SlotRecord } from '../../../cluster/model/slot.js';
import { SLOT_COUNT } from '../../../cluster/slot-hash.js';
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

/** What a dashboard does with `POST /api/proxy`, and how an operator publishes changes. */
export class FakeDashboard {
  readonly store: Store;
  readonly requests: unknown[] = [];
  addr = '';
  readonly #server: Server;
  #agrees = true;

  private constructor(store: Store) {
    this.store = store;
    this.#server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const asked = JSON.parse(body) as { id: string; state: ProxyState };
      this.requests.push({ method: request.method, url: request.url, ...asked });
      if (this.#agrees) await this.setState(asked.id, asked.state);
      response.writeHead(this.#agrees ? 200 : 500);
      response.end(this.#agrees ? '{"msg":"OK","ret":0}' : 'not now\n');
    });
  }

  static async start(store: Store): Promise<FakeDashboard> {
    const dashboard = new FakeDashboard(store);
    await new Promise<void>((resolve) => dashboard.#server.listen(0, '127.0.0.1', resolve));
    dashboard.addr = `127.0.0.1:${(dashboard.#server.address() as AddressInfo).port}`;
    return dashboard;
  }

  refuse(): void {
    this.#agrees = false;
  }

  agree(): void {
    this.#agrees = true;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async setState(proxyId: string, state: ProxyState): Promise<void> {
    const record = await this.store.loadProxy(proxyId);
    const path = this.store.paths.proxy(proxyId);
    await this.store.coordinator.set(path, JSON.stringify({ ...record, state }));
  }

  /** All slots in group 1, except `from` on in group 2; a master each. */
  async initCluster(secondGroupFrom = 512): Promise<void> {
    const { coordinator, paths } = this.store;
    const slots = Array.from({ length: SLOT_COUNT }, (_, slotId) =>
      ownedSlot(slotId, slotId < secondGroupFrom ? 1 : 2),
    );
    await coordinator.create(paths.slots, '');
    for (const slot of slots) await coordinator.create(paths.slot(slot.id), JSON.stringify(slot));
    await this.saveServer(1, '127.0.0.1:6001', 'master');
    await this.saveServer(2, '127.0.0.1:6002', 'master');
  }

  async saveServer(groupId: number, addr: string, type: ServerType): Promise<void> {
    const { coordinator, paths } = this.store;
    const data = JSON.stringify({ type, group_id: groupId, addr });
    await this.store.deleteIfPresent(paths.server(groupId, addr));
    await coordinator.create(paths.server(groupId, addr), data);
  }

  /** Saves the slot and tells the proxies. @returns the action's number */
  async changeSlot(slot: SlotRecord, type: Action['type'] = 'slot_changed'): Promise<string> {
    await this.store.saveSlots([slot]);
    return this.publish(type, slot);
  }

  async changeGroup(groupId: number): Promise<string> {
    const group: GroupRecord = (await this.store.loadGroup(groupId)) ?? {
      id: groupId,
      product_name: this.store.paths.product,
      servers: null,
    };
    return this.publish('group_changed', group);
  }

  /** In the order of Codis: receivers, the response node that gives the number, the action. */
  async publish(type: string, target: unknown, receivers?: ProxyRecord[]): Promise<string> {
    const asked = receivers ?? (await this.#onlineProxies());
    return this.publishText(
      JSON.stringify({
        type,
        desc: '',
        target,
        ts: '1795150957',
        receivers: asked.map((record) => JSON.stringify(record)),
      }),
    );
  }

  async publishText(text: string): Promise<string> {
    const seq = await this.takeNumber(text);
    await this.store.coordinator.create(this.store.paths.action(seq), text);
    return seq;
  }

  /** Makes the response node alone. */
  async takeNumber(text = ''): Promise<string> {
    const { coordinator, paths } = this.store;
    const made = await coordinator.create(`${paths.responses}/`, text, { sequential: true });
    return made.slice(made.lastIndexOf('/') + 1);
  }

  async #onlineProxies(): Promise<ProxyRecord[]> {
    return (await this.store.loadProxies()).filter((record) => record.state === 'online');
  }

  acknowledged(seq: string, proxyId: string): Promise<unknown> {
    return eventually(`${proxyId} acknowledges ${seq}`, () =>
      this.store.coordinator.get(this.store.paths.responseOf(seq, proxyId)),
    );
  }

  async hasAcknowledged(seq: string, proxyId: string): Promise<boolean> {
    return (await this.store.coordinator.get(this.store.paths.responseOf(seq, proxyId))) !== null;
  }
}

export function ownedSlot(slotId: number, groupId: number): SlotRecord {
  const slot = initialSlot('test', slotId);
  return { ...slot, group_id: groupId, state: { ...slot.state, status: 'online' } };
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
  dashboard: FakeDashboard,
  options: { id?: string; addr?: string; admin?: string; sessionTimeoutMs?: number } = {},
): TestTopology {
  const { id = 'proxy_1', addr = '127.0.0.1:19000', admin = '127.0.0.1:1' } = options;
  const record = newProxyRecord(id, addr, admin, new Date());
  const sink = new FakeSink();
  const serving = new FakeServing();
  const topology = new Topology(
    new Store(coordinator, 'test'),
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
