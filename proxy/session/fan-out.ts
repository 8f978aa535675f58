import { slotOfKey } from '../../cluster/slot-hash.js';
import type { Server } from '../backend/server.js';
import { mergeReplies } from '../command/merge.js';
import { Request, type RequestOwner } from '../request.js';
import type { Router } from '../router/router.js';

/** The keys of a split command that go to one place together. */
interface Part {
  /** Null: to this slot alone, by way of its gate. */
  readonly server: Server | null;
  readonly slotId: number;
  /** Which of the command's keys: 0 for the first. */
  readonly keys: number[];
}

/** A framed command with its arguments' places; see RequestFramer. */
export interface FramedCommand {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly isOwned: boolean;
  readonly argStarts: Int32Array;
  readonly argEnds: Int32Array;
  readonly argCount: number;
}

/**
 * A command on keys of several groups: MGET, MSET, DEL and their like. It is sent as one command a
 * group, each with that group's keys in their order, and answered when all of them are: with the
 * merged reply, or with the first error. It is not atomic over groups.
 */
export class FanOut implements RequestOwner {
  readonly #whole: Request;
  readonly #parts: Part[];
  readonly #requests: Request[] = [];
  readonly #replies: Buffer[] = [];
  #missing: number;

  private constructor(whole: Request, parts: Part[]) {
    this.#whole = whole;
    this.#parts = parts;
    this.#missing = parts.length;
  }

  get origin(): object {
    return this.#whole.owner.origin;
  }

  /**
   * Sends the command, whole if all of its keys have one place.
   *
   * @param stride arguments a key: 1, or 2 for key and value
   */
  static send(whole: Request, command: FramedCommand, stride: number, router: Router): void {
    const parts = splitByPlace(command, stride, router);
    if (parts.length === 1) {
      const { bytes, start, end, isOwned } = command;
      router.send(whole, bytes, start, end, isOwned);
      return;
    }
    const fanOut = new FanOut(whole, parts);
    for (const part of parts) {
      const request = new Request(fanOut, whole.row, part.slotId, whole.lane, whole.startedUs);
      fanOut.#requests.push(request);
      fanOut.#replies.push(NO_REPLY);
    }
    for (const [index, part] of parts.entries()) {
      const bytes = partCommand(command, part.keys, stride);
      router.send(fanOut.#requests[index]!, bytes, 0, bytes.length, true);
    }
  }

  onReply(request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    const view = bytes.subarray(start, end);
    this.#replies[this.#requests.indexOf(request)] = isOwned ? view : Buffer.from(view);
    if (--this.#missing > 0) return;
    const merged = mergeReplies(
      this.#whole.row.route,
      this.#replies,
      this.#parts.map((part) => part.keys),
    );
    this.#whole.owner.onReply(this.#whole, merged, 0, merged.length, true);
  }
}

const NO_REPLY = Buffer.alloc(0);

function splitByPlace(command: FramedCommand, stride: number, router: Router): Part[] {
  const { bytes, argStarts, argEnds, argCount } = command;
  const parts: Part[] = [];
  for (let arg = 1, key = 0; arg < argCount; arg += stride, key++) {
    const slotId = slotOfKey(bytes, argStarts[arg]!, argEnds[arg]!);
    const server = router.serverOf(slotId);
    let part: Part | undefined;
    for (let index = 0; index < parts.length; index++) {
      const candidate = parts[index]!;
      if (candidate.server === server && (server !== null || candidate.slotId === slotId)) {
        part = candidate;
        break;
      }
    }
    if (part === undefined) {
      part = { server, slotId, keys: [] };
      parts.push(part);
    }
    part.keys.push(key);
  }
  return parts;
}

/** The command with some of its keys (and their values). */
function partCommand(command: FramedCommand, keys: readonly number[], stride: number): Buffer {
  const { bytes, argEnds } = command;
  const nameFrom = argEnds[0]! + 2;
  // The name's own `$n` line, from the end of the `*n` line on.
  const nameStart = bytes.indexOf(0x0a, command.start) + 1;
  const header = `*${1 + keys.length * stride}\r\n`;
  let length = header.length + (nameFrom - nameStart);
  for (const key of keys) {
    const first = 1 + key * stride;
    length += argEnds[first + stride - 1]! + 2 - (argEnds[first - 1]! + 2);
  }
  const part = Buffer.allocUnsafe(length);
  let at = part.write(header, 0, 'latin1');
  at += bytes.copy(part, at, nameStart, nameFrom);
  for (const key of keys) {
    const first = 1 + key * stride;
    // From behind the argument before it: its `$n` line comes along.
    at += bytes.copy(part, at, argEnds[first - 1]! + 2, argEnds[first + stride - 1]! + 2);
  }
  return part;
}
