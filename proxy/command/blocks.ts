import { equalsWord } from './arguments.js';
import type { CommandRow } from './command-row.js';

/** True if the command, whose guard is `no-block`, is to wait: XREAD and XREADGROUP with BLOCK. */
export function blocks(
  row: CommandRow,
  bytes: Uint8Array,
  argStarts: Int32Array,
  argEnds: Int32Array,
  argCount: number,
): boolean {
  if (row.guard !== 'no-block') return false;
  const isWord = (index: number, word: string) =>
    equalsWord(bytes, argStarts[index]!, argEnds[index]!, word);
  for (let index = 1; index < argCount; index++) {
    if (isWord(index, 'streams')) return false;
    if (isWord(index, 'block')) return true;
    if (isWord(index, 'group')) index += 2;
    else if (isWord(index, 'count')) index++;
  }
  return false;
}
