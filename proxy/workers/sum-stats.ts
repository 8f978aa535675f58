import type { BackendStats, CommandStats, DataPlaneStats } from '../data-plane.js';
import { LATENCY_BUCKET_COUNT, latencyBucketBoundUs } from '../io/latency-buckets.js';
import type { WorkerStats } from './worker-handle.js';

/** The figures of all workers together; a worker that has not reported yet is left out. */
export function sumStats(reports: readonly (WorkerStats | null)[]): DataPlaneStats {
  const known = reports.filter((report) => report !== null);
  const sum = (figure: (report: WorkerStats) => number): number =>
    known.reduce((total, report) => total + figure(report), 0);
  return {
    commands: sumCommands(known.flatMap((report) => report.commands)),
    backends: sumBackends(known.flatMap((report) => report.backends)),
    pubsub: {
      channels: sum((report) => report.pubsub.channels),
      patterns: sum((report) => report.pubsub.patterns),
      messages: sum((report) => report.pubsub.messages),
      slowClients: sum((report) => report.pubsub.slowClients),
      losses: sum((report) => report.pubsub.losses),
    },
    clients: sum((report) => report.clients),
    clientsAccepted: sum((report) => report.clientsAccepted),
    clientsRejected: sum((report) => report.clientsRejected),
    clientsClosedForOutput: sum((report) => report.clientsClosedForOutput),
    clientsClosedForInput: sum((report) => report.clientsClosedForInput),
    outputBytes: sum((report) => report.outputBytes),
    inputBytes: sum((report) => report.inputBytes),
    waitingCommands: sum((report) => report.waitingCommands),
    waitingBytes: sum((report) => report.waitingBytes),
    replicaReads: sum((report) => report.replicaReads),
    repeatedReads: sum((report) => report.repeatedReads),
    bytesIn: sum((report) => report.bytesIn),
    bytesOut: sum((report) => report.bytesOut),
    latencyBucketsUs: Array.from({ length: LATENCY_BUCKET_COUNT }, (_, bucket) =>
      latencyBucketBoundUs(bucket),
    ),
    latencyCounts: Array.from({ length: LATENCY_BUCKET_COUNT }, (_, bucket) =>
      sum((report) => report.latencyCounts[bucket] ?? 0),
    ),
  };
}

function sumCommands(all: readonly CommandStats[]): CommandStats[] {
  const byName = new Map<string, CommandStats>();
  for (const stats of all) {
    const before = byName.get(stats.cmd) ?? { cmd: stats.cmd, calls: 0, usecs: 0, errors: 0 };
    byName.set(stats.cmd, {
      cmd: stats.cmd,
      calls: before.calls + stats.calls,
      usecs: before.usecs + stats.usecs,
      errors: before.errors + stats.errors,
    });
  }
  return [...byName.values()];
}

/** What one worker reaches is there. */
function leastOf(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

/** A server is `ready` if it is for every worker. */
function sumBackends(all: readonly BackendStats[]): BackendStats[] {
  const byAddr = new Map<string, BackendStats>();
  for (const stats of all) {
    const before = byAddr.get(stats.addr);
    byAddr.set(
      stats.addr,
      before === undefined
        ? stats
        : {
            addr: stats.addr,
            state: before.state === 'ready' ? stats.state : before.state,
            inFlight: before.inFlight + stats.inFlight,
            reconnects: before.reconnects + stats.reconnects,
            lastError: before.lastError || stats.lastError,
            silentMs: leastOf(before.silentMs, stats.silentMs),
          },
    );
  }
  return [...byAddr.values()];
}
