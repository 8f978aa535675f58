import { alignedTable, markdownTable, type Row } from '../bench/text-table.js';
import { KNOWN_FAILURES } from './known-failures.js';
import type { SuiteResults, TargetResults } from './run-suite.js';
import type { UnitResult } from './unit-output.js';

const HEAD: Row = ['unit', 'plain ok', 'err', 'proxy ok', 'err', 'lost', ''];
const FIRST_NUMBER_COLUMN = 1;
const SHOWN_REASON_CHARS = 200;

/** A line a unit, and what all of them come to. */
export function renderReport(
  units: readonly string[],
  results: SuiteResults,
  format: 'text' | 'markdown',
): string {
  const rows = units.map((unit) => [
    unit,
    ...counts(results.plain?.get(unit)),
    ...counts(results.proxy?.get(unit)),
    lostOf(results.plain?.get(unit), results.proxy?.get(unit)),
    notes(results.proxy?.get(unit) ?? results.plain?.get(unit)),
  ]);
  const total = [
    'total',
    ...sums(results.plain),
    ...sums(results.proxy),
    results.plain && results.proxy ? lostInAll(rows) : '-',
    '',
  ];
  const table = format === 'markdown' ? markdownTable : alignedTable;
  const lines = [table(HEAD, [...rows, total], FIRST_NUMBER_COLUMN)];
  if (results.plain && results.proxy) {
    const plain = okIn(results.plain);
    const proxy = okIn(results.proxy);
    const percent = plain === 0 ? 0 : (100 * proxy) / plain;
    lines.push('', `${proxy} of the ${plain} that a plain server passes: ${percent.toFixed(1)}%`);
  }
  return lines.join('\n');
}

/** `unit: name: why` for each failed test of a target. */
export function renderFailures(results: TargetResults): string {
  const lines: string[] = [];
  for (const [unit, { failed, ending }] of results) {
    const failures = ending ? [...failed, { ...ending, name: `ENDED ${ending.name}` }] : failed;
    for (const { name, reason } of failures) {
      lines.push(`${unit}: ${name}: ${reason.slice(0, SHOWN_REASON_CHARS)}`);
    }
  }
  return lines.join('\n');
}

/** A test that passes on a plain server and did not pass on the proxy. */
export interface LostTest {
  readonly unit: string;
  readonly name: string;
}

/** A test that is run several times is there as often as it was lost. */
export function lostTests({ plain, proxy }: SuiteResults): readonly LostTest[] {
  const lost: LostTest[] = [];
  for (const [unit, expected] of plain ?? []) {
    const passed = new Map<string, number>();
    for (const name of proxy?.get(unit)?.passed ?? []) {
      passed.set(name, (passed.get(name) ?? 0) + 1);
    }
    for (const name of expected.passed) {
      const left = passed.get(name) ?? 0;
      if (left === 0) lost.push({ unit, name });
      else passed.set(name, left - 1);
    }
  }
  return lost;
}

/** Those of them that no known failure explains. */
export function unexplained(lost: readonly LostTest[]): readonly LostTest[] {
  const known = new Set(
    KNOWN_FAILURES.flatMap(({ tests }) => tests.map(([unit, name]) => `${unit}: ${name}`)),
  );
  return lost.filter(({ unit, name }) => !known.has(`${unit}: ${name}`));
}

export function renderLost(lost: readonly LostTest[]): string {
  return lost.map(({ unit, name }) => `${unit}: ${name}\n`).join('');
}

/** How many tests passed. */
export function okIn(results: TargetResults): number {
  return [...results.values()].reduce((sum, { passed }) => sum + passed.length, 0);
}

function counts(result: UnitResult | undefined): [string, string] {
  if (!result) return ['-', '-'];
  return [String(result.passed.length), String(errors(result))];
}

function errors({ failed, ending }: UnitResult): number {
  return failed.length + (ending === null ? 0 : 1);
}

function sums(results: TargetResults | undefined): [string, string] {
  if (!results) return ['-', '-'];
  const failed = [...results.values()].reduce((sum, result) => sum + errors(result), 0);
  return [String(okIn(results)), String(failed)];
}

function lostOf(plain: UnitResult | undefined, proxy: UnitResult | undefined): string {
  if (!plain || !proxy) return '-';
  const lost = plain.passed.length - proxy.passed.length;
  return lost === 0 ? '' : String(lost);
}

function lostInAll(rows: readonly Row[]): string {
  return String(rows.reduce((sum, row) => sum + (Number(row[5]) || 0), 0));
}

function notes(result: UnitResult | undefined): string {
  return result?.ending ? `ended: ${result.ending.reason.slice(0, 60)}` : '';
}
