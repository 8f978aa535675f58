import { type FrameProgress, INCOMPLETE, MALFORMED } from './frame-progress.js';

const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const CR = 0x0d;
const ZERO = 0x30;
const MINUS = 0x2d;

/** proto-max-bulk-len of Redis. */
export const MAX_BULK_BYTES = 512 * 1024 * 1024;
/** PROTO_INLINE_MAX_SIZE of Redis: the longest header line and inline command. */
export const MAX_LINE_BYTES = 64 * 1024;
const MAX_ARGUMENTS = 2 ** 31 - 1;
/** What Redis allows before AUTH: arguments, and bytes an argument. */
const MAX_ARGUMENTS_UNAUTHENTICATED = 10;
const MAX_BULK_BYTES_UNAUTHENTICATED = 16384;

/** `$0\r\n\r\n`: the least an argument takes. */
const LEAST_ARGUMENT_BYTES = 6;
/** More digits than any legal length; a longer run is malformed, and would lose precision. */
const MAX_DIGITS = 10;

/** What {@link RequestFramer} reads in a header besides a number. */
const UNFINISHED = -1;
const NOT_A_NUMBER = -2;

/**
 * Finds where commands in the multibulk form begin and end, in place: no byte is copied, no object
 * made. One framer serves all connections of a process; what is particular to a connection is in
 * its FrameProgress. Errors are worded as in Redis 7.0's `processMultibulkBuffer`, and as there the
 * line ends of headers and arguments are skipped without a look.
 */
export class RequestFramer {
  /** After a frame was found: where its arguments start and end in the bytes. */
  argStarts: Int32Array<ArrayBuffer> = new Int32Array(1024);
  argEnds: Int32Array<ArrayBuffer> = new Int32Array(1024);
  /** 0 for `*0` and `*-1`: nothing to be executed, nothing to be answered. */
  argCount = 0;
  /** The position after the header that `#readNumber` read. */
  #next = 0;

  /**
   * Looks for the frame that starts at `bytes[start]`, which must be `*`.
   *
   * @returns the position after it, INCOMPLETE or MALFORMED.
   */
  frame(
    bytes: Uint8Array,
    start: number,
    end: number,
    progress: FrameProgress,
    isAuthenticated: boolean,
  ): number {
    if (progress.remaining > 0) {
      const skipped = this.#skip(bytes, start, end, progress, isAuthenticated);
      if (skipped < 0) return skipped;
    }
    const count = this.#readNumber(bytes, start + 1, end);
    if (count === UNFINISHED) {
      return lineIncomplete(start, end, progress, 'too big mbulk count string');
    }
    if (count > MAX_ARGUMENTS || count === NOT_A_NUMBER) {
      // A negative count is as good as none: nothing to execute.
      if (isNegativeNumber(bytes, start + 1, this.#next - 2)) {
        this.argCount = 0;
        return this.#next;
      }
      return malformed(progress, 'invalid multibulk length');
    }
    if (count > MAX_ARGUMENTS_UNAUTHENTICATED && !isAuthenticated) {
      return malformed(progress, 'unauthenticated multibulk length');
    }

    let at = this.#next;
    const maxBulk = isAuthenticated ? MAX_BULK_BYTES : MAX_BULK_BYTES_UNAUTHENTICATED;
    for (let index = 0; index < count; index++) {
      const argument = this.#argument(bytes, at, end, progress, maxBulk);
      if (argument < 0) {
        if (argument === INCOMPLETE) {
          progress.remaining = count - index;
          progress.offset = at - start;
          progress.needed += at - start + (count - index - 1) * LEAST_ARGUMENT_BYTES;
        }
        return argument;
      }
      if (index === this.argStarts.length) this.#growArguments();
      this.argStarts[index] = this.#next;
      this.argEnds[index] = argument - 2;
      at = argument;
    }
    this.argCount = count;
    return at;
  }

  /** Goes on with a frame begun earlier, without noting arguments. @returns its end, or why not. */
  #skip(
    bytes: Uint8Array,
    start: number,
    end: number,
    progress: FrameProgress,
    isAuthenticated: boolean,
  ): number {
    const maxBulk = isAuthenticated ? MAX_BULK_BYTES : MAX_BULK_BYTES_UNAUTHENTICATED;
    let at = start + progress.offset;
    while (progress.remaining > 0) {
      const argument = this.#argument(bytes, at, end, progress, maxBulk);
      if (argument < 0) {
        progress.offset = at - start;
        progress.needed += at - start + (progress.remaining - 1) * LEAST_ARGUMENT_BYTES;
        return argument;
      }
      at = argument;
      progress.remaining--;
    }
    progress.reset();
    return at;
  }

  /**
   * One argument. @returns the position after it, with `#next` where its bytes start; or INCOMPLETE
   * with `progress.needed` counted from the argument's start; or MALFORMED.
   */
  #argument(
    bytes: Uint8Array,
    at: number,
    end: number,
    progress: FrameProgress,
    maxBulk: number,
  ): number {
    if (at >= end) {
      progress.needed = LEAST_ARGUMENT_BYTES;
      return INCOMPLETE;
    }
    if (bytes[at] !== DOLLAR) {
      // Redis looks for the line's end before it looks at the byte.
      if (!hasLine(bytes, at, end)) {
        return lineIncomplete(at, end, progress, 'too big bulk count string');
      }
      return malformed(progress, `expected '$', got '${printable(bytes[at]!)}'`);
    }
    const length = this.#readNumber(bytes, at + 1, end);
    if (length === UNFINISHED) {
      return lineIncomplete(at, end, progress, 'too big bulk count string');
    }
    if (length > maxBulk && length <= MAX_BULK_BYTES) {
      return malformed(progress, 'unauthenticated bulk length');
    }
    if (length === NOT_A_NUMBER || length > MAX_BULK_BYTES) {
      return malformed(progress, 'invalid bulk length');
    }
    const argumentEnd = this.#next + length + 2;
    if (argumentEnd > end) {
      progress.needed = argumentEnd - at;
      return INCOMPLETE;
    }
    return argumentEnd;
  }

  /**
   * The number in front of the next CR, and `#next` after that line. UNFINISHED: the line's end
   * has not come; NOT_A_NUMBER: not one that Redis's string2ll takes (no sign, no leading zeros).
   */
  #readNumber(bytes: Uint8Array, from: number, end: number): number {
    let value = 0;
    let isNumber = true;
    for (let at = from; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === CR) {
        if (at + 1 >= end) return UNFINISHED;
        this.#next = at + 2;
        const digits = at - from;
        if (digits === 0 || digits > MAX_DIGITS) return NOT_A_NUMBER;
        if (bytes[from] === ZERO && digits > 1) return NOT_A_NUMBER;
        return isNumber ? value : NOT_A_NUMBER;
      }
      const digit = byte - ZERO;
      if (digit < 0 || digit > 9) isNumber = false;
      value = value * 10 + digit;
    }
    return UNFINISHED;
  }

  #growArguments(): void {
    const starts = new Int32Array(this.argStarts.length * 4);
    const ends = new Int32Array(this.argEnds.length * 4);
    starts.set(this.argStarts);
    ends.set(this.argEnds);
    this.argStarts = starts;
    this.argEnds = ends;
  }
}

/** True if the byte begins a command in the multibulk form; any other begins an inline command. */
export function isMultibulk(byte: number | undefined): boolean {
  return byte === ASTERISK;
}

function malformed(progress: FrameProgress, error: string): number {
  progress.error = `Protocol error: ${error}`;
  return MALFORMED;
}

/** The line that starts at `from` has no end yet: fine, unless it is too long already. */
function lineIncomplete(from: number, end: number, progress: FrameProgress, error: string): number {
  if (end - from > MAX_LINE_BYTES) return malformed(progress, error);
  progress.needed = end - from + 1;
  return INCOMPLETE;
}

function hasLine(bytes: Uint8Array, from: number, end: number): boolean {
  const cr = bytes.indexOf(CR, from);
  return cr >= 0 && cr + 1 < end;
}

function isNegativeNumber(bytes: Uint8Array, from: number, end: number): boolean {
  if (bytes[from] !== MINUS || end - from < 2 || end - from > 19) return false;
  if (bytes[from + 1] === ZERO) return false;
  for (let at = from + 1; at < end; at++) {
    if (bytes[at]! < ZERO || bytes[at]! > ZERO + 9) return false;
  }
  return true;
}

/** As Redis prints it with %c; bytes that would break the error's line are replaced. */
function printable(byte: number): string {
  return byte === CR || byte === 0x0a || byte === 0 ? ' ' : String.fromCharCode(byte);
}
