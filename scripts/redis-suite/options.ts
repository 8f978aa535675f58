import { Command, InvalidArgumentError } from 'commander';
import type { TargetName } from './servers.js';
import { UNITS } from './units.js';

const SILENCE_SECONDS = 90;

export interface SuiteOptions {
  readonly units: readonly string[];
  readonly targets: readonly TargetName[];
  /** Redis's sources; null: Debian's are downloaded. */
  readonly testsFolder: string | null;
  readonly silenceMs: number;
  /** Go on with a unit's next test after an error that is not an assertion. */
  readonly isDurable: boolean;
  readonly isVerbose: boolean;
  readonly jsonFile: string | null;
  readonly markdown: boolean;
}

/**
 * Reads the command line. `--help` prints and ends the process, as does an argument that cannot
 * be read.
 *
 * @param args without node and the script.
 */
export function parseOptions(args: readonly string[]): SuiteOptions {
  const command = new Command('test:redis-suite')
    .description(
      "Runs Redis 7.0's own tests against the proxy over two groups, and against a plain redis-server.",
    )
    .option('--unit <name>', 'this unit only, such as type/string; may be repeated', unit)
    .option('--only <target>', 'plain or proxy', target)
    .option('--tests <folder>', "Redis's sources, instead of those of Debian's package")
    .option('--timeout <s>', 'a unit that finishes no test for so long is hung', seconds)
    .option('--durable', 'an error that ends a unit counts as one failed test')
    .option('--verbose', 'show the tests that fail, with the first line of the error')
    .option('--json <file>', 'write all results')
    .option('--markdown', 'print the report for docs/redis-suite.md')
    .parse(args as string[], { from: 'user' });
  const given = command.opts();
  return Object.freeze({
    units: given.unit ?? UNITS,
    targets: given.only ? [given.only] : ['plain', 'proxy'],
    testsFolder: given.tests ?? null,
    silenceMs: (given.timeout ?? SILENCE_SECONDS) * 1000,
    isDurable: given.durable === true,
    isVerbose: given.verbose === true,
    jsonFile: given.json ?? null,
    markdown: given.markdown === true,
  });
}

function unit(text: string, earlier: string[] | undefined): string[] {
  const name = text.replace(/^unit\//, '');
  if (!UNITS.includes(name)) {
    throw new InvalidArgumentError(`is none of ${UNITS.join(', ')}`);
  }
  return [...(earlier ?? []), name];
}

function target(text: string): TargetName {
  if (text === 'plain' || text === 'proxy') return text;
  throw new InvalidArgumentError('is neither plain nor proxy');
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgumentError('is not a number above 0');
  }
  return value;
}
