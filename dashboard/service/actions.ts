import type { Logger } from '../../base/log.js';
import {
  NoNodeError,
  NotEmptyError,
  type Operation,
} from '../../cluster/coordinator/coordinator.js';
import { receiversOf } from '../../cluster/model/action.js';
import { isSameProxy, type ProxyRecord } from '../../cluster/model/proxy.js';
import { BadRecordError, type Store } from '../../cluster/store.js';
import type { Changes } from '../changes.js';
import type { Fences } from '../fences.js';

/** Sequence numbers worked on at once: some hundred nodes, well within one request's size. */
const BATCH = 100;

/** Which actions may go: all but the newest `keep`, or those older than `secs` seconds. */
export type Garbage = { keep: number } | { secs: number };

/** Housekeeping among actions, fences and locks. */
export class Actions {
  readonly #store: Store;
  readonly #changes: Changes;
  readonly #fences: Fences;
  readonly #log: Logger;

  constructor(store: Store, changes: Changes, fences: Fences, log: Logger) {
    this.#store = store;
    this.#changes = changes;
    this.#fences = fences;
    this.#log = log;
  }

  /** Deletes old actions together with their acknowledgements. @returns how many */
  collect(garbage: Garbage): Promise<number> {
    // In turn with the changes: none of those collected is still being waited for.
    return this.#changes.run(async () => {
      const numbers = await this.#numbers();
      const old =
        'keep' in garbage
          ? numbers.slice(0, Math.max(0, numbers.length - garbage.keep))
          : await this.#olderThan(numbers, garbage.secs);
      for (let at = 0; at < old.length; at += BATCH) {
        await this.#deleteAll(old.slice(at, at + BATCH));
      }
      this.#log.info({ deleted: old.length, ...garbage }, 'actions collected');
      return old.length;
    });
  }

  /**
   * Deletes old actions that nobody will handle any more: every receiver has acknowledged, or is
   * not registered any more, so that it would load the whole table before anything else. A move of
   * all slots makes 3,072 actions, and every proxy lists them each time one is added.
   *
   * @param keep of the newest, so many are left in any case
   * @param most how many to look at; a few hundred take some hundredths of a second
   * @returns how many old ones are left
   */
  tidy(keep: number, most: number): Promise<number> {
    return this.#changes.run(async () => {
      const numbers = await this.#numbers();
      const old = numbers.slice(0, Math.max(0, numbers.length - keep)).slice(0, most);
      const settled = await this.#settled(old);
      for (let at = 0; at < settled.length; at += BATCH) {
        await this.#deleteAll(settled.slice(at, at + BATCH));
      }
      if (settled.length > 0) this.#log.info({ deleted: settled.length }, 'old actions deleted');
      return Math.max(0, numbers.length - keep) - settled.length;
    });
  }

  async #settled(numbers: readonly string[]): Promise<string[]> {
    if (numbers.length === 0) return [];
    const registered = await this.#store.loadProxies();
    const settled: string[] = [];
    for (const seq of numbers) {
      try {
        if (await this.#isSettled(seq, registered)) settled.push(seq);
      } catch (error) {
        // Not of our making: for `collect`, which asks no questions.
        if (!(error instanceof BadRecordError)) throw error;
      }
    }
    return settled;
  }

  async #isSettled(seq: string, registered: readonly ProxyRecord[]): Promise<boolean> {
    const [action, answers] = await Promise.all([
      this.#store.loadAction(seq),
      this.#store.loadResponses(seq),
    ]);
    return (action ? receiversOf(action) : []).every(
      (receiver) =>
        answers.some((answer) => isSameProxy(answer, receiver)) ||
        !registered.some((proxy) => isSameProxy(proxy, receiver)),
    );
  }

  /**
   * Removes what locks are left under `P/LOCK` by an original Codis that was killed. We take none
   * ourselves.
   */
  removeLocks(): Promise<void> {
    return this.#changes.run(() => this.#deleteBelow(this.#store.paths.lock));
  }

  /** Removes the fences of all proxies that are not registered. */
  removeFences(): Promise<void> {
    return this.#changes.run(() => this.#fences.removeOrphans());
  }

  /** Of all actions and acknowledgements, ascending. Nodes with other names are not ours. */
  async #numbers(): Promise<string[]> {
    const { coordinator, paths } = this.#store;
    const [actions, responses] = await Promise.all([
      coordinator.children(paths.actions),
      coordinator.children(paths.responses),
    ]);
    return [...new Set([...actions, ...responses])].filter((name) => /^\d{10}$/.test(name)).sort();
  }

  async #olderThan(numbers: readonly string[], seconds: number): Promise<string[]> {
    const { coordinator, paths } = this.#store;
    const limit = Date.now() / 1000 - seconds;
    const old: string[] = [];
    for (let at = 0; at < numbers.length; at += BATCH) {
      const batch = numbers.slice(at, at + BATCH);
      const nodes = await coordinator.getAll(batch.map((seq) => paths.response(seq)));
      old.push(...batch.filter((_, index) => timeOf(nodes[index]?.data ?? '') < limit));
    }
    return old;
  }

  async #deleteAll(numbers: readonly string[]): Promise<void> {
    const { coordinator, paths } = this.#store;
    const operations = await Promise.all(
      numbers.map(async (seq): Promise<Operation[]> => {
        const [answers, nodes] = await Promise.all([
          coordinator.children(paths.response(seq)),
          coordinator.getAll([paths.response(seq), paths.action(seq)]),
        ]);
        return [
          ...answers.map((id) => paths.responseOf(seq, id)),
          ...(nodes[0] ? [paths.response(seq)] : []),
          ...(nodes[1] ? [paths.action(seq)] : []),
        ].map((path) => ({ type: 'delete', path }));
      }),
    );
    try {
      await coordinator.multi(operations.flat());
    } catch (error) {
      if (!(error instanceof NotEmptyError || error instanceof NoNodeError)) throw error;
      // A late acknowledgement came in between, or somebody else deletes too.
      for (const seq of numbers) {
        await this.#store.deleteIfPresent(paths.action(seq));
        await this.#deleteBelow(paths.response(seq));
        await this.#store.deleteIfPresent(paths.response(seq));
      }
    }
  }

  async #deleteBelow(path: string): Promise<void> {
    for (const name of await this.#store.coordinator.children(path)) {
      await this.#deleteBelow(`${path}/${name}`);
      await this.#store.deleteIfPresent(`${path}/${name}`);
    }
  }
}

/** Unix seconds from an action's `ts`; 0, so older than anything, for what is no action. */
function timeOf(data: string): number {
  try {
    const parsed: unknown = JSON.parse(data);
    const ts = parsed !== null && typeof parsed === 'object' && 'ts' in parsed ? parsed.ts : 0;
    return Number(ts) || 0;
  } catch {
    return 0;
  }
}
