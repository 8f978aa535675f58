import type { KeySet } from './keys.js';
import type { Latency } from './latency.js';

/** What the thread of the load is told. One load runs at a time. */
export type LoadOrder =
  /** The keys are as the filling has made them. */
  | { readonly type: 'filled'; readonly keys: KeySet }
  | { readonly type: 'start'; readonly load: LoadShape }
  | { readonly type: 'stop' };

export interface LoadShape {
  readonly port: number;
  readonly connections: number;
  /** Commands a second, sent when they are due; null: each connection's next one after a reply. */
  readonly rate: number | null;
  /**
   * - `mixed`: GET and SET in turn, of all keys alike; what GET gives must be what SET wrote last
   * - `absent`: GET of keys that do not exist, in all slots
   */
  readonly commands: 'mixed' | 'absent';
}

/** What it answers `start` and `stop` with. */
export type LoadReport =
  | { readonly type: 'started' }
  | { readonly type: 'result'; readonly latency: Latency }
  /** A wrong reply, or a connection that was closed. */
  | { readonly type: 'failed'; readonly message: string };
