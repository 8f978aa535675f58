import { messageOf, OperatorError } from '../../base/errors.js';
import { openLog } from '../../base/log.js';
import { createDataPlane, type WorkerPlane } from '../worker.js';
import { type Order, type Report, STATS_PERIOD_MS, type Told } from './messages.js';
import { PrimaryLink } from './primary-link.js';

/*
 * A worker process of codis-proxy: serves clients as the primary tells it to. It ends with the
 * primary: node:cluster ends a worker whose channel to it is gone.
 */

// The primary gets these too, and has us drained.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

let plane: WorkerPlane | null = null;
let link: PrimaryLink | null = null;

process.on('message', (told: Told) => {
  if (told.type === 'question') {
    report({ type: 'answer', id: told.id, answer: plane?.answerPeer(told.message) ?? null });
    return;
  }
  if (told.type === 'answers') {
    link?.answered(told.id, told.answers);
    return;
  }
  const order: Order = told;
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
    link = new PrimaryLink(workerIndex, report);
    plane = createDataPlane(config, log, { workerIndex, workerCount, peerLink: link });
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
