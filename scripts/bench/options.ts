import { Command, InvalidArgumentError } from 'commander';
import { type Address, parseAddress } from '../../base/address.js';
import { OperatorError } from '../../base/errors.js';
import { DIRECT, NUTCRACKER, NUTCRACKER_V4, OURS, STATIC } from './servers.js';
import { parseTarget, type Target } from './target.js';
import { keysFor, TEST_NAMES } from './workload.js';

/** What to measure, and where to leave the results. */
export interface BenchOptions {
  readonly rounds: number;
  /** How long one run is meant to take. */
  readonly seconds: number;
  readonly pipelines: readonly number[];
  readonly tests: readonly string[];
  readonly clients: number;
  readonly valueSize: number;
  readonly keys: number;
  /** Names of the targets to measure; null: all. */
  readonly only: readonly string[] | null;
  readonly targets: readonly Target[];
  /** Running servers to use; null: two are started. */
  readonly backends: readonly Address[] | null;
  readonly jsonFile: string | null;
  readonly svgFile: string | null;
  readonly profileFolder: string | null;
  readonly markdown: boolean;
  /** Instead of all else: GET beside so many clients that block, and as many that listen; 0: no. */
  readonly waiting: number;
}

/**
 * Reads the command line. `--help` prints and ends the process, as does an argument that cannot
 * be read.
 *
 * @param args without node and the script.
 * @throws OperatorError if the arguments contradict each other.
 */
export function parseOptions(args: readonly string[]): BenchOptions {
  const command = new Command('bench')
    .description(
      'Measures this proxy, nutcracker and a direct connection side by side, on two redis-servers.',
    )
    .option('--rounds <n>', 'rounds; every figure is the median over them', wholeNumber)
    .option('--seconds <s>', 'how long one run takes', positiveNumber)
    .option('--pipelines <list>', 'commands a client sends at once', wholeNumbers, [1, 16, 64])
    .option('--tests <list>', TEST_NAMES.join(', '), testNames, ['set', 'get'])
    .option('--clients <n>', 'connections', wholeNumber, 50)
    .option('--value-size <bytes>', 'bytes of a value', wholeNumber, 32)
    .option('--quick', 'a first look: 1 round of half a second')
    .option(
      '--only <list>',
      `of ${[OURS, STATIC, NUTCRACKER, NUTCRACKER_V4, DIRECT].join(', ')}, --target`,
      words,
    )
    .option('--target <name=host:port>', 'one more target; #pid counts its processor time', append)
    .option('--backends <list>', 'two running servers (their keys are written to)', addresses)
    .option('--json <file>', 'write all figures')
    .option('--svg <file>', 'write a chart')
    .option('--cpu-prof <folder>', `profile ${OURS} and print its hottest functions`)
    .option(
      '--waiting <n>',
      'instead: GET beside n clients that block and n that listen, and without them',
      wholeNumber,
    )
    .option('--markdown', 'print the report for docs/performance.md')
    .parse(args as string[], { from: 'user' });
  const given = command.opts();
  const quick = given.quick === true;
  return Object.freeze({
    rounds: given.rounds ?? (quick ? 1 : 5),
    seconds: given.seconds ?? (quick ? 0.5 : 1.5),
    pipelines: given.pipelines,
    tests: given.tests,
    clients: given.clients,
    valueSize: given.valueSize,
    keys: keysFor(given.valueSize),
    only: given.only ?? null,
    targets: distinct((given.target ?? []).map(parseTarget)),
    backends: given.backends ?? null,
    jsonFile: given.json ?? null,
    svgFile: given.svg ?? null,
    profileFolder: given.cpuProf ?? null,
    markdown: given.markdown === true,
    waiting: given.waiting ?? 0,
  });
}

function distinct(targets: readonly Target[]): readonly Target[] {
  const names = new Set([OURS, STATIC, NUTCRACKER, NUTCRACKER_V4, DIRECT]);
  for (const { name } of targets) {
    if (names.has(name)) throw new OperatorError(`--target: there is already a target "${name}"`);
    names.add(name);
  }
  return targets;
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

function words(text: string): string[] {
  return text.split(',').map((word) => word.trim());
}

function wholeNumbers(text: string): number[] {
  return words(text).map(wholeNumber);
}

function testNames(text: string): string[] {
  const names = words(text.toLowerCase());
  const unknown = names.find((name) => !TEST_NAMES.includes(name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`"${unknown}" is none of ${TEST_NAMES.join(', ')}`);
  }
  return names;
}

function addresses(text: string): Address[] {
  try {
    return words(text).map((word) => parseAddress(word, '--backends'));
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function append(text: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), text];
}
