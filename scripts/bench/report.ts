import type { Machine } from './machine.js';
import { type Cell, type MeasureOptions, median, type Series } from './measurement.js';
import { DIRECT, NUTCRACKER, NUTCRACKER_V4 } from './servers.js';
import { alignedTable, markdownTable, type Row } from './text-table.js';

/** All there is to know of one benchmark; also what `--json` writes. */
export interface BenchResult {
  readonly machine: Machine;
  readonly options: Omit<MeasureOptions, 'pids'>;
  readonly series: readonly Series[];
}

const HEAD: Row = [
  'test',
  'pipeline',
  'target',
  'requests/s',
  'min - max',
  'CPU us/op',
  'p50 ms',
  'p99 ms',
  'p99.9 ms',
  'RSS MB',
  'peak',
];
/** What the others are compared with. */
const BASES: readonly string[] = [NUTCRACKER, NUTCRACKER_V4, DIRECT];
const RATIO_HEAD: Row = [
  'test',
  'pipeline',
  'target',
  'to',
  'requests/s',
  'CPU us/op',
  'p50 ms',
  'p99 ms',
];
// Two cores serve a proxy, two servers and the load: they have none to give away.
const QUIET_LOAD = 0.1;
/** In both tables the columns from here on hold numbers. */
const FIRST_NUMBER_COLUMN = 3;

/** The report for a terminal, or as Markdown for the documentation. */
export function renderReport(result: BenchResult, format: 'text' | 'markdown'): string {
  const table = format === 'markdown' ? markdownTable : alignedTable;
  const parts = [
    conditions(result, format),
    table(HEAD, result.series.map(figures), FIRST_NUMBER_COLUMN),
  ];
  const ratioRows = result.series
    .filter(({ target }) => !BASES.includes(target))
    .flatMap((series) => ratios(series, result.series));
  if (ratioRows.length > 0) parts.push(table(RATIO_HEAD, ratioRows, FIRST_NUMBER_COLUMN + 1));
  return `${parts.join('\n\n')}\n`;
}

function conditions(
  { machine, options, series }: BenchResult,
  format: 'text' | 'markdown',
): string {
  const otherLoad = median(series.map((one) => one.median.otherLoad));
  const lines = [
    `${machine.date}, commit ${machine.commit}: ${machine.processor}, ${machine.cores} cores, ` +
      `${machine.memoryGib} GiB; ${machine.system}; Node ${machine.node}, ` +
      `Redis ${machine.redis}, nutcracker ${machine.nutcracker}.`,
    `Two redis-servers without persistence; redis-benchmark with one thread, ${options.clients} ` +
      `clients, ${options.keys} keys, values of ${options.valueSize} bytes; medians of ` +
      `${options.rounds} interleaved rounds, ${options.seconds} s a run.`,
    'CPU is that of the target alone, all threads and child processes; RSS at the end of a run ' +
      'and its peak within it; latencies are those of a whole pipeline; ratios are medians of the ' +
      "rounds' own.",
    `Other programs took ${(otherLoad * 100).toFixed(0)}% of the machine meanwhile` +
      (otherLoad > QUIET_LOAD ? ': too much for figures to rely on; CPU/op suffers least.' : '.'),
  ];
  return lines.map((line) => (format === 'markdown' ? `- ${line}` : line)).join('\n');
}

function figures({ target, cell, runs, median }: Series): Row {
  const speeds = runs.map((run) => run.requestsPerSecond);
  return [
    cell.test.toUpperCase(),
    String(cell.pipeline),
    target,
    thousands(median.requestsPerSecond),
    `${thousands(Math.min(...speeds))} - ${thousands(Math.max(...speeds))}`,
    orDash(median.cpuMicrosPerOp, (value) => value.toFixed(value < 10 ? 2 : 1)),
    median.p50Ms.toFixed(2),
    median.p99Ms.toFixed(2),
    median.p999Ms.toFixed(2),
    orDash(median.rssBytes, megabytes),
    orDash(median.peakRssBytes, megabytes),
  ];
}

/** A row for each that it is compared with. */
function ratios(series: Series, all: readonly Series[]): Row[] {
  const { test, pipeline } = series.cell;
  return BASES.flatMap((name) => {
    const base = findSeries(all, name, series.cell);
    if (base === undefined) return [];
    const inWords = (field: ComparedField): string =>
      orDash(medianRatio(series, base, field), (ratio) => ratio.toFixed(2));
    return [
      [
        ...[test.toUpperCase(), String(pipeline), series.target, name],
        ...[inWords('requestsPerSecond'), inWords('cpuMicrosPerOp')],
        ...[inWords('p50Ms'), inWords('p99Ms')],
      ],
    ];
  });
}

type ComparedField = 'requestsPerSecond' | 'cpuMicrosPerOp' | 'p50Ms' | 'p99Ms';

/**
 * The median of the rounds' own ratios: the runs of one round are neighbours in time, so what
 * disturbs the machine for a while disturbs both.
 *
 * @returns null if a figure is not known.
 */
function medianRatio(series: Series, base: Series, field: ComparedField): number | null {
  const ratios: number[] = [];
  for (const [round, run] of series.runs.entries()) {
    const value = run[field];
    const baseValue = base.runs[round]?.[field];
    if (value === null || !baseValue) return null;
    ratios.push(value / baseValue);
  }
  return median(ratios);
}

function findSeries(all: readonly Series[], target: string, cell: Cell): Series | undefined {
  return all.find(
    (series) =>
      series.target === target &&
      series.cell.test === cell.test &&
      series.cell.pipeline === cell.pipeline,
  );
}

function orDash(value: number | null, show: (value: number) => string): string {
  return value === null ? '-' : show(value);
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
