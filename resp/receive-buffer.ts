import type { Chunk } from './chunk.js';
import type { FrameProgress } from './frame-progress.js';
import { takeLarge } from './large-buffers.js';

/** Bytes a read may bring. Larger reads would leave the processor's second-level cache. */
const READ_BYTES = 128 * 1024;
/** The longest beginning of a frame that is put in front of the next read instead of kept apart. */
const HEADROOM = 32 * 1024;

/** A frame's buffer is not made larger than this by its header's word alone. */
const TRUSTED_BYTES = 1024 * 1024;
/** Room to grow in place: a value of a round size comes with a command's name and its key. */
const SPARE_BYTES = 4096;

// One for the whole process: a read is consumed before the next one, of whatever socket, begins. So
// nobody may hold it: it is no chunk.
const shared = areaIn(Buffer.allocUnsafeSlow(HEADROOM + READ_BYTES), null);
const NOTHING = Buffer.alloc(0);

/** What small frames are read into, behind room for the beginning of one. */
interface ReadArea {
  readonly buffer: Buffer;
  readonly window: Buffer;
  /** Null: its bytes stay only until the next read. */
  readonly chunk: Chunk | null;
}

function newArea(): ReadArea {
  const chunk = takeLarge(HEADROOM + READ_BYTES)!;
  return areaIn(chunk.buffer, chunk);
}

function areaIn(buffer: Buffer, chunk: Chunk | null): ReadArea {
  return { buffer, window: buffer.subarray(HEADROOM), chunk };
}

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
  static readonly sharedTarget: Buffer = shared.window;
  readonly #consume: Consume;
  readonly #progress: FrameProgress;
  #rest: Buffer = NOTHING;
  #restLength = 0;
  /** Of `#rest`, if it has one. */
  #restChunk: Chunk | null = null;
  /** That of all connections, or one of our own, which we hold. */
  #area = shared;
  #hasOwnAreas = false;
  /** The place in `#rest` given to the socket; NOTHING once the bytes there have moved. */
  #target: Buffer = NOTHING;
  /** The socket has a place in `#restChunk` that it will read into, whatever we do meanwhile. */
  #isTargetOut = false;
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
    if (!this.#isLarge()) return this.#freeWindow();
    this.#reserve();
    this.#target = this.#rest.subarray(this.#restLength);
    this.#isTargetOut = true;
    return this.#target;
  }

  /**
   * The socket has put `count` bytes into `into`, a `target()` of before. Kept bytes may have been
   * consumed since it was given, so that the bytes are not where they belong now.
   */
  received(count: number, into: Buffer): void {
    if (this.#isLarge()) {
      if (into === this.#target) {
        this.#isTargetOut = false;
        this.#receivedInPlace(count);
      } else this.receivedChunk(into.subarray(0, count));
    } else if (into === this.#area.window) {
      this.#receivedInArea(count, HEADROOM);
    } else if (into === this.#area.buffer && this.#restLength === 0) {
      this.#receivedInArea(count, 0);
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

  /**
   * From the next read on, frames lie in memory that may be held (see Chunk), unless they are larger
   * than that. For a connection that brings large frames.
   */
  useOwnChunks(): void {
    this.#hasOwnAreas = true;
  }

  /** A place to read into that nobody else holds. */
  #freeWindow(): Buffer {
    if (!this.#hasOwnAreas) return this.#area.window;
    const { chunk } = this.#area;
    if (chunk === null || chunk.hasOtherHolders) {
      // The socket is about to be given another place: it reads into this one no more.
      chunk?.release();
      this.#area = newArea();
    }
    // Whoever holds the chunk holds all of it: no room that would stay empty.
    return this.#restLength === 0 ? this.#area.buffer : this.#area.window;
  }

  /** @param from where in the area the bytes begin */
  #receivedInArea(count: number, from: number): void {
    const { buffer } = this.#area;
    const start = from - this.#restLength;
    if (this.#restLength > 0) {
      this.#rest.copy(buffer, start, 0, this.#restLength);
      this.#dropRest();
    }
    const end = from + count;
    const consumed = this.#consume(buffer, start, end, false);
    if (consumed < end) this.#keep(buffer, consumed, end);
  }

  /** Offers the kept bytes again, to a consumer that had had enough. */
  consumeRest(): void {
    const rest = this.#rest;
    const chunk = this.#restChunk;
    const end = this.#restLength;
    this.#target = NOTHING;
    this.#rest = NOTHING;
    this.#restChunk = null;
    this.#restLength = 0;
    const consumed = this.#consume(rest, 0, end, chunk === null);
    if (consumed === 0) {
      this.#rest = rest;
      this.#restChunk = chunk;
      this.#restLength = end;
      return;
    }
    if (consumed < end) this.#keep(rest, consumed, end);
    this.#release(chunk);
  }

  /** Forgets everything received. */
  clear(): void {
    this.#dropRest();
    this.#target = NOTHING;
    // Not released: a socket that has been given up may still read into it.
    this.#area = shared;
    this.#hasOwnAreas = false;
    this.#progress.reset();
  }

  #dropRest(): void {
    this.#release(this.#restChunk);
    this.#restChunk = null;
    this.#rest = NOTHING;
    this.#restLength = 0;
  }

  #isLarge(): boolean {
    return this.#restLength > 0 && Math.max(this.#progress.needed, this.#restLength) > HEADROOM;
  }

  /** Keeps what was not consumed: the beginning of a frame, or more if the consumer stopped. */
  #keep(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    const needed = this.#progress.needed;
    this.#makeRest(needed > HEADROOM ? roomFor(needed, length) : length);
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
    const size = isExact ? roomFor(needed, length) : Math.max(needed, length * 2);
    const former = this.#rest;
    const formerChunk = this.#restChunk;
    if (formerChunk !== null && formerChunk.buffer.length >= size) {
      this.#rest = formerChunk.beginning(size);
      return;
    }
    this.#makeRest(size);
    former.copy(this.#rest, 0, 0, length);
    this.#release(formerChunk);
  }

  /** Gives memory back for others to use, unless the socket is about to read into it. */
  #release(chunk: Chunk | null): void {
    if (!this.#isTargetOut) chunk?.release();
    this.#isTargetOut = false;
  }

  /** Memory of this size for the rest. The former one is the caller's. */
  #makeRest(size: number): void {
    this.#restChunk = takeLarge(size + SPARE_BYTES);
    this.#rest = this.#restChunk?.beginning(size) ?? Buffer.allocUnsafe(size);
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
