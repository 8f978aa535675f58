import type { Socket } from 'node:net';
import { Ring } from '../../base/ring.js';
import { Chunk } from '../../resp/chunk.js';
import { takeLarge } from '../../resp/large-buffers.js';
import { BEING_WRITTEN, type DirectWriter, NOT_WRITTEN, writeDirectly } from './direct-write.js';
import { type Flushable, turn } from './turn.js';

/** Output up to this size a socket and turn costs one copy and one write. */
const SLAB_BYTES = 64 * 1024;
/** Beyond, a stable buffer is passed on as it is: copying costs more than a second write. */
const VIEW_BYTES = 16 * 1024;
/** Below, a loop beats `Buffer.copy`, which crosses into C++. */
const LOOP_BYTES = 48;
/**
 * What a socket is given at a time when it does not take all at once: it gives memory back only when
 * all that it has is written.
 */
const FED_BYTES = 256 * 1024;
/** The C library's, in front of memory of a chunk's size. */
const PAGE_BYTES = 4096;
/** Free slabs kept; more than this are only in use while many sockets are written in one turn. */
const MAX_FREE_SLABS = 256;
/**
 * Turns that output waits for more that is expected: the replies of a pipeline come from several
 * servers, in different turns, and a write costs more than all that is done for its commands. Two
 * turns find nearly all (1.08 instead of 1.35 writes for a pipeline of 16 over two servers).
 */
const MOST_DEFERRALS = 2;

const freeSlabs: Buffer[] = [];

function takeSlab(): Buffer {
  return freeSlabs.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
}

/** Output that waits until the socket has written what it was given before. */
interface Waiting {
  readonly view: Buffer;
  /** The slab or the chunk that it is in; null: neither. */
  readonly slab: Buffer | null;
  readonly chunk: Chunk | null;
}

/** Told of each write, not of each `put`. */
export interface OutputKeeper {
  /** `slab[0, length)` has been written; it is used again soon. */
  onWritten(slab: Buffer, length: number): void;
  /** Bytes that are in no slab have been written. */
  onLargeWritten(): void;
  /** All that was put has been written. */
  onFlushed(): void;
}

export interface OutletOptions {
  /** More output may come within the next turns. */
  readonly expectsMore?: () => boolean;
  readonly keeper?: OutputKeeper | null;
  /** `direct`: past the socket's stream, if this Node can; `plain`: by it. */
  readonly writes?: 'direct' | 'plain';
}

const nothingMore = (): boolean => false;

/**
 * The output side of a socket: collects bytes during a turn and writes them at its end, or a little
 * later where more is expected.
 */
export class Outlet implements Flushable, DirectWriter {
  readonly #socket: Socket;
  #slab: Buffer | null = null;
  #used = 0;
  /** Written, but not taken by the kernel yet; free again when the socket has nothing left. */
  #inSocket: Buffer[] = [];
  /** Chunks with bytes that the kernel has not taken yet. */
  #held: Chunk[] = [];
  /** Null until it is needed for the first time. */
  #waiting: Ring<Waiting> | null = null;
  #waitingBytes = 0;
  #waitingMemory = 0;
  #isWaiting = false;
  #deferrals = 0;
  /** Being written past the socket's stream, in front of what that has. */
  #directBytes = 0;
  bytesWritten = 0;

  /** Called after a flush that the socket could not take whole. */
  readonly #onCongested: () => void;
  readonly #expectsMore: () => boolean;
  readonly #keeper: OutputKeeper | null;
  readonly #writes: 'direct' | 'plain';

  constructor(socket: Socket, onCongested: () => void, options: OutletOptions = {}) {
    this.#socket = socket;
    this.#onCongested = onCongested;
    this.#expectsMore = options.expectsMore ?? nothingMore;
    this.#keeper = options.keeper ?? null;
    this.#writes = options.writes ?? 'direct';
  }

  /** Bytes that the kernel has not taken yet. */
  get pending(): number {
    return this.#used + this.#waitingBytes + this.#unsent;
  }

  /** Of them, those that the socket has been given. */
  get #unsent(): number {
    return this.#socket.writableLength + this.#directBytes;
  }

  /** The memory that they keep: what is in slabs and chunks that stay keeps them whole. */
  get memory(): number {
    const unsent = this.#unsent;
    if (unsent === 0) return this.#used;
    let inSocket = this.#inSocket.length * SLAB_BYTES;
    for (const chunk of this.#held) inSocket += chunk.buffer.length + PAGE_BYTES;
    const slab = this.#used > 0 ? SLAB_BYTES : 0;
    return slab + this.#waitingMemory + Math.max(inSocket, unsent);
  }

  /**
   * Adds `bytes[start, end)`.
   *
   * @param isOwned the bytes will not change: large ones are written from where they are, as are
   * those of a chunk.
   */
  put(bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    const length = end - start;
    if (this.#used + length > SLAB_BYTES || length >= VIEW_BYTES) {
      this.#putLarge(bytes, start, end, isOwned);
      return;
    }
    this.#putInSlab(bytes, start, end);
  }

  #putInSlab(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    this.#slab ??= takeSlab();
    const slab = this.#slab;
    let at = this.#used;
    if (length < LOOP_BYTES) {
      for (let from = start; from < end; from++) slab[at++] = bytes[from]!;
    } else {
      bytes.copy(slab, at, start, end);
      at += length;
    }
    this.#used = at;
    if (!this.#isWaiting) this.#flushLater();
  }

  flush(): void {
    if (this.#deferrals < MOST_DEFERRALS && this.#mayDefer()) {
      this.#deferrals++;
      this.#flushLater();
      return;
    }
    this.#deferrals = 0;
    this.#isWaiting = false;
    // While the socket has enough, a slab is filled: a turn's few bytes are no slab worth.
    if (this.#unsent === 0) {
      if (this.#used > 0) this.#sendSlab();
    } else if (this.#used > 0 && !this.#willDrain) {
      this.#writeSlab();
    }
    if (this.#used === 0) this.#keeper?.onFlushed();
    if (this.#unsent > 0) this.#onCongested();
  }

  #mayDefer(): boolean {
    return this.#used > 0 && this.#unsent === 0 && this.#expectsMore();
  }

  /** Gives the socket all there is: it is about to be ended. */
  finish(): void {
    this.#isWaiting = false;
    if (this.#used > 0) this.#writeSlab();
    this.#feed(Number.POSITIVE_INFINITY);
  }

  /** It will be said when the socket has nothing left to write. */
  get #willDrain(): boolean {
    return this.#directBytes > 0 || this.#socket.writableNeedDrain;
  }

  /** To be called when the socket drains: if it has nothing left to write, its slabs are free. */
  onWritten(): void {
    // The event is about an earlier write.
    if (this.#directBytes > 0) return;
    this.#release();
    this.#feed(FED_BYTES);
    if (this.#used > 0 && !this.#isWaiting) this.flush();
  }

  #release(): void {
    for (const slab of this.#inSocket) recycle(slab);
    this.#inSocket.length = 0;
    for (const chunk of this.#held) chunk.release();
    this.#held.length = 0;
  }

  /** Forgets what has not been written; the keeper is told of it all the same. */
  discard(): void {
    if (this.#slab !== null) this.#keeper?.onWritten(this.#slab, this.#used);
    if (this.#slab !== null) recycle(this.#slab);
    this.#slab = null;
    this.#used = 0;
    for (const { slab, chunk } of this.#waiting?.items() ?? []) {
      if (slab !== null) recycle(slab);
      chunk?.release();
    }
    this.#waiting = null;
    this.#waitingBytes = 0;
    this.#waitingMemory = 0;
    // Otherwise the kernel may still be about to take what has been written.
    if (this.#socket.destroyed) this.#release();
  }

  /** Gives the socket what waits, until it has so many bytes. */
  #feed(bytes: number): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    while (waiting.length > 0 && this.#unsent < bytes) {
      const { view, slab, chunk } = waiting.shift()!;
      this.#waitingBytes -= view.length;
      this.#waitingMemory -= memoryOf(view, slab, chunk);
      this.#socket.write(view);
      if (slab !== null) this.#inSocket.push(slab);
      if (chunk !== null) this.#held.push(chunk);
    }
    if (this.#unsent === 0) this.#release();
  }

  /** The socket has enough to write: more waits. */
  get #isFull(): boolean {
    return this.#waitingBytes > 0 || this.#unsent >= FED_BYTES;
  }

  /** @param chunk held already */
  #wait(view: Buffer, slab: Buffer | null, chunk: Chunk | null): void {
    this.#waiting ??= new Ring();
    this.#waiting.push({ view, slab, chunk });
    this.#waitingBytes += view.length;
    this.#waitingMemory += memoryOf(view, slab, chunk);
  }

  #flushLater(): void {
    this.#isWaiting = true;
    turn.flushLater(this);
  }

  /** What does not fit beside the rest: makes room, or passes a view of the bytes on. */
  #putLarge(bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    const length = end - start;
    const chunk = isOwned ? undefined : this.#chunkToHold(bytes, length);
    const isView = length >= VIEW_BYTES && (isOwned || chunk !== undefined);
    if (!isView && length <= SLAB_BYTES) {
      if (this.#used + length > SLAB_BYTES) this.#writeSlab();
      this.#putInSlab(bytes, start, end);
      return;
    }
    const view = bytes.subarray(start, end);
    const copied = isView ? null : takeLarge(length);
    const held = copied ?? chunk ?? null;
    copied?.buffer.set(view);
    const output = copied?.buffer.subarray(0, length) ?? (isView ? view : Buffer.from(view));
    if (copied === null) held?.hold();
    const isFull = this.#isFull;
    if (!isFull) this.#socket.cork();
    if (this.#used > 0) this.#writeSlab();
    this.bytesWritten += length;
    this.#keeper?.onLargeWritten();
    if (isFull) {
      this.#wait(output, null, held);
    } else {
      if (held !== null) this.#held.push(held);
      this.#socket.write(output);
      this.#socket.uncork();
      if (this.#unsent === 0) this.#release();
    }
    // The flush looks whether the socket took it.
    if (!this.#isWaiting) this.#flushLater();
  }

  /** A chunk is held whole for any part of it: for a slow reader, small parts are copied. */
  #chunkToHold(bytes: Buffer, length: number): Chunk | undefined {
    const chunk = Chunk.of(bytes);
    if (this.#unsent === 0) return chunk;
    return chunk !== undefined && length * 2 >= chunk.buffer.length ? chunk : undefined;
  }

  /** The slab alone, to a socket that has nothing to write. */
  #sendSlab(): void {
    const slab = this.#slab!;
    const used = this.#used;
    const view = used === SLAB_BYTES ? slab : slab.subarray(0, used);
    const outcome =
      this.#writes === 'plain' ? NOT_WRITTEN : writeDirectly(this.#socket, view, this);
    if (outcome === NOT_WRITTEN) {
      this.#writeSlab();
      return;
    }
    this.#slab = null;
    this.#used = 0;
    this.bytesWritten += used;
    this.#keeper?.onWritten(slab, used);
    if (outcome === BEING_WRITTEN) {
      this.#directBytes = used;
      this.#inSocket.push(slab);
    } else {
      recycle(slab);
    }
  }

  onDirectlyWritten(): void {
    this.#directBytes = 0;
    if (this.#socket.writableLength === 0) this.#socket.emit('drain');
    else if (!this.#willDrain) this.flush();
  }

  #writeSlab(): void {
    const slab = this.#slab!;
    const used = this.#used;
    this.#slab = null;
    this.#used = 0;
    this.bytesWritten += used;
    this.#keeper?.onWritten(slab, used);
    const view = used === SLAB_BYTES ? slab : slab.subarray(0, used);
    if (this.#unsent > 0) {
      this.#queueSlab(view, slab);
      return;
    }
    this.#socket.write(view);
    this.#inSocket.push(slab);
    // Written in the call itself, as nearly always.
    if (this.#unsent === 0) this.#release();
  }

  /** Behind what the kernel has not taken: it may stay for long, and a little is no slab worth. */
  #queueSlab(view: Buffer, slab: Buffer): void {
    const isLittle = view.length < SLAB_BYTES / 2;
    const output = isLittle ? Buffer.from(view) : view;
    const kept = isLittle ? null : slab;
    if (isLittle) recycle(slab);
    if (this.#isFull) {
      this.#wait(output, kept, null);
      return;
    }
    this.#socket.write(output);
    if (kept !== null) this.#inSocket.push(kept);
  }
}

/** What a piece of output keeps. */
function memoryOf(view: Buffer, slab: Buffer | null, chunk: Chunk | null): number {
  if (chunk !== null) return chunk.buffer.length + PAGE_BYTES;
  return slab?.length ?? view.length;
}

function recycle(slab: Buffer): void {
  if (freeSlabs.length < MAX_FREE_SLABS) freeSlabs.push(slab);
}
