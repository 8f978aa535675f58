import type { Socket } from 'node:net';
import { slotOfKey } from '../../cluster/slot-hash.js';
import { FrameProgress, INCOMPLETE } from '../../resp/frame-progress.js';
import { ReceiveBuffer } from '../../resp/receive-buffer.js';
import { isMultibulk } from '../../resp/request-framer.js';
import type { Backend } from '../backend/backend.js';
import { arityFits, type CommandRow } from '../command/command-row.js';
import { lookup } from '../command/command-table.js';
import { decide } from '../command/decide.js';
import { Outlet } from '../io/outlet.js';
import { elapsedUs, type Flushable, turn } from '../io/turn.js';
import { OperationRun } from '../operation/operation-run.js';
import type { ScriptCaller } from '../operation/script-call.js';
import { Request } from '../request.js';
import { ClientState } from './client-state.js';
import { readInline } from './inline.js';
import { ReplyQueue, type ReplyQueueUser } from './reply-queue.js';
import { ReplySwitch } from './reply-switch.js';
import type { SessionServices } from './session-services.js';
import { sendSpecially } from './special-ways.js';

/**
 * - `open`
 * - `closing`: no more commands are read; ends when the replies so far are written
 * - `closed`
 */
type SessionState = 'open' | 'closing' | 'closed';

const MINUS = 0x2d;
/** Bytes read ahead while an operation runs; they are read so that the client's end is seen. */
const READ_AHEAD_BYTES = 64 * 1024;

/** A client: its bytes in, commands to where they belong, replies out in the commands' order. */
export class Session extends ClientState implements ReplyQueueUser, ScriptCaller {
  readonly #socket: Socket;
  readonly #progress = new FrameProgress();
  readonly #receive: ReceiveBuffer;
  readonly #outlet: Outlet;
  readonly #queue: ReplyQueue;
  protected readonly replySwitch: ReplySwitch;
  #state: SessionState = 'open';
  #isPaused = false;
  /** The command that is being carried out, or waits for the replies of those before it. */
  #operation: OperationRun | null = null;
  protected hasOperated = false;
  /** The lane has changed: what was sent by the old one must be answered before the next command. */
  #isChangingLane = false;
  /** Where what has been read ends. */
  #readEnd = 0;
  #congested: Backend | null = null;
  #resumption: Flushable | null = null;
  readonly #whenUncongested = () => this.#resumeLater();

  /** @param serial counts the clients of the worker */
  constructor(socket: Socket, clientId: number, serial: number, services: SessionServices) {
    super(socket, clientId, serial, services);
    const { traffic, settings } = services;
    this.#socket = socket;
    const expectsMore = () => this.#queue.length > 0;
    const outlet = new Outlet(socket, () => this.#onOutputLeft(), { expectsMore });
    this.#outlet = outlet;
    this.#queue = new ReplyQueue(this, { outlet, traffic, mostCommands: settings.maxPipeline });
    this.replySwitch = new ReplySwitch(this.#queue);
    this.#receive = new ReceiveBuffer(this.#progress, (bytes, start, end, isOwned) =>
      this.#consume(bytes, start, end, isOwned),
    );
    this.updatePlain();
    socket.on('drain', () => {
      this.#outlet.onWritten();
      this.#resumeIfPossible();
    });
    // The client sends no more: what it has sent is answered, but it is not waited with.
    socket.on('end', () => (this.#operation === null ? this.closeAfterReply() : this.destroy()));
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
    this.services.traffic.bytesIn += count;
    this.#receive.received(count, into);
  }

  /** The socket has brought bytes in a buffer of its own. */
  receivedChunk(chunk: Buffer): void {
    if (this.#state !== 'open') return;
    this.idleSweeps = 0;
    this.services.traffic.bytesIn += chunk.length;
    this.#receive.receivedChunk(chunk);
  }

  push(frames: Buffer): void {
    if (this.#state === 'open') this.#queue.push(frames);
  }

  pushAfterReplies(frames: Buffer): void {
    if (this.#operation?.isStarted) this.#operation.pushAfter(frames);
    else if (this.#queue.length === 0) this.push(frames);
    else if (this.#state !== 'closed') this.#queue.answer(null, this.lane, frames);
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get unanswered(): number {
    return this.#queue.length;
  }

  waitForReplies(): void {
    this.#isChangingLane = true;
  }

  /** Nothing is expected of us. */
  get isIdle(): boolean {
    return (
      this.#queue.length === 0 &&
      this.#operation === null &&
      this.#receive.length === 0 &&
      this.#outlet.pending === 0
    );
  }

  get pendingOutput(): number {
    return this.#outlet.memory + this.#queue.heldBytes;
  }

  get pendingInput(): number {
    return this.#receive.length;
  }

  /** To be called every second. */
  sweep(): void {
    this.idleSweeps++;
    this.#queue.forgetSizes();
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
    this.#queue.close();
    this.#outlet.discard();
    this.#receive.clear();
    this.#operation?.abort();
    this.endAll();
    this.services.memory.forget(this);
    this.services.onClosed(this);
  }

  onAnswered(): void {
    if (this.#isPaused || this.#operation !== null) this.#resumeLater();
    else if (this.#state === 'closing') this.#endIfAnswered();
  }

  onManyHeld(): void {
    this.services.memory.admitsOutput(this);
  }

  #consume(bytes: Buffer, start: number, end: number, isOwned: boolean): number {
    const { framer } = this.services;
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
        next = framer.frame(bytes, at, end, this.#progress, this.authenticated);
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
        const error = Buffer.from(`-ERR ${this.#progress.error}\r\n`, 'latin1');
        this.#queue.answer(null, this.lane, error);
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
    const { argStarts, argEnds, argCount } = this.services.framer;
    const row = lookup(bytes, argStarts[0]!, argEnds[0]!);
    if (
      row === null ||
      !row.hasOneKey ||
      row.guard !== 'none' ||
      !arityFits(row, argCount) ||
      !this.isPlain
    ) {
      if (!this.#chooseWay(row)) return start;
      this.#executeOther(row, bytes, start, end, isOwned);
      return end;
    }
    // The hot path: one key at a known place.
    const key = row.firstKey;
    const slotId = slotOfKey(bytes, argStarts[key]!, argEnds[key]!);
    const request = new Request(this.#queue, row, slotId, this.currentLane, turn.nowUs());
    this.#queue.expect(request);
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
    if (isScript === this.isScripting) return true;
    if (this.#queue.length > 0) {
      this.#isChangingLane = true;
      return false;
    }
    this.isScripting = isScript;
    return true;
  }

  #executeOther(
    row: CommandRow | null,
    bytes: Buffer,
    start: number,
    end: number,
    isOwned: boolean,
  ): void {
    const { framer } = this.services;
    this.awaitsReply = end === this.#readEnd;
    const { argStarts, argEnds, argCount } = framer;
    if (!this.replySwitch.isOn) {
      this.replySwitch.begin();
      this.updatePlain();
    }
    if (this.monitors.isActive) {
      this.monitors.feed(this, row, bytes, argStarts, argEnds, argCount);
    }
    const decision =
      this.mode === null
        ? decide(row, bytes, argStarts, argEnds, argCount, this)
        : this.mode.decide(row, bytes, argStarts, argEnds, argCount, this);
    const lane = this.isNextMarked ? this.takeMark(row, decision) : this.currentLane;
    if (decision.type === 'answer') {
      this.#queue.answer(decision.row, this.lane, this.replySwitch.filter(decision.reply));
      if (this.chooseLane()) this.#isChangingLane = true;
      return;
    }
    if (decision.type === 'operate') {
      this.currentLane = lane;
      const command = Buffer.from(bytes.subarray(start, end));
      this.#operation = new OperationRun(decision.row, command, this, this.services.cluster);
      if (this.#queue.length === 0) this.#operate();
      return;
    }
    const { owner } = this.replySwitch;
    const way = this.laneFor(decision, lane, this.#queue.length);
    const request = new Request(owner, decision.row, decision.slotId, way, turn.nowUs());
    this.#queue.expect(request);
    if (decision.type === 'send') {
      this.#send(request, bytes, start, end, isOwned);
      return;
    }
    const command = { bytes, start, end, isOwned, argStarts, argEnds, argCount };
    const { services, replicaReads } = this;
    const sender = { client: this, services, replicaReads };
    this.#congested = sendSpecially(request, decision, command, sender) ?? this.#congested;
  }

  #send(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    const replicas = this.replicaReads;
    if (replicas !== null && request.row.isReadOnly) {
      if (replicas.send(request, bytes, start, end, isOwned)) return;
    }
    const { router } = this.services;
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
    this.hasOperated = true;
    const startedUs = turn.nowUs();
    operation.start((answer) => {
      if (operation !== this.#operation || this.#state === 'closed') return;
      this.#operation = null;
      // Nothing has been looked at since: the client's later commands wait.
      const frames = this.replySwitch.filter(answer);
      const isError = answer[0] === MINUS;
      this.services.traffic.answered(operation.row, elapsedUs(startedUs, turn.nowUs()), isError);
      this.#outlet.put(frames, 0, frames.length, true);
      for (const held of operation.takeHeld()) this.push(held);
      if (this.chooseLane()) this.#isChangingLane = true;
      this.#resumeLater();
    });
  }

  #mayRead(): boolean {
    if (this.#queue.isFull || this.#operation !== null) return false;
    if (this.#isChangingLane) {
      if (this.#queue.length > 0) return false;
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
    if (this.#state === 'closed' || !this.services.memory.admitsOutput(this)) return;
    if (this.#outlet.pending > this.services.settings.maxPendingBytes) this.#pause();
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
    if (this.#operation !== null && !this.#operation.isStarted && this.#queue.length === 0) {
      this.#operate();
    }
    if (this.#state !== 'open') return;
    if (!this.#mayRead()) {
      // Others were quicker to use what the server had room for.
      if (this.#isPaused) this.#congested?.onResume(this.#whenUncongested);
      return;
    }
    if (this.#outlet.pending > this.services.settings.maxPendingBytes) return;
    const wasPaused = this.#isPaused;
    this.#isPaused = false;
    if (this.#receive.length > 0) this.#receive.consumeRest();
    if (wasPaused && !this.#isPaused) this.#socket.resume();
  }

  #endIfAnswered(): void {
    if (this.#state !== 'closing' || this.#queue.length > 0 || this.#operation !== null) return;
    this.#outlet.finish();
    this.#socket.destroySoon();
  }
}
