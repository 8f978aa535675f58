import type { Socket } from 'node:net';
import type { Protocol } from '../../resp/encode.js';
import { clientLaneOf, laneOf, markedLane, ownerOfLane } from '../backend/lane.js';
import { DEFAULT_USER, DEFAULT_USER_ID, users } from '../backend/users.js';
import type { CommandRow } from '../command/command-row.js';
import type { Decision } from '../command/decision.js';
import type { LearnedCommands } from '../command/learned-commands.js';
import type {
  ClientListening,
  ClientTracking,
  ConnectedClient,
  ProxyFacts,
  ReplyMode,
  SessionMode,
} from '../command/local-context.js';
import { type Monitors, monitorsOf } from '../operation/monitor.js';
import type { OperationClient } from '../operation/operation.js';
import type { ReplicaReads } from '../router/replicas/replica-reads.js';
import type { ReplySwitch } from './reply-switch.js';
import type { SessionServices } from './session-services.js';

/** A connection that has been answered no more may be a health check: AUTH and a few PINGs. */
const HEALTH_CHECK_BYTES = 64;

/** What a client has said of itself and chosen, and what follows from it for its commands. */
export abstract class ClientState implements OperationClient {
  readonly clientId: number;
  readonly connectedAtMs = Date.now();
  protocol: Protocol = 2;
  database = 0;
  clientName = '';
  libName = '';
  libVersion = '';
  noEvict = false;
  noTouch = false;
  subscriptions: ClientListening | null = null;
  awaitsReply = false;
  /** Sweeps of the listener since the last byte came; see `Listener.sweep`. */
  idleSweeps = 0;
  protected readonly services: SessionServices;
  protected readonly monitors: Monitors;
  /**
   * Authenticated, answered, in no mode, without scripts and not watched: most commands need not be
   * thought about.
   */
  protected isPlain = false;
  /** Where its reads may go besides; null: all go to masters. */
  protected replicaReads: ReplicaReads | null = null;
  /** Which connections its commands go by; see backend/lane.ts. */
  protected currentLane: number;
  /** Whether it is answered. */
  protected abstract readonly replySwitch: ReplySwitch;
  readonly #socket: Socket;
  /** Which of the connections to each server is this client's. */
  readonly #connection: number;
  #authenticated: boolean;
  #mode: SessionMode | null = null;
  #isNextMarked = false;
  #tracking: ClientTracking | null = null;
  #readsReplicas: boolean;
  #isScripting = false;
  #scriptLane = 0;
  /** See backend/users.ts. */
  #userId = DEFAULT_USER_ID;

  /** @param serial counts the clients of the worker */
  constructor(socket: Socket, clientId: number, serial: number, services: SessionServices) {
    this.clientId = clientId;
    this.services = services;
    this.monitors = monitorsOf(services.cluster);
    this.#socket = socket;
    this.#connection = serial % services.settings.backendConnections;
    this.currentLane = clientLaneOf(2, 0, this.#connection, DEFAULT_USER_ID);
    this.#authenticated = services.settings.password === '';
    this.#readsReplicas = services.router.replicaReads !== null;
  }

  abstract readonly isOpen: boolean;
  abstract readonly pendingInput: number;
  abstract readonly pendingOutput: number;
  /** Bytes that it has been sent. */
  abstract readonly bytesOut: number;
  /** It has asked for something that took more than one step. */
  protected abstract readonly hasOperated: boolean;
  abstract push(frames: Buffer): void;
  abstract pushAfterReplies(frames: Buffer): void;
  abstract closeAfterReply(): void;
  abstract destroy(): void;

  get authenticated(): boolean {
    return this.#authenticated;
  }

  set authenticated(isAuthenticated: boolean) {
    this.#authenticated = isAuthenticated;
    this.updatePlain();
  }

  get mode(): SessionMode | null {
    return this.#mode;
  }

  set mode(mode: SessionMode | null) {
    this.#mode = mode;
    this.updatePlain();
  }

  get readsReplicas(): boolean | null {
    return this.services.router.replicaReads === null ? null : this.#readsReplicas;
  }

  set readsReplicas(readsReplicas: boolean | null) {
    this.#readsReplicas = readsReplicas ?? true;
    this.updatePlain();
  }

  get tracking(): ClientTracking | null {
    return this.#tracking;
  }

  set tracking(tracking: ClientTracking | null) {
    this.#tracking = tracking;
    this.updatePlain();
  }

  get isNextMarked(): boolean {
    return this.#isNextMarked;
  }

  set isNextMarked(isMarked: boolean) {
    this.#isNextMarked = isMarked;
    this.updatePlain();
  }

  /** Its unanswered commands are scripts, which go by connections of their own. */
  protected get isScripting(): boolean {
    return this.#isScripting;
  }

  protected set isScripting(isScripting: boolean) {
    this.#isScripting = isScripting;
    this.updatePlain();
  }

  get user(): string {
    return users.get(this.#userId).name;
  }

  becomeUser(name: string, password: string): boolean {
    const userId = name === DEFAULT_USER ? DEFAULT_USER_ID : users.find({ name, password });
    if (userId === null) return false;
    this.#userId = userId;
    this.updatePlain();
    return true;
  }

  setReplies(mode: ReplyMode): void {
    this.replySwitch.set(mode);
    this.updatePlain();
  }

  get lane(): number {
    return this.currentLane;
  }

  get idleSeconds(): number {
    return this.idleSweeps;
  }

  get hasPeers(): boolean {
    return this.services.hasPeers;
  }

  get databases(): number {
    return this.services.settings.databases;
  }

  get password(): string {
    return this.services.settings.password;
  }

  get remoteAddr(): string {
    return `${this.#socket.remoteAddress}:${this.#socket.remotePort}`;
  }

  get localAddr(): string {
    return `${this.#socket.localAddress}:${this.#socket.localPort}`;
  }

  get learnedCommands(): LearnedCommands {
    return this.services.learnedCommands;
  }

  get meetsBusyServers(): boolean {
    const isHealthCheck = !this.hasOperated && this.bytesOut <= HEALTH_CHECK_BYTES;
    return !isHealthCheck && this.services.cluster.busyServers().length > 0;
  }

  clients(): Iterable<ConnectedClient> {
    return this.services.clients();
  }

  proxyFacts(): ProxyFacts {
    return this.services.proxyFacts();
  }

  /** It waits for messages, however long there are none. */
  get isListening(): boolean {
    const listening = this.subscriptions;
    return (listening !== null && listening.total > 0) || this.monitors.has(this);
  }

  endMonitoring(): void {
    this.monitors.remove(this);
  }

  /** To be called when anything has changed that {@link isPlain} is about. */
  updatePlain(): void {
    this.isPlain =
      this.#authenticated &&
      this.#mode === null &&
      !this.#isScripting &&
      this.replySwitch.isOn &&
      !this.monitors.isActive &&
      !this.#isNextMarked;
    // Access lists are no part of what is replicated.
    const isDefaultUser = this.#userId === DEFAULT_USER_ID;
    const mayReadReplicas =
      this.isPlain && isDefaultUser && this.#readsReplicas && this.#tracking === null;
    this.replicaReads = mayReadReplicas ? this.services.router.replicaReads : null;
  }

  /**
   * By which connections a command goes. Scripts of one client keep their order: those under way at
   * the same time go by one lane.
   *
   * @param lane of the client's other commands
   * @param unanswered how many of its commands are
   */
  protected laneFor(
    { row, slotId }: { readonly row: CommandRow; readonly slotId: number },
    lane: number,
    unanswered: number,
  ): number {
    if (row.guard !== 'script' || ownerOfLane(lane) !== 0) return lane;
    if (unanswered === 0) this.#scriptLane = this.services.router.scriptLaneOf(slotId, lane);
    return this.#scriptLane;
  }

  /**
   * To be called after a command that may have chosen another protocol or database.
   *
   * @returns whether its commands go by other connections from now on
   */
  protected chooseLane(): boolean {
    const { protocol, database } = this;
    const lane =
      this.#tracking === null
        ? clientLaneOf(protocol, database, this.#connection, this.#userId)
        : this.#tracking.laneFor(laneOf(protocol, database));
    if (lane === this.currentLane) return false;
    this.currentLane = lane;
    return true;
  }

  /** The lane of a command after CLIENT CACHING, whose mark it takes if it is executed. */
  protected takeMark(row: CommandRow | null, decision: Decision): number {
    const isKept = this.#mode !== null && decision.type !== 'operate';
    if (isKept || row?.name === 'client') return this.currentLane;
    this.isNextMarked = false;
    return markedLane(this.currentLane);
  }

  /** Ends all that it has begun and that outlives its commands. */
  protected endAll(): void {
    this.#mode?.end();
    this.subscriptions?.end();
    this.#tracking?.end();
    this.endMonitoring();
  }
}
