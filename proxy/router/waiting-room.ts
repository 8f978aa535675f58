/** Commands waiting for their slots in the whole worker; more are turned away. */
const MAX_COMMANDS = 100_000;

/** Bounds what waits for slots that are on the move, over all of them. */
export class WaitingRoom {
  readonly #maxBytes: number;
  bytes = 0;
  /** Commands waiting now. */
  count = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes in a command of that many bytes, if there is room. */
  admit(bytes: number): boolean {
    if (this.count >= MAX_COMMANDS || this.bytes + bytes > this.#maxBytes) return false;
    this.count++;
    this.bytes += bytes;
    return true;
  }

  leave(bytes: number): void {
    this.count--;
    this.bytes -= bytes;
  }
}
