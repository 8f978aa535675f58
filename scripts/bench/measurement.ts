import { availableParallelism } from 'node:os';
import {
  machineCpuMicros,
  ownCpuMicros,
  type ProcessUsage,
  resetPeak,
  usageOf,
} from './process-usage.js';
import { type LoadResult, runRedisBenchmark } from './redis-benchmark.js';
import type { Target } from './target.js';
import { benchmarkArguments, type LoadShape } from './workload.js';

/** What is measured of every target: one command at one pipeline depth. */
export interface Cell {
  readonly test: string;
  readonly pipeline: number;
}

/** One run of one target. */
export interface Run extends LoadResult {
  /** Processor time of the target per command in microseconds; null: its process is not known. */
  readonly cpuMicrosPerOp: number | null;
  /** The target's memory at the end of the run and its peak within it, in bytes. */
  readonly rssBytes: number | null;
  readonly peakRssBytes: number | null;
  /** Share of the machine's processor time that went to anything but this benchmark; 0 to 1. */
  readonly otherLoad: number;
}

/** All runs of one target in one cell, and their medians. */
export interface Series {
  readonly target: string;
  readonly cell: Cell;
  readonly runs: readonly Run[];
  readonly median: Run;
}

export interface MeasureOptions extends LoadShape {
  readonly rounds: number;
  readonly seconds: number;
  /** All processes, besides our own, whose work is part of the measurement. */
  readonly pids: readonly number[];
}

/** Told of the progress; `done` of `total` runs are behind us. */
export type Progress = (done: number, total: number, what: string) => void;

const FIRST_GUESS_REQUESTS = 20_000;
/** The second, longer guess also lets a just-in-time compiler finish its work. */
const WARM_UP_SECONDS = 0.5;
// A run that takes so much longer than planned is not slow but stuck.
const STUCK_FACTOR = 30;

/**
 * Measures every target in every cell, `rounds` times. One round goes through all cells and in
 * each through all targets, beginning with another one each time, so that a machine that grows
 * slower or faster meanwhile does the same to all.
 */
export async function measure(
  targets: readonly Target[],
  cells: readonly Cell[],
  options: MeasureOptions,
  signal: AbortSignal,
  progress: Progress,
): Promise<Series[]> {
  const total = targets.length * cells.length * (options.rounds + 1);
  let done = 0;
  const requests = new Map<string, number>();
  for (const cell of cells) {
    for (const target of targets) {
      progress(done++, total, `warm-up: ${describe(target, cell)}`);
      requests.set(describe(target, cell), await fittingRequests(target, cell, options, signal));
    }
  }

  const runs = new Map<string, Run[]>();
  for (let round = 0; round < options.rounds; round++) {
    for (const [cellIndex, cell] of cells.entries()) {
      for (let turn = 0; turn < targets.length; turn++) {
        const target = targets[(round + cellIndex + turn) % targets.length]!;
        const key = describe(target, cell);
        progress(done++, total, `round ${round + 1}: ${key}`);
        const run = await runOnce(target, cell, requests.get(key)!, options, signal);
        runs.set(key, [...(runs.get(key) ?? []), run]);
      }
    }
  }
  progress(done, total, 'done');
  return cells.flatMap((cell) =>
    targets.map((target) => {
      const own = runs.get(describe(target, cell))!;
      return { target: target.name, cell, runs: own, median: medianRun(own) };
    }),
  );
}

function describe(target: Target, { test, pipeline }: Cell): string {
  return `${test} -P ${pipeline} ${target.name}`;
}

/** How many requests keep the target busy for the wanted time. */
async function fittingRequests(
  target: Target,
  cell: Cell,
  options: MeasureOptions,
  signal: AbortSignal,
): Promise<number> {
  const cost = relativeCost(cell, options);
  let requests = atLeastOneEach(FIRST_GUESS_REQUESTS / cost, cell, options);
  for (const seconds of [Math.min(WARM_UP_SECONDS, options.seconds), options.seconds]) {
    const run = await runOnce(target, cell, requests, options, signal);
    requests = atLeastOneEach(run.requestsPerSecond * seconds, cell, options);
  }
  return requests;
}

/** Every client gets to send its pipeline ten times. */
function atLeastOneEach(requests: number, { pipeline }: Cell, { clients }: LoadShape): number {
  return Math.max(Math.ceil(requests), clients * pipeline * 10);
}

function relativeCost({ test }: Cell, { valueSize }: LoadShape): number {
  const keysPerCommand = Number(/\d+$/.exec(test)?.[0] ?? 1);
  return Math.max(1, (keysPerCommand * (valueSize + 200)) / 2000);
}

async function runOnce(
  target: Target,
  cell: Cell,
  requests: number,
  options: MeasureOptions,
  signal: AbortSignal,
): Promise<Run> {
  const args = benchmarkArguments(target, cell.test, {
    ...options,
    pipeline: cell.pipeline,
    requests,
  });
  if (target.pid !== null) resetPeak(target.pid);
  const before = target.pid === null ? null : usageOf(target.pid);
  const timeoutMs = 30_000 + options.seconds * 1000 * STUCK_FACTOR;
  const othersBefore = othersCpuMicros(options.pids);
  const startMs = performance.now();
  const result = await runRedisBenchmark(args, timeoutMs, signal);
  const others = othersCpuMicros(options.pids) - othersBefore;
  const availableMicros = (performance.now() - startMs) * 1000 * availableParallelism();
  const after = target.pid === null ? null : usageOf(target.pid);
  return {
    ...result,
    cpuMicrosPerOp: cpuPerOp(before, after, result.requests),
    rssBytes: after?.rssBytes ?? null,
    peakRssBytes: after?.peakRssBytes ?? null,
    otherLoad: Math.max(0, others / availableMicros),
  };
}

/** What the machine did for others, redis-benchmark being one of our ended children. */
export function othersCpuMicros(pids: readonly number[]): number {
  const ours = pids.reduce((sum, pid) => sum + (usageOf(pid)?.cpuMicros ?? 0), ownCpuMicros());
  return machineCpuMicros() - ours;
}

function cpuPerOp(
  before: ProcessUsage | null,
  after: ProcessUsage | null,
  requests: number,
): number | null {
  return before && after ? (after.cpuMicros - before.cpuMicros) / requests : null;
}

/** The median of every figure by itself. */
function medianRun(runs: readonly Run[]): Run {
  const of = (field: keyof LoadResult | 'otherLoad'): number =>
    median(runs.map((run) => run[field]));
  const known = (field: 'cpuMicrosPerOp' | 'rssBytes' | 'peakRssBytes'): number | null => {
    const values = runs.map((run) => run[field]).filter((value) => value !== null);
    return values.length > 0 ? median(values) : null;
  };
  return {
    requests: of('requests'),
    seconds: of('seconds'),
    requestsPerSecond: of('requestsPerSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    p999Ms: of('p999Ms'),
    otherLoad: of('otherLoad'),
    cpuMicrosPerOp: known('cpuMicrosPerOp'),
    rssBytes: known('rssBytes'),
    peakRssBytes: known('peakRssBytes'),
  };
}

/** The middle value, or the mean of the two in the middle. @param values at least one */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
