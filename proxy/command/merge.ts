import { FrameProgress } from '../../resp/frame-progress.js';
import { frameReply } from '../../resp/reply-framer.js';
import type { Route } from './command-row.js';

const MINUS = 0x2d;
const COLON = 0x3a;
const ASTERISK = 0x2a;
const LF = 0x0a;

/**
 * One reply out of those to a split command's parts.
 *
 * @param replies whole frames, one a part
 * @param keys for each part, which of the command's keys it had, ascending
 * @returns the whole frame; the first error if any part failed
 */
export function mergeReplies(
  route: Route,
  replies: readonly Buffer[],
  keys: readonly (readonly number[])[],
): Buffer {
  for (const reply of replies) {
    if (reply[0] === MINUS) return reply;
  }
  switch (route) {
    case 'split-mget':
      return mergeArrays(replies, keys);
    case 'split-sum':
      return mergeIntegers(replies);
    default:
      return replies[0]!;
  }
}

function mergeIntegers(replies: readonly Buffer[]): Buffer {
  let sum = 0;
  for (const reply of replies) {
    if (reply[0] !== COLON) return unexpected();
    sum += Number(reply.toString('latin1', 1, reply.length - 2));
  }
  return Buffer.from(`:${sum}\r\n`);
}

/** Puts the elements of the parts' arrays into the order of the keys. */
function mergeArrays(replies: readonly Buffer[], keys: readonly (readonly number[])[]): Buffer {
  let count = 0;
  let length = 0;
  for (const part of keys) count += part.length;
  const sources: Buffer[] = new Array(count);
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  const progress = new FrameProgress();
  for (const [index, reply] of replies.entries()) {
    if (reply[0] !== ASTERISK) return unexpected();
    let at = reply.indexOf(LF) + 1;
    for (const key of keys[index]!) {
      const end = frameReply(reply, at, reply.length, progress);
      if (end < 0) return unexpected();
      sources[key] = reply;
      starts[key] = at;
      ends[key] = end;
      length += end - at;
      at = end;
    }
  }
  const header = `*${count}\r\n`;
  const merged = Buffer.allocUnsafe(header.length + length);
  let at = merged.write(header, 0, 'latin1');
  for (let key = 0; key < count; key++) {
    at += sources[key]!.copy(merged, at, starts[key], ends[key]);
  }
  return merged;
}

function unexpected(): Buffer {
  return Buffer.from('-ERR a server answered a part of the command in an unexpected form\r\n');
}
