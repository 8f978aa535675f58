import { FrameProgress } from '../../resp/frame-progress.js';
import { Gathering, viewOf } from '../../resp/gathering.js';
import { frameReply } from '../../resp/reply-framer.js';
import type { Request } from '../request.js';
import type { Route } from './command-row.js';

const MINUS = 0x2d;
const COLON = 0x3a;
const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const CR = 0x0d;
const LF = 0x0a;
const ZERO = 0x30;
/** Room for the header of the merged array. */
const HEADER_BYTES = 16;

const progress = new FrameProgress();
const UNEXPECTED = Buffer.from(
  '-ERR a server answered a part of the command in an unexpected form\r\n',
);

/** One reply out of those to a split command's parts: `bytes[start, end)`. */
export class Merge {
  bytes: Buffer = UNEXPECTED;
  start = 0;
  end = 0;
  /** The bytes stay as they are when the parts' replies are gone, and after the next `make`. */
  isOwned = true;
  readonly #gathering = new Gathering();
  /** By part: where its next element begins. */
  readonly #cursors: number[] = [];
  readonly #views: DataView[] = [];

  /**
   * @param parts one request a part, each with its reply: a whole frame
   * @param runs the order of the keys, two numbers at a time: so many from this part
   */
  make(route: Route, parts: readonly Request[], runs: readonly number[]): void {
    for (const part of parts) {
      if (part.reply![part.replyStart] === MINUS) {
        this.#take(part);
        return;
      }
    }
    switch (route) {
      case 'split-mget':
        this.#mergeArrays(parts, runs);
        break;
      case 'split-sum':
        this.#sum(parts);
        break;
      default:
        this.#take(parts[0]!);
    }
  }

  /** Forgets the replies: they may be large. */
  clear(): void {
    this.#takeWhole(UNEXPECTED);
    this.#views.length = 0;
    this.#gathering.clear();
  }

  #take({ reply, replyStart, replyEnd }: Request): void {
    this.bytes = reply!;
    this.start = replyStart;
    this.end = replyEnd;
    this.isOwned = false;
  }

  #takeWhole(bytes: Buffer): void {
    this.bytes = bytes;
    this.start = 0;
    this.end = bytes.length;
    this.isOwned = true;
  }

  #sum(parts: readonly Request[]): void {
    let sum = 0;
    for (const { reply, replyStart, replyEnd } of parts) {
      if (reply![replyStart] !== COLON) {
        this.#takeWhole(UNEXPECTED);
        return;
      }
      sum += Number(reply!.toString('latin1', replyStart + 1, replyEnd - 2));
    }
    this.#takeWhole(Buffer.from(`:${sum}\r\n`));
  }

  /** Puts the elements of the parts' arrays into the order of the keys. */
  #mergeArrays(parts: readonly Request[], runs: readonly number[]): void {
    let length = HEADER_BYTES;
    for (let index = 0; index < parts.length; index++) {
      const { reply, replyStart, replyEnd } = parts[index]!;
      if (reply![replyStart] !== ASTERISK) {
        this.#takeWhole(UNEXPECTED);
        return;
      }
      this.#cursors[index] = reply!.indexOf(LF, replyStart) + 1;
      this.#views[index] = viewOf(reply!);
      length += replyEnd - replyStart;
    }
    let count = 0;
    for (let run = 0; run < runs.length; run += 2) count += runs[run + 1]!;
    const gathering = this.#gathering;
    gathering.begin(length);
    gathering.putCount(ASTERISK, count);
    for (let run = 0; run < runs.length; run += 2) {
      const index = runs[run]!;
      const part = parts[index]!;
      const from = this.#cursors[index]!;
      let to = from;
      for (let keys = runs[run + 1]!; keys > 0 && to >= 0; keys--) {
        to = elementEnd(part.reply!, to, part.replyEnd);
      }
      if (to < 0) {
        this.#takeWhole(UNEXPECTED);
        return;
      }
      gathering.put(part.reply!, this.#views[index]!, from, to);
      this.#cursors[index] = to;
    }
    this.bytes = gathering.bytes;
    this.start = 0;
    this.end = gathering.length;
    this.isOwned = gathering.isOwned;
  }
}

/** Where the element that starts at `bytes[start]` ends; negative: not before `end`. */
function elementEnd(bytes: Buffer, start: number, end: number): number {
  if (bytes[start] === DOLLAR && bytes[start + 1] !== MINUS) {
    let length = 0;
    for (let at = start + 1; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === CR) {
        const next = at + 4 + length;
        return next <= end ? next : -1;
      }
      length = length * 10 + (byte - ZERO);
    }
    return -1;
  }
  const next = frameReply(bytes, start, end, progress);
  if (next < 0) progress.reset();
  return next;
}
