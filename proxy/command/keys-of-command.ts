import { FrameProgress } from '../../resp/frame-progress.js';
import { RequestFramer } from '../../resp/request-framer.js';
import type { CommandRow } from './command-row.js';
import { findKeys, KeyPositions } from './keys.js';

const framer = new RequestFramer();
const positions = new KeyPositions();

/**
 * The keys of the whole command in `bytes[start, end)` as byte strings, each once. Frames the
 * command anew: for slots on the move, where keys must be known one by one.
 */
export function keysOfCommand(
  row: CommandRow,
  bytes: Buffer,
  start: number,
  end: number,
): string[] {
  // A channel: it goes with its slot, and there is nothing to be moved first.
  if (row.route === 'publish') return [];
  framer.frame(bytes, start, end, new FrameProgress(), true);
  const { argStarts, argEnds, argCount } = framer;
  const keyAt = (index: number) => bytes.toString('latin1', argStarts[index], argEnds[index]);
  if (row.hasOneKey) return [keyAt(row.firstKey)];
  const count = findKeys(row, bytes, argStarts, argEnds, argCount, positions);
  const keys = new Set<string>();
  for (let index = 0; index < count; index++) keys.add(keyAt(positions.positions[index]!));
  return [...keys];
}
