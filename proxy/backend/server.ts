import type { Logger } from '../../base/log.js';
import { Backend } from './backend.js';
import type { BackendSettings, BackendUser } from './backend-settings.js';
import type { BackendState } from './backend-state.js';
import { ConnectionPool } from './connection-pool.js';
import { Heartbeat } from './heartbeat.js';
import {
  connectionLane,
  isScriptLane,
  laneOf,
  ownerOfLane,
  sharedLane,
  userOfLane,
} from './lane.js';
import { ModuleProbe } from './module-probe.js';
import { OwnedBackend } from './owned-backend.js';
import type { ParkedCommand } from './parked-commands.js';
import { ReplicaWitness } from './replica-witness.js';
import { ScriptLanes } from './script-lanes.js';
import { DEFAULT_USER_ID } from './users.js';

const FIRST_LANE = laneOf(2, 0);

/** One Redis server: its connections, made when they are first used. */
export class Server {
  readonly addr: string;
  /** Named in errors. */
  readonly groupId: number;
  readonly #settings: BackendSettings;
  readonly #log: Logger;
  readonly #lanes: (Backend | undefined)[] = [];
  /** Those that one client has for itself, by their lanes. */
  readonly #owned = new Map<number, OwnedBackend>();
  /** Of clients that are gone: they end when their commands have been answered. */
  readonly #released = new Set<OwnedBackend>();
  /** Of users other than the default one: closed when they are not used any more. */
  readonly #ofUsers = new Map<number, Backend>();
  readonly #heartbeat: Heartbeat | null;
  readonly #scripts: ScriptLanes;
  /** Connections for one client at a time: those that block or watch keys. */
  readonly pool: ConnectionPool;
  /** Whether the replicas have what it has done. */
  readonly replicas: ReplicaWitness;
  /** Its group has replicas on record, which may become the master when it fails. */
  hasReplicas = false;
  /** It tells which keys share a tag, by our module; false until it has said so. */
  hasSlotsModule = false;

  constructor(addr: string, groupId: number, settings: BackendSettings, log: Logger) {
    this.addr = addr;
    this.groupId = groupId;
    this.#settings = settings;
    this.#log = log.child({ server: addr, group: groupId });
    this.pool = new ConnectionPool(addr, settings);
    this.replicas = new ReplicaWitness({
      open: () => this.pool.openDetached(FIRST_LANE),
      timeoutMs: settings.timeoutMs,
    });
    // At once, so that the first client finds it connected.
    const first = this.lane(FIRST_LANE);
    const { heartbeatMs, timeoutMs } = settings;
    this.#scripts = new ScriptLanes(first, FIRST_LANE, timeoutMs);
    this.#heartbeat = heartbeatMs > 0 ? new Heartbeat(first, FIRST_LANE, heartbeatMs) : null;
  }

  /** A command is to be answered within this time. */
  get timeoutMs(): number {
    return this.#settings.timeoutMs;
  }

  /** For so long commands wait for a server that is away. */
  get waitMs(): number {
    return this.#settings.waitMs;
  }

  /** The connection for a protocol and database; see lane.ts. */
  lane(lane: number): Backend {
    return this.#lanes[lane] ?? this.#open(lane);
  }

  /** The lane for a script of a client that has none under way. @param lane the client's */
  scriptLane(lane: number): number {
    return this.#scripts.choose(lane);
  }

  /** A script may be keeping it from all else: it may say BUSY, if it says anything. */
  get mayBeBusy(): boolean {
    return this.#scripts.hasLongScript || this.#heartbeat?.isBusy === true;
  }

  /** The connections of one owner. */
  lanesOf(owner: number): readonly OwnedBackend[] {
    return [...this.#owned].flatMap(([lane, backend]) =>
      ownerOfLane(lane) === owner ? [backend] : [],
    );
  }

  /** The owner needs its connections no more. */
  releaseLanes(owner: number): void {
    for (const [lane, backend] of this.#owned) {
      if (ownerOfLane(lane) !== owner) continue;
      this.#owned.delete(lane);
      this.#released.add(backend);
      void backend.release().then(() => {
        this.#released.delete(backend);
        if (!this.#owned.has(lane)) this.#scripts.remove(lane);
      });
    }
  }

  /** `ready` if all connections that clients share are; else the state of one that is not. */
  get state(): BackendState {
    const shared = this.#lanes.filter((backend) => backend !== undefined);
    return shared.find((backend) => backend.state !== 'ready')?.state ?? 'ready';
  }

  /** Commands sent and not answered. */
  get inFlight(): number {
    return this.connections.reduce((sum, backend) => sum + backend.inFlight, 0);
  }

  get reconnects(): number {
    return this.connections.reduce((sum, backend) => sum + backend.reconnects, 0);
  }

  /** Why a connection ended last; empty if none did. */
  get lastError(): string {
    return this.connections.find((backend) => backend.lastError !== '')?.lastError ?? '';
  }

  /** For how many milliseconds it has owed an answer, 0 if it answers; null: it is not asked. */
  get silentMs(): number | null {
    return this.#heartbeat?.silentMs ?? null;
  }

  /** Resolves when every command sent until now has been answered or has failed. */
  async drained(): Promise<void> {
    await Promise.all(this.connections.map((backend) => backend.drained()));
  }

  /** Resolves when, besides, none of those that failed can be executed any more. */
  async settled(): Promise<void> {
    await Promise.all([
      ...this.connections.map((backend) => backend.settled()),
      this.pool.settled(),
    ]);
  }

  /** To be called some times a second. */
  tick(): void {
    this.#scripts.tick();
    let heard = 0;
    for (const backend of this.connections) {
      backend.tick();
      heard += backend.heard;
    }
    for (const [lane, backend] of this.#ofUsers) if (backend.isUnused) this.#close(lane, backend);
    this.#heartbeat?.tick(heard);
  }

  /** Commands that wait for the connection, each connection's in their order. */
  takeParked(): readonly ParkedCommand[] {
    return this.connections.flatMap((backend) => backend.takeParked());
  }

  /** Nobody's server any more, and silent: its commands in flight are not waited for. */
  giveUp(): void {
    const reason = 'its group has another master';
    for (const backend of this.connections) backend.giveUp(reason);
  }

  close(): void {
    for (const backend of this.connections) backend.close();
    this.pool.close();
    this.replicas.close();
  }

  get connections(): readonly Backend[] {
    const shared = this.#lanes.filter((backend) => backend !== undefined);
    if (this.#owned.size + this.#released.size + this.#ofUsers.size === 0) return shared;
    return [...shared, ...this.#ofUsers.values(), ...this.#owned.values(), ...this.#released];
  }

  #close(lane: number, backend: Backend): void {
    this.#ofUsers.delete(lane);
    if (isScriptLane(lane)) this.#scripts.remove(lane);
    backend.close();
  }

  #open(marked: number): Backend {
    if (ownerOfLane(marked) !== 0) return this.#openOwned(marked);
    const lane = connectionLane(marked);
    const ofUser = this.#ofUsers.get(lane);
    if (ofUser !== undefined) return ofUser;
    const isForScripts = isScriptLane(lane);
    const user: BackendUser = {
      // Asked again after each connection: the server may have been started anew, in another way.
      onReady: () => {
        if (lane === FIRST_LANE) this.#probeModule();
      },
      mayBeLate: () => isForScripts && this.#scripts.mayBeLate(backend),
    };
    const { addr, groupId } = this;
    const backend = new Backend(addr, groupId, lane, this.#settings, this.#log, user);
    if (userOfLane(lane) === DEFAULT_USER_ID) this.#lanes[lane] = backend;
    else this.#ofUsers.set(lane, backend);
    if (isForScripts) this.#scripts.add(lane, backend);
    return backend;
  }

  #openOwned(marked: number): Backend {
    const lane = connectionLane(marked);
    const known = this.#owned.get(lane);
    if (known !== undefined) return known;
    const owner = this.#settings.laneOwners?.of(ownerOfLane(lane)) ?? null;
    // Gone while its command waited.
    if (owner === null) return this.lane(sharedLane(lane));
    const { addr, groupId } = this;
    const backend: OwnedBackend = new OwnedBackend(
      addr,
      groupId,
      lane,
      this.#settings,
      this.#log,
      owner,
      () => this.#scripts.mayBeLate(backend),
    );
    this.#owned.set(lane, backend);
    // The client's scripts go by it as well.
    this.#scripts.add(lane, backend);
    return backend;
  }

  #probeModule(): void {
    ModuleProbe.send(this.lane(FIRST_LANE), FIRST_LANE, (hasModule) => {
      this.hasSlotsModule = hasModule;
    });
  }
}
