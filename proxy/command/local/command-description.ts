import { MapReply, type Reply, SetReply, SimpleString } from '../../../resp/encode.js';
import type { KeySpecData } from '../command-data.js';
import type { CommandRow } from '../command-row.js';
import { commandData } from '../command-rows.js';

/** One element of COMMAND's reply, as Redis 7 gives it. */
export function describeCommand(row: CommandRow): Reply {
  const data = commandData(row);
  const subcommands = served(row).map(describeCommand);
  return [
    data.name,
    data.arity,
    statusSet(data.flags),
    ...data.range,
    statusSet(data.categories),
    new SetReply(data.tips),
    new SetReply(data.keySpecs.map(describeKeySpec)),
    subcommands.length > 0 ? subcommands : new SetReply([]),
  ];
}

/** One value of COMMAND DOCS's reply; without the syntax of the arguments. */
export function documentCommand(row: CommandRow): Reply {
  const data = commandData(row);
  const entries: [Reply, Reply][] = [
    ['summary', data.summary],
    ['since', data.since],
    ['group', data.group],
  ];
  if (data.complexity) entries.push(['complexity', data.complexity]);
  const subcommands = served(row);
  if (subcommands.length > 0) {
    const documented = subcommands.map((sub) => [sub.name, documentCommand(sub)] as const);
    entries.push(['subcommands', new MapReply(documented)]);
  }
  return new MapReply(entries);
}

function served(row: CommandRow): readonly CommandRow[] {
  return row.subcommands.filter((subcommand) => subcommand.route !== 'refused');
}

export function statusSet(words: readonly string[]): Reply {
  return new SetReply(words.map((word) => new SimpleString(word)));
}

function describeKeySpec(spec: KeySpecData): Reply {
  const entries: [Reply, Reply][] = [
    ['flags', statusSet(spec.flags)],
    ['begin_search', describeSearch(spec.beginning)],
    ['find_keys', describeSearch(spec.keys)],
  ];
  if (spec.notes) entries.unshift(['notes', spec.notes]);
  return new MapReply(entries);
}

const SEARCH_FIELDS: { readonly [type: string]: readonly string[] } = {
  index: ['index'],
  keyword: ['keyword', 'startfrom'],
  range: ['lastkey', 'keystep', 'limit'],
  keynum: ['keynumidx', 'firstkey', 'keystep'],
  unknown: [],
};

/** `range 0 1 0` as a map of its type and its named numbers. */
function describeSearch(words: string): Reply {
  const [type, ...values] = words.split(' ');
  const fields = SEARCH_FIELDS[type!]!.map((field, index) => {
    const value = values[index]!;
    return [field, field === 'keyword' ? value : Number(value)] as const;
  });
  return new MapReply([
    ['type', type!],
    ['spec', new MapReply(fields)],
  ]);
}
