import { FrameProgress } from '../../resp/frame-progress.js';
import { RequestFramer } from '../../resp/request-framer.js';
import type { OutputKeeper } from '../io/outlet.js';

/** What is kept of a connection: more than a server that answers leaves unanswered. A power of two. */
const KEPT_BYTES = 128 * 1024;
/** Writes whose commands are larger on the average are not kept: to copy them would be felt. */
const KEPT_BYTES_PER_COMMAND = 256;
const KEPT_MARKS = 1024;

/** A command found again: `bytes[start, end)`, and its arguments' places in the same bytes. */
export interface SentCommand {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly argStarts: readonly number[];
  readonly argEnds: readonly number[];
}

/**
 * The latest commands that were written to a server, for when their replies do not come. They are
 * copied once a write, not once a command, and found again by framing.
 */
export class SentCommands implements OutputKeeper {
  #ring: Buffer | null = null;
  /** How many bytes have been kept; the position in the ring is its remainder. */
  #end = 0;
  /** After so many bytes so many commands had been written: the latest, each at its place modulo. */
  readonly #markBytes = new Float64Array(KEPT_MARKS);
  readonly #markCounts = new Float64Array(KEPT_MARKS);
  #marks = 0;
  readonly #countSent: () => number;

  /** @param countSent how many commands have been put to the connection's outlet */
  constructor(countSent: () => number) {
    this.#countSent = countSent;
  }

  /** Nothing of what has been written so far can be found again. */
  forget(): void {
    this.#marks = 0;
    this.#mark();
  }

  onWritten(slab: Buffer, length: number): void {
    if (this.#marks === 0) return;
    const last = (this.#marks - 1) % KEPT_MARKS;
    const commands = this.#countSent() - this.#markCounts[last]!;
    if (length > commands * KEPT_BYTES_PER_COMMAND || length > KEPT_BYTES) {
      this.#marks = 0;
      return;
    }
    this.#ring ??= Buffer.allocUnsafeSlow(KEPT_BYTES);
    const at = this.#end % KEPT_BYTES;
    const fitting = Math.min(length, KEPT_BYTES - at);
    slab.copy(this.#ring, at, 0, fitting);
    if (fitting < length) slab.copy(this.#ring, 0, fitting, length);
    this.#end += length;
  }

  onLargeWritten(): void {
    this.#marks = 0;
  }

  onFlushed(): void {
    this.#mark();
  }

  /**
   * Finds commands again.
   *
   * @param answered how many have been answered: those after them are looked for
   * @returns as many as are known, in their order; after a gap none
   */
  unanswered(answered: number): readonly SentCommand[] {
    const mark = this.#latestMarkUpTo(answered);
    if (mark === null) return [];
    const bytes = this.#copyFrom(mark.bytes);
    const framer = new RequestFramer();
    const commands: SentCommand[] = [];
    let count = mark.count;
    for (let at = 0; at < bytes.length; count++) {
      const next = framer.frame(bytes, at, bytes.length, new FrameProgress(), true);
      if (next < 0) break;
      if (count >= answered) {
        const { argCount } = framer;
        const argStarts = [...framer.argStarts.subarray(0, argCount)];
        const argEnds = [...framer.argEnds.subarray(0, argCount)];
        commands.push({ bytes, start: at, end: next, argStarts, argEnds });
      }
      at = next;
    }
    return commands;
  }

  #mark(): void {
    const at = this.#marks++ % KEPT_MARKS;
    this.#markBytes[at] = this.#end;
    this.#markCounts[at] = this.#countSent();
  }

  #latestMarkUpTo(answered: number): { readonly bytes: number; readonly count: number } | null {
    const oldest = Math.max(0, this.#marks - KEPT_MARKS);
    for (let index = this.#marks - 1; index >= oldest; index--) {
      const count = this.#markCounts[index % KEPT_MARKS]!;
      if (count > answered) continue;
      const bytes = this.#markBytes[index % KEPT_MARKS]!;
      return this.#end - bytes <= KEPT_BYTES ? { bytes, count } : null;
    }
    return null;
  }

  #copyFrom(position: number): Buffer {
    const length = this.#end - position;
    if (this.#ring === null || length === 0) return Buffer.alloc(0);
    const at = position % KEPT_BYTES;
    const first = this.#ring.subarray(at, Math.min(KEPT_BYTES, at + length));
    return Buffer.concat([first, this.#ring.subarray(0, length - first.length)]);
  }
}
