import type { Address } from '../../base/address.js';
import type { Config } from '../../base/config.js';
import type { LogLevel } from '../../base/log.js';
import type { DataPlaneStats } from '../data-plane.js';
import type { PeerAnswer, PeerMessage } from '../operation/peers/questions.js';
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

/** Another worker asks; answered with `answer`. */
export interface QuestionMessage {
  readonly type: 'question';
  readonly id: number;
  readonly message: PeerMessage;
}

/** What the others have answered to a question of this worker's. */
export interface AnswersMessage {
  readonly type: 'answers';
  readonly id: number;
  readonly answers: readonly PeerAnswer[];
}

/** All that the primary says to a worker. */
export type Told = Order | QuestionMessage | AnswersMessage;

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
  /** A question to the other workers. */
  | { readonly type: 'ask'; readonly id: number; readonly message: PeerMessage }
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'stats'; readonly stats: Omit<DataPlaneStats, 'latencyBucketsUs'> };

export interface WorkerFailure {
  readonly message: string;
  readonly hint: string;
}

/** A worker that does not answer another's question for so long is passed over. */
export const ANSWER_TIMEOUT_MS = 1_000;

/** How often a worker reports its figures. */
export const STATS_PERIOD_MS = 100;
