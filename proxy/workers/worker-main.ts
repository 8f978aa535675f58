import { messageOf, OperatorError } from '../../base/errors.js';
import { openLog } from '../../base/log.js';
import type { DataPlane } from '../data-plane.js';
import { createDataPlane } from '../worker.js';
import { type Order, type Report, STATS_PERIOD_MS } from './messages.js';

/*
 * A worker process of codis-proxy: serves clients as the primary tells it to. It ends with the
 * primary: node:cluster ends a worker whose channel to it is gone.
 */

// The primary gets these too, and has us drained.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

let plane: DataPlane | null = null;

process.on('message', (order: Order) => {
  obey(order).then(
    (address) => report({ type: 'done', id: order.id, address, error: null }),
    (error: unknown) => {
      const hint = error instanceof OperatorError ? error.hint : '';
      const failure = { message: messageOf(error), hint };
      report({ type: 'done', id: order.id, address: null, error: failure });
    },
  );
});

report({ type: 'ready' });

async function obey(order: Order) {
  if (order.type === 'start') {
    const { config, logLevel, logFile, workerIndex, workerCount } = order.start;
    const log = openLog('codis-proxy', logLevel, logFile ?? undefined).child({
      worker: workerIndex,
    });
    plane = createDataPlane(config, log, { workerIndex, workerCount });
    setInterval(reportStats, STATS_PERIOD_MS);
    return null;
  }
  if (plane === null) throw new Error(`told to ${order.type} before it was started`);
  switch (order.type) {
    case 'apply':
      await plane.apply(order.change);
      return null;
    case 'listen':
      return plane.listen(order.address);
    case 'drain':
      await plane.drain(order.timeoutMs, order.successors);
      reportStats();
      return null;
  }
}

function reportStats(): void {
  if (plane === null) return;
  const { latencyBucketsUs: _, ...stats } = plane.stats();
  report({ type: 'stats', stats });
}

function report(message: Report): void {
  if (process.connected) process.send!(message);
}
