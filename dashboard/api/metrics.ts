import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Cluster } from '../cluster.js';

/** The registry behind `/metrics`; besides our own, prom-client's figures of the process. */
export function createMetrics(cluster: Cluster): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'codis_dashboard_leads',
    help: '1 while this dashboard may change the cluster',
    registers: [registry],
    collect() {
      const { lease, coordinator } = cluster.health();
      this.set(lease === 'held' && coordinator === 'connected' ? 1 : 0);
    },
  });
  cluster.ha.addMetrics(registry);
  return registry;
}
