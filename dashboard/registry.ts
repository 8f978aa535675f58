import { hostname } from 'node:os';
import { z } from 'zod';
import { messageOf } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { NodeExistsError } from '../cluster/coordinator/coordinator.js';
import type { Store } from '../cluster/store.js';

/** `P/dashboards/<addr>`: who answers there. */
const dashboardRecord = z.object({ host: z.string(), pid: z.number().int() });

/** The dashboards of a product: the one that leads, and those that stand by. */
export class Registry {
  readonly #store: Store;
  readonly #log: Logger;

  constructor(store: Store, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /** Makes our node, which lives as long as we do. Never throws: it is for others to find us. */
  async join(addr: string): Promise<void> {
    const path = this.#store.paths.dashboardAt(addr);
    const data = JSON.stringify({ host: hostname(), pid: process.pid });
    try {
      await this.#create(path, data);
    } catch (error) {
      this.#log.warn({ reason: messageOf(error) }, 'other dashboards do not know of this one');
    }
  }

  async leave(addr: string): Promise<void> {
    await this.#store.deleteIfPresent(this.#store.paths.dashboardAt(addr));
  }

  /** True if the dashboard at `addr` has said that it runs on this machine. */
  async isOnThisHost(addr: string): Promise<boolean> {
    const node = await this.#store.coordinator.get(this.#store.paths.dashboardAt(addr));
    if (!node) return false;
    try {
      return dashboardRecord.parse(JSON.parse(node.data)).host === hostname();
    } catch {
      // Nothing that we have written.
      return false;
    }
  }

  /** In place of the node of a former one at this address, which is gone: we listen there. */
  async #create(path: string, data: string): Promise<void> {
    const { coordinator } = this.#store;
    try {
      await coordinator.create(path, data, { ephemeral: 'restored' });
    } catch (error) {
      if (!(error instanceof NodeExistsError)) throw error;
      await this.#store.deleteIfPresent(path);
      await coordinator.create(path, data, { ephemeral: 'restored' });
    }
  }
}
