import { slotOfKey } from '../../cluster/slot-hash.js';
import { equalsWord, wholeNumber } from './arguments.js';
import type { CommandRow } from './command-row.js';
import { COPY_DB_ERROR } from './errors.js';

/**
 * Why a served command is refused for what stands in its arguments; to be asked for rows whose
 * `guard` is not `none`, after the arity has been checked.
 *
 * - `script`: nothing is refused; the proxy remembers scripts, see script/known-scripts.ts.
 * - `no-other-db`: COPY … DB n: keys of one command are in one database.
 * - `no-foreign-patterns`: SORT's BY and GET patterns may name keys on other servers, so they must
 *   have a hash tag that puts all of them into the slot of the key: Redis's rule in a cluster.
 *
 * @returns the error (a byte string), or null: go on. Arguments that Redis refuses anyway are left
 * to it.
 */
export function refusal(
  row: CommandRow,
  bytes: Uint8Array,
  argStarts: Int32Array,
  argEnds: Int32Array,
  argCount: number,
  database: number,
): string | null {
  const isWord = (index: number, word: string) =>
    equalsWord(bytes, argStarts[index]!, argEnds[index]!, word);
  switch (row.guard) {
    case 'none':
    case 'script':
    case 'no-block':
    case 'while-busy':
    case 'logs-in':
      return null;
    case 'no-other-db':
      for (let index = 3; index < argCount - 1; index++) {
        if (!isWord(index, 'db')) continue;
        const db = wholeNumber(bytes, argStarts[index + 1]!, argEnds[index + 1]!);
        return db === null || db === database ? null : COPY_DB_ERROR;
      }
      return null;
    case 'no-foreign-patterns': {
      const slotId = slotOfKey(bytes, argStarts[1]!, argEnds[1]!);
      for (let index = 2; index < argCount - 1; index++) {
        if (isWord(index, 'limit')) index += 2;
        else if (isWord(index, 'store')) index += 1;
        else if (isWord(index, 'by') || isWord(index, 'get')) {
          const option = isWord(index, 'by') ? 'BY' : 'GET';
          index++;
          if (!staysInSlot(bytes, argStarts[index]!, argEnds[index]!, slotId)) {
            return `ERR ${option} option of SORT denied in cluster mode when keys formed by the pattern may be in different slots.`;
          }
        }
      }
      return null;
    }
  }
}

const STAR = 0x2a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** True if every key the pattern may stand for is in the slot, or if it stands for none. */
function staysInSlot(bytes: Uint8Array, start: number, end: number, slotId: number): boolean {
  const star = bytes.subarray(start, end).indexOf(STAR);
  // Without a star SORT looks nothing up: `BY nosort`, `GET #`.
  if (star < 0) return true;
  const open = bytes.subarray(start, end).indexOf(OPEN_BRACE);
  if (open < 0) return false;
  const close = bytes.subarray(start + open, end).indexOf(CLOSE_BRACE);
  if (close < 0) return false;
  // What the star stands for must neither be in the tag nor bring a tag of its own before it.
  return star > open + close && slotOfKey(bytes, start, end) === slotId;
}
