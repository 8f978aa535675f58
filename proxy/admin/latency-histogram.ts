import { Histogram, type Registry } from 'prom-client';
import type { DataPlaneStats } from '../data-plane.js';

/**
 * A histogram whose counts are kept by the data plane: there, counting is one addition to an
 * array, and prom-client's `observe` would cost more than the command.
 */
export class LatencyHistogram extends Histogram<string> {
  readonly #name: string;
  readonly #help: string;
  readonly #read: () => DataPlaneStats;

  constructor(name: string, help: string, read: () => DataPlaneStats, registry: Registry) {
    super({ name, help, registers: [registry] });
    this.#name = name;
    this.#help = help;
    this.#read = read;
  }

  /**
   * What `get` and the registry's text both stand on; not in prom-client's types. The cumulative
   * counts are those of Prometheus: each bucket has all that is below its bound.
   */
  async getForPromString(): Promise<object> {
    const { latencyBucketsUs, latencyCounts, commands } = this.#read();
    const values = [];
    let cumulative = 0;
    for (const [index, boundUs] of latencyBucketsUs.entries()) {
      cumulative += latencyCounts[index] ?? 0;
      const le = boundUs === Number.POSITIVE_INFINITY ? '+Inf' : boundUs / 1e6;
      values.push({ metricName: `${this.#name}_bucket`, labels: { le }, value: cumulative });
    }
    const seconds = commands.reduce((sum, command) => sum + command.usecs, 0) / 1e6;
    values.push({ metricName: `${this.#name}_sum`, labels: {}, value: seconds });
    values.push({ metricName: `${this.#name}_count`, labels: {}, value: cumulative });
    return { name: this.#name, help: this.#help, type: 'histogram', aggregator: 'sum', values };
  }
}
