import type { Socket } from 'node:net';
import { Ring } from '../../base/ring.js';
import { slotOfKey } from '../../cluster/slot-hash.js';
import type { Protocol } from '../../resp/encode.js';
import { FrameProgress, INCOMPLETE } from '../../resp/frame-progress.js';
import { ReceiveBuffer } from '../../resp/receive-buffer.js';
import { isMultibulk } from '../../resp/request-framer.js';
import type { Backend } from '../backend/backend.js';
import { clientLaneOf, laneOf, markedLane, ownerOfLane } from '../backend/lane.js';
import { DEFAULT_USER, DEFAULT_USER_ID, users } from '../backend/users.js';
import { arityFits, type CommandRow } from '../command/command-row.js';
import { lookup } from '../command/command-table.js';
import { decide } from '../command/decide.js';
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
import { Outlet } from '../io/outlet.js';
import { elapsedUs, type Flushable, turn } from '../io/turn.js';
import { BurstCall } from '../operation/burst-call.js';
import { FunctionCall } from '../operation/function-call.js';
import { type Monitors, monitorsOf } from '../operation/monitor.js';
import type { OperationClient } from '../operation/operation.js';
import { OperationRun } from '../operation/operation-run.js';
import { Publication } from '../operation/pubsub/publication.js';
import { QueueCheckCall } from '../operation/queue-check-call.js';
import { ScriptCall, type ScriptCaller } from '../operation/script-call.js';
import { INTERNAL_ROW, NO_SLOT, type ReplyStream, Request, type RequestOwner } from '../request.js';
import type { ReplicaReads } from '../router/replicas/replica-reads.js';
import { FanOut } from './fan-out.js';
import { readInline } from './inline.js';
import { forgetReply, holdReply } from './reply-hold.js';
import { ReplySwitch } from './reply-switch.js';
import type { SessionServices } from './session-services.js';

/** Replies of this size and more are reckoned with: so many commands may be unanswered. */
const LARGE_REPLY_BYTES = 16 * 1024;
/** What the unanswered commands of one client may bring, by the size of its latest large reply. */
const EXPECTED_BYTES = 2 * 1024 * 1024;

/**
 * - `open`
 * - `closing`: no more commands are read; ends when the replies so far are written
 * - `closed`
 */
type SessionState = 'open' | 'closing' | 'closed';

const MINUS = 0x2d;
const NO_BYTES = Buffer.alloc(0);
/** A connection that has been answered no more may be a health check: AUTH and a few PINGs. */
const HEALTH_CHECK_BYTES = 64;
/** Bytes read ahead while an operation runs; they are read so that the client's end is seen. */
const READ_AHEAD_BYTES = 64 * 1024;

/** A client: its bytes in, commands to where they belong, replies out in the commands' order. */
export class Session implements RequestOwner, ReplyStream, OperationClient, ScriptCaller {
  readonly clientId: number;
  readonly connectedAtMs = Date.now();
  protocol: Protocol = 2;
  database = 0;
  readonly origin = this;
  clientName = '';
  libName = '';
  libVersion = '';
  /** See backend/users.ts. */
  #userId = DEFAULT_USER_ID;
  noEvict = false;
  noTouch = false;
  subscriptions: ClientListening | null = null;
  /** Sweeps of the listener since the last byte came; see `Sessions.sweep`. */
  idleSweeps = 0;
  readonly #socket: Socket;
  readonly #services: SessionServices;
  readonly #monitors: Monitors;
  readonly #progress = new FrameProgress();
  readonly #receive: ReceiveBuffer;
  readonly #outlet: Outlet;
  /** In the order of the client's commands; each leaves when it is answered and is the first. */
  readonly #requests = new Ring<Request>();
  readonly #replies = new ReplySwitch(this);
  #state: SessionState = 'open';
  #isPaused = false;
  /** Unanswered commands beyond which no more are read; lower while replies are large. */
  #pipelineLimit: number;
  /** Bytes of replies that came before their turn. */
  #earlyBytes = 0;
  #authenticated: boolean;
  #mode: SessionMode | null = null;
  #isNextMarked = false;
  #tracking: ClientTracking | null = null;
  #readsReplicas: boolean;
  /** Where its reads may go besides; null: all go to masters. */
  #replicaReads: ReplicaReads | null = null;
  /** Authenticated, answered, in no mode, without scripts and not watched: most commands need not be thought about. */
  #isPlain: boolean;
  /** The command that is being carried out, or waits for the replies of those before it. */
  #operation: OperationRun | null = null;
  #hasOperated = false;
  /** Which of the connections to each server is this client's. */
  readonly #connection: number;
  /** Which connections its commands go by; see backend/lane.ts. */
  #lane: number;
  /** Its unanswered commands are scripts, which go by connections of their own. */
  #isScripting = false;
  #scriptLane = 0;
  /** The lane has changed: what was sent by the old one must be answered before the next command. */
  #isChangingLane = false;
  /** Pushes that come in the midst of a reply wait for its end; null: there is none. */
  #heldPushes: Buffer[] | null = null;
  #heldBytes = 0;
  /** Where what has been read ends. */
  #readEnd = 0;
  #isLastRead = false;
  #congested: Backend | null = null;
  #resumption: Flushable | null = null;
  readonly #whenUncongested = () => this.#resumeLater();

  /** @param serial counts the clients of the worker */
  constructor(socket: Socket, clientId: number, serial: number, services: SessionServices) {
    this.clientId = clientId;
    this.#connection = serial % services.settings.backendConnections;
    this.#lane = clientLaneOf(2, 0, this.#connection);
    this.#socket = socket;
    this.#services = services;
    this.#pipelineLimit = services.settings.maxPipeline;
    this.#authenticated = services.settings.password === '';
    this.#monitors = monitorsOf(services.cluster);
    this.#readsReplicas = services.router.replicaReads !== null;
    this.#isPlain = false;
    this.#judgePlain();
    this.#outlet = new Outlet(socket, () => this.#onOutputLeft());
    this.#receive = new ReceiveBuffer(this.#progress, (bytes, start, end, isOwned) =>
      this.#consume(bytes, start, end, isOwned),
    );
    socket.on('drain', () => {
      this.#outlet.onWritten();
      this.#resumeIfPossible();
    });
    socket.on('end', () => this.#onEnd());
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.destroy());
  }

  /** Where the socket's next read is to be put. */
  target(): Buffer {
    return this.#receive.target();
  }

  /** The socket has put bytes into `into`, a `target()` of before. */
  received(count: number, into: Buffer): void {
    if (this.#state !== 'open') return;
    this.idleSweeps = 0;
    this.#services.traffic.bytesIn += count;
    this.#receive.received(count, into);
  }

  /** The socket has brought bytes in a buffer of its own. */
  receivedChunk(chunk: Buffer): void {
    if (this.#state !== 'open') return;
    this.idleSweeps = 0;
    this.#services.traffic.bytesIn += chunk.length;
    this.#receive.receivedChunk(chunk);
  }

  get authenticated(): boolean {
    return this.#authenticated;
  }

  set authenticated(isAuthenticated: boolean) {
    this.#authenticated = isAuthenticated;
    this.#judgePlain();
  }

  get mode(): SessionMode | null {
    return this.#mode;
  }

  set mode(mode: SessionMode | null) {
    this.#mode = mode;
    this.#judgePlain();
  }

  get readsReplicas(): boolean | null {
    return this.#services.router.replicaReads === null ? null : this.#readsReplicas;
  }

  set readsReplicas(readsReplicas: boolean | null) {
    this.#readsReplicas = readsReplicas ?? true;
    this.#judgePlain();
  }

  get tracking(): ClientTracking | null {
    return this.#tracking;
  }

  set tracking(tracking: ClientTracking | null) {
    this.#tracking = tracking;
    this.#judgePlain();
  }

  get isNextMarked(): boolean {
    return this.#isNextMarked;
  }

  set isNextMarked(isMarked: boolean) {
    this.#isNextMarked = isMarked;
    this.#judgePlain();
  }

  get user(): string {
    return users.get(this.#userId).name;
  }

  becomeUser(name: string, password: string): boolean {
    const userId = name === DEFAULT_USER ? DEFAULT_USER_ID : users.find({ name, password });
    if (userId === null) return false;
    this.#userId = userId;
    return true;
  }

  setReplies(mode: ReplyMode): void {
    this.#replies.set(mode);
    this.#judgePlain();
  }

  clients(): Iterable<ConnectedClient> {
    return this.#services.clients();
  }

  get idleSeconds(): number {
    return this.idleSweeps;
  }

  get lane(): number {
    return this.#lane;
  }

  push(frames: Buffer): void {
    if (this.#state !== 'open') return;
    if (this.#heldPushes === null) {
      this.#outlet.put(frames, 0, frames.length, true);
    } else {
      this.#heldPushes.push(frames);
      this.#heldBytes += frames.length;
    }
  }

  pushAfterReplies(frames: Buffer): void {
    if (this.#operation?.isStarted) this.#operation.pushAfter(frames);
    else if (this.#requests.length === 0) this.push(frames);
    else if (this.#state !== 'closed') this.#answer(null, frames);
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get learnedCommands(): LearnedCommands {
    return this.#services.learnedCommands;
  }

  /** To be called when somebody begins or ends to watch all commands. */
  updatePlain(): void {
    this.#judgePlain();
  }

  endMonitoring(): void {
    this.#monitors.remove(this);
  }

  /** It waits for messages, however long there are none. */
  get isListening(): boolean {
    const listening = this.subscriptions;
    return (listening !== null && listening.total > 0) || this.#monitors.has(this);
  }

  get meetsBusyServers(): boolean {
    const { cluster } = this.#services;
    const isHealthCheck = !this.#hasOperated && this.bytesOut <= HEALTH_CHECK_BYTES;
    return !isHealthCheck && cluster.busyServers().length > 0;
  }

  get databases(): number {
    return this.#services.settings.databases;
  }

  get password(): string {
    return this.#services.settings.password;
  }

  get remoteAddr(): string {
    return `${this.#socket.remoteAddress}:${this.#socket.remotePort}`;
  }

  get localAddr(): string {
    return `${this.#socket.localAddress}:${this.#socket.localPort}`;
  }

  proxyFacts(): ProxyFacts {
    return this.#services.proxyFacts();
  }

  get awaitsReply(): boolean {
    return this.#isLastRead;
  }

  get unanswered(): number {
    return this.#requests.length;
  }

  waitForReplies(): void {
    this.#isChangingLane = true;
  }

  /** Nothing is expected of us. */
  get isIdle(): boolean {
    return (
      this.#requests.length === 0 &&
      this.#operation === null &&
      this.#receive.length === 0 &&
      this.#outlet.pending === 0
    );
  }

  get pendingOutput(): number {
    return this.#outlet.pending + this.#heldBytes + this.#earlyBytes;
  }

  get pendingInput(): number {
    return this.#receive.length;
  }

  /** To be called every second. */
  sweep(): void {
    this.idleSweeps++;
    // Its replies may be small again; the next large one says.
    this.#pipelineLimit = this.#services.settings.maxPipeline;
  }

  get bytesOut(): number {
    return this.#outlet.bytesWritten;
  }

  closeAfterReply(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#receive.clear();
    // Not at once: the reply of the command that asked for it has not been put yet.
    turn.flushLater({ flush: () => this.#endIfAnswered() });
  }

  /** Cuts the connection; replies to commands that are in flight will be dropped. */
  destroy(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#socket.destroy();
    this.#outlet.discard();
    this.#receive.clear();
    this.#operation?.abort();
    this.#mode?.end();
    this.subscriptions?.end();
    this.tracking?.end();
    this.endMonitoring();
    this.#services.onClosed(this);
  }

  onReply(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    if (this.#state === 'closed') return;
    const { traffic } = this.#services;
    const latencyUs = elapsedUs(request.startedUs, turn.nowUs());
    traffic.answered(request.row, latencyUs, bytes[start] === MINUS);
    const requests = this.#requests;
    if (requests.peek() !== request) {
      this.#earlyBytes += end - start;
      holdReply(request, bytes, start, end, isOwned);
      if (end - start >= LARGE_REPLY_BYTES) this.#expectLargeReplies(end - start);
      if (this.#earlyBytes > EXPECTED_BYTES) this.#services.memory.admitsOutput(this);
      return;
    }
    if (end - start >= LARGE_REPLY_BYTES) this.#expectLargeReplies(end - start);
    requests.shift();
    this.#outlet.put(bytes, start, end, isOwned);
    for (;;) {
      const next = requests.peek();
      if (next === undefined || next.reply === null) break;
      requests.shift();
      // A held reply is stable: nothing writes over its bytes.
      this.#earlyBytes -= next.replyEnd - next.replyStart;
      this.#outlet.put(next.reply, next.replyStart, next.replyEnd, true);
      forgetReply(next);
    }
    if (this.#isPaused || this.#operation !== null) this.#resumeLater();
    else if (this.#state === 'closing') this.#endIfAnswered();
  }

  /** A large reply whose turn it is goes to the client as it comes. */
  streamReply(request: Request, leastBytes: number): ReplyStream | null {
    this.#expectLargeReplies(leastBytes);
    if (this.#requests.peek() !== request || this.#state === 'closed') return null;
    this.#heldPushes = [];
    return this;
  }

  onPart(_request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    if (this.#state !== 'closed') this.#outlet.put(bytes, start, end, isOwned);
  }

  onEnd(request: Request): void {
    const pushes = this.#heldPushes ?? [];
    this.#heldPushes = null;
    this.#heldBytes = 0;
    for (const frames of pushes) this.push(frames);
    // Counted and taken out of the queue; the bytes are out already.
    this.onReply(request, NO_BYTES, 0, 0, true);
  }

  onBroken(): void {
    // Half a reply is out: nothing that follows could be told from the rest of it.
    this.destroy();
  }

  #consume(bytes: Buffer, start: number, end: number, isOwned: boolean): number {
    const { framer } = this.#services;
    this.#readEnd = end;
    let at = start;
    while (at < end) {
      if (this.#state !== 'open') return end;
      if (!this.#mayRead()) {
        if (this.#operation === null || end - at > READ_AHEAD_BYTES) this.#pause();
        return at;
      }
      let next: number;
      if (isMultibulk(bytes[at])) {
        next = framer.frame(bytes, at, end, this.#progress, this.#authenticated);
        if (next > 0 && framer.argCount > 0) next = this.#execute(bytes, at, next, isOwned);
      } else {
        let isTaken = true;
        next = readInline(bytes, at, end, this.#progress, (command) => {
          const length = command.length;
          framer.frame(command, 0, length, new FrameProgress(), true);
          isTaken = this.#execute(command, 0, length, true) > 0;
        });
        if (!isTaken) next = at;
      }
      if (next < 0) {
        if (next === INCOMPLETE) return at;
        this.#answer(null, Buffer.from(`-ERR ${this.#progress.error}\r\n`, 'latin1'));
        this.closeAfterReply();
        return end;
      }
      at = next;
    }
    return at;
  }

  /**
   * Executes the command that the framer has just found.
   *
   * @returns up to where the bytes are done with: `start` if the command is to be read once more
   */
  #execute(bytes: Buffer, start: number, end: number, isOwned: boolean): number {
    const { argStarts, argEnds, argCount } = this.#services.framer;
    const row = lookup(bytes, argStarts[0]!, argEnds[0]!);
    if (
      row === null ||
      !row.hasOneKey ||
      row.guard !== 'none' ||
      !arityFits(row, argCount) ||
      !this.#isPlain
    ) {
      if (!this.#chooseWay(row)) return start;
      this.#executeOther(row, bytes, start, end, isOwned);
      return end;
    }
    // The hot path: one key at a known place.
    const key = row.firstKey;
    const slotId = slotOfKey(bytes, argStarts[key]!, argEnds[key]!);
    const request = new Request(this, row, slotId, this.#lane, turn.nowUs());
    this.#requests.push(request);
    this.#send(request, bytes, start, end, isOwned);
    return end;
  }

  /**
   * Scripts and other commands do not pass each other: one of the other kind waits until those before
   * it are answered.
   *
   * @returns false: it is to wait
   */
  #chooseWay(row: CommandRow | null): boolean {
    const isScript = row !== null && row.guard === 'script';
    if (isScript === this.#isScripting) return true;
    if (this.#requests.length > 0) {
      this.#isChangingLane = true;
      return false;
    }
    this.#isScripting = isScript;
    this.#judgePlain();
    return true;
  }

  /** Scripts of one client keep their order: those under way at the same time go by one lane. */
  #laneFor({ row, slotId }: { row: CommandRow; slotId: number }, lane: number): number {
    if (row.guard !== 'script' || ownerOfLane(lane) !== 0) return lane;
    if (this.#requests.length === 0) {
      this.#scriptLane = this.#services.router.scriptLaneOf(slotId, lane);
    }
    return this.#scriptLane;
  }

  #executeOther(
    row: CommandRow | null,
    bytes: Buffer,
    start: number,
    end: number,
    isOwned: boolean,
  ): void {
    const { framer, router } = this.#services;
    this.#isLastRead = end === this.#readEnd;
    const { argStarts, argEnds, argCount } = framer;
    if (!this.#replies.isOn) {
      this.#replies.begin();
      this.#judgePlain();
    }
    if (this.#monitors.isActive) {
      this.#monitors.feed(this, row, bytes, argStarts, argEnds, argCount);
    }
    const decision =
      this.#mode === null
        ? decide(row, bytes, argStarts, argEnds, argCount, this)
        : this.#mode.decide(row, bytes, argStarts, argEnds, argCount, this);
    const lane = this.#isNextMarked ? this.#takeMark(row, decision) : this.#lane;
    if (decision.type === 'answer') {
      this.#answer(decision.row, this.#replies.filter(decision.reply));
      this.#changeLane();
      return;
    }
    if (decision.type === 'operate') {
      this.#lane = lane;
      const command = Buffer.from(bytes.subarray(start, end));
      this.#operation = new OperationRun(decision.row, command, this, this.#services.cluster);
      if (this.#requests.length === 0) this.#operate();
      return;
    }
    const { owner } = this.#replies;
    const way = this.#laneFor(decision, lane);
    const request = new Request(owner, decision.row, decision.slotId, way, turn.nowUs());
    this.#requests.push(request);
    if (decision.type === 'publish') {
      const channel = bytes.toString('latin1', argStarts[1], argEnds[1]);
      const { cluster } = this.#services;
      Publication.send(request, channel, bytes, start, end, isOwned, cluster, router);
    } else if (decision.type === 'send') {
      this.#send(request, bytes, start, end, isOwned);
    } else if (decision.type === 'replace') {
      BurstCall.send(request, decision.burst, router);
    } else if (decision.type === 'ask-queueing') {
      QueueCheckCall.send(request, decision.check, router);
    } else if (decision.type === 'call-function') {
      const command = Buffer.from(bytes.subarray(start, end));
      FunctionCall.send(request, command, this, this.#services.cluster, router);
    } else if (decision.type === 'call-script') {
      const command = Buffer.from(bytes.subarray(start, end));
      ScriptCall.send(request, decision.script, command, this, router);
    } else {
      const command = { bytes, start, end, isOwned, argStarts, argEnds, argCount };
      this.#congested =
        FanOut.send(request, command, decision.stride, router, this.#replicaReads) ??
        this.#congested;
    }
  }

  #send(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    const replicas = this.#replicaReads;
    if (replicas !== null && request.row.isReadOnly) {
      if (replicas.send(request, bytes, start, end, isOwned)) return;
    }
    const { router } = this.#services;
    const server = router.serverOf(request.slotId);
    if (server === null) {
      router.send(request, bytes, start, end, isOwned);
      return;
    }
    const backend = server.lane(request.lane);
    backend.send(request, bytes, start, end, isOwned);
    if (backend.isCongested) this.#congested = backend;
  }

  /** The replies of all commands before it are out. */
  #operate(): void {
    const operation = this.#operation!;
    this.#hasOperated = true;
    const startedUs = turn.nowUs();
    operation.start((answer) => {
      if (operation !== this.#operation || this.#state === 'closed') return;
      this.#operation = null;
      // Nothing has been looked at since: the client's later commands wait.
      const frames = this.#replies.filter(answer);
      const isError = answer[0] === MINUS;
      this.#services.traffic.answered(operation.row, elapsedUs(startedUs, turn.nowUs()), isError);
      this.#outlet.put(frames, 0, frames.length, true);
      for (const held of operation.takeHeld()) this.push(held);
      this.#changeLane();
      this.#resumeLater();
    });
  }

  /** The client sends no more. What it has sent is answered, but it is not waited with. */
  #onEnd(): void {
    if (this.#operation !== null) this.destroy();
    else this.closeAfterReply();
  }

  #judgePlain(): void {
    this.#isPlain =
      this.#authenticated &&
      this.#mode === null &&
      !this.#isScripting &&
      this.#replies.isOn &&
      !this.#monitors.isActive &&
      !this.#isNextMarked;
    const { replicaReads } = this.#services.router;
    this.#replicaReads =
      this.#isPlain && this.#readsReplicas && this.#tracking === null ? replicaReads : null;
  }

  /** The lane of a command after CLIENT CACHING, whose mark it takes if it is executed. */
  #takeMark(row: CommandRow | null, decision: Decision): number {
    const isKept = this.#mode !== null && decision.type !== 'operate';
    if (isKept || row?.name === 'client') return this.#lane;
    this.isNextMarked = false;
    return markedLane(this.#lane);
  }

  /** To be called after a command that may have chosen another protocol or database. */
  #changeLane(): void {
    const { protocol, database, tracking } = this;
    const lane =
      tracking === null
        ? clientLaneOf(protocol, database, this.#connection, this.#userId)
        : tracking.laneFor(laneOf(protocol, database));
    if (lane === this.#lane) return;
    this.#lane = lane;
    this.#isChangingLane = true;
  }

  /** Answers a command ourselves, in its turn. */
  #answer(row: CommandRow | null, reply: Buffer): void {
    if (this.#requests.length === 0) {
      if (row !== null) this.#services.traffic.answered(row, 0, reply[0] === MINUS);
      this.#outlet.put(reply, 0, reply.length, true);
      return;
    }
    const request = new Request(this, row ?? INTERNAL_ROW, NO_SLOT, this.#lane, turn.nowUs());
    this.#requests.push(request);
    this.onReply(request, reply, 0, reply.length, true);
  }

  #mayRead(): boolean {
    if (this.#requests.length >= this.#pipelineLimit || this.#operation !== null) return false;
    if (this.#isChangingLane) {
      if (this.#requests.length > 0) return false;
      this.#isChangingLane = false;
    }
    if (this.#congested !== null) {
      if (this.#congested.isCongested) return false;
      this.#congested = null;
    }
    return true;
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#socket.pause();
    this.#congested?.onResume(this.#whenUncongested);
  }

  /** The client takes its replies more slowly than they come. */
  #onOutputLeft(): void {
    const { memory, settings } = this.#services;
    if (!memory.admitsOutput(this)) return;
    if (this.#outlet.pending > settings.maxPendingBytes) this.#pause();
  }

  /** One that has just had a large reply may be about to have many: fewer are asked for at a time. */
  #expectLargeReplies(bytes: number): void {
    const { maxPipeline } = this.#services.settings;
    const fitting = Math.max(1, Math.floor(EXPECTED_BYTES / bytes));
    this.#pipelineLimit = Math.min(this.#pipelineLimit, fitting, maxPipeline);
  }

  /** At the end of the turn: the buffers that are being read now are free again then. */
  #resumeLater(): void {
    if (this.#resumption !== null) return;
    this.#resumption = { flush: () => this.#resumeIfPossible() };
    turn.flushLater(this.#resumption);
  }

  #resumeIfPossible(): void {
    this.#resumption = null;
    if (this.#state === 'closing') this.#endIfAnswered();
    if (this.#operation !== null && !this.#operation.isStarted && this.#requests.length === 0) {
      this.#operate();
    }
    if (this.#state !== 'open') return;
    if (!this.#mayRead()) {
      // Others were quicker to use what the server had room for.
      if (this.#isPaused) this.#congested?.onResume(this.#whenUncongested);
      return;
    }
    if (this.#outlet.pending > this.#services.settings.maxPendingBytes) return;
    const wasPaused = this.#isPaused;
    this.#isPaused = false;
    if (this.#receive.length > 0) this.#receive.consumeRest();
    if (wasPaused && !this.#isPaused) this.#socket.resume();
  }

  #endIfAnswered(): void {
    if (this.#state !== 'closing' || this.#requests.length > 0 || this.#operation !== null) return;
    this.#outlet.flush();
    this.#socket.destroySoon();
  }
}
