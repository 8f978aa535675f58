// A frame: length (4 bytes), then for every answer but the first: xid (4), zxid (8), error (4).
const LENGTH_BYTES = 4;
const ERROR_AT = LENGTH_BYTES + 4 + 8;
const MAX_FRAME_BYTES = 64 * 1024 * 1024;

/** Cuts what one connection receives into ZooKeeper's frames. */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0);

  /** @throws Error on a length that no server sends. */
  push(chunk: Buffer): Buffer[] {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Buffer[] = [];
    while (bytes.length >= LENGTH_BYTES) {
      const length = bytes.readInt32BE(0);
      if (length < 0 || length > MAX_FRAME_BYTES) throw new Error(`a frame of ${length} bytes`);
      const end = LENGTH_BYTES + length;
      if (bytes.length < end) break;
      frames.push(bytes.subarray(0, end));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
    return frames;
  }

  /** The error code of an answer; 0: none. */
  static errorOf(frame: Buffer): number {
    return frame.readInt32BE(ERROR_AT);
  }

  static setError(frame: Buffer, code: number): void {
    frame.writeInt32BE(code, ERROR_AT);
  }
}
