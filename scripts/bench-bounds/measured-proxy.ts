import { parseConfig } from '../../base/config.js';
import { openLog } from '../../base/log.js';
import { createDataPlane } from '../../proxy/worker.js';
import { staticTable } from '../bench/static-table.js';
import type { ProxyFigures, ProxyOrder } from './proxy-orders.js';

/*
 * The proxy's data plane with a table given by hand, in a process that tells what it holds. Takes
 * ProxyOrder, answers with the port and with ProxyFigures; ends with its parent.
 */

function figures(clients: number): ProxyFigures {
  const memory = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) {
    resources[name] = (resources[name] ?? 0) + 1;
  }
  return {
    clients,
    rssBytes: memory.rss,
    heapBytes: memory.heapUsed,
    bufferBytes: memory.arrayBuffers,
    resources,
  };
}

async function serve({ ini, masters }: Extract<ProxyOrder, { type: 'serve' }>): Promise<void> {
  const plane = createDataPlane(parseConfig(ini, 'bench.ini'), openLog('proxy', 'warn'));
  await plane.apply(staticTable(masters));
  const { port } = await plane.listen({ host: '127.0.0.1', port: 0 });
  process.on('message', () => process.send!(figures(plane.stats().clients)));
  process.send!(port);
}

process.on('disconnect', () => process.exit(0));
process.once('message', (order: ProxyOrder) => {
  if (order.type === 'serve') void serve(order);
});
