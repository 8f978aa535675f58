import { Command, InvalidArgumentError } from 'commander';

/** What to measure, and where to leave the results. */
export interface BenchOptions {
  readonly rounds: number;
  /** Keys in the slots that move. */
  readonly keys: number;
  /** How long a load runs, without moves and at least with them. */
  readonly seconds: number;
  readonly connections: number;
  /** False: the servers are stock ones only. */
  readonly withModule: boolean;
  readonly jsonFile: string | null;
  readonly profileFolder: string | null;
  readonly markdown: boolean;
  /** Instead of all else: a hash of so many fields moves, and clients use other keys; 0: no. */
  readonly largeFields: number;
}

/**
 * Reads the command line. `--help` prints and ends the process, as does an argument that cannot
 * be read.
 *
 * @param args without node and the script.
 */
export function parseOptions(args: readonly string[]): BenchOptions {
  const given = new Command('bench:migrate')
    .description(
      'Measures how fast 512 slots move and what clients notice, beside redis-cli --cluster reshard.',
    )
    .option('--rounds <n>', 'rounds; every figure is the median over them', wholeNumber)
    .option('--keys <n>', 'keys in the slots that move', wholeNumber)
    .option('--seconds <s>', 'how long a load runs, without and with moves', positiveNumber)
    .option('--connections <n>', 'connections of the load', wholeNumber, 50)
    .option('--quick', 'a first look: 1 round, 20,000 keys, loads of a second')
    .option('--no-module', 'leave out servers with codis_slots.so (needs gcc and make)')
    .option('--json <file>', 'write all figures')
    .option('--cpu-prof <folder>', 'profile dashboard and proxy, print their hot functions')
    .option(
      '--large-hash <fields>',
      'instead: what clients of other keys notice while a hash of so many fields moves',
      wholeNumber,
    )
    .option('--markdown', 'print the report for docs/performance.md')
    .parse(args as string[], { from: 'user' })
    .opts();
  const quick = given.quick === true;
  return Object.freeze({
    rounds: given.rounds ?? (quick ? 1 : 5),
    keys: given.keys ?? (quick ? 20_000 : 100_000),
    seconds: given.seconds ?? (quick ? 1 : 4),
    connections: given.connections,
    withModule: given.module !== false,
    jsonFile: given.json ?? null,
    profileFolder: given.cpuProf ?? null,
    markdown: given.markdown === true,
    largeFields: given.largeHash ?? 0,
  });
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgumentError('is not a number above 0');
  }
  return value;
}

function wholeNumber(text: string): number {
  const value = positiveNumber(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('is not a whole number');
  return value;
}
