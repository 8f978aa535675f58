import { type FrameProgress, INCOMPLETE, MALFORMED } from '../../resp/frame-progress.js';
import { encodeMultibulk, splitInline } from '../../resp/inline-command.js';
import { MAX_LINE_BYTES } from '../../resp/request-framer.js';

const LF = 0x0a;
const CR = 0x0d;

/**
 * Reads the inline command at `bytes[start]`: one line of text, as typed into telnet. An empty line
 * is passed over.
 *
 * @param found called with the command in the multibulk form
 * @returns the position after the line, INCOMPLETE or MALFORMED
 */
export function readInline(
  bytes: Buffer,
  start: number,
  end: number,
  progress: FrameProgress,
  found: (command: Buffer) => void,
): number {
  // Not `indexOf` without a bound: the buffer goes on behind `end` with old bytes.
  let lineEnd = start;
  while (lineEnd < end && bytes[lineEnd] !== LF) lineEnd++;
  if (lineEnd === end) {
    if (end - start > MAX_LINE_BYTES) {
      progress.error = 'Protocol error: too big inline request';
      return MALFORMED;
    }
    progress.needed = end - start + 1;
    return INCOMPLETE;
  }
  progress.needed = 0;
  const textEnd = lineEnd > start && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
  const args = splitInline(bytes.toString('latin1', start, textEnd));
  if (args === null) {
    progress.error = 'Protocol error: unbalanced quotes in request';
    return MALFORMED;
  }
  if (args.length > 0) found(encodeMultibulk(args));
  return lineEnd + 1;
}
