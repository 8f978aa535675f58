import { median } from '../bench/measurement.js';
import { alignedTable, markdownTable, type Row } from '../bench/text-table.js';
import { MOVED_SLOTS } from './keys.js';
import type { Latency } from './latency.js';
import type { MoveCost } from './move-cost.js';
import { type BenchResult, FEW_SLOTS, type LoadRound, REFERENCE, type Series } from './results.js';

/** What is to be reached. */
const SPEED_RATIO = 2.5;
const EMPTY_SECONDS = 10;
const P99_RATIO = 2;
const STALL_MS = 50;

// Two cores serve everything that is measured: they have none to give away.
const QUIET_LOAD = 0.1;

const MOVE_HEAD: Row = [
  'full slots',
  'keys/s',
  'min - max',
  'seconds',
  'CPU us/key',
  'servers',
  'mover',
  'proxy',
];
const EMPTY_HEAD: Row = [
  'empty slots',
  'seconds',
  'ms/slot',
  'p99 ms',
  'longest wait ms',
  "clients' own delay",
];
const LOAD_HEAD: Row = [
  'load at half',
  'commands/s',
  'moves',
  'keys/s',
  'p50 ms',
  'p99 ms',
  'p99.9 ms',
  'longest wait ms',
  "clients' own delay",
];
const TARGET_HEAD: Row = ['target', 'wanted', 'measured', ''];

/** The report for a terminal, or as Markdown for the documentation. */
export function renderReport(result: BenchResult, format: 'text' | 'markdown'): string {
  const table = format === 'markdown' ? markdownTable : alignedTable;
  return `${[
    conditions(result, format),
    table(
      MOVE_HEAD,
      result.moves.map((series) => moveRow(series, result.options.keys)),
      1,
    ),
    table(EMPTY_HEAD, result.empty.map(emptyRow), 1),
    table(LOAD_HEAD, result.loads.flatMap(loadRows), 3),
    table(TARGET_HEAD, targetRows(result), 1),
  ].join('\n\n')}\n`;
}

function conditions({ machine, options, moves }: BenchResult, format: 'text' | 'markdown'): string {
  const otherLoad = median(moves.flatMap(({ rounds }) => rounds.map((round) => round.otherLoad)));
  const lines = [
    `${machine.date}, commit ${machine.commit}: ${machine.processor}, ${machine.cores} cores, ` +
      `${machine.memoryGib} GiB; ${machine.system}; Node ${machine.node}, Redis ${machine.redis}.`,
    `${MOVED_SLOTS} slots with ${options.keys.toLocaleString('en-US')} keys of 64 bytes, from one ` +
      'redis-server to another, without persistence, there and back; one proxy; medians of ' +
      `${options.rounds} interleaved rounds; ratios are medians of the rounds' own. Servers, mover, ` +
      'proxy: their processor time. redis-cli: cluster reshard at its default, between two masters.',
    'Empty slots: 10 clients send 1000 GETs a second to all slots meanwhile. Load: ' +
      `${options.connections} connections, GET and SET of keys in all slots, half of which move; ` +
      'sent when they are due, every reply checked; runs without and with moves alternate. The ' +
      "clients' own delay is the longest time that their thread waited for a processor.",
    `Other programs took ${(otherLoad * 100).toFixed(0)}% of the machine meanwhile` +
      (otherLoad > QUIET_LOAD
        ? ': too much for waits to rely on; CPU and ratios suffer less.'
        : '.'),
  ];
  return lines.map((line) => (format === 'markdown' ? `- ${line}` : line)).join('\n');
}

function moveRow({ name, rounds }: Series<MoveCost>, keys: number): Row {
  const speeds = rounds.map(({ seconds }) => keys / seconds);
  const perKey = (cpu: (round: MoveCost) => number): string =>
    (medianOf(rounds, cpu) / keys).toFixed(1);
  return [
    name,
    thousands(median(speeds)),
    `${thousands(Math.min(...speeds))} - ${thousands(Math.max(...speeds))}`,
    medianOf(rounds, ({ seconds }) => seconds).toFixed(2),
    perKey((round) => round.serversCpu + round.moverCpu + round.proxiesCpu),
    perKey(({ serversCpu }) => serversCpu),
    perKey(({ moverCpu }) => moverCpu),
    name === REFERENCE || name === FEW_SLOTS ? '-' : perKey(({ proxiesCpu }) => proxiesCpu),
  ];
}

function emptyRow({ name, rounds }: BenchResult['empty'][number]): Row {
  const seconds = medianOf(rounds, (round) => round.seconds);
  return [
    name,
    seconds.toFixed(2),
    ((seconds * 1000) / MOVED_SLOTS).toFixed(2),
    medianOf(rounds, ({ latency }) => latency.p99Ms).toFixed(1),
    medianOf(rounds, ({ latency }) => latency.maxMs).toFixed(1),
    medianOf(rounds, ({ latency }) => latency.ownDelayMs).toFixed(1),
  ];
}

function loadRows({ name, rounds }: BenchResult['loads'][number]): Row[] {
  const row = (moves: string, keysPerSecond: string, of: (round: LoadRound) => Latency): Row => {
    const figure = (field: keyof Latency, digits: number): string =>
      medianOf(rounds, (round) => of(round)[field]).toFixed(digits);
    return [
      name,
      thousands(medianOf(rounds, (round) => of(round).perSecond)),
      moves,
      keysPerSecond,
      figure('p50Ms', 2),
      figure('p99Ms', 1),
      figure('p999Ms', 1),
      figure('maxMs', 1),
      figure('ownDelayMs', 1),
    ];
  };
  const speed = medianOf(rounds, (round) => round.keysMoved / round.moveSeconds);
  return [
    row('none', '-', ({ without }) => without),
    row('yes', thousands(speed), (round) => round.with),
  ];
}

function targetRows({ moves, empty, loads }: BenchResult): Row[] {
  const [reference] = moves;
  const ours = moves.filter(({ name }) => name !== REFERENCE && name !== FEW_SLOTS);
  const rows: Row[] = [];
  for (const { name, rounds } of ours) {
    const ratio = median(
      rounds.map((round, index) => reference!.rounds[index]!.seconds / round.seconds),
    );
    rows.push(
      target(`${name}: keys/s to ${REFERENCE}`, `>= ${SPEED_RATIO}`, ratio, ratio >= SPEED_RATIO),
    );
  }
  for (const { name, rounds } of empty) {
    const seconds = medianOf(rounds, (round) => round.seconds);
    const title = `${name}: ${MOVED_SLOTS} empty slots, s`;
    rows.push(target(title, `< ${EMPTY_SECONDS}`, seconds, seconds < EMPTY_SECONDS));
  }
  for (const { name, rounds } of loads) {
    const ratio = median(rounds.map((round) => round.with.p99Ms / round.without.p99Ms));
    const title = `${name}: p99 with moves to p99 without`;
    rows.push(target(title, `<= ${P99_RATIO}`, ratio, ratio <= P99_RATIO));
    const stall = medianOf(rounds, (round) => round.with.maxMs);
    rows.push(target(`${name}: longest wait, ms`, `<= ${STALL_MS}`, stall, stall <= STALL_MS));
  }
  return rows;
}

function target(title: string, wanted: string, measured: number, isMet: boolean): Row {
  return [title, wanted, measured.toFixed(2), isMet ? 'met' : 'MISSED'];
}

function medianOf<T>(rounds: readonly T[], figure: (round: T) => number): number {
  return median(rounds.map(figure));
}

function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
