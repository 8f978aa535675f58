import { z } from 'zod';
import type { Store } from '../../cluster/store.js';

const runIds = z.record(z.string(), z.string());

/**
 * The run id that each server on record said last, in the coordinator (`P/ha/run_ids`): the next
 * dashboard knows them, too. A run id is different for every start of every server.
 */
export class ServerIdentities {
  readonly #store: Store;
  /** By address; null: not read yet. */
  #known: Map<string, string> | null = null;
  #isOnRecord = false;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Null: it has never been heard of. To be asked after {@link note}. */
  runIdOf(addr: string): string | null {
    return this.#known?.get(addr) ?? null;
  }

  /** Another dashboard may write from now on. */
  forget(): void {
    this.#known = null;
  }

  /** @param heard the run ids of those that answer. @param addrs all servers on record */
  async note(heard: ReadonlyMap<string, string>, addrs: readonly string[]): Promise<void> {
    const before = this.#known ?? (await this.#load());
    const after = new Map<string, string>();
    for (const addr of addrs) {
      const runId = heard.get(addr) ?? before.get(addr);
      if (runId !== undefined) after.set(addr, runId);
    }
    const isSame =
      after.size === before.size && [...after].every(([addr, id]) => before.get(addr) === id);
    if (!isSame) await this.#save(after);
    this.#known = after;
  }

  async #load(): Promise<Map<string, string>> {
    const node = await this.#store.coordinator.get(this.#store.paths.runIds);
    this.#isOnRecord = node !== null;
    try {
      return new Map(Object.entries(runIds.parse(JSON.parse(node?.data ?? '{}'))));
    } catch {
      // Not ours: what servers say now is written over it.
      return new Map();
    }
  }

  async #save(known: ReadonlyMap<string, string>): Promise<void> {
    const { coordinator, paths } = this.#store;
    const data = JSON.stringify(Object.fromEntries(known));
    if (this.#isOnRecord) await coordinator.set(paths.runIds, data);
    else await coordinator.create(paths.runIds, data);
    this.#isOnRecord = true;
  }
}
