import { withDeadline } from '../../base/deadline.js';
import type { Logger } from '../../base/log.js';
import { NO_GROUP } from '../../cluster/model/slot.js';
import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import type { BackendSettings } from '../backend/backend-settings.js';
import { ownerOfLane, scriptLaneOf } from '../backend/lane.js';
import { type LaneOwner, LaneOwners } from '../backend/lane-owners.js';
import type { OwnedBackend } from '../backend/owned-backend.js';
import { RepeatedReads } from '../backend/repeated-reads.js';
import { Server } from '../backend/server.js';
import type { Request } from '../request.js';
import { MoveHistory } from './move-history.js';
import type { ReadersSettings } from './replicas/group-readers.js';
import { ReplicaReads } from './replicas/replica-reads.js';
import { type KeysOf, type Route, SlotTransit } from './slot-transit.js';
import type { GroupRoute, SlotRoute, TopologyChange, TopologySink } from './topology-change.js';
import { WaitingRoom } from './waiting-room.js';

/** Somebody with business of its own at a slot's server: a client that blocks there, or watches. */
export interface SlotObserver {
  /**
   * The slot's servers have changed, or its commands are held from now on. The change is
   * acknowledged when the promise has resolved: by then the old server must have nothing of the
   * observer's left to execute.
   */
  slotChanged(slotId: number): Promise<void> | void;
}

/** Somebody who follows every change of the table: the subscriptions of a worker. */
export interface TableObserver {
  /** A change has been put into effect; it is acknowledged when the promise has resolved. */
  tableChanged(): Promise<void> | void;
}

export interface RouterSettings extends BackendSettings {
  /** Commands that wait for slots to change hands are turned away beyond so many bytes. */
  readonly waitingBytes: number;
  /** Absent: all reads go to masters. */
  readonly reads?: ReadersSettings;
}

/** A group that owns slots, or that slots are leaving. */
export interface GroupMaster {
  readonly groupId: number;
  /** Null: the group has no master. */
  readonly server: Server | null;
}

/** A slot between two groups. */
export interface SlotMove {
  readonly slotId: number;
  readonly from: Server;
  readonly to: Server;
}

/** A server that was replaced and has owed an answer for longer than this was replaced for that. */
const GIVE_UP_SILENT_MS = 200;
const isSilent = ({ silentMs }: Server) => (silentMs ?? 0) > GIVE_UP_SILENT_MS;

/**
 * The slot table: which server a slot's commands go to. The part of it that every command
 * passes is one array: the slot's server, or null if there is anything at all to think about.
 */
export class Router implements TopologySink {
  readonly #open: (Server | null)[] = new Array(SLOT_COUNT).fill(null);
  readonly #slots: SlotRoute[] = Array.from({ length: SLOT_COUNT }, (_, slotId) => ({
    slotId,
    status: 'offline',
    groupId: NO_GROUP,
    migrateFrom: NO_GROUP,
  }));
  readonly #groups = new Map<number, GroupRoute>();
  #failedOverAt = 0;
  /** Groups whose commands are held back. */
  #gates: ReadonlySet<number> = new Set();
  readonly #servers = new Map<string, Server>();
  readonly #transits = new Map<number, SlotTransit>();
  readonly #room: WaitingRoom;
  /** Which slots have changed hands. */
  readonly history = new MoveHistory();
  readonly #slotObservers = new Map<number, Set<SlotObserver>>();
  readonly #tableObservers = new Set<TableObserver>();
  readonly #keysOf: KeysOf;
  readonly #settings: BackendSettings;
  readonly #laneOwners = new LaneOwners();
  /** Reads of masters that had to be sent once more. */
  readonly repeats = new RepeatedReads((slotId) => this.#open[slotId]?.addr ?? null);
  readonly #log: Logger;
  /** Null: all reads go to masters. */
  readonly replicaReads: ReplicaReads | null;

  constructor(settings: RouterSettings, keysOf: KeysOf, log: Logger) {
    this.#room = new WaitingRoom(settings.waitingBytes);
    const own = { waitingBudget: this.#room, laneOwners: this.#laneOwners, repeats: this.repeats };
    this.#settings = { ...settings, ...own };
    this.#keysOf = keysOf;
    this.#log = log;
    const { reads } = settings;
    this.replicaReads = reads ? new ReplicaReads(reads, this.#settings, this, log) : null;
  }

  /** The server that the slot's commands may be sent to directly, or null: use `send`. */
  serverOf(slotId: number): Server | null {
    return this.#open[slotId]!;
  }

  /** The group that has the slot to itself; null: none, or it is on the move. */
  ownerOf(slotId: number): number | null {
    return this.#open[slotId] === null ? null : this.#slots[slotId]!.groupId;
  }

  /** Sends the command to the slot's owner, or lets it wait, or answers it with an error. */
  send(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    const { slotId } = request;
    const server = this.#open[slotId]!;
    if (server !== null) {
      server.lane(request.lane).send(request, bytes, start, end, isOwned);
      return;
    }
    const transit = this.#transits.get(slotId);
    if (transit !== undefined) transit.take(request, bytes, start, end, isOwned);
    else request.fail(this.#refusal(slotId));
  }

  async apply(change: TopologyChange): Promise<void> {
    this.history.note(change);
    const touched = new Set(change.slots.map((slot) => slot.slotId));
    const touchedGroups = new Set(change.groups.map((group) => group.groupId));
    for (const group of change.groups) {
      const former = this.#groups.get(group.groupId)?.master ?? group.master;
      // A gate says that the new master has all that the former had.
      if (former !== group.master && !this.#gates.has(group.groupId))
        this.#failedOverAt = Date.now();
      this.#groups.set(group.groupId, group);
      const server = this.#servers.get(group.master ?? '');
      if (server !== undefined) server.hasReplicas = group.replicas.length > 0;
    }
    if (change.gates !== undefined) {
      const gates = new Set(change.gates);
      for (const groupId of [...gates, ...this.#gates]) {
        if (gates.has(groupId) !== this.#gates.has(groupId)) touchedGroups.add(groupId);
      }
      this.#gates = gates;
    }
    for (const { slotId, groupId, migrateFrom } of this.#slots) {
      if (touchedGroups.has(groupId) || touchedGroups.has(migrateFrom)) touched.add(slotId);
    }
    for (const slot of change.slots) this.#slots[slot.slotId] = slot;
    const left = new Set<Server>();
    const held = new Set<Server>();
    const observers: (Promise<void> | void)[] = [];
    for (const slotId of touched) {
      const before = this.#serversOf(slotId);
      this.#place(this.#slots[slotId]!, before);
      const after = this.#serversOf(slotId);
      if (before.length !== after.length || before.some((server, n) => server !== after[n])) {
        for (const observer of [...(this.#slotObservers.get(slotId) ?? [])]) {
          observers.push(observer.slotChanged(slotId));
        }
      }
      const transit = this.#transits.get(slotId);
      for (const server of transit?.formerServers ?? []) held.add(server);
      for (const server of before) {
        // Also the source of a slot that goes on moving: its large keys may have another phase.
        if (server === transit?.route?.source || !after.includes(server)) left.add(server);
      }
    }
    this.replicaReads?.update(change);
    for (const observer of this.#tableObservers) observers.push(observer.tableChanged());
    const unused = this.#takeUnused();
    this.#sendOn([...left, ...held, ...unused]);
    for (const server of unused) if (isSilent(server)) server.giveUp();
    // The reads among what has been given up.
    this.#sendOn(unused);
    await Promise.all([...left, ...unused].map((server) => server.drained()));
    await Promise.all(observers);
    for (const server of unused) server.close();
    await this.#settled(held);
  }

  /**
   * Commands that wait for a connection to servers that slots have left: nobody has got them, so
   * they go where their slots are now, before anything that comes later.
   */
  #sendOn(servers: readonly Server[]): void {
    for (const server of new Set(servers)) {
      for (const { request, bytes } of server.takeParked()) {
        this.send(request, bytes, 0, bytes.length, true);
      }
    }
  }

  /**
   * The server that has, or will get, the keys of the slot: its owner, or the one it moves to. Null
   * while its commands are held, or if it has none.
   */
  destinationOf(slotId: number): Server | null {
    return this.#open[slotId] ?? this.#transits.get(slotId)?.route?.target ?? null;
  }

  /** The lane for a script of a client that has none under way. @param lane the client's */
  scriptLaneOf(slotId: number, lane: number): number {
    // Who has a connection for himself holds up nobody else.
    if (ownerOfLane(lane) !== 0) return lane;
    return this.destinationOf(slotId)?.scriptLane(lane) ?? scriptLaneOf(lane, 0);
  }

  /** The groups that have keys of any slot, by their id. */
  masters(): readonly GroupMaster[] {
    const groupIds = new Set<number>();
    for (const slot of this.#slots) {
      if (slot.status === 'offline') continue;
      if (slot.groupId !== NO_GROUP) groupIds.add(slot.groupId);
      if (slot.status === 'migrate') groupIds.add(slot.migrateFrom);
    }
    return [...groupIds]
      .sort((a, b) => a - b)
      .map((groupId) => ({ groupId, server: this.masterOf(groupId) }));
  }

  /** The masters of all groups, also of those that own no slots yet. */
  allMasters(): readonly Server[] {
    return [...this.#groups.keys()]
      .map((groupId) => this.masterOf(groupId))
      .filter((server) => server !== null);
  }

  /** The slots that are between two groups now, by their id. */
  moves(): readonly SlotMove[] {
    const moves: SlotMove[] = [];
    for (const [slotId, { route }] of this.#transits) {
      if (route !== null) moves.push({ slotId, from: route.source, to: route.target });
    }
    return moves.sort((a, b) => a.slotId - b.slotId);
  }

  /** @returns ends the observation */
  observeSlot(slotId: number, observer: SlotObserver): () => void {
    const observers = this.#slotObservers.get(slotId) ?? new Set();
    this.#slotObservers.set(slotId, observers);
    observers.add(observer);
    return () => {
      observers.delete(observer);
      if (observers.size === 0 && this.#slotObservers.get(slotId) === observers) {
        this.#slotObservers.delete(slotId);
      }
    };
  }

  /** @returns ends the observation */
  observeTable(observer: TableObserver): () => void {
    this.#tableObservers.add(observer);
    return () => this.#tableObservers.delete(observer);
  }

  /** Somebody is to have connections of his own. @returns his number in lanes; null: too many */
  claimLanes(owner: LaneOwner): number | null {
    return this.#laneOwners.claim(owner);
  }

  /** The connections that the owner has at the servers now. */
  lanesOf(owner: number): readonly OwnedBackend[] {
    return [...this.#servers.values()].flatMap((server) => server.lanesOf(owner));
  }

  /** The owner needs its connections no more; its number may be given to somebody else. */
  releaseLanes(owner: number): void {
    this.#laneOwners.release(owner);
    for (const server of this.#servers.values()) server.releaseLanes(owner);
  }

  get servers(): Iterable<Server> {
    return this.#servers.values();
  }

  /** What waits for slots to change hands, or for a server that is away. */
  get waiting(): { readonly commands: number; readonly bytes: number } {
    return { commands: this.#room.count, bytes: this.#room.bytes };
  }

  /** To be called some times a second. */
  tick(): void {
    for (const server of this.#servers.values()) server.tick();
    for (const transit of this.#transits.values()) transit.tick();
    this.replicaReads?.tick();
  }

  close(): void {
    this.replicaReads?.close();
    for (const server of this.#servers.values()) server.close();
  }

  /** The servers that commands of the slot may be under way to: all are drained when it leaves. */
  #serversOf(slotId: number): readonly Server[] {
    const owner = this.#open[slotId]!;
    if (owner !== null) return [owner];
    const route = this.#transits.get(slotId)?.route ?? null;
    return route === null ? [] : [route.source, route.target];
  }

  /**
   * A command that failed, because its server did not answer in time, may still be executed there:
   * after the slot has been given away it would bring a key back that others have changed since.
   */
  async #settled(servers: ReadonlySet<Server>): Promise<void> {
    const { timeoutMs } = this.#settings;
    await Promise.all(
      [...servers].map((server) =>
        withDeadline(server.settled(), timeoutMs, `server ${server.addr}, once more,`),
      ),
    );
  }

  /** Puts the slot's record into effect. @param before the servers of the slot until now */
  #place(slot: SlotRoute, before: readonly Server[]): void {
    const { slotId, status } = slot;
    if (status === 'pre_migrate' || this.#isGated(slot)) {
      this.#open[slotId] = null;
      this.#transitOf(slotId).hold(before);
      return;
    }
    const owner = status === 'offline' ? null : this.masterOf(slot.groupId);
    if (status === 'migrate') {
      const source = this.masterOf(slot.migrateFrom);
      if (source !== null && owner !== null) {
        this.#open[slotId] = null;
        const transit = this.#transitOf(slotId);
        const { route } = transit;
        // Of a group that has another master in the midst of it we may hear before we hear of its slots.
        const hasFailedOver = route !== null && route.source !== source;
        const keepsTarget = slot.keepsTarget === true || route?.prefers === 'target';
        const prefers = hasFailedOver || keepsTarget ? 'target' : 'source';
        const isSame =
          route?.source === source && route.target === owner && route.prefers === prefers;
        const next: Route = isSame ? route : { source, target: owner, prefers };
        transit.move(next, slot.largeKeys ?? []);
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

  /** A group of the slot is getting another master. */
  #isGated({ status, groupId, migrateFrom }: SlotRoute): boolean {
    if (status === 'offline') return false;
    return this.#gates.has(groupId) || (status === 'migrate' && this.#gates.has(migrateFrom));
  }

  #transitOf(slotId: number): SlotTransit {
    let transit = this.#transits.get(slotId);
    if (transit === undefined) {
      transit = new SlotTransit(slotId, this.#room, this.#keysOf, this.#settings.password);
      this.#transits.set(slotId, transit);
    }
    return transit;
  }

  /** The group's master; null: the group has no master, or there is no such group. */
  masterOf(groupId: number): Server | null {
    const { master, replicas } = this.#groups.get(groupId) ?? { master: null, replicas: [] };
    if (master === null) return null;
    let server = this.#servers.get(master);
    if (server === undefined) {
      server = new Server(master, groupId, this.#settings, this.#log);
      server.hasReplicas = replicas.length > 0;
      this.#servers.set(master, server);
    }
    return server;
  }

  /** When a group last got a master that may lack writes of the former, in Unix milliseconds. */
  get failedOverAt(): number {
    return this.#failedOverAt;
  }

  /** Takes the servers that are no group's master any more out of the table. */
  #takeUnused(): Server[] {
    const masters = new Set([...this.#groups.values()].map((group) => group.master));
    const unused = [...this.#servers.values()].filter((server) => !masters.has(server.addr));
    for (const server of unused) this.#servers.delete(server.addr);
    return unused;
  }

  #refusal(slotId: number): string {
    const slot = this.#slots[slotId]!;
    if (slot.status === 'offline' || slot.groupId === NO_GROUP) {
      return `ERR slot ${slotId} is offline: it is not assigned to a group`;
    }
    const isSource = slot.status === 'migrate' && this.masterOf(slot.groupId) !== null;
    const groupId = isSource ? slot.migrateFrom : slot.groupId;
    return `ERR slot ${slotId} group ${groupId}: the group has no master`;
  }
}
