import { Command, InvalidArgumentError } from 'commander';

export const CASE_NAMES = ['idle', 'storm', 'slow-readers', 'rate', 'frozen', 'soak'] as const;
export type CaseName = (typeof CASE_NAMES)[number];

/** What to measure, and how large. */
export interface BoundsOptions {
  readonly cases: readonly CaseName[];
  /** Clients of `idle` and `storm`. */
  readonly connections: number;
  /** Clients of `slow-readers`, and for how long they read. */
  readonly readers: number;
  readonly readSeconds: number;
  /** After the readers have gone, until the memory is looked at. */
  readonly restSeconds: number;
  /** Rounds of `rate` and `frozen`, and how long one measurement of a round takes. */
  readonly rounds: number;
  readonly seconds: number;
  readonly soakMinutes: number;
  readonly jsonFile: string | null;
  readonly markdown: boolean;
}

/**
 * Reads the command line. `--help` prints and ends the process, as does an argument that cannot be
 * read.
 *
 * @param args without node and the script
 */
export function parseOptions(args: readonly string[]): BoundsOptions {
  const given = new Command('bench:bounds')
    .description(
      'Measures what the proxy takes and bears: many clients, slow ones, frozen servers.',
    )
    .option('--cases <list>', CASE_NAMES.join(', '), caseNames, [...CASE_NAMES])
    .option('--connections <n>', 'clients of idle and storm', wholeNumber, 10_000)
    .option('--readers <n>', 'clients of slow-readers', wholeNumber, 100)
    .option('--read-seconds <s>', 'how long they read', wholeNumber, 60)
    .option('--rest-seconds <s>', 'until memory is looked at again', wholeNumber, 30)
    .option('--rounds <n>', 'rounds of rate and frozen', wholeNumber, 5)
    .option('--seconds <s>', 'one measurement in a round of them', wholeNumber, 5)
    .option('--soak-minutes <n>', 'how long soak takes', wholeNumber, 2)
    .option('--json <file>', 'write all figures')
    .option('--markdown', 'print the table for docs/performance.md')
    .parse(args as string[], { from: 'user' })
    .opts();
  return Object.freeze({
    cases: given.cases,
    connections: given.connections,
    readers: given.readers,
    readSeconds: given.readSeconds,
    restSeconds: given.restSeconds,
    rounds: given.rounds,
    seconds: given.seconds,
    soakMinutes: given.soakMinutes,
    jsonFile: given.json ?? null,
    markdown: given.markdown === true,
  });
}

function caseNames(text: string): CaseName[] {
  return text.split(',').map((word) => {
    const name = CASE_NAMES.find((one) => one === word.trim());
    if (name === undefined) {
      throw new InvalidArgumentError(`"${word}" is none of ${CASE_NAMES.join(', ')}`);
    }
    return name;
  });
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1) throw new InvalidArgumentError('is not a whole number');
  return value;
}
