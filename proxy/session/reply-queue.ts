import { Ring } from '../../base/ring.js';
import type { CommandRow } from '../command/command-row.js';
import type { Outlet } from '../io/outlet.js';
import { elapsedUs, turn } from '../io/turn.js';
import { INTERNAL_ROW, NO_SLOT, type ReplyStream, Request, type RequestOwner } from '../request.js';
import { forgetReply, holdReply } from './reply-hold.js';
import type { Traffic } from './traffic.js';

/** Replies of this size and more are reckoned with: so many commands may be unanswered. */
const LARGE_REPLY_BYTES = 16 * 1024;
/** What the unanswered commands of one client may bring, by the size of its latest large reply. */
const EXPECTED_BYTES = 2 * 1024 * 1024;
const MINUS = 0x2d;
const NO_BYTES = Buffer.alloc(0);

/** The session that a queue is part of. */
export interface ReplyQueueUser {
  /** Replies have left the queue. */
  onAnswered(): void;
  /** Much is held that came before its turn. */
  onManyHeld(): void;
  /** Cuts the connection. */
  destroy(): void;
}

/** A client's unanswered commands, and their replies in the commands' order. */
export class ReplyQueue implements RequestOwner, ReplyStream {
  readonly origin: object;
  readonly #outlet: Outlet;
  readonly #traffic: Traffic;
  readonly #user: ReplyQueueUser;
  readonly #mostCommands: number;
  /** In the order of the client's commands; each leaves when it is answered and is the first. */
  readonly #requests = new Ring<Request>();
  /** Unanswered commands beyond which no more are read; lower while replies are large. */
  #limit: number;
  /** Bytes of replies that came before their turn. */
  #earlyBytes = 0;
  /** Pushes that come in the midst of a reply wait for its end; null: there is none. */
  #heldPushes: Buffer[] | null = null;
  #heldBytes = 0;
  #isClosed = false;

  /** @param mostCommands that may be unanswered */
  constructor(
    user: ReplyQueueUser,
    { outlet, traffic, mostCommands }: { outlet: Outlet; traffic: Traffic; mostCommands: number },
  ) {
    this.origin = user;
    this.#user = user;
    this.#outlet = outlet;
    this.#traffic = traffic;
    this.#mostCommands = mostCommands;
    this.#limit = mostCommands;
  }

  /** Unanswered commands. */
  get length(): number {
    return this.#requests.length;
  }

  /** No more commands are to be read now. */
  get isFull(): boolean {
    return this.#requests.length >= this.#limit;
  }

  /** Bytes that wait here for their turn. */
  get heldBytes(): number {
    return this.#heldBytes + this.#earlyBytes;
  }

  /** The client's next command; its owner is this queue, or passes the reply on to it. */
  expect(request: Request): void {
    this.#requests.push(request);
  }

  /** Answers the client's newest command ourselves, in its turn. @param row null: not counted */
  answer(row: CommandRow | null, lane: number, reply: Buffer): void {
    if (this.#requests.length === 0) {
      if (row !== null) this.#traffic.answered(row, 0, reply[0] === MINUS);
      this.#outlet.put(reply, 0, reply.length, true);
      return;
    }
    const request = new Request(this, row ?? INTERNAL_ROW, NO_SLOT, lane, turn.nowUs());
    this.#requests.push(request);
    this.onReply(request, reply, 0, reply.length, true);
  }

  /** Whole frames that are no reply; not in the midst of one. */
  push(frames: Buffer): void {
    if (this.#heldPushes === null) {
      this.#outlet.put(frames, 0, frames.length, true);
    } else {
      this.#heldPushes.push(frames);
      this.#heldBytes += frames.length;
    }
  }

  /** Replies may be small again; the next large one says. */
  forgetSizes(): void {
    this.#limit = this.#mostCommands;
  }

  /** What comes from now on is dropped. */
  close(): void {
    this.#isClosed = true;
  }

  onReply(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    if (this.#isClosed) return;
    const latencyUs = elapsedUs(request.startedUs, turn.nowUs());
    this.#traffic.answered(request.row, latencyUs, bytes[start] === MINUS);
    const requests = this.#requests;
    if (end - start >= LARGE_REPLY_BYTES) this.#expectLargeReplies(end - start);
    if (requests.peek() !== request) {
      this.#earlyBytes += end - start;
      holdReply(request, bytes, start, end, isOwned);
      if (this.#earlyBytes > EXPECTED_BYTES) this.#user.onManyHeld();
      return;
    }
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
    this.#user.onAnswered();
  }

  /** A large reply whose turn it is goes to the client as it comes. */
  streamReply(request: Request, leastBytes: number): ReplyStream | null {
    this.#expectLargeReplies(leastBytes);
    if (this.#requests.peek() !== request || this.#isClosed) return null;
    this.#heldPushes = [];
    return this;
  }

  onPart(_request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    if (!this.#isClosed) this.#outlet.put(bytes, start, end, isOwned);
  }

  onEnd(request: Request): void {
    const pushes = this.#heldPushes ?? [];
    this.#heldPushes = null;
    this.#heldBytes = 0;
    if (!this.#isClosed) for (const frames of pushes) this.push(frames);
    // Counted and taken out of the queue; the bytes are out already.
    this.onReply(request, NO_BYTES, 0, 0, true);
  }

  onBroken(): void {
    // Half a reply is out: nothing that follows could be told from the rest of it.
    this.#user.destroy();
  }

  /** One that has just had a large reply may be about to have many: fewer are asked for at a time. */
  #expectLargeReplies(bytes: number): void {
    const fitting = Math.max(1, Math.floor(EXPECTED_BYTES / bytes));
    this.#limit = Math.min(this.#limit, fitting);
  }
}
