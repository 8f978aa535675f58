/** The bounds of a piece. */
export interface PieceLimits {
  /** Elements; of a string bytes. */
  readonly elements: number;
  readonly bytes: number;
  /** How long a command may take. */
  readonly ms: number;
}

/**
 * A thousand elements are read or written within about a millisecond. More at once are hardly
 * faster. A thousand small elements may be followed by a thousand of a megabyte each: the lower this
 * is, the less of those come before we know.
 */
const MAX_ELEMENTS = 1024;
/** Copied, sent and taken in within about half a millisecond. */
const MAX_BYTES = 256 * 1024;
const MAX_MS = 10;

export const PIECE_LIMITS: PieceLimits = {
  elements: MAX_ELEMENTS,
  bytes: MAX_BYTES,
  ms: MAX_MS,
};

/** Before anything is known of the elements, which may be large. */
const FIRST_ELEMENTS = 16;

/**
 * How many elements to ask for next, by what those before weighed and how long they took. The time
 * is that from sending a command to its reply, with the waiting for other clients' commands: pieces
 * also become smaller on a server that is busy.
 */
export class PieceSize {
  readonly limits: PieceLimits;
  #elements: number;

  constructor(limits: PieceLimits) {
    this.limits = limits;
    this.#elements = Math.min(FIRST_ELEMENTS, limits.elements);
  }

  get elements(): number {
    return this.#elements;
  }

  note(bytes: number, tookMs: number): void {
    const { limits } = this;
    if (bytes > limits.bytes) this.#set(this.#elements * (limits.bytes / bytes));
    else if (tookMs > limits.ms / 2) this.#set(this.#elements / 2);
    else if (tookMs < limits.ms / 4 && bytes < limits.bytes / 2) this.#set(this.#elements * 2);
  }

  #set(elements: number): void {
    this.#elements = Math.min(this.limits.elements, Math.max(1, Math.floor(elements)));
  }
}
