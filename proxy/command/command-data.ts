/** A command as Redis describes it in `COMMAND INFO` and `COMMAND DOCS`; the raw material of rows. */
export interface CommandData {
  /** In lower case; of a subcommand the full name: `client|getname`. */
  readonly name: string;
  readonly arity: number;
  /** Here and below in the order Redis gives. */
  readonly flags: readonly string[];
  readonly categories: readonly string[];
  readonly tips: readonly string[];
  /** First key, last key, step: what Redis before 7 knew of key positions. */
  readonly range: readonly number[];
  readonly since: string;
  readonly group: string;
  readonly complexity: string;
  readonly summary: string;
  readonly keySpecs: readonly KeySpecData[];
  readonly subcommands: readonly CommandData[];
}

export interface KeySpecData {
  readonly flags: readonly string[];
  /** `index 1`, `keyword STREAMS 1` (word, where the search starts), `unknown`. */
  readonly beginning: string;
  /** `range 0 1 0` (last, step, limit), `keynum 0 1 1` (place of the count, first, step), `unknown`. */
  readonly keys: string;
  /** For people; mostly empty. */
  readonly notes: string;
}

const SEPARATOR = ' | ';

/**
 * The notation of command-rows.generated.ts and command-supplement.ts. One line a command:
 *
 *     name | arity | flags | categories | tips | range | since | group | complexity | summary
 *
 * followed by one indented line for each key specification:
 *
 *       flags | beginning | keys | notes
 *
 * Subcommands follow their container. Words within a field are separated by spaces.
 */
export function writeCommandData(commands: readonly CommandData[]): string {
  const lines = commands.flatMap((command) => [
    line(
      command.name,
      command.arity,
      command.flags.join(' '),
      command.categories.join(' '),
      command.tips.join(' '),
      command.range.join(' '),
      command.since,
      command.group,
      command.complexity,
      command.summary,
    ),
    ...command.keySpecs.map(
      (spec) => `  ${line(spec.flags.join(' '), spec.beginning, spec.keys, spec.notes)}`,
    ),
    ...(command.subcommands.length > 0 ? [writeCommandData(command.subcommands)] : []),
  ]);
  return lines.join('\n');
}

function line(...fields: (string | number)[]): string {
  const texts = fields.map((field) => String(field).trim());
  const unfit = texts.find((text) => /\s\|\s|\n/.test(text));
  if (unfit) throw new Error(`cannot be written in a field: ${unfit}`);
  return texts.join(SEPARATOR).trimEnd();
}

/** Reads what {@link writeCommandData} writes. Empty lines are passed over. */
export function parseCommandData(text: string): CommandData[] {
  const top: CommandData[] = [];
  let keySpecs: KeySpecData[] = [];
  let subcommands: CommandData[] = [];
  for (const source of text.split('\n')) {
    if (source.trim() === '') continue;
    const fields = source.trim().split(/ \|(?: |$)/);
    const field = (index: number) => fields[index] ?? '';
    const words = (index: number) => field(index).split(' ').filter(Boolean);
    if (source.startsWith('  ')) {
      keySpecs.push({
        flags: words(0),
        beginning: field(1),
        keys: field(2),
        notes: field(3),
      });
      continue;
    }
    const isSubcommand = field(0).includes('|');
    keySpecs = [];
    if (!isSubcommand) subcommands = [];
    const siblings = isSubcommand ? subcommands : top;
    siblings.push({
      name: field(0),
      arity: Number(field(1)),
      flags: words(2),
      categories: words(3),
      tips: words(4),
      range: words(5).map(Number),
      since: field(6),
      group: field(7),
      complexity: field(8),
      summary: field(9),
      keySpecs,
      subcommands: isSubcommand ? [] : subcommands,
    });
  }
  return top;
}
