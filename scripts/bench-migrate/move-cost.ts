import { availableParallelism } from 'node:os';
import { othersCpuMicros } from '../bench/measurement.js';
import { ownCpuMicros, usageOf } from '../bench/process-usage.js';

/** Processes that a move makes work. */
export interface MovePids {
  readonly servers: readonly number[];
  /** The dashboard; none where the mover is a program that we start and wait for. */
  readonly mover: readonly number[];
  readonly proxies: readonly number[];
  /** All that the whole benchmark has started. */
  readonly all: readonly number[];
}

/** What one move took. */
export interface MoveCost {
  readonly seconds: number;
  /** Processor time in microseconds. */
  readonly serversCpu: number;
  readonly moverCpu: number;
  readonly proxiesCpu: number;
  /** Share of the machine's processor time that went to anything but the benchmark; 0 to 1. */
  readonly otherLoad: number;
}

/** @param work a move, from the order to its end */
export async function costOf(pids: MovePids, work: () => Promise<void>): Promise<MoveCost> {
  const before = cpuOf(pids);
  const startMs = performance.now();
  await work();
  const seconds = (performance.now() - startMs) / 1000;
  const after = cpuOf(pids);
  return {
    seconds,
    serversCpu: after.servers - before.servers,
    moverCpu: pids.mover.length > 0 ? after.mover - before.mover : after.children - before.children,
    proxiesCpu: after.proxies - before.proxies,
    otherLoad: Math.max(0, after.others - before.others) / (seconds * 1e6 * availableParallelism()),
  };
}

function cpuOf({ servers, mover, proxies, all }: MovePids): CpuTimes {
  return {
    servers: sum(servers),
    mover: sum(mover),
    proxies: sum(proxies),
    children: ownCpuMicros(),
    others: othersCpuMicros(all),
  };
}

interface CpuTimes {
  readonly servers: number;
  readonly mover: number;
  readonly proxies: number;
  /** Ours, and that of programs that we have waited for. */
  readonly children: number;
  readonly others: number;
}

function sum(pids: readonly number[]): number {
  return pids.reduce((total, pid) => total + (usageOf(pid)?.cpuMicros ?? 0), 0);
}
