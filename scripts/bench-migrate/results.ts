import type { Machine } from '../bench/machine.js';
import type { Latency } from './latency.js';
import type { MoveCost } from './move-cost.js';
import type { BenchOptions } from './options.js';

export const REFERENCE = 'redis-cli reshard';
export const STOCK = 'codis-ts';
export const MODULE = 'codis-ts, module';

/** The rounds of one who moves; entries of the same index were made in the same round. */
export interface Series<T> {
  readonly name: string;
  readonly rounds: T[];
}

/** A load at half of what was possible, in one round. */
export interface LoadRound {
  readonly without: Latency;
  readonly with: Latency;
  /** Keys that were moved meanwhile, and in what time. */
  readonly keysMoved: number;
  readonly moveSeconds: number;
}

export interface LoadSeries extends Series<LoadRound> {
  /** What closed-loop clients got, in commands a second. */
  readonly capacity: number;
}

/** A move of empty slots, and what a light load noticed. */
export interface EmptyRound extends MoveCost {
  readonly latency: Latency;
}

/** All there is to know of one benchmark; also what `--json` writes. */
export interface BenchResult {
  readonly machine: Machine;
  readonly options: BenchOptions;
  readonly moves: readonly Series<MoveCost>[];
  readonly empty: readonly Series<EmptyRound>[];
  readonly loads: readonly LoadSeries[];
}
