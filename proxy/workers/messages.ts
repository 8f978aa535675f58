import type { Address } from '../../base/address.js';
import type { Config } from '../../base/config.js';
import type { LogLevel } from '../../base/log.js';
import type { DataPlaneStats } from '../data-plane.js';
import type { TopologyChange } from '../router/topology-change.js';

/** What a worker process needs to begin; sent, not put into its environment: it has a password. */
export interface WorkerStart {
  readonly config: Config;
  readonly logLevel: LogLevel;
  readonly logFile: string | null;
  /** 0 to `workerCount` - 1. */
  readonly workerIndex: number;
  readonly workerCount: number;
}

/** What the primary tells a worker. Each is answered with `done`, in any order. */
export type Order =
  | { readonly type: 'start'; readonly id: number; readonly start: WorkerStart }
  | { readonly type: 'apply'; readonly id: number; readonly change: TopologyChange }
  | { readonly type: 'listen'; readonly id: number; readonly address: Address }
  | {
      readonly type: 'drain';
      readonly id: number;
      readonly timeoutMs: number;
      readonly successors: readonly string[];
    };

/** An order before it is sent to somebody. */
export type OrderBody = Order extends infer Each
  ? Each extends Order
    ? Omit<Each, 'id'>
    : never
  : never;

/** What a worker tells the primary. Infinity does not survive JSON: see `latencyBucketsUs`. */
export type Report =
  /** First of all: what is sent to a process before it listens is lost. */
  | { readonly type: 'ready' }
  | {
      readonly type: 'done';
      readonly id: number;
      /** The address bound, after `listen`. */
      readonly address: Address | null;
      readonly error: WorkerFailure | null;
    }
  | { readonly type: 'stats'; readonly stats: Omit<DataPlaneStats, 'latencyBucketsUs'> };

export interface WorkerFailure {
  readonly message: string;
  readonly hint: string;
}

/** How often a worker reports its figures. */
export const STATS_PERIOD_MS = 100;
