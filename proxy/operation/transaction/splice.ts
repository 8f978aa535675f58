import { FrameProgress } from '../../../resp/frame-progress.js';
import { frameReply } from '../../../resp/reply-framer.js';

const ASTERISK = 0x2a;
const MINUS = 0x2d;
const LF = 0x0a;

/** True for an array that is not null. */
export function isArray(reply: Buffer): boolean {
  return reply[0] === ASTERISK && reply[1] !== MINUS;
}

/**
 * EXEC's array with the replies of all commands.
 *
 * @param reply the array of those that the server executed, in their order
 * @param own for each command the reply's frame, or null for the server's next one
 */
export function splice(reply: Buffer, own: readonly (Buffer | null)[]): Buffer {
  const progress = new FrameProgress();
  let at = reply.indexOf(LF) + 1;
  const frames = own.map((frame) => {
    if (frame !== null) return frame;
    const start = at;
    at = frameReply(reply, start, reply.length, progress);
    if (at < 0) throw new Error('the server answered a transaction with too few replies');
    return reply.subarray(start, at);
  });
  return Buffer.concat([Buffer.from(`*${own.length}\r\n`), ...frames]);
}
