import type { CommandRow } from '../command-row.js';
import { lookup } from '../command-table.js';
import type { KnownScript } from '../script/known-scripts.js';

const MULTI = Buffer.from('*1\r\n$5\r\nMULTI\r\n');
const EXEC = Buffer.from('*1\r\n$4\r\nEXEC\r\n');
const DISCARD = Buffer.from('*1\r\n$7\r\nDISCARD\r\n');

/** What a burst is counted as. */
export const BURST_ROW: CommandRow = lookup(Buffer.from('exec'), 0, 4)!;

/**
 * Commands that are sent at once to one server, and of whose replies only the last counts.
 */
export interface Burst {
  readonly bytes: Buffer;
  /** Of all its commands, as byte strings, each once. */
  readonly keys: readonly string[];
  /** How many replies come before the one that counts. */
  readonly skippedReplies: number;
  /** Scripts that it uses: a server that may lack one is sent it first. */
  readonly scripts: readonly KnownScript[];
}

/** A whole transaction: MULTI, the commands, EXEC. */
export function transactionBurst(
  commands: readonly Buffer[],
  keys: readonly string[],
  scripts: readonly KnownScript[],
): Burst {
  return {
    bytes: Buffer.concat([MULTI, ...commands, EXEC]),
    keys,
    skippedReplies: 1 + commands.length,
    scripts,
  };
}

/**
 * The question whether a server would queue the command: the reply that counts is that to DISCARD,
 * an error before it says that it would not.
 */
export function checkBurst(command: Buffer, keys: readonly string[]): Burst {
  return { bytes: Buffer.concat([MULTI, command, DISCARD]), keys, skippedReplies: 2, scripts: [] };
}

/** The burst with the scripts in front of it. */
export function withScripts(burst: Burst, scripts: readonly KnownScript[]): Burst {
  if (scripts.length === 0) return burst;
  return {
    bytes: Buffer.concat([...scripts.map(({ load }) => load), burst.bytes]),
    keys: burst.keys,
    skippedReplies: scripts.length + burst.skippedReplies,
    scripts: [],
  };
}
