import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { messageOf, OperatorError } from '../../base/errors.js';
import type { KeySet } from './keys.js';
import type { Latency } from './latency.js';
import type { LoadOrder, LoadReport, LoadShape } from './load-orders.js';

/** Clients that run beside what is measured, and measure themselves. */
export class LoadClients {
  // This file runs compiled, from dist/scripts/bench-migrate.
  readonly #thread = new Worker(new URL('./load-thread.js', import.meta.url));
  #failure: OperatorError | null = null;

  constructor() {
    this.#thread.on('message', (report: LoadReport) => {
      if (report.type === 'failed') this.#fail(report.message);
    });
    this.#thread.on('error', (error) => this.#fail(messageOf(error)));
  }

  /** The keys of what is loaded next are these, as {@link fillRequests} has written them. */
  filled(keys: KeySet): void {
    this.#order({ type: 'filled', keys });
  }

  /**
   * Runs the load while `work` does.
   *
   * @throws OperatorError if a client gets a wrong answer
   */
  async during<T>(load: LoadShape, work: () => Promise<T>): Promise<Latency & { outcome: T }> {
    await this.#ask({ type: 'start', load });
    const outcome = await work();
    const report = await this.#ask({ type: 'stop' });
    if (report.type !== 'result') throw new Error(`unexpected report ${report.type}`);
    return { ...report.latency, outcome };
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  async #ask(order: LoadOrder): Promise<LoadReport> {
    this.assertFine();
    const answer = once(this.#thread, 'message');
    this.#order(order);
    const [report] = (await answer) as [LoadReport];
    this.assertFine();
    return report;
  }

  /** @throws OperatorError if a client has got a wrong answer */
  assertFine(): void {
    if (this.#failure) throw this.#failure;
  }

  #order(order: LoadOrder): void {
    this.#thread.postMessage(order);
  }

  #fail(message: string): void {
    this.#failure ??= new OperatorError(`a client of the load failed: ${message}`);
  }
}
