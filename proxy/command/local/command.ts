import { ErrorReply, MapReply, type Reply, SimpleString } from '../../../resp/encode.js';
import type { CommandRow } from '../command-row.js';
import { arityFits } from '../command-row.js';
import { COMMAND_ROWS, commandData } from '../command-rows.js';
import { lookup, resolveSubcommand } from '../command-table.js';
import { findKeys, KeyPositions, MALFORMED, specsOfKeys } from '../keys.js';
import { describeCommand, documentCommand, statusSet } from './command-description.js';
import { type LocalRequest, SYNTAX } from './local-request.js';

/** COMMAND tells of the commands that this proxy serves, with the facts of the servers. */
const SERVED = COMMAND_ROWS.filter((row) => row.route !== 'refused');

/** Flags of a key specification that say something of itself, not of the keys. */
const SPEC_FLAGS = ['incomplete', 'variable_flags'];

const keyPositions = new KeyPositions();

/** COMMAND */
export function command(): Reply {
  return SERVED.map(describeCommand);
}

export function commandCount(): Reply {
  return SERVED.length;
}

/** COMMAND INFO [name …]: null for a command that is unknown or not served. */
export function commandInfo(request: LocalRequest): Reply {
  if (request.argCount === 2) return command();
  return request.texts(2).map((name) => {
    const row = servedByName(name);
    return row && describeCommand(row);
  });
}

/** COMMAND DOCS [name …]: without those that are unknown or not served. */
export function commandDocs(request: LocalRequest): Reply {
  const rows =
    request.argCount === 2 ? SERVED : request.texts(2).flatMap((name) => servedByName(name) ?? []);
  return new MapReply(rows.map((row) => [row.name, documentCommand(row)]));
}

/** COMMAND LIST [FILTERBY MODULE name|ACLCAT category|PATTERN pattern] */
export function commandList(request: LocalRequest): Reply {
  const rows = SERVED.flatMap((row) => [row, ...servedSubcommands(row)]);
  if (request.argCount === 2) return rows.map((row) => row.name);
  if (request.argCount !== 5 || !request.isWord(2, 'filterby')) return SYNTAX;
  const value = request.text(4);
  let isWanted: (row: CommandRow) => boolean;
  if (request.isWord(3, 'module')) {
    isWanted = () => false;
  } else if (request.isWord(3, 'aclcat')) {
    const category = `@${value.toLowerCase()}`;
    isWanted = (row) => commandData(row).categories.includes(category);
  } else if (request.isWord(3, 'pattern')) {
    const pattern = globToRegExp(value);
    isWanted = (row) => pattern.test(row.name);
  } else {
    return SYNTAX;
  }
  return rows.filter(isWanted).map((row) => row.name);
}

/** COMMAND GETKEYS command [argument …] */
export function commandGetKeys(request: LocalRequest): Reply {
  const found = keysIn(request);
  return found instanceof ErrorReply ? found : found.keys;
}

/** COMMAND GETKEYSANDFLAGS command [argument …]: with what the command does to each of its keys. */
export function commandGetKeysAndFlags(request: LocalRequest): Reply {
  const found = keysIn(request);
  if (found instanceof ErrorReply) return found;
  const { row, keys } = found;
  const { bytes, argCount } = request;
  const [argStarts, argEnds] = [request.argStarts.subarray(2), request.argEnds.subarray(2)];
  const specs = specsOfKeys(row, bytes, argStarts, argEnds, argCount - 2, keys.length);
  const flags = commandData(row)
    .keySpecs.filter((spec) => !spec.flags.includes('not_key'))
    .map((spec) => spec.flags.filter((flag) => !SPEC_FLAGS.includes(flag)));
  return keys.map((key, index) => [
    key,
    statusSet(flagsByArguments(request, row) ?? flags.at(specs[index]!) ?? []),
  ]);
}

/** Of commands whose arguments say whether they read or write. */
function flagsByArguments(request: LocalRequest, { name }: CommandRow): readonly string[] | null {
  const words = request.texts(4).map((text) => text.toLowerCase());
  if (name === 'set') return words.includes('get') ? null : ['OW', 'update'];
  if (name !== 'bitfield') return null;
  return words.includes('set') || words.includes('incrby') ? null : ['RO', 'access'];
}

/** The keys of the command that is an argument of COMMAND. */
function keysIn(request: LocalRequest): { row: CommandRow; keys: string[] } | ErrorReply {
  const { bytes, argCount } = request;
  const argStarts = request.argStarts.subarray(2);
  const argEnds = request.argEnds.subarray(2);
  const found = lookup(bytes, argStarts[0]!, argEnds[0]!);
  const row = found && resolveSubcommand(found, bytes, argStarts, argEnds, argCount - 2);
  if (!row || row.route === 'refused') return new ErrorReply('ERR Invalid command specified');
  if (commandData(row).keySpecs.length === 0) {
    return new ErrorReply('ERR The command has no key arguments');
  }
  if (!arityFits(row, argCount - 2)) {
    return new ErrorReply('ERR Invalid number of arguments specified for command');
  }
  const count = findKeys(row, bytes, argStarts, argEnds, argCount - 2, keyPositions);
  const needsKeys = !commandData(row).flags.includes('no_mandatory_keys');
  if (count === MALFORMED || (count === 0 && needsKeys)) {
    return new ErrorReply('ERR Invalid arguments specified for command');
  }
  const keys = Array.from(keyPositions.positions.subarray(0, count), (at) => request.text(at + 2));
  return { row, keys };
}

export function commandHelp(): Reply {
  return [
    'COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
    '(no subcommand)',
    '    Return details about all commands that the proxy serves.',
    'COUNT',
    '    Return the total number of commands that the proxy serves.',
    'LIST',
    '    Return a list of all commands that the proxy serves.',
    'INFO [<command-name> ...]',
    '    Return details about multiple commands.',
    '    If no command names are given, documentation details for all',
    '    commands are returned.',
    'DOCS [<command-name> ...]',
    '    Return documentation details about multiple commands.',
    'GETKEYS <full-command>',
    '    Return the keys from a full command.',
    'GETKEYSANDFLAGS <full-command>',
    '    Return the keys and the access flags from a full command.',
    'HELP',
    '    Print this help.',
  ].map((line) => new SimpleString(line));
}

function servedSubcommands(row: CommandRow): readonly CommandRow[] {
  return row.subcommands.filter((subcommand) => subcommand.route !== 'refused');
}

/** @param name in any case; a subcommand as `client|getname`. */
function servedByName(name: string): CommandRow | null {
  const wanted = name.toLowerCase();
  const row = SERVED.find((candidate) => candidate.name === wanted.split('|')[0]);
  if (!row || !wanted.includes('|')) return row ?? null;
  return servedSubcommands(row).find((candidate) => candidate.name === wanted) ?? null;
}

/** Redis's patterns: `*`, `?`, `[a-z]`, `[^a]`, and `\` before a character meant as it is. */
function globToRegExp(glob: string): RegExp {
  const source = glob.replaceAll(/\\(.)|\[\^?[^\]]*\]|[*?]|[^\w]/gs, (part, escaped?: string) => {
    if (escaped !== undefined) return escapeForRegExp(escaped);
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1) return part.replaceAll('\\', '\\\\');
    return escapeForRegExp(part);
  });
  return new RegExp(`^${source}$`, 'is');
}

function escapeForRegExp(text: string): string {
  return text.replaceAll(/[^\w]/g, '\\$&');
}
