import type { Logger } from '../../base/log.js';
import { NO_GROUP } from '../../cluster/model/slot.js';
import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import { Backend } from '../backend/backend.js';
import type { Request } from '../request.js';
import { SlotGate } from './slot-gate.js';
import type { GroupRoute, SlotRoute, TopologyChange, TopologySink } from './topology-change.js';

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
  readonly #gate = new SlotGate();
  readonly #settings: BackendSettings;
  readonly #log: Logger;

  constructor(settings: BackendSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
  }

  /** The connection that the slot's commands may be sent on directly, or null: use `send`. */
  backendOf(slotId: number): Backend | null {
    return this.#open[slotId]!;
  }

  /** Sends the command to the slot's owner, or parks it, or answers it with an error. */
  send(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    const backend = this.#open[request.slotId]!;
    if (backend !== null) backend.send(request, bytes, start, end, isOwned);
    else if (this.#slots[request.slotId]!.status === 'pre_migrate') {
      this.#gate.park(request, bytes, start, end);
    } else request.fail(this.#refusal(request.slotId));
  }

  async apply(change: TopologyChange): Promise<void> {
    const left = new Set<Backend>();
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
    for (const slotId of touched) {
      const before = this.#open[slotId]!;
      const after = this.#ownerOf(this.#slots[slotId]!);
      this.#open[slotId] = after;
      if (before !== null && before !== after) left.add(before);
      this.#releaseParked(slotId, after);
    }
    const unused = this.#takeUnused();
    await Promise.all([...left].map((backend) => backend.drained()));
    await Promise.all(unused.map((backend) => backend.drained()));
    for (const backend of unused) backend.close();
  }

  get backends(): Iterable<Backend> {
    return this.#backends.values();
  }

  /** Commands waiting for a slot to change hands. */
  get parkedCount(): number {
    return this.#gate.parkedCount;
  }

  /** To be called some times a second. */
  tick(): void {
    for (const backend of this.#backends.values()) backend.tick();
    this.#gate.tick();
  }

  close(): void {
    for (const backend of this.#backends.values()) backend.close();
  }

  /** The slot's backend if its commands may go straight to it. */
  #ownerOf(slot: SlotRoute): Backend | null {
    if (slot.status !== 'online') return null;
    const master = this.#groups.get(slot.groupId)?.master ?? null;
    if (master === null) return null;
    let backend = this.#backends.get(master);
    if (backend === undefined) {
      backend = new Backend({ addr: master, groupId: slot.groupId, ...this.#settings }, this.#log);
      this.#backends.set(master, backend);
    }
    return backend;
  }

  #releaseParked(slotId: number, owner: Backend | null): void {
    if (owner !== null) this.#gate.open(slotId, owner);
    else if (this.#slots[slotId]!.status !== 'pre_migrate') {
      this.#gate.refuse(slotId, this.#refusal(slotId));
    }
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
    if (slot.status === 'migrate') return `TRYAGAIN slot ${slotId} is being moved`;
    if (slot.status === 'offline' || slot.groupId === NO_GROUP) {
      return `ERR slot ${slotId} is offline: it is not assigned to a group`;
    }
    return `ERR slot ${slotId} group ${slot.groupId}: the group has no master`;
  }
}
