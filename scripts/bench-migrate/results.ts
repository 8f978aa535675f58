import type { Machine } from '../bench/machine.js';
import type { Latency } from './latency.js';
import type { MoveCost } from './move-cost.js';
import type { BenchOptions } from './options.js';

/**
 * Half of the slots, as with ours: how fast redis-cli is depends on the number of slots as much as
 * on that of the keys. The speed that ours is to be a multiple of.
 */
export const REFERENCE = 'redis-cli, 8192 slots';
/** As many slots as ours: a thirty-second of a Redis Cluster. For comparison. */
export const FEW_SLOTS = 'redis-cli, 512 slots';
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
  /** The reference first. */
  readonly moves: readonly Series<MoveCost>[];
  readonly empty: readonly Series<EmptyRound>[];
  readonly loads: readonly LoadSeries[];
}
