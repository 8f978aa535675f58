import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { OperatorError } from '../../base/errors.js';
import type { Latency } from '../bench-migrate/latency.js';
import type { PacedLoad, PacedReport } from './paced-orders.js';

// This file runs compiled, from dist/scripts/bench-bounds.
const THREAD = new URL('./paced-thread.js', import.meta.url);

/**
 * Runs the load, as long as it says.
 *
 * @throws OperatorError if a client is answered with anything but what it expects
 */
export async function runPaced(load: PacedLoad, signal: AbortSignal): Promise<Latency> {
  const thread = new Worker(THREAD, { workerData: load });
  try {
    const [report] = (await once(thread, 'message', { signal })) as [PacedReport];
    if (report.type === 'result') return report.latency;
    throw new OperatorError(`a client of the load failed: ${report.message}`);
  } finally {
    await thread.terminate();
  }
}
