import type { Latency } from '../bench-migrate/latency.js';

/** Commands that are sent when they are due, whether or not those before have been answered. */
export interface PacedLoad {
  readonly port: number;
  readonly connections: number;
  /** Commands a second. */
  readonly rate: number;
  readonly seconds: number;
  /** The commands in turn, and what each is answered with, byte by byte. */
  readonly commands: readonly { readonly request: string; readonly reply: string }[];
}

export type PacedReport =
  | { readonly type: 'result'; readonly latency: Latency }
  | { readonly type: 'failed'; readonly message: string };
