import type { Plain } from '../../resp/decode.js';
import type { CommandData, KeySpecData } from './command-data.js';

/**
 * Reads a server's replies to `COMMAND` and `COMMAND DOCS` in RESP2 (maps as flat arrays).
 *
 * @returns the commands sorted by name, subcommands too.
 * @throws Error if the replies are not as Redis 7 gives them.
 */
export function readCommandData(info: Plain, docs: Plain): CommandData[] {
  const docsOf = fields(docs);
  return list(info)
    .map((entry) => readCommand(list(entry), docsOf))
    .sort(byName);
}

function readCommand(entry: Plain[], siblingDocs: Fields): CommandData {
  const [name, arity, flags, first, last, step, categories, tips, keySpecs, subcommands] = entry;
  const docs = fields(siblingDocs[text(name)] ?? []);
  const subcommandDocs = fields(docs.subcommands ?? []);
  return {
    name: text(name),
    arity: whole(arity),
    flags: list(flags).map(text),
    categories: list(categories).map(text),
    tips: list(tips).map(text),
    range: [whole(first), whole(last), whole(step)],
    keySpecs: list(keySpecs).map((spec) => readKeySpec(fields(spec))),
    since: text(docs.since ?? ''),
    group: text(docs.group ?? ''),
    complexity: text(docs.complexity ?? '').trim(),
    summary: text(docs.summary ?? '').trim(),
    subcommands: list(subcommands)
      .map((subcommand) => readCommand(list(subcommand), subcommandDocs))
      .sort(byName),
  };
}

function readKeySpec(spec: Fields): KeySpecData {
  const begin = fields(spec.begin_search);
  const find = fields(spec.find_keys);
  const words = (of: Fields) =>
    [of.type, ...Object.values(fields(of.spec ?? []))].map(String).join(' ');
  return {
    flags: list(spec.flags).map(text),
    beginning: words(begin),
    keys: words(find),
    notes: text(spec.notes ?? ''),
  };
}

type Fields = { [key: string]: Plain | undefined };

/** A map as RESP2 has it: keys and values in turn. */
function fields(value: Plain | undefined): Fields {
  const flat = list(value);
  return Object.fromEntries(
    flat.flatMap((key, index) => (index % 2 === 0 ? [[text(key), flat[index + 1]!]] : [])),
  );
}

function list(value: Plain | undefined): Plain[] {
  if (!Array.isArray(value)) throw new Error(`not an array: ${JSON.stringify(value)}`);
  return value;
}

function text(value: Plain | undefined): string {
  if (typeof value !== 'string') throw new Error(`not a string: ${JSON.stringify(value)}`);
  return value;
}

function whole(value: Plain | undefined): number {
  if (typeof value !== 'number') throw new Error(`not a number: ${JSON.stringify(value)}`);
  return value;
}

function byName(left: CommandData, right: CommandData): number {
  return left.name < right.name ? -1 : 1;
}
