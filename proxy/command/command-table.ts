import type { CommandRow } from './command-row.js';
import { COMMAND_ROWS } from './command-rows.js';

/**
 * Finds a command's row by the bytes of its name without making a string: open addressing over a
 * hash of the length and some bytes, letters folded.
 */

// A power of two, eight times the number of commands: few names share a place.
const PLACES = 2048;
const MASK = PLACES - 1;

const rowAt: (CommandRow | null)[] = new Array(PLACES).fill(null);
/** Names in lower case, one after another; `nameStart[place]` tells where that of a place begins. */
const names = Buffer.from(COMMAND_ROWS.map((row) => row.name).join(''), 'latin1');
const nameStart = new Int32Array(PLACES);
const nameLength = new Int32Array(PLACES);
const SHORTEST_NAME = 2;
const LONGEST_NAME = Math.max(...COMMAND_ROWS.map((row) => row.name.length));

let written = 0;
for (const row of COMMAND_ROWS) {
  const length = row.name.length;
  let place = hash(names, written, written + length);
  while (rowAt[place] !== null) place = (place + 1) & MASK;
  rowAt[place] = row;
  nameStart[place] = written;
  nameLength[place] = length;
  written += length;
}

/** The row of the command whose name stands in `bytes[start, end)`, in any case; null: unknown. */
export function lookup(bytes: Uint8Array, start: number, end: number): CommandRow | null {
  const length = end - start;
  if (length > LONGEST_NAME || length < SHORTEST_NAME) return null;
  let place = hash(bytes, start, end);
  for (let row = rowAt[place]!; row !== null; row = rowAt[place]!) {
    if (nameLength[place] === length && equalsName(bytes, start, length, nameStart[place]!)) {
      return row;
    }
    place = (place + 1) & MASK;
  }
  return null;
}

/**
 * The row that serves a command whose name was found: that of the subcommand for a `container`, else
 * `row` itself. A container without a subcommand stays itself: by its arity that is an error, except
 * for COMMAND, which is answered locally. Null: no such subcommand, or not served.
 */
export function resolveSubcommand(
  row: CommandRow,
  bytes: Uint8Array,
  argStarts: Int32Array,
  argEnds: Int32Array,
  argCount: number,
): CommandRow | null {
  if (row.subcommands.length === 0 || argCount === 1) return row;
  return lookupSub(row, bytes, argStarts[1]!, argEnds[1]!);
}

/** The row of `container`'s subcommand whose name stands in `bytes[start, end)`, in any case. */
export function lookupSub(
  container: CommandRow,
  bytes: Uint8Array,
  start: number,
  end: number,
): CommandRow | null {
  const prefix = container.name.length + 1;
  for (const row of container.subcommands) {
    const { name } = row;
    if (name.length - prefix !== end - start) continue;
    let at = start;
    while (at < end && foldLetter(bytes[at]!) === name.charCodeAt(prefix + at - start)) at++;
    if (at === end) return row.route === 'refused' ? null : row;
  }
  return null;
}

/** Of the length and five bytes: enough to tell the names apart, and no longer for longer ones. */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let sum = end - start;
  // 0x20 folds letters, and a few other characters that equalsName tells apart.
  sum = Math.imul(sum, 31) + (bytes[start]! | 0x20);
  sum = Math.imul(sum, 31) + (bytes[start + 1]! | 0x20);
  sum = Math.imul(sum, 31) + (bytes[(start + end) >> 1]! | 0x20);
  sum = Math.imul(sum, 31) + (bytes[end - 2]! | 0x20);
  sum = Math.imul(sum, 31) + (bytes[end - 1]! | 0x20);
  return (sum ^ (sum >>> 11)) & MASK;
}

function equalsName(bytes: Uint8Array, start: number, length: number, nameAt: number): boolean {
  for (let index = 0; index < length; index++) {
    if (foldLetter(bytes[start + index]!) !== names[nameAt + index]) return false;
  }
  return true;
}

/** Lower case for A to Z. */
function foldLetter(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}
