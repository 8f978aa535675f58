import type { Socket } from 'node:net';
import { Backoff } from '../../base/backoff.js';
import type { Logger } from '../../base/log.js';
import { ReceiveBuffer } from '../../resp/receive-buffer.js';
import { Outlet } from '../io/outlet.js';
import { elapsedUs, turn } from '../io/turn.js';
import type { Request } from '../request.js';
import { AbandonedConnections } from './abandoned-connections.js';
import type { BackendSettings, BackendUser } from './backend-settings.js';
import { type BackendState, checkTransition } from './backend-state.js';
import { Congestion } from './congestion.js';
import { DrainWaiters } from './drain-waiters.js';
import { lostError, unreachableError } from './failure-text.js';
import { handshakeOf } from './handshake.js';
import { internalRequest, skippedReply } from './internal-request.js';
import { databaseOfLane, isScriptLane, ownerOfLane, protocolOfLane, userOfLane } from './lane.js';
import { type ParkedCommand, ParkedCommands } from './parked-commands.js';
import type { RepeatableEnd, RepeatedReads } from './repeated-reads.js';
import { ReplyReader, type ReplyReaderUser } from './reply-reader.js';
import { SentCommands } from './sent-commands.js';
import { openServerSocket } from './server-socket.js';
import { DEFAULT_USER_ID } from './users.js';

const PING = Buffer.from('*1\r\n$4\r\nPING\r\n');
/** Soon enough that a restarted server is found within a tenth of a second or two. */
const FIRST_RETRY_MS = 50;
/** Seldom enough that a dead server costs nothing, often enough that nobody waits for us. */
const LAST_RETRY_MS = 1000;

/**
 * - `lost`: by the server or the network; reads are sent once more
 * - `replaced`: the same, and the server may still execute what it has received
 * - `abandoned`: the server may still execute what it has received
 * - `cut`: nothing of it is of interest
 */
type End = 'lost' | 'replaced' | 'abandoned' | 'cut';

/**
 * A pipelined connection to one Redis server: commands of all sessions in, replies out in the same
 * order. Each request sent is answered exactly once: by the server, or with an error when the
 * connection ends, or when the deadline passes; reads may be sent once more before that.
 *
 * What comes while there is no connection has been sent to nobody: it waits for the next one, until
 * the server has been away for `waitMs`. From then on commands fail at once.
 */
export class Backend implements ReplyReaderUser {
  readonly addr: string;
  readonly groupId: number;
  /** The protocol and database of all its commands. */
  readonly #lane: number;
  readonly #settings: BackendSettings;
  readonly #user: BackendUser;
  readonly #log: Logger;
  readonly #backoff = new Backoff(FIRST_RETRY_MS, LAST_RETRY_MS);
  readonly #reader = new ReplyReader(this);
  readonly #abandoned = new AbandonedConnections();
  readonly #congestion: Congestion;
  #state: BackendState = 'waiting';
  #socket: Socket | null = null;
  #outlet: Outlet | null = null;
  /** Commands may go out; else they wait, or fail. */
  #isOpen = false;
  readonly #parked: ParkedCommands;
  /** Null: nothing is sent once more. */
  readonly #repeats: RepeatedReads | null;
  readonly #sentCommands: SentCommands | null;
  #retryTimer: NodeJS.Timeout | undefined;
  #connectStartedUs = 0;
  /** Bytes may have reached the server: also those sent behind a handshake that is under way. */
  #isConnected = false;
  /** When the server last sent something or, if later, when a command was sent to an idle one. */
  #progressUs = 0;
  #sent = 0;
  readonly #drainWaiters = new DrainWaiters();
  reconnects = 0;
  /** Reads from the connection. */
  heard = 0;
  lastError = '';

  constructor(
    addr: string,
    groupId: number,
    lane: number,
    settings: BackendSettings,
    log: Logger,
    user: BackendUser,
  ) {
    this.#user = user;
    this.addr = addr;
    this.groupId = groupId;
    this.#lane = lane;
    this.#settings = settings;
    this.#log = log.child({ protocol: protocolOfLane(lane), database: databaseOfLane(lane) });
    this.#congestion = new Congestion(settings.maxInFlight);
    this.#parked = new ParkedCommands(settings.waitMs, settings.waitingBudget ?? null);
    const isShared = ownerOfLane(lane) === 0 && !isScriptLane(lane);
    this.#repeats = (settings.waitMs > 0 && isShared && settings.repeats) || null;
    this.#sentCommands = this.#repeats && new SentCommands(() => this.#sent);
    this.#connect();
  }

  get state(): BackendState {
    return this.#state;
  }

  /** Commands go out at once. */
  protected get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Commands sent and not answered. */
  get inFlight(): number {
    return this.#reader.inFlight.length;
  }

  /** For how many milliseconds nothing has come of what it owes; 0 if it owes nothing. */
  owesMs(nowUs: number): number {
    return this.#reader.inFlight.length === 0 ? 0 : elapsedUs(this.#progressUs, nowUs) / 1000;
  }

  /** There is no connection, nobody waits for one, and nothing of an earlier one can be executed. */
  get isUnused(): boolean {
    return this.#state === 'waiting' && this.#parked.isEmpty && this.#abandoned.isEmpty;
  }

  /** Commands sent and not answered, in their order. */
  unanswered(): Iterable<Request> {
    return this.#reader.inFlight.items();
  }

  /** Sends `bytes[start, end)`, one whole command. */
  send(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    if (this.#isOpen) this.#put(request, bytes, start, end, isOwned);
    else this.#park(request, bytes, start, end, isOwned);
  }

  /** Commands that wait for the connection: they have been sent to nobody. */
  takeParked(): readonly ParkedCommand[] {
    return this.#parked.takeAll();
  }

  /** The server has been replaced: what it has not answered is not waited for any longer. */
  giveUp(reason: string): void {
    if (this.#reader.inFlight.length > 0) this.#disconnect(reason, 'replaced');
  }

  #put(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    if (this.#reader.inFlight.length === 0) this.#progressUs = turn.nowUs();
    for (let count = request.skippedReplies; count > 0; count--) {
      this.#reader.inFlight.push(skippedReply(request));
      this.#sent++;
    }
    this.#reader.inFlight.push(request);
    this.#sent++;
    this.#congestion.count(this.#reader.inFlight.length);
    this.#outlet!.put(bytes, start, end, isOwned);
  }

  /** Resolves when every command sent until now has been answered or has failed. */
  drained(): Promise<void> {
    return this.#drainWaiters.reached(this.#sent, this.#reader.answered);
  }

  /**
   * Resolves when, besides, none of those that failed can be executed any more: with a server that
   * is frozen, not before it goes on or is gone.
   */
  async settled(): Promise<void> {
    await this.drained();
    await this.#abandoned.settled();
  }

  /** More is waiting than the server takes, or answers: see {@link onResume}. */
  get isCongested(): boolean {
    return this.#congestion.isOn;
  }

  /** Calls the listener once, when the connection is no longer congested. */
  onResume(listener: () => void): void {
    this.#congestion.onEnd(listener);
  }

  /** To be called some times a second: deadlines and pings. */
  tick(): void {
    const now = turn.nowUs();
    const { timeoutMs, pingPeriodMs } = this.#settings;
    if (!this.#isOpen && !this.#parked.mayWait) this.#failParked();
    if (this.#state === 'connecting') {
      if (elapsedUs(this.#connectStartedUs, now) > timeoutMs * 1000) {
        this.#disconnect(`no connection within ${timeoutMs} ms`, 'abandoned');
      }
      return;
    }
    if (this.#state !== 'ready') return;
    const silentMs = elapsedUs(this.#progressUs, now) / 1000;
    if (this.#reader.inFlight.length > 0) {
      if (silentMs <= timeoutMs || this.#user.mayBeLate()) return;
      this.#disconnect(`no answer within ${timeoutMs} ms`, 'abandoned');
    } else if (pingPeriodMs > 0 && silentMs > pingPeriodMs) {
      // Any answer will do: a server that is loading is there, too.
      const ping = internalRequest(this.#lane, () => {});
      this.send(ping, PING, 0, PING.length, true);
    }
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#endConnection('connection closed by the proxy', 'cut');
    this.#abandoned.close();
    this.#become('closed');
    this.#failParked();
    clearTimeout(this.#retryTimer);
  }

  #connect(): void {
    this.#become('connecting');
    this.#connectStartedUs = turn.nowUs();
    this.#isConnected = false;
    const socket = openServerSocket(this.addr, {
      target: (own) => (own === this.#socket ? this.#reader.target() : ReceiveBuffer.sharedTarget),
      onRead: (own, count, into) => {
        // Abandoned: read to its end, and to no avail.
        if (own !== this.#socket) return;
        this.#progressUs = turn.nowUs();
        this.heard++;
        this.#reader.received(count, into);
      },
      onConnect: (own) => {
        if (own === this.#socket) this.#isConnected = true;
      },
      onEnd: (own, reason) => {
        if (own === this.#socket) this.#disconnect(reason, 'lost');
      },
      onDrain: (own) => {
        if (own !== this.#socket) return;
        this.#outlet?.onWritten();
        this.#checkCongestion();
      },
    });
    this.#socket = socket;
    const keeper = this.#sentCommands;
    this.#outlet = new Outlet(socket, () => this.#checkCongestion(), { keeper });
    this.#sentCommands?.forget();
    // Where nothing may wait, commands queue behind the handshake, and fail with it.
    this.#isOpen = this.#settings.waitMs === 0;
    const { name, password } = this.#settings;
    const greeting = this.#user.greeting?.() ?? [];
    const steps = [...handshakeOf(name, password, this.#lane), ...greeting];
    for (const [index, step] of steps.entries()) {
      const isLast = index === steps.length - 1;
      const request = internalRequest(this.#lane, (error) => {
        if (socket !== this.#socket) return;
        const fault = step.verdict(error);
        if (fault !== null) {
          this.#disconnect(fault, 'cut');
          // Not away: what waits for the connection is answered as what comes by others.
          if (error !== null && this.#isForThoseWhoWait(error)) this.#failParked(error);
        } else if (isLast) this.#becomeReady();
      });
      this.#put(request, step.bytes, 0, step.bytes.length, true);
    }
  }

  /** What a server says in a handshake: it is busy, or the user whose commands wait is gone. */
  #isForThoseWhoWait(error: string): boolean {
    if (error.startsWith('BUSY ')) return true;
    return error.startsWith('WRONGPASS ') && userOfLane(this.#lane) !== DEFAULT_USER_ID;
  }

  #becomeReady(): void {
    if (this.#state !== 'connecting') return;
    this.#become('ready');
    this.#progressUs = turn.nowUs();
    this.#backoff.reset();
    this.#log.info('connected');
    this.#isOpen = true;
    for (const { request, bytes } of this.#parked.takeAll()) {
      this.send(request, bytes, 0, bytes.length, true);
    }
    this.#user.onReady();
  }

  onReplies(): void {
    if (this.#drainWaiters.count > 0) this.#drainWaiters.note(this.#reader.answered);
    if (this.#congestion.isOn) this.#checkCongestion();
  }

  onPush(frame: Buffer): void {
    this.#user.onPush?.(frame);
  }

  onNonsense(reason: string): void {
    this.#disconnect(reason, 'abandoned');
  }

  #checkCongestion(): void {
    this.#congestion.check(this.#outlet?.pending ?? 0, this.#reader.inFlight.length);
  }

  /** Ends the connection and plans the next one. */
  #disconnect(reason: string, how: End): void {
    if (this.#state === 'closed' || this.#state === 'waiting') return;
    const wasReady = this.#state === 'ready';
    if (wasReady) this.#parked.noteLost();
    this.lastError = reason;
    this.reconnects++;
    const lost = this.#reader.inFlight.length;
    this.#endConnection(reason, how);
    this.#become('waiting');
    const retryMs = this.#backoff.nextMs();
    if (wasReady || this.reconnects === 1) {
      this.#log.warn({ reason, lost, retryMs }, 'disconnected');
    } else {
      this.#log.debug({ reason, lost, retryMs }, 'still disconnected');
    }
    this.#retryTimer = setTimeout(() => this.#connect(), retryMs);
  }

  /** Gives the socket up and fails what was in flight. */
  #endConnection(reason: string, how: End): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#outlet?.discard();
    this.#outlet = null;
    this.#isOpen = false;
    const broken = this.#reader.reset();
    const isAbandoned = how === 'abandoned' || how === 'replaced';
    if (isAbandoned && socket !== null && this.#reader.inFlight.length > 0) {
      this.#abandoned.add(socket);
    } else {
      socket?.destroy();
    }
    this.#user.onLost?.();
    // Before anything that is sent while others fail.
    const repeated = how === 'lost' || how === 'replaced' ? this.#repeatReads(how, broken) : null;
    // Requests that are sent while these fail find no connection.
    for (let count = this.#reader.inFlight.length; count > 0; count--) {
      const request = this.#reader.inFlight.shift()!;
      this.#reader.answered++;
      if (request === broken || repeated?.has(request)) continue;
      request.fail(lostError(request, this, reason, this.#isConnected));
    }
    this.#drainWaiters.note(this.#reader.answered);
    this.#checkCongestion();
  }

  /** Reads wait for the next connection. @param begun its reply has. @returns those that wait */
  #repeatReads(how: RepeatableEnd, begun: Request | null): ReadonlySet<Request> {
    const waiting = new Set<Request>();
    const commands = this.#sentCommands?.unanswered(this.#reader.answered) ?? [];
    if (this.#repeats === null || commands.length === 0) return waiting;
    const requests = [...this.unanswered()];
    for (const [request, bytes] of this.#repeats.choose(this.addr, how, requests, commands)) {
      if (request === begun) continue;
      if (!this.#parked.add(request, bytes, 0, bytes.length, true)) continue;
      this.#repeats.note(request);
      waiting.add(request);
    }
    return waiting;
  }

  #park(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    // What is of no slot cannot go elsewhere: it goes out behind the handshake, or fails with it.
    const isOurs = request.row.index < 0 || request.slotId < 0;
    if (isOurs && this.#state === 'connecting') {
      this.#put(request, bytes, start, end, isOwned);
      return;
    }
    const mayWait = !isOurs && this.#state !== 'closed';
    if (!mayWait || !this.#parked.add(request, bytes, start, end, isOwned)) this.#refuse(request);
  }

  /** @param error the answer; null: that the server cannot be reached */
  #failParked(error: string | null = null): void {
    for (const { request } of this.#parked.takeAll()) {
      if (error === null) this.#refuse(request);
      else request.fail(error);
    }
  }

  #refuse(request: Request): void {
    request.fail(unreachableError(request, this));
  }

  #become(next: BackendState): void {
    checkTransition(this.addr, this.#state, next);
    this.#state = next;
  }
}
