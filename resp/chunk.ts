/**
 * Memory that connections read into and whose bytes may be kept as they are, by whoever holds the
 * chunk, until they are released: large values are written to where they go from where they were
 * read. Whoever does not know of chunks copies what it keeps.
 */
export class Chunk {
  static readonly #byBuffer = new WeakMap<Buffer, Chunk>();
  readonly buffer: Buffer;
  readonly #onFree: ((chunk: Chunk) => void) | null;
  #holders = 0;

  /** @param onFree called whenever the last holder has released it */
  constructor(size: number, onFree: ((chunk: Chunk) => void) | null = null) {
    this.buffer = Buffer.allocUnsafeSlow(size);
    this.#onFree = onFree;
    Chunk.#byBuffer.set(this.buffer, this);
  }

  /** The chunk that these are the bytes of: a `buffer` or a `beginning`. */
  static of(bytes: Buffer): Chunk | undefined {
    return Chunk.#byBuffer.get(bytes);
  }

  /** Its first bytes, known to `of`. */
  beginning(length: number): Buffer {
    const view = this.buffer.subarray(0, length);
    Chunk.#byBuffer.set(view, this);
    return view;
  }

  /** Besides the one who asks, somebody needs its bytes. */
  get hasOtherHolders(): boolean {
    return this.#holders > 1;
  }

  hold(): void {
    this.#holders++;
  }

  release(): void {
    if (--this.#holders === 0) this.#onFree?.(this);
  }
}
