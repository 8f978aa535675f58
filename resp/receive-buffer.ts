import type { FrameProgress } from './frame-progress.js';

/** Bytes a read may bring. Larger reads would leave the processor's second-level cache. */
const READ_BYTES = 128 * 1024;
/** The longest beginning of a frame that is put in front of the next read instead of kept apart. */
const HEADROOM = 32 * 1024;
/** A frame's buffer is not made larger than this by its header's word alone. */
const TRUSTED_BYTES = 1024 * 1024;

// One for the whole process: a read is consumed before the next one, of whatever socket, begins.
const shared = Buffer.allocUnsafeSlow(HEADROOM + READ_BYTES);
const sharedWindow = shared.subarray(HEADROOM);
const NOTHING = Buffer.alloc(0);

/**
 * Consumes as many whole frames of `bytes[start, end)` as it can.
 *
 * @param isOwned the bytes stay as they are after the call: views of them may be kept. Otherwise
 * they are overwritten by the next read, and what is to be kept must be copied.
 * @returns the position after the last byte consumed. Less than `end`: the rest is the beginning
 * of a frame (see the FrameProgress), or the consumer has had enough for now.
 */
export type Consume = (bytes: Buffer, start: number, end: number, isOwned: boolean) => number;

/**
 * The bytes a socket has received, given to a consumer so that each frame lies contiguously in one
 * buffer, at the least copying:
 * - most reads land in a buffer shared by all sockets and are consumed there;
 * - the beginning of a frame cut by the end of a read is kept (a few bytes) and copied in front of
 *   the next read;
 * - a large frame gets a buffer of its own that the socket then reads into directly.
 *
 * The socket reads into `target()`, then calls `received`.
 */
export class ReceiveBuffer {
  /** The target of a connection that has not received anything. */
  static readonly sharedTarget: Buffer = sharedWindow;
  readonly #consume: Consume;
  readonly #progress: FrameProgress;
  #rest: Buffer = NOTHING;
  #restLength = 0;
  /** The place in `#rest` given to the socket; NOTHING once the bytes there have moved. */
  #target: Buffer = NOTHING;
  /** `needed` bytes have come and the frame was still not complete: it has many small elements. */
  #wasUnderestimated = false;

  constructor(progress: FrameProgress, consume: Consume) {
    this.#progress = progress;
    this.#consume = consume;
  }

  /** Bytes received and not consumed. */
  get length(): number {
    return this.#restLength;
  }

  /** Where the next read is to be put. */
  target(): Buffer {
    if (!this.#isLarge()) return sharedWindow;
    this.#reserve();
    this.#target = this.#rest.subarray(this.#restLength);
    return this.#target;
  }

  /**
   * The socket has put `count` bytes into `into`, a `target()` of before. Kept bytes may have been
   * consumed since it was given, so that the bytes are not where they belong now.
   */
  received(count: number, into: Buffer): void {
    if (this.#isLarge()) {
      if (into === this.#target) this.#receivedInPlace(count);
      else this.receivedChunk(into.subarray(0, count));
    } else if (into === sharedWindow) {
      this.#receivedShared(count);
    } else {
      this.receivedChunk(into.subarray(0, count));
    }
  }

  /** For sockets that bring their bytes in a buffer of their own. */
  receivedChunk(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const target = this.target();
      const count = chunk.copy(target, 0, at);
      this.received(count, target);
      at += count;
    }
  }

  #receivedInPlace(count: number): void {
    this.#target = NOTHING;
    this.#restLength += count;
    if (this.#restLength < this.#progress.needed) return;
    this.consumeRest();
    this.#wasUnderestimated = this.#restLength > 0;
  }

  #receivedShared(count: number): void {
    const start = HEADROOM - this.#restLength;
    if (this.#restLength > 0) {
      this.#rest.copy(shared, start, 0, this.#restLength);
      this.#rest = NOTHING;
      this.#restLength = 0;
    }
    const end = HEADROOM + count;
    const consumed = this.#consume(shared, start, end, false);
    if (consumed < end) this.#keep(shared, consumed, end);
  }

  /** Offers the kept bytes again, to a consumer that had had enough. */
  consumeRest(): void {
    const rest = this.#rest;
    const end = this.#restLength;
    this.#target = NOTHING;
    this.#rest = NOTHING;
    this.#restLength = 0;
    const consumed = this.#consume(rest, 0, end, true);
    if (consumed === 0) {
      this.#rest = rest;
      this.#restLength = end;
    } else if (consumed < end) {
      this.#keep(rest, consumed, end);
    }
  }

  /** Forgets everything received. */
  clear(): void {
    this.#rest = NOTHING;
    this.#restLength = 0;
    this.#target = NOTHING;
    this.#progress.reset();
  }

  #isLarge(): boolean {
    return this.#restLength > 0 && Math.max(this.#progress.needed, this.#restLength) > HEADROOM;
  }

  /** Keeps what was not consumed: the beginning of a frame, or more if the consumer stopped. */
  #keep(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    const needed = this.#progress.needed;
    this.#rest = Buffer.allocUnsafe(needed > HEADROOM ? roomFor(needed, length) : length);
    bytes.copy(this.#rest, 0, start, end);
    this.#restLength = length;
    this.#wasUnderestimated = false;
  }

  /** Makes room in a full buffer. */
  #reserve(): void {
    const length = this.#restLength;
    if (length < this.#rest.length) return;
    const needed = this.#progress.needed;
    const isExact = needed > length && !this.#wasUnderestimated;
    // Doubling keeps the copying linear where each read shows only that some more is needed.
    const larger = Buffer.allocUnsafeSlow(
      isExact ? roomFor(needed, length) : Math.max(needed, length * 2),
    );
    this.#rest.copy(larger, 0, 0, length);
    this.#rest = larger;
  }
}

/**
 * The size of a buffer for a frame of `needed` bytes of which `length` are here: all of it if it is
 * moderate (so that no byte of the next frame gets in), else twice what has come: a header's word
 * alone does not make us set 512 MB aside.
 */
function roomFor(needed: number, length: number): number {
  return Math.max(length, Math.min(needed, Math.max(TRUSTED_BYTES, length * 2)));
}
