import type { Logger } from '../../base/log.js';
import { NO_GROUP } from '../../cluster/model/slot.js';
import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import { Backend } from '../backend/backend.js';
import type { Request } from '../request.js';
import { type KeysOf, SlotTransit } from './slot-transit.js';
import type { GroupRoute, SlotRoute, TopologyChange, TopologySink } from './topology-change.js';
import { WaitingRoom } from './waiting-room.js';

/** What a backend needs besides its address. */
export interface BackendSettings {
  readonly password: string;
  readonly timeoutMs: number;
  readonly pingPeriodMs: number;
}

/**
 * The slot table: which connection a slot's commands go to. The part of it that every command
 * passes is one array: the slot's backend, or null if there is anything at all to think about.
 */
export class Router implements TopologySink {
  readonly #open: (Backend | null)[] = new Array(SLOT_COUNT).fill(null);
  readonly #slots: SlotRoute[] = Array.from({ length: SLOT_COUNT }, (_, slotId) => ({
    slotId,
    status: 'offline',
    groupId: NO_GROUP,
    migrateFrom: NO_GROUP,
  }));
  readonly #groups = new Map<number, GroupRoute>();
  readonly #backends = new Map<string, Backend>();
  readonly #transits = new Map<number, SlotTransit>();
  readonly #room = new WaitingRoom();
  readonly #keysOf: KeysOf;
  readonly #settings: BackendSettings;
  readonly #log: Logger;

  constructor(settings: BackendSettings, keysOf: KeysOf, log: Logger) {
    this.#settings = settings;
    this.#keysOf = keysOf;
    this.#log = log;
  }

  /** The connection that the slot's commands may be sent on directly, or null: use `send`. */
  backendOf(slotId: number): Backend | null {
    return this.#open[slotId]!;
  }

  /** Sends the command to the slot's owner, or lets it wait, or answers it with an error. */
  send(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    const { slotId } = request;
    const backend = this.#open[slotId]!;
    if (backend !== null) {
      backend.send(request, bytes, start, end, isOwned);
      return;
    }
    const transit = this.#transits.get(slotId);
    if (transit !== undefined) transit.take(request, bytes, start, end, isOwned);
    else request.fail(this.#refusal(slotId));
  }

  async apply(change: TopologyChange): Promise<void> {
    const touched = new Set(change.slots.map((slot) => slot.slotId));
    for (const group of change.groups) {
      this.#groups.set(group.groupId, group);
      for (const slot of this.#slots) {
        if (slot.groupId === group.groupId || slot.migrateFrom === group.groupId) {
          touched.add(slot.slotId);
        }
      }
    }
    for (const slot of change.slots) this.#slots[slot.slotId] = slot;
    const left = new Set<Backend>();
    for (const slotId of touched) {
      const before = this.#backendsOf(slotId);
      this.#place(this.#slots[slotId]!);
      const after = this.#backendsOf(slotId);
      for (const backend of before) {
        if (!after.includes(backend)) left.add(backend);
      }
    }
    const unused = this.#takeUnused();
    await Promise.all([...left, ...unused].map((backend) => backend.drained()));
    for (const backend of unused) backend.close();
  }

  get backends(): Iterable<Backend> {
    return this.#backends.values();
  }

  /** Commands waiting for their slots to change hands. */
  get waitingCount(): number {
    return this.#room.count;
  }

  /** To be called some times a second. */
  tick(): void {
    for (const backend of this.#backends.values()) backend.tick();
    for (const transit of this.#transits.values()) transit.tick();
  }

  close(): void {
    for (const backend of this.#backends.values()) backend.close();
  }

  /** The servers that commands of the slot may be under way to: all are drained when it leaves. */
  #backendsOf(slotId: number): readonly Backend[] {
    const owner = this.#open[slotId]!;
    if (owner !== null) return [owner];
    const route = this.#transits.get(slotId)?.route ?? null;
    return route === null ? [] : [route.source, route.target];
  }

  /** Puts the slot's record into effect. */
  #place(slot: SlotRoute): void {
    const { slotId, status } = slot;
    if (status === 'pre_migrate') {
      this.#open[slotId] = null;
      this.#transitOf(slotId).hold();
      return;
    }
    const owner = status === 'offline' ? null : this.#masterOf(slot.groupId);
    if (status === 'migrate') {
      const source = this.#masterOf(slot.migrateFrom);
      if (source !== null && owner !== null) {
        this.#open[slotId] = null;
        const transit = this.#transitOf(slotId);
        const { route } = transit;
        if (route?.source !== source || route.target !== owner) {
          transit.move({ source, target: owner });
        }
        return;
      }
    }
    this.#open[slotId] = status === 'online' ? owner : null;
    const transit = this.#transits.get(slotId);
    this.#transits.delete(slotId);
    const open = this.#open[slotId]!;
    if (open !== null) transit?.finish(open);
    else transit?.refuse(this.#refusal(slotId));
  }

  #transitOf(slotId: number): SlotTransit {
    let transit = this.#transits.get(slotId);
    if (transit === undefined) {
      transit = new SlotTransit(slotId, this.#room, this.#keysOf, this.#settings.password);
      this.#transits.set(slotId, transit);
    }
    return transit;
  }

  /** The connection to the group's master, made if there is none; null: the group has no master. */
  #masterOf(groupId: number): Backend | null {
    const addr = this.#groups.get(groupId)?.master ?? null;
    if (addr === null) return null;
    let backend = this.#backends.get(addr);
    if (backend === undefined) {
      backend = new Backend({ addr, groupId, ...this.#settings }, this.#log);
      this.#backends.set(addr, backend);
    }
    return backend;
  }

  /** Takes the backends that are no group's master any more out of the table. */
  #takeUnused(): Backend[] {
    const masters = new Set([...this.#groups.values()].map((group) => group.master));
    const unused = [...this.#backends.values()].filter((backend) => !masters.has(backend.addr));
    for (const backend of unused) this.#backends.delete(backend.addr);
    return unused;
  }

  #refusal(slotId: number): string {
    const slot = this.#slots[slotId]!;
    if (slot.status === 'offline' || slot.groupId === NO_GROUP) {
      return `ERR slot ${slotId} is offline: it is not assigned to a group`;
    }
    const isSource = slot.status === 'migrate' && this.#masterOf(slot.groupId) !== null;
    const groupId = isSource ? slot.migrateFrom : slot.groupId;
    return `ERR slot ${slotId} group ${groupId}: the group has no master`;
  }
}
