import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { alignedTable } from '../bench/text-table.js';
import { framing } from './framing.js';
import { hashing } from './hashing.js';
import { lookups } from './looking-up.js';
import { type MicroCase, type MicroResult, measureCase } from './micro-case.js';
import { sessionPath } from './session-path.js';
import { splitting } from './splitting.js';

const CASES: readonly MicroCase[] = [
  ...hashing,
  ...framing,
  ...lookups,
  ...sessionPath,
  ...splitting,
];

/** `npm run bench:micro`: what the steps of the hot path cost, each by itself. */
export async function run(args: readonly string[]): Promise<void> {
  const options = new Command('bench:micro')
    .description('Times the steps of the hot path, each by itself.')
    .option('--filter <text>', 'only the steps whose name contains it', '')
    .option('--sample-ms <ms>', 'how long one of nine samples takes', milliseconds, 50)
    .option('--json', 'print JSON')
    .option('--out <file>', 'write the JSON to a file as well')
    .parse(args as string[], { from: 'user' })
    .opts();
  const results = CASES.filter(({ name }) => name.includes(options.filter)).map((microCase) =>
    measureCase(microCase, options.sampleMs),
  );
  const json = `${JSON.stringify({ node: process.version, results }, null, 2)}\n`;
  process.stdout.write(options.json ? json : `${renderResults(results)}\n`);
  if (options.out) writeFileSync(options.out, json);
}

function renderResults(results: readonly MicroResult[]): string {
  return alignedTable(
    ['step', 'ns/op', 'best'],
    results.map(({ name, nsPerOp, bestNsPerOp }) => [
      name,
      nsPerOp.toFixed(1),
      bestNsPerOp.toFixed(1),
    ]),
    1,
  );
}

function milliseconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 60_000)) throw new InvalidArgumentError('is not a number above 0');
  return value;
}
