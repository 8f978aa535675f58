import { type CommandData, type KeySpecData, parseCommandData } from './command-data.js';
import { POLICIES, type Policy } from './command-routes.js';
import type { CommandRow, KeySpec, Route } from './command-row.js';
import { GENERATED_COMMANDS } from './command-rows.generated.js';
import { SUPPLEMENT_COMMANDS } from './command-supplement.js';

interface CommandTable {
  readonly rows: readonly CommandRow[];
  readonly dataOf: ReadonlyMap<CommandRow, CommandData>;
  readonly count: number;
}

const NO_POLICY: Policy = {};

/** Everything Redis tells about the commands we know, sorted by name. */
export function loadCommandData(): CommandData[] {
  const commands = new Map(parseCommandData(GENERATED_COMMANDS).map((data) => [data.name, data]));
  for (const data of parseSupplement()) {
    const container = commands.get(data.name.split('|')[0]!);
    if (container && data.name.includes('|')) {
      const subcommands = [...container.subcommands, data].sort(byName);
      commands.set(container.name, { ...container, subcommands });
    } else {
      commands.set(data.name, data);
    }
  }
  return [...commands.values()].sort(byName);
}

/** The subcommands of containers in the generated rows come as if they were commands. */
function parseSupplement(): CommandData[] {
  return SUPPLEMENT_COMMANDS.trim()
    .split(/\n(?! )/)
    .flatMap((lines) => {
      const [container] = lines.split('|');
      const isSubcommand = /^\S+\|\S+ /.test(lines);
      if (!isSubcommand) return parseCommandData(lines);
      return parseCommandData(`${container} | 0\n${lines}`).flatMap((data) => data.subcommands);
    });
}

function buildTable(): CommandTable {
  const dataOf = new Map<CommandRow, CommandData>();
  let count = 0;
  const build = (data: CommandData): CommandRow => {
    const row = buildRow(data, count++, build);
    dataOf.set(row, data);
    return row;
  };
  const rows = loadCommandData().map(build);
  return { rows, dataOf, count };
}

function buildRow(
  data: CommandData,
  index: number,
  build: (data: CommandData) => CommandRow,
): CommandRow {
  const policy = POLICIES[data.name] ?? NO_POLICY;
  const keyFinder = policy.keyFinder ?? 'specs';
  const keySpecs = data.keySpecs.flatMap((spec) => parseKeySpec(data.name, spec));
  const hasOneKey =
    keySpecs.length === 1 && keyFinder === 'specs' && isFixed(keySpecs[0]!, data.keySpecs[0]!);
  const route = routeOf(data, policy, hasOneKey);
  return {
    index,
    name: data.name,
    arity: data.arity,
    route,
    isWrite: policy.isWrite ?? data.flags.includes('write'),
    isReadOnly: data.flags.includes('readonly'),
    needsNoAuth: data.flags.includes('no_auth'),
    firstKey: firstKeyOf(keySpecs),
    hasOneKey: route === 'key',
    keyFinder,
    keySpecs,
    guard: policy.guard ?? 'none',
    subcommands: route === 'refused' ? [] : data.subcommands.map(build),
  };
}

function routeOf(data: CommandData, policy: Policy, hasOneKey: boolean): Route {
  if (policy.route && data.subcommands.length === 0) return policy.route;
  if (data.subcommands.length > 0) {
    return data.subcommands.some((subcommand) => isServed(subcommand)) ? 'container' : 'refused';
  }
  return isServed(data) ? (hasOneKey ? 'key' : 'keys') : 'refused';
}

function isServed(data: CommandData): boolean {
  const policy = POLICIES[data.name];
  if (policy?.route) return policy.route !== 'refused';
  const hasKeys = data.keySpecs.some((spec) => !spec.flags.includes('not_key'));
  return hasKeys && !data.flags.includes('blocking') && !data.flags.includes('admin');
}

/** The specification as numbers; nothing for those that name no keys or leave it open. */
function parseKeySpec(name: string, spec: KeySpecData): KeySpec[] {
  if (spec.flags.includes('not_key')) return [];
  if (
    spec.beginning === 'unknown' ||
    spec.keys === 'unknown' ||
    spec.flags.includes('incomplete')
  ) {
    if (!POLICIES[name]?.keyFinder) throw new Error(`${name}: its keys need a KeyFinder`);
    return [];
  }
  const [beginning, ...begin] = spec.beginning.split(' ');
  const keyword = beginning === 'keyword' ? begin.shift()!.toLowerCase() : '';
  const index = Number(begin[0]);
  const [kind, ...keys] = spec.keys.split(' ');
  const [first, second, third] = keys.map(Number);
  return kind === 'keynum'
    ? [{ keyword, index, numkeysAt: first!, first: second!, last: 0, step: third!, limit: 0 }]
    : [{ keyword, index, numkeysAt: -1, first: 0, last: first!, step: second!, limit: third! }];
}

function isFixed(spec: KeySpec, data: KeySpecData): boolean {
  return data.beginning.startsWith('index') && spec.numkeysAt === -1 && spec.last === 0;
}

function firstKeyOf(keySpecs: readonly KeySpec[]): number {
  const places = keySpecs
    .filter((spec) => spec.keyword === '' && spec.numkeysAt === -1)
    .map((spec) => spec.index);
  return places.length > 0 ? Math.min(...places) : 0;
}

function byName(left: CommandData, right: CommandData): number {
  return left.name < right.name ? -1 : 1;
}

const TABLE = buildTable();

/** A row for each command (not subcommand) that we know, sorted by name. */
export const COMMAND_ROWS: readonly CommandRow[] = TABLE.rows;

/** How many rows there are, subcommands included. */
export const COMMAND_COUNT = TABLE.count;

/** What Redis tells about the command of this row. */
export function commandData(row: CommandRow): CommandData {
  return TABLE.dataOf.get(row)!;
}
