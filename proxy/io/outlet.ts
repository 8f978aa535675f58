import type { Socket } from 'node:net';
import { Chunk } from '../../resp/chunk.js';
import { takeLarge } from '../../resp/large-buffers.js';
import { type Flushable, turn } from './turn.js';

/** Output up to this size a socket and turn costs one copy and one write. */
const SLAB_BYTES = 64 * 1024;
/** Beyond, a stable buffer is passed on as it is: copying costs more than a second write. */
const VIEW_BYTES = 16 * 1024;
/** Below, a loop beats `Buffer.copy`, which crosses into C++. */
const LOOP_BYTES = 48;
/** Free slabs kept; more than this are only in use while many sockets are written in one turn. */
const MAX_FREE_SLABS = 256;

const freeSlabs: Buffer[] = [];

function takeSlab(): Buffer {
  return freeSlabs.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
}

/** The output side of a socket: collects bytes during a turn and writes them at its end. */
export class Outlet implements Flushable {
  readonly #socket: Socket;
  #slab: Buffer | null = null;
  #used = 0;
  /** Written, but not taken by the kernel yet; free again when the socket has nothing left. */
  #inSocket: Buffer[] = [];
  /** Chunks with bytes that the kernel has not taken yet. */
  #held: Chunk[] = [];
  #isWaiting = false;
  bytesWritten = 0;

  /** Called after a flush that the socket could not take whole. */
  readonly #onCongested: () => void;

  constructor(socket: Socket, onCongested: () => void) {
    this.#socket = socket;
    this.#onCongested = onCongested;
  }

  /** Bytes that the kernel has not taken yet. */
  get pending(): number {
    return this.#used + this.#socket.writableLength;
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
    this.#isWaiting = false;
    if (this.#used > 0) this.#writeSlab();
    if (this.#socket.writableLength > 0) this.#onCongested();
  }

  /** To be called when the socket has nothing left to write: its slabs are free. */
  onWritten(): void {
    for (const slab of this.#inSocket) recycle(slab);
    this.#inSocket.length = 0;
    for (const chunk of this.#held) chunk.release();
    this.#held.length = 0;
  }

  /** Forgets what has not been written. */
  discard(): void {
    if (this.#slab !== null) recycle(this.#slab);
    this.#slab = null;
    this.#used = 0;
    // Otherwise the kernel may still be about to take what has been written.
    if (this.#socket.destroyed) this.onWritten();
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
    const held = copied ?? chunk;
    this.#socket.cork();
    if (this.#used > 0) this.#writeSlab();
    this.bytesWritten += length;
    if (copied !== null) {
      view.copy(copied.buffer);
      this.#socket.write(copied.buffer.subarray(0, length));
    } else {
      this.#socket.write(isView ? view : Buffer.from(view));
    }
    this.#socket.uncork();
    if (held !== undefined && this.#socket.writableLength > 0) {
      if (copied === null) held.hold();
      this.#held.push(held);
    } else copied?.release();
    // The flush looks whether the socket took it.
    if (!this.#isWaiting) this.#flushLater();
  }

  /** A chunk is held whole for any part of it: for a slow reader, small parts are copied. */
  #chunkToHold(bytes: Buffer, length: number): Chunk | undefined {
    const chunk = Chunk.of(bytes);
    if (this.#socket.writableLength === 0) return chunk;
    return chunk !== undefined && length * 2 >= chunk.buffer.length ? chunk : undefined;
  }

  #writeSlab(): void {
    const slab = this.#slab!;
    const used = this.#used;
    this.#slab = null;
    this.#used = 0;
    this.bytesWritten += used;
    this.#socket.write(used === SLAB_BYTES ? slab : slab.subarray(0, used));
    this.#inSocket.push(slab);
    // Written in the call itself, as nearly always.
    if (this.#socket.writableLength === 0) this.onWritten();
  }
}

function recycle(slab: Buffer): void {
  if (freeSlabs.length < MAX_FREE_SLABS) freeSlabs.push(slab);
}
