import { availableParallelism } from 'node:os';
import { formatAddress } from '../../base/address.js';
import { describeMachine } from '../bench/machine.js';
import { othersCpuMicros } from '../bench/measurement.js';
import { TWEMPROXY } from '../bench/run-bench.js';
import { Servers } from '../bench/servers.js';
import { ensurePrograms, REDIS, REDIS_TOOLS } from '../local-cluster/programs.js';
import type { Case } from './case-run.js';
import { connectionStorm, idleConnections } from './clients-cases.js';
import type { Figure } from './figure.js';
import { equalRate, frozenServer } from './latency-cases.js';
import type { BoundsOptions, CaseName } from './options.js';
import type { BoundsResult } from './report.js';
import { slowReaders } from './slow-readers.js';
import { soak } from './soak.js';

const CASES: Record<CaseName, Case> = {
  idle: idleConnections,
  storm: connectionStorm,
  'slow-readers': slowReaders,
  rate: equalRate,
  frozen: frozenServer,
  soak,
};

/** Runs the cases one after the other, on two redis-servers of their own. */
export async function runBounds(
  options: BoundsOptions,
  signal: AbortSignal,
  say: (what: string) => void,
): Promise<BoundsResult> {
  const isCompared = options.cases.includes('rate');
  await ensurePrograms([REDIS, REDIS_TOOLS, ...(isCompared ? [TWEMPROXY] : [])], say);
  const servers = new Servers();
  const killNow = (): void => servers.killNow();
  process.once('exit', killNow);
  try {
    await servers.startBackends();
    const masters = servers.backends.map(({ address }) => formatAddress(address));
    const figures: Figure[] = [];
    const startMs = performance.now();
    const othersBefore = othersCpuMicros(servers.pids);
    for (const name of options.cases) {
      figures.push(...(await CASES[name]({ options, servers, masters, signal, say })));
      signal.throwIfAborted();
    }
    const others = othersCpuMicros(servers.pids) - othersBefore;
    const availableMicros = (performance.now() - startMs) * 1000 * availableParallelism();
    return {
      machine: describeMachine(),
      otherLoad: Math.max(0, others / availableMicros),
      figures,
    };
  } finally {
    await servers.stop();
    process.off('exit', killNow);
  }
}
