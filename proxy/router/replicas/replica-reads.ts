import type { Logger } from '../../../base/log.js';
import type { BackendSettings } from '../../backend/backend-settings.js';
import { PAGE_BY_PAGE } from '../../backend/repeated-reads.js';
import { Server } from '../../backend/server.js';
import type { Request } from '../../request.js';
import type { TopologyChange } from '../topology-change.js';
import { GroupReaders, type ReadersSettings } from './group-readers.js';
import { ReplicaRead } from './replica-read.js';

/** How often servers are asked how far their replication is. */
const ASK_MS = 500;

/** What is asked of the slot table. */
export interface SlotOwners {
  /** The group that has the slot to itself; null: none, or it is on the move. */
  ownerOf(slotId: number): number | null;
  masterOf(groupId: number): Server | null;
  /** The way of all other commands. */
  send(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void;
}

/**
 * Reads that may go to replicas. What they find is what the master had at most `maxLagMs` ago; a slot
 * that has just come to a group is read from its master for as long, as its keys have to reach the
 * replicas first.
 */
export class ReplicaReads {
  readonly #settings: ReadersSettings;
  readonly #backendSettings: BackendSettings;
  readonly #owners: SlotOwners;
  readonly #log: Logger;
  readonly #groups = new Map<number, GroupReaders>();
  /** By slot: the group that has it, and from when on, by performance.now(), replicas have its keys. */
  readonly #settledMs = new Map<number, { readonly groupId: number; readonly fromMs: number }>();
  readonly #toMaster: (request: Request, command: Buffer) => void;
  #askedMs = Number.NEGATIVE_INFINITY;
  /** Reads that were sent to replicas. */
  count = 0;
  /** Of these, those that had to be sent to the master after all. */
  repeated = 0;

  constructor(
    settings: ReadersSettings,
    backendSettings: BackendSettings,
    owners: SlotOwners,
    log: Logger,
  ) {
    this.#settings = settings;
    // What a replica cannot take now goes to the master at once.
    this.#backendSettings = { ...backendSettings, waitMs: 0, heartbeatMs: 0 };
    this.#owners = owners;
    this.#log = log;
    this.#toMaster = (request, command) => {
      this.repeated++;
      this.#owners.send(request, command, 0, command.length, true);
    };
  }

  get servers(): readonly Server[] {
    return [...this.#groups.values()].flatMap((group) => group.servers);
  }

  /** To be called when a change is in effect. */
  update(change: TopologyChange): void {
    for (const { groupId, replicas } of change.groups) {
      const before = this.#groups.get(groupId);
      const known = before?.servers.map(({ addr }) => addr) ?? [];
      if (known.length === replicas.length && known.every((addr) => replicas.includes(addr))) {
        continue;
      }
      before?.close();
      this.#groups.delete(groupId);
      if (replicas.length === 0) continue;
      const servers = replicas.map(
        (addr) => new Server(addr, groupId, this.#backendSettings, this.#log),
      );
      this.#groups.set(groupId, new GroupReaders(this.#settings, servers));
    }
    const nowMs = performance.now();
    for (const { slotId } of change.slots) {
      const groupId = this.#owners.ownerOf(slotId);
      const before = this.#settledMs.get(slotId);
      if (groupId === null) {
        this.#settledMs.delete(slotId);
      } else if (before?.groupId !== groupId) {
        // Their lag is known to be within bounds as of the last answer only.
        const fromMs = nowMs + this.#settings.maxLagMs + 2 * ASK_MS;
        this.#settledMs.set(slotId, { groupId, fromMs });
      }
    }
  }

  /** @returns false: it has not been sent, it is one for the master */
  send(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): boolean {
    const settled = this.#settledMs.get(request.slotId);
    if (settled === undefined || PAGE_BY_PAGE.has(request.row.name)) return false;
    const groupId = this.#owners.ownerOf(request.slotId);
    if (groupId !== settled.groupId || performance.now() < settled.fromMs) return false;
    const replica = this.#groups.get(groupId)?.choose()?.lane(request.lane);
    if (replica === undefined || replica.state !== 'ready' || replica.isCongested) return false;
    const command = isOwned ? bytes.subarray(start, end) : Buffer.from(bytes.subarray(start, end));
    this.count++;
    ReplicaRead.send(request, command, replica, this.#toMaster);
    return true;
  }

  /** To be called some times a second. */
  tick(): void {
    for (const server of this.servers) server.tick();
    const nowMs = performance.now();
    if (nowMs - this.#askedMs < ASK_MS) return;
    this.#askedMs = nowMs;
    for (const [groupId, group] of this.#groups) group.ask(this.#owners.masterOf(groupId));
  }

  close(): void {
    for (const group of this.#groups.values()) group.close();
  }
}
