import { byteString } from '../arguments.js';
import type { CommandRow } from '../command-row.js';
import { type KnownScript, knownScripts } from './known-scripts.js';

const SHA_LENGTH = 40;
const EVALSHA = new Set(['evalsha', 'evalsha_ro']);
const FCALL = new Set(['fcall', 'fcall_ro']);
const EVAL = new Set(['eval', 'eval_ro']);

/** True for a command that calls a function of a library. */
export function callsFunction(row: CommandRow): boolean {
  return FCALL.has(row.name);
}

/**
 * The script that a command calls by its sha, if clients have sent us its text. One that brings a
 * script along (EVAL) is remembered. Null for all else.
 */
export function scriptOf(
  row: CommandRow,
  bytes: Uint8Array,
  argStarts: Int32Array,
  argEnds: Int32Array,
): KnownScript | null {
  const start = argStarts[1]!;
  const end = argEnds[1]!;
  if (EVAL.has(row.name)) {
    knownScripts.note(bytes, start, end);
    return null;
  }
  if (!EVALSHA.has(row.name) || end - start !== SHA_LENGTH) return null;
  const sha = byteString(bytes, start, end);
  return knownScripts.get(sha) ?? knownScripts.get(sha.toLowerCase());
}
