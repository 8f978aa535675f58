import { Command, InvalidArgumentError } from 'commander';
import { OperatorError } from '../../base/errors.js';
import { type ChaosOptions, GROUPS } from './chaos-run.js';
import { FAULTS, type Fault } from './faults.js';
import { setupOf } from './setup.js';

const STILL_MS = 5_000;
const KINDS = [...new Set(FAULTS.map(({ name }) => name.split('@')[0]!))];

/**
 * Reads the command line. `--help` prints and ends the process, as does an argument that cannot
 * be read.
 *
 * @param args without node and the script
 * @throws OperatorError if the arguments contradict each other
 */
export function parseOptions(args: readonly string[]): ChaosOptions {
  const command = new Command('chaos')
    .description(
      'Moves slots between three groups under a checked load, while servers are killed and cut off.',
    )
    .option('--minutes <n>', 'how long slots move', positiveNumber, 5)
    .option(
      '--faults <list>',
      `${KINDS.join(', ')}; one of them at one step, such as source@migrate; all, or none`,
      words,
      ['all'],
    )
    .option('--seed <n>', 'for the same commands and moves again', wholeNumber)
    .option('--coordinator <kind>', 'zookeeper or embedded', kind, 'zookeeper')
    .option('--outage <s>', 'how long ZooKeeper is away, or a proxy cut off', positiveNumber, 60)
    .option('--workers <n>', 'clients', wholeNumber, 4)
    .option('--rate <n>', 'commands a second, of all clients', wholeNumber, 2_000)
    .option('--cells <n>', 'hash tags a client', wholeNumber, 40)
    .option('--ballast <n>', 'keys that lie there', wholeNumber, 50_000)
    .parse(args as string[], { from: 'user' });
  const given = command.opts();
  const seed: number = given.seed ?? Math.floor(Math.random() * 2 ** 31);
  return {
    seed,
    coordinator: given.coordinator,
    stillMs: STILL_MS,
    movingMs: given.minutes * 60_000,
    faults: selectFaults(given.faults, given.coordinator),
    outageMs: given.outage * 1000,
    workers: given.workers,
    rate: given.rate,
    cells: given.cells,
    ballastKeys: given.ballast,
    setup: setupOf(seed, GROUPS),
  };
}

/** @throws OperatorError */
export function selectFaults(
  names: readonly string[],
  coordinator: 'zookeeper' | 'embedded',
): readonly Fault[] {
  if (names.includes('none')) return [];
  const unknown = names.find(
    (name) => name !== 'all' && !FAULTS.some((fault) => isNamed(fault, name)),
  );
  if (unknown !== undefined) {
    throw new OperatorError(`--faults: there is no fault "${unknown}"`, {
      hint: `there are: ${FAULTS.map(({ name }) => name).join(' ')}`,
    });
  }
  const chosen = FAULTS.filter((fault) =>
    names.some((name) => name === 'all' || isNamed(fault, name)),
  );
  if (coordinator === 'zookeeper') return chosen;
  const possible = chosen.filter((fault) => fault.coordinator === 'any');
  if (possible.length > 0) return possible;
  throw new OperatorError('--faults: these need --coordinator=zookeeper');
}

function isNamed({ name }: Fault, asked: string): boolean {
  return name === asked || name.startsWith(`${asked}@`);
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgumentError('is not a number above 0');
  }
  return value;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1) throw new InvalidArgumentError('is not a whole number');
  return value;
}

function words(text: string): string[] {
  return text.split(',').map((word) => word.trim());
}

function kind(text: string): 'zookeeper' | 'embedded' {
  if (text === 'zookeeper' || text === 'embedded') return text;
  throw new InvalidArgumentError('is neither zookeeper nor embedded');
}
