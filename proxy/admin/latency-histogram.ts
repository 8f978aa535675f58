import { Histogram, type Registry } from 'prom-client';
import type { DataPlaneStats } from '../data-plane.js';

/**
 * A histogram whose counts are kept by the data plane: there, counting is one addition to an
 * array, and prom-client's `observe` would cost more than the command.
 */
export class LatencyHistogram extends Histogram<string> {
  readonly #read: () => DataPlaneStats;

  constructor(name: string, help: string, read: () => DataPlaneStats, registry: Registry) {
    super({ name, help, registers: [registry] });
    this.#read = read;
  }

  override async get() {
    const { latencyBucketsUs, latencyCounts, commands } = this.#read();
    const { name, help, type, aggregator, collect } = await super.get();
    const values = [];
    let cumulative = 0;
    for (const [index, boundUs] of latencyBucketsUs.entries()) {
      cumulative += latencyCounts[index] ?? 0;
      const le = boundUs === Number.POSITIVE_INFINITY ? '+Inf' : boundUs / 1e6;
      values.push({ metricName: `${name}_bucket`, labels: { le }, value: cumulative });
    }
    const seconds = commands.reduce((sum, command) => sum + command.usecs, 0) / 1e6;
    values.push({ metricName: `${name}_sum`, labels: {}, value: seconds });
    values.push({ metricName: `${name}_count`, labels: {}, value: cumulative });
    return { name, help, type, aggregator, collect, values };
  }

  /** What the registry calls instead of `get` for Prometheus's text; not in prom-client's types. */
  getForPromString() {
    return this.get();
  }
}
