import { z } from 'zod';
import {
  BadVersionError,
  type Coordinator,
  NoNodeError,
  type Operation,
} from './coordinator/coordinator.js';
import { type Action, action } from './model/action.js';
import { type GroupRecord, type ServerRecord, serverRecord } from './model/group.js';
import { type LargeKeyRecord, largeKeys } from './model/large-key.js';
import { type ProxyRecord, type ProxyState, proxyRecord } from './model/proxy.js';
import { type SlotRecord, slotRecord } from './model/slot.js';
import { Paths } from './paths.js';
import { SLOT_COUNT } from './slot-hash.js';

/** `P/dashboard`, as far as others care. */
const dashboardRecord = z.object({ addr: z.string().min(1) });

/** A node's data is not the JSON that its place in the tree calls for. */
export class BadRecordError extends Error {
  override readonly name = 'BadRecordError';
}

/** Typed reads and writes of the records in the coordinator. Nothing here tells the proxies. */
export class Store {
  readonly paths: Paths;
  readonly coordinator: Coordinator;

  constructor(coordinator: Coordinator, product: string) {
    this.coordinator = coordinator;
    this.paths = new Paths(product);
  }

  /** The slot's record, or null before `slot init`. */
  async loadSlot(slotId: number): Promise<SlotRecord | null> {
    return this.#load(this.paths.slot(slotId), slotRecord);
  }

  /**
   * The records of slots `from` to `to` inclusive, read in bulk; all 1,024 by default. Slots that
   * have no node yet are left out.
   */
  async loadSlots(from = 0, to = SLOT_COUNT - 1): Promise<SlotRecord[]> {
    return this.loadSlotsOf(Array.from({ length: to - from + 1 }, (_, index) => from + index));
  }

  /** The records of these slots, as {@link loadSlots}. */
  async loadSlotsOf(slotIds: readonly number[]): Promise<SlotRecord[]> {
    const paths = slotIds.map((slotId) => this.paths.slot(slotId));
    const nodes = await this.coordinator.getAll(paths);
    const slots: SlotRecord[] = [];
    for (const [index, node] of nodes.entries()) {
      if (node) slots.push(parseRecord(paths[index]!, node.data, slotRecord));
    }
    return slots;
  }

  /** The write of a slot's record, to be made part of a `multi`. */
  slotWrite(slot: SlotRecord): Operation {
    return { type: 'set', path: this.paths.slot(slot.id), data: JSON.stringify(slot) };
  }

  /** The making of a slot's node, to be made part of a `multi`; {@link Paths.slots} must exist. */
  slotCreation(slot: SlotRecord): Operation {
    return { type: 'create', path: this.paths.slot(slot.id), data: JSON.stringify(slot) };
  }

  /** The ids of the slots that have a node, ascending; none before `slot init`. */
  async loadSlotIds(): Promise<number[]> {
    const names = await this.coordinator.children(this.paths.slots);
    const ids = names.flatMap((name) => /^slot_(\d+)$/.exec(name)?.[1] ?? []).map(Number);
    return ids.sort((one, other) => one - other);
  }

  /** Saves the slots in one atomic step. @throws NoNodeError before `slot init` */
  async saveSlots(slots: readonly SlotRecord[]): Promise<void> {
    await this.coordinator.multi(slots.map((slot) => this.slotWrite(slot)));
  }

  /** The slot's keys that are copied in pieces; empty unless it is in `migrate`. */
  async loadLargeKeys(slotId: number): Promise<LargeKeyRecord[]> {
    return (await this.#load(this.paths.largeKeysOf(slotId), largeKeys)) ?? [];
  }

  /** The ids of all groups, ascending. */
  async loadGroupIds(): Promise<number[]> {
    const names = await this.coordinator.children(this.paths.servers);
    const ids = names.map((name) => this.paths.groupIdOf(name)).filter((id) => id !== null);
    return ids.sort((one, other) => one - other);
  }

  /** The group with its servers sorted by address, or null if it does not exist. */
  async loadGroup(groupId: number): Promise<GroupRecord | null> {
    const path = this.paths.group(groupId);
    if (!(await this.coordinator.get(path))) return null;
    const addrs = await this.coordinator.children(path);
    const paths = addrs.map((addr) => this.paths.server(groupId, addr));
    const nodes = await this.coordinator.getAll(paths);
    const servers: ServerRecord[] = [];
    for (const [index, node] of nodes.entries()) {
      if (node) servers.push(parseRecord(paths[index]!, node.data, serverRecord));
    }
    return {
      id: groupId,
      product_name: this.paths.product,
      servers: servers.length > 0 ? servers : null,
    };
  }

  /** All groups, ascending by id. */
  async loadGroups(): Promise<GroupRecord[]> {
    const ids = await this.loadGroupIds();
    const groups = await Promise.all(ids.map((id) => this.loadGroup(id)));
    return groups.filter((group) => group !== null);
  }

  /** The making of a server's node, its overwriting, its removal: parts of a `multi`. */
  serverCreation(server: ServerRecord): Operation {
    const path = this.paths.server(server.group_id, server.addr);
    return { type: 'create', path, data: JSON.stringify(server) };
  }
  serverWrite(server: ServerRecord): Operation {
    const path = this.paths.server(server.group_id, server.addr);
    return { type: 'set', path, data: JSON.stringify(server) };
  }
  serverRemoval(server: ServerRecord): Operation {
    return { type: 'delete', path: this.paths.server(server.group_id, server.addr) };
  }

  async loadProxy(proxyId: string): Promise<ProxyRecord | null> {
    return this.#load(this.paths.proxy(proxyId), proxyRecord);
  }

  /** The records of the proxies that are registered now, ascending by id. */
  async loadProxies(): Promise<ProxyRecord[]> {
    const ids = await this.coordinator.children(this.paths.proxies);
    const proxies = await Promise.all(ids.map((id) => this.loadProxy(id)));
    return proxies.filter((proxy) => proxy !== null);
  }

  /**
   * Writes a proxy's state into its record, repeated if the proxy changes the record meanwhile.
   *
   * @returns the record as written, or null if there is no such proxy.
   */
  async saveProxyState(proxyId: string, state: ProxyState): Promise<ProxyRecord | null> {
    const path = this.paths.proxy(proxyId);
    for (;;) {
      const node = await this.coordinator.get(path);
      if (!node) return null;
      const record = { ...parseRecord(path, node.data, proxyRecord), state };
      try {
        await this.coordinator.set(path, JSON.stringify(record), node.version);
        return record;
      } catch (error) {
        if (error instanceof NoNodeError) return null;
        if (!(error instanceof BadVersionError)) throw error;
      }
    }
  }

  /** The proxies that have acknowledged the action, as their records were then. */
  async loadResponses(seq: string): Promise<ProxyRecord[]> {
    const ids = await this.coordinator.children(this.paths.response(seq));
    const paths = ids.map((id) => this.paths.responseOf(seq, id));
    const nodes = await this.coordinator.getAll(paths);
    return nodes.flatMap((node, index) =>
      node ? [parseRecord(paths[index]!, node.data, proxyRecord)] : [],
    );
  }

  /** host:port of the dashboard that leads; null: nobody does. */
  async loadLeadingDashboard(): Promise<string | null> {
    return (await this.#load(this.paths.dashboard, dashboardRecord))?.addr ?? null;
  }

  /** The addresses of all fences: every proxy that may still hold a table. */
  async loadFences(): Promise<string[]> {
    return this.coordinator.children(this.paths.fences);
  }

  /** @param seq ten digits. Null if the action has been collected as garbage. */
  async loadAction(seq: string): Promise<Action | null> {
    return this.#load(this.paths.action(seq), action);
  }

  /** Deletes the node if it is there. */
  async deleteIfPresent(path: string): Promise<void> {
    try {
      await this.coordinator.delete(path);
    } catch (error) {
      if (!(error instanceof NoNodeError)) throw error;
    }
  }

  async #load<T>(path: string, type: z.ZodType<T>): Promise<T | null> {
    const node = await this.coordinator.get(path);
    return node ? parseRecord(path, node.data, type) : null;
  }
}

function parseRecord<T>(path: string, data: string, type: z.ZodType<T>): T {
  try {
    return type.parse(JSON.parse(data));
  } catch (cause) {
    throw new BadRecordError(`the record at ${path} cannot be read`, { cause });
  }
}
