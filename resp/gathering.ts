/** Below, copying four bytes at a time beats `Buffer.copy`, which makes an object for each call. */
const SHORT_BYTES = 160;
/** What is not larger is put together in the same memory again and again. */
const SHARED_BYTES = 64 * 1024;

const shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
const CR = 0x0d;
const LF = 0x0a;

/** The view of larger ones is not kept: it would keep them. */
const KEPT_VIEW_BYTES = 256 * 1024;

let latest: Buffer = shared;
let latestView: DataView = new DataView(shared.buffer);

/** A place in bytes to copy from: made once for many short copies. */
export function viewOf(bytes: Buffer): DataView {
  if (bytes === latest) return latestView;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length <= KEPT_VIEW_BYTES) {
    latest = bytes;
    latestView = view;
  }
  return view;
}

/** Puts a frame together out of pieces of others. One at a time; a new one may begin any time. */
export class Gathering {
  bytes: Buffer = shared;
  /** `bytes[0, length)` is what has been put. */
  length = 0;
  /** The bytes stay as they are after the next `begin`. */
  isOwned = false;
  #view = viewOf(shared);

  /** @param capacity more than will be put */
  begin(capacity: number): void {
    this.length = 0;
    const isOwned = capacity > SHARED_BYTES;
    if (!isOwned && !this.isOwned) return;
    this.isOwned = isOwned;
    this.bytes = isOwned ? Buffer.allocUnsafeSlow(capacity) : shared;
    this.#view = viewOf(this.bytes);
  }

  /** Forgets what has been put: it may be large. */
  clear(): void {
    this.begin(0);
  }

  /** Puts the header of an array: `*3`. */
  putCount(mark: number, count: number): void {
    const { bytes } = this;
    let at = this.length;
    bytes[at++] = mark;
    if (count < 10) bytes[at++] = 0x30 + count;
    else at += bytes.write(String(count), at, 'latin1');
    bytes[at++] = CR;
    bytes[at++] = LF;
    this.length = at;
  }

  /** Puts `source[start, end)`. @param view of the source */
  put(source: Buffer, view: DataView, start: number, end: number): void {
    const { bytes } = this;
    let to = this.length;
    this.length = to + end - start;
    if (end - start > SHORT_BYTES) {
      source.copy(bytes, to, start, end);
      return;
    }
    const ownView = this.#view;
    let from = start;
    for (; from + 4 <= end; from += 4, to += 4) {
      ownView.setUint32(to, view.getUint32(from, true), true);
    }
    for (; from < end; from++, to++) bytes[to] = source[from]!;
  }
}
