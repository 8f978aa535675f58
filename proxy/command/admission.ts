import { encodeError } from '../../resp/encode.js';
import { byteString, equalsWord } from './arguments.js';
import { arityFits, type CommandRow } from './command-row.js';
import { resolveSubcommand } from './command-table.js';
import type { Answer } from './decision.js';
import {
  NOAUTH_ERROR,
  unknownCommandError,
  unknownSubcommandError,
  wrongArityError,
} from './errors.js';
import { UNKNOWN_ROW } from './learned-commands.js';
import type { LocalContext } from './local-context.js';

const NO_REPLY = Buffer.alloc(0);

/**
 * What has to be right before a command means anything, in Redis's order: it is known, has enough
 * arguments, and the client may send it.
 *
 * @param found its row, if its name is known
 * @returns the row that serves it, a subcommand's for a container; or what the client is answered
 */
export function admit(
  found: CommandRow | null,
  bytes: Uint8Array,
  argStarts: Int32Array,
  argEnds: Int32Array,
  argCount: number,
  client: LocalContext,
): CommandRow | Answer {
  if (found === null && isHttp(bytes, argStarts[0]!, argEnds[0]!)) {
    client.closeAfterReply();
    return { type: 'answer', row: null, reply: NO_REPLY };
  }
  const known = found ?? learnedCommand(bytes, argStarts[0]!, argEnds[0]!, client);
  if (known === 'unknown' || known.route === 'refused') {
    return refuse(null, unknownCommandError(bytes, argStarts, argEnds, argCount));
  }
  const row = resolveSubcommand(known, bytes, argStarts, argEnds, argCount);
  if (row === null) {
    return refuse(null, unknownSubcommandError(known.name, bytes, argStarts, argEnds));
  }
  if (!arityFits(row, argCount)) return refuse(row, wrongArityError(row.name));
  if (!client.authenticated && !row.needsNoAuth) return refuse(row, NOAUTH_ERROR);
  return row;
}

/**
 * A command of the servers' modules; UNKNOWN_ROW if they have to be asked. Nobody asks them about
 * what a stranger sends.
 */
function learnedCommand(
  bytes: Uint8Array,
  start: number,
  end: number,
  client: LocalContext,
): CommandRow | 'unknown' {
  if (!client.authenticated) return 'unknown';
  const learned = client.learnedCommands.find(byteString(bytes, start, end).toLowerCase());
  if (learned === 'unknown') return learned;
  return learned === 'asking' || learned.route === 'operation' ? UNKNOWN_ROW : learned;
}

/** True for a command that is not let in. */
export function isAnswer(admitted: CommandRow | Answer): admitted is Answer {
  return 'type' in admitted;
}

/** @param error a byte string; see errors.ts */
export function refuse(row: CommandRow | null, error: string): Answer {
  return { type: 'answer', row, reply: asBuffer(encodeError(error)) };
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * A browser talks to us: a web page had it send a form whose lines could be commands. Redis closes
 * such a connection without a word, and so do we.
 */
function isHttp(bytes: Uint8Array, start: number, end: number): boolean {
  return equalsWord(bytes, start, end, 'post') || equalsWord(bytes, start, end, 'host:');
}
