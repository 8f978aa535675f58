import { Ring } from '../../base/ring.js';
import { FrameProgress, INCOMPLETE } from '../../resp/frame-progress.js';
import { ReceiveBuffer } from '../../resp/receive-buffer.js';
import { frameReply } from '../../resp/reply-framer.js';
import type { Request } from '../request.js';
import { ReplyStreamer } from './reply-streamer.js';

/** The type byte of what a server says of its own accord in RESP3. */
const PUSH = 0x3e;
/** A connection with replies of this size reads into memory of its own; see Chunk. */
const LARGE_BYTES = 16 * 1024;

/** The connection that a reader is part of. */
export interface ReplyReaderUser {
  /** Replies have been given to their requests. */
  onReplies(): void;
  /** The server says something of its own accord; the frame is the user's to keep. */
  onPush(frame: Buffer): void;
  /** What has come is no reply. The connection is to be ended, and {@link ReplyReader.reset} called. */
  onNonsense(reason: string): void;
}

/** Gives a server's replies to the commands in flight, which are answered in the order sent. */
export class ReplyReader {
  /** Commands sent and not answered. */
  readonly inFlight = new Ring<Request>();
  /** How many have been answered. */
  answered = 0;
  readonly #user: ReplyReaderUser;
  readonly #progress = new FrameProgress();
  readonly #receive: ReceiveBuffer;
  readonly #streamer = new ReplyStreamer();
  /** Counts connections: replies may have ended the one that they came by. */
  #connections = 0;

  constructor(user: ReplyReaderUser) {
    this.#user = user;
    this.#receive = new ReceiveBuffer(this.#progress, (bytes, start, end, isOwned) =>
      this.#consume(bytes, start, end, isOwned),
    );
  }

  /** Where the socket's next read is to be put. */
  target(): Buffer {
    return this.#receive.target();
  }

  /** The socket has put bytes into `into`, a `target()` of before. */
  received(count: number, into: Buffer): void {
    this.#receive.received(count, into);
  }

  /**
   * The connection is gone.
   *
   * @returns the command whose reply was being passed on, which has been told; it is still in flight
   */
  reset(): Request | null {
    this.#connections++;
    this.#receive.clear();
    return this.#streamer.break();
  }

  #consume(bytes: Buffer, start: number, end: number, isOwned: boolean): number {
    const connection = this.#connections;
    let at = start;
    if (this.#streamer.isActive) {
      at = this.#consumeStreamed(bytes, at, end, isOwned);
      if (this.#streamer.isActive || connection !== this.#connections) return at;
    }
    while (at < end) {
      const next = frameReply(bytes, at, end, this.#progress);
      if (next < 0) {
        if (next === INCOMPLETE) {
          at = this.#stream(bytes, at, end, isOwned);
          break;
        }
        this.#user.onNonsense(`malformed reply: ${this.#progress.error}`);
        return end;
      }
      if (bytes[at] === PUSH) {
        this.#user.onPush(Buffer.from(bytes.subarray(at, next)));
        if (connection !== this.#connections) return end;
        at = next;
        continue;
      }
      const request = this.inFlight.shift();
      if (request === undefined) {
        this.#user.onNonsense('a reply to no command');
        return end;
      }
      this.answered++;
      request.owner.onReply(request, bytes, at, next, isOwned);
      if (connection !== this.#connections) return end;
      at = next;
    }
    this.#user.onReplies();
    return at;
  }

  /** A reply is incomplete: if it is large, what is there of it is passed on. */
  #stream(bytes: Buffer, start: number, end: number, isOwned: boolean): number {
    const request = this.inFlight.peek();
    if (this.#progress.needed < LARGE_BYTES || request === undefined || bytes[start] === PUSH) {
      return start;
    }
    this.#receive.useOwnChunks();
    return this.#streamer.begin(request, bytes, start, end, isOwned, this.#progress);
  }

  /** @returns the position up to which the bytes belong to the reply that is being passed on */
  #consumeStreamed(bytes: Buffer, start: number, end: number, isOwned: boolean): number {
    const streamer = this.#streamer;
    let at = start;
    for (;;) {
      if (streamer.isInBulk) {
        at = streamer.pass(bytes, at, end, isOwned);
        if (streamer.isInBulk) return at;
      }
      let next = at;
      // No element of the reply is left: it ended with the bulk string.
      if (this.#progress.remaining > 0) {
        if (at >= end) return at;
        next = frameReply(bytes, at, end, this.#progress);
      }
      if (next >= at) {
        this.inFlight.shift();
        this.answered++;
        streamer.finish(bytes, at, next, isOwned);
        return next;
      }
      if (next !== INCOMPLETE) {
        this.#user.onNonsense(`malformed reply: ${this.#progress.error}`);
        return end;
      }
      at = streamer.begin(this.inFlight.peek()!, bytes, at, end, isOwned, this.#progress);
      if (!streamer.isInBulk || at >= end) return at;
    }
  }
}
