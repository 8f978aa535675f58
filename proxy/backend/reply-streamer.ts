import type { FrameProgress } from '../../resp/frame-progress.js';
import type { ReplyStream, Request } from '../request.js';

/** A reply that is known to have at least this many bytes is passed on in parts. */
const STREAMED_BYTES = 64 * 1024;
/** Elements after the one that is cut off have at least a type and a line end. */
const LEAST_ELEMENT_BYTES = 3;
/** What may be missing of a line; of a bulk string whose length is known, more is. */
const LINE_END_BYTES = 2;

/** Passes one large reply on as it comes, instead of gathering it. */
export class ReplyStreamer {
  #stream: ReplyStream | null = null;
  #request: Request | null = null;
  /** Of the bulk string that is under way, with its line end. */
  #missing = 0;

  /** A reply has been begun and is not at its end. */
  get isActive(): boolean {
    return this.#stream !== null;
  }

  /** A bulk string of it has been begun and is not at its end: `pass` is to be called. */
  get isInBulk(): boolean {
    return this.#missing > 0;
  }

  /**
   * A reply's frame is not complete. Passes on what is there, if it is large.
   *
   * @param progress of the frame that begins at `start`; made to be about the rest of it
   * @returns the position up to which the bytes have been passed on
   */
  begin(
    request: Request,
    bytes: Buffer,
    start: number,
    end: number,
    isOwned: boolean,
    progress: FrameProgress,
  ): number {
    if (this.#stream === null) {
      if (progress.needed < STREAMED_BYTES) return start;
      this.#stream = request.owner.streamReply?.(request, progress.needed) ?? null;
      if (this.#stream === null) return start;
      this.#request = request;
    }
    const { offset, needed, remaining } = progress;
    const have = end - start - offset;
    const missing = needed - offset - (remaining - 1) * LEAST_ELEMENT_BYTES - have;
    const isBulk = missing > LINE_END_BYTES;
    const upTo = isBulk ? end : start + offset;
    if (upTo > start) this.#stream.onPart(request, bytes, start, upTo, isOwned);
    if (isBulk) {
      this.#missing = missing;
      progress.remaining = remaining - 1;
    }
    progress.offset = 0;
    progress.needed = 0;
    return upTo;
  }

  /** More of the bulk string has come. @returns the position after what belongs to it */
  pass(bytes: Buffer, start: number, end: number, isOwned: boolean): number {
    const upTo = Math.min(end, start + this.#missing);
    this.#missing -= upTo - start;
    this.#stream!.onPart(this.#request!, bytes, start, upTo, isOwned);
    return upTo;
  }

  /** The rest of the reply has come: `bytes[start, end)`, which may be nothing. */
  finish(bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    const stream = this.#stream!;
    const request = this.#request!;
    this.#stream = null;
    this.#request = null;
    if (end > start) stream.onPart(request, bytes, start, end, isOwned);
    stream.onEnd(request);
  }

  /** The connection has ended. @returns the request that was under way, if any: it is dealt with */
  break(): Request | null {
    const request = this.#request;
    const stream = this.#stream;
    this.#stream = null;
    this.#request = null;
    this.#missing = 0;
    if (request !== null) stream!.onBroken(request);
    return request;
  }
}
