import { equalsWord, wholeNumber } from './arguments.js';
import type { CommandRow, KeySpec } from './command-row.js';

/** Indexes of arguments that are keys; made once and used for every command. */
export class KeyPositions {
  positions = new Int32Array(64);

  /** Makes room for `count` positions; those there already are lost. */
  reserve(count: number): void {
    if (this.positions.length < count) this.positions = new Int32Array(count * 2);
  }
}

/** What {@link findKeys} returns for arguments that Redis refuses. */
export const MALFORMED = -1;

/**
 * Finds all keys of a command: those that the server would touch, in the order of its arguments,
 * without patterns (SORT's BY and GET). The number of arguments must fit the row's arity.
 *
 * @returns how many indexes were written to `out`; MALFORMED: Redis is sure to refuse the command
 * for its arguments, so it may be sent to any server, which then finds the words.
 */
export function findKeys(
  row: CommandRow,
  bytes: Uint8Array,
  argStarts: Int32Array,
  argEnds: Int32Array,
  argCount: number,
  out: KeyPositions,
): number {
  out.reserve(argCount);
  const args: Arguments = { bytes, argStarts, argEnds, argCount };
  switch (row.keyFinder) {
    case 'specs':
      return keysOfSpecs(row.keySpecs, args, out.positions);
    case 'sort':
      return keysOfSort(row, args, out.positions);
    case 'georadius':
      return keysOfGeoRadius(row, args, out.positions);
    case 'xread':
      return keysOfStreams(args, out.positions);
    case 'migrate':
      return keysOfMigrate(args, out.positions);
  }
}

/**
 * Which of the row's key specifications each of the keys found by `findKeys` belongs to: an index, from
 * the end if negative. To be called with the same arguments.
 */
export function specsOfKeys(
  row: CommandRow,
  bytes: Uint8Array,
  argStarts: Int32Array,
  argEnds: Int32Array,
  argCount: number,
  keyCount: number,
): number[] {
  const args: Arguments = { bytes, argStarts, argEnds, argCount };
  if (row.keyFinder === 'specs') {
    const positions = new Int32Array(argCount);
    return row.keySpecs.flatMap((spec, index) =>
      new Array<number>(keysOfSpecs([spec], args, positions)).fill(index),
    );
  }
  // SORT and GEORADIUS: the key that is read, then the one that is stored, which comes last.
  const hasDestination = row.keyFinder === 'sort' || row.keyFinder === 'georadius';
  return Array.from({ length: keyCount }, (_, at) => (hasDestination && at > 0 ? -1 : 0));
}

interface Arguments {
  readonly bytes: Uint8Array;
  readonly argStarts: Int32Array;
  readonly argEnds: Int32Array;
  readonly argCount: number;
}

function isWord(args: Arguments, index: number, word: string): boolean {
  return equalsWord(args.bytes, args.argStarts[index]!, args.argEnds[index]!, word);
}

function numberAt(args: Arguments, index: number): number | null {
  return wholeNumber(args.bytes, args.argStarts[index]!, args.argEnds[index]!);
}

function keysOfSpecs(specs: readonly KeySpec[], args: Arguments, positions: Int32Array): number {
  let count = 0;
  for (const spec of specs) {
    const beginning = beginningOf(spec, args);
    // A keyword that is not there: this specification names no keys.
    if (beginning === 0) continue;
    const after = addKeys(spec, beginning, args, positions, count);
    if (after === MALFORMED) return MALFORMED;
    count = after;
  }
  return count;
}

/** The argument a specification starts from; 0: its keyword is not there. */
function beginningOf(spec: KeySpec, args: Arguments): number {
  if (spec.keyword === '') return spec.index;
  const step = spec.index >= 0 ? 1 : -1;
  const from = spec.index >= 0 ? spec.index : args.argCount + spec.index;
  for (let index = from; index >= 1 && index < args.argCount - 1; index += step) {
    if (isWord(args, index, spec.keyword)) return index + 1;
  }
  return 0;
}

/** @returns the count after adding the keys of one specification, or MALFORMED. */
function addKeys(
  spec: KeySpec,
  beginning: number,
  args: Arguments,
  positions: Int32Array,
  count: number,
): number {
  const { argCount } = args;
  let first = beginning;
  let last: number;
  if (spec.numkeysAt >= 0) {
    const countAt = beginning + spec.numkeysAt;
    if (countAt >= argCount) return MALFORMED;
    const numkeys = numberAt(args, countAt);
    if (numkeys === null || numkeys < 0) return MALFORMED;
    if (numkeys === 0) return count;
    first = beginning + spec.first;
    last = first + (numkeys - 1) * spec.step;
  } else if (spec.last >= 0) {
    last = beginning + spec.last;
  } else if (spec.limit > 1) {
    last = beginning + Math.trunc((argCount - beginning) / spec.limit) + spec.last;
  } else {
    // PFMERGE dest: of "all the rest" there may be none.
    if (first >= argCount) return count;
    last = argCount + spec.last;
    // MSET a 1 b: not whole pairs.
    if ((last - first + 1) % spec.step !== 0) return MALFORMED;
  }
  if (first >= argCount || last >= argCount || last < first) return MALFORMED;
  let added = count;
  for (let index = first; index <= last; index += spec.step) {
    // Specifications that overlap (ZUNIONSTORE never does) could name more keys than arguments.
    if (added === positions.length) return MALFORMED;
    positions[added++] = index;
  }
  return added;
}

/**
 * SORT key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC|DESC] [ALPHA] [STORE key]; SORT_RO
 * knows no STORE.
 */
function keysOfSort(row: CommandRow, args: Arguments, positions: Int32Array): number {
  let store = 0;
  for (let index = 2; index < args.argCount; index++) {
    const rest = args.argCount - index - 1;
    if (isWord(args, index, 'limit') && rest >= 2) index += 2;
    else if ((isWord(args, index, 'by') || isWord(args, index, 'get')) && rest >= 1) index += 1;
    else if (!row.isReadOnly && isWord(args, index, 'store') && rest >= 1) store = ++index;
    else if (!isSortFlag(args, index)) return MALFORMED;
  }
  positions[0] = 1;
  if (store === 0) return 1;
  positions[1] = store;
  return 2;
}

function isSortFlag(args: Arguments, index: number): boolean {
  return isWord(args, index, 'asc') || isWord(args, index, 'desc') || isWord(args, index, 'alpha');
}

/** GEORADIUS key longitude latitude radius unit … [STORE key] [STOREDIST key]: the last one counts. */
function keysOfGeoRadius(row: CommandRow, args: Arguments, positions: Int32Array): number {
  let store = 0;
  for (let index = -row.arity; index < args.argCount - 1; index++) {
    if (isWord(args, index, 'store') || isWord(args, index, 'storedist')) store = ++index;
    // COUNT's number is no option, were it the word "store".
    else if (isWord(args, index, 'count')) index++;
  }
  positions[0] = 1;
  if (store === 0) return 1;
  positions[1] = store;
  return 2;
}

/** [GROUP group consumer] [COUNT n] [BLOCK ms] [NOACK] STREAMS key … id …: as many keys as ids. */
function keysOfStreams(args: Arguments, positions: Int32Array): number {
  let streams = 1;
  while (streams < args.argCount && !isWord(args, streams, 'streams')) {
    streams += streamOptionWidth(args, streams);
  }
  const rest = args.argCount - streams - 1;
  if (rest < 2 || rest % 2 !== 0) return MALFORMED;
  const count = rest / 2;
  for (let index = 0; index < count; index++) positions[index] = streams + 1 + index;
  return count;
}

/** How many arguments an option of XREAD is: the values of one may themselves be "streams". */
function streamOptionWidth(args: Arguments, index: number): number {
  if (isWord(args, index, 'group')) return 3;
  if (isWord(args, index, 'count') || isWord(args, index, 'block')) return 2;
  // NOACK, or an option or a number of a Redis younger than this line.
  return 1;
}

/** MIGRATE host port key|"" db timeout … [KEYS key …] */
function keysOfMigrate(args: Arguments, positions: Int32Array): number {
  positions[0] = 3;
  if (args.argEnds[3]! > args.argStarts[3]!) return 1;
  for (let index = 6; index < args.argCount; index++) {
    if (isWord(args, index, 'auth')) index += 1;
    else if (isWord(args, index, 'auth2')) index += 2;
    else if (isWord(args, index, 'keys')) {
      const count = args.argCount - index - 1;
      for (let key = 0; key < count; key++) positions[key] = index + 1 + key;
      return count;
    }
  }
  // The empty key itself.
  return 1;
}
