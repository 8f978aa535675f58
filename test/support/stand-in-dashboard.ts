import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Action } from '../../cluster/model/action.js';
import type { GroupRecord, ServerType } from '../../cluster/model/group.js';
import type { ProxyRecord, ProxyState } from '../../cluster/model/proxy.js';
import { initialSlot, type SlotRecord } from '../../cluster/model/slot.js';
import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import type { Store } from '../../cluster/store.js';
import { eventually } from './eventually.js';

/** The product of every test cluster. */
export const PRODUCT = 'test';

/**
 * Does what a proxy needs of a dashboard, without its checks: answers `POST /api/proxy`, writes
 * records, and publishes actions in the order of Codis. For tests of proxies alone.
 */
export class StandInDashboard {
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

  static async start(store: Store): Promise<StandInDashboard> {
    const dashboard = new StandInDashboard(store);
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

  /** A group for each address, as its master, and equal shares of the slots. */
  async setUp(masters: readonly string[]): Promise<void> {
    const { coordinator, paths } = this.store;
    const share = SLOT_COUNT / masters.length;
    await coordinator.create(paths.slots, '');
    await coordinator.multi(
      Array.from({ length: SLOT_COUNT }, (_, slotId) => ({
        type: 'create',
        path: paths.slot(slotId),
        data: JSON.stringify(ownedSlot(slotId, 1 + Math.floor(slotId / share))),
      })),
    );
    for (const [index, addr] of masters.entries()) {
      await this.saveServer(index + 1, addr, 'master');
    }
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

/** A slot at rest in the group. */
export function ownedSlot(slotId: number, groupId: number): SlotRecord {
  const slot = initialSlot(PRODUCT, slotId);
  return { ...slot, group_id: groupId, state: { ...slot.state, status: 'online' } };
}
