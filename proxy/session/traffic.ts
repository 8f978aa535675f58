import type { CommandRow } from '../command/command-row.js';
import { LATENCY_BUCKET_COUNT, latencyBucket } from '../io/latency-buckets.js';

/** Counters of what the sessions of a worker have done; arrays indexed by the command's row. */
export class Traffic {
  readonly calls: Float64Array;
  readonly usecs: Float64Array;
  readonly errors: Float64Array;
  readonly latencies = new Float64Array(LATENCY_BUCKET_COUNT);
  bytesIn = 0;
  /** Of sessions that have ended; those that live count their own. */
  bytesOut = 0;
  accepted = 0;
  /** Turned away because there were too many. */
  rejected = 0;

  constructor(commandCount: number) {
    this.calls = new Float64Array(commandCount);
    this.usecs = new Float64Array(commandCount);
    this.errors = new Float64Array(commandCount);
  }

  /** Counts a command that was answered after `us` microseconds. */
  answered(row: CommandRow, us: number, isError: boolean): void {
    const index = row.index;
    if (index < 0) return;
    this.calls[index]!++;
    this.usecs[index]! += us;
    this.latencies[latencyBucket(us)]!++;
    if (isError) this.errors[index]!++;
  }

  get commandsProcessed(): number {
    return this.calls.reduce((sum, calls) => sum + calls, 0);
  }
}
