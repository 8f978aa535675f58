import { Backoff } from '../../base/backoff.js';
import { messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { RepeatingTask } from '../../base/repeating-task.js';
import {
  type Handle,
  NodeExistsError,
  NoNodeError,
} from '../../cluster/coordinator/coordinator.js';
import type { Action } from '../../cluster/model/action.js';
import { isSameProxy, type ProxyRecord, proxyRecord } from '../../cluster/model/proxy.js';
import { BadRecordError, type Store } from '../../cluster/store.js';
import type { TopologySink } from '../router/topology-change.js';
import { GroupGates } from './group-gates.js';
import { TopologyReader } from './topology-reader.js';

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;
/** Actions taken at once: their acknowledgements must fit into one write. */
const MAX_TOGETHER = 256;

/** The follower was stopped before the table could be loaded. */
export class FollowerStoppedError extends Error {
  override readonly name = 'FollowerStoppedError';
}

interface Reload {
  resolve(): void;
  reject(error: Error): void;
}

/**
 * Keeps the router's table equal to the tree: loads it whole on demand, then takes every action
 * in the order of its number, and acknowledges it where we are among its receivers.
 *
 * One thing at a time, a pending reload first: so a table that may have missed something is made
 * good before anything is acknowledged.
 */
export class ActionFollower {
  readonly #store: Store;
  readonly #sink: TopologySink;
  readonly #ownRecord: () => ProxyRecord;
  readonly #log: Logger;
  readonly #reader: TopologyReader;
  readonly #gates: GroupGates;
  readonly #task: RepeatingTask;
  #watch: Handle | null = null;
  #reloads: Reload[] = [];
  /**
   * Numbers of the actions in the tree that are done with; null before the first load. A set and
   * not the highest number: of two actions made at once the lower number may appear later.
   */
  #handled: Set<string> | null = null;
  #foreignNames = new Set<string>();
  #lastAction: string | null = null;
  #actionsHandled = 0;
  #tableLoadedAt: Date | null = null;
  #lastFailure = '';

  /** @param ownRecord our record as it is in the tree now, to be put into acknowledgements */
  constructor(store: Store, sink: TopologySink, ownRecord: () => ProxyRecord, log: Logger) {
    this.#store = store;
    this.#sink = sink;
    this.#ownRecord = ownRecord;
    this.#log = log;
    this.#reader = new TopologyReader(store);
    this.#gates = new GroupGates({
      ...{ store, sink, reader: this.#reader, log },
      ownId: () => ownRecord().id,
      onChange: () => this.#task.request(),
    });
    this.#task = new RepeatingTask(
      () => this.#follow(),
      (error) => this.#reportFailure(error),
      new Backoff(FIRST_RETRY_MS, LAST_RETRY_MS),
    );
  }

  /** Number of the last action handled, ten digits; null before the first. */
  get lastAction(): string | null {
    return this.#lastAction;
  }

  get actionsHandled(): number {
    return this.#actionsHandled;
  }

  /** When the whole table was last loaded; null before the first time. */
  get tableLoadedAt(): Date | null {
    return this.#tableLoadedAt;
  }

  /** Why the last attempt failed; empty if it did not. */
  get lastFailure(): string {
    return this.#lastFailure;
  }

  /**
   * Loads the whole table and hands it to the sink, repeating until that has worked. The first
   * call also begins to follow the actions: what is published from its resolution on is handled.
   *
   * @throws FollowerStoppedError
   */
  reload(): Promise<void> {
    const done = new Promise<void>((resolve, reject) => this.#reloads.push({ resolve, reject }));
    this.#task.request();
    return done;
  }

  /** {@link reload} for those who do not wait for it. */
  requestReload(): void {
    this.reload().catch((error) => {
      if (!(error instanceof FollowerStoppedError))
        this.#log.error({ err: error }, 'reload failed');
    });
  }

  /** Takes no further action up, and gives those up who wait for a reload. */
  stop(): void {
    void this.#task.stop();
    this.#watch?.close();
    this.#watch = null;
    this.#gates.stop();
    for (const reload of this.#reloads.splice(0)) reload.reject(new FollowerStoppedError());
  }

  async #follow(): Promise<void> {
    const { coordinator, paths } = this.#store;
    // Watch first, read second: whatever is published after the read is told to us.
    this.#watch ??= await coordinator.watchChildren(paths.actions, () => this.#task.request());
    const present = await this.#actionNumbers();
    if (this.#handled === null) {
      // Records are written before their action: the table loaded next has all of these in it.
      // None of them can be waiting for us, who were not there.
      this.#handled = new Set(present);
      this.#lastAction = present.at(-1) ?? null;
    }
    if (this.#reloads.length > 0) await this.#reloadTable(Number(present.at(-1) ?? 0));
    await this.#gates.follow();

    const inTree = new Set(present);
    for (const seq of this.#handled) if (!inTree.has(seq)) this.#handled.delete(seq);
    const pending = present.filter((seq) => !this.#handled!.has(seq));
    for (let at = 0; at < pending.length; at += MAX_TOGETHER) {
      const seqs = pending.slice(at, at + MAX_TOGETHER);
      if ((await this.#handleAll(seqs)) === 'interrupted') return;
    }
    this.#lastFailure = '';
  }

  /** Those that are pending at once are of one step: slots that change hands together. */
  async #handleAll(seqs: readonly string[]): Promise<'done' | 'interrupted'> {
    if (seqs.length > 1) {
      const outcome = await this.#handleTogether(seqs);
      if (outcome === 'interrupted') return outcome;
      if (outcome === 'done') {
        for (const seq of seqs) this.#noteHandled(seq);
        return 'done';
      }
    }
    for (const seq of seqs) {
      if ((await this.#handle(seq)) === 'interrupted') return 'interrupted';
      this.#noteHandled(seq);
    }
    return 'done';
  }

  #noteHandled(seq: string): void {
    this.#handled!.add(seq);
    this.#lastAction = seq;
    this.#actionsHandled++;
  }

  /** @param seq of the last action whose records are certainly in the table that is read now */
  async #reloadTable(seq: number): Promise<void> {
    const asked = this.#reloads;
    this.#reloads = [];
    try {
      const change = await this.#reader.readAll();
      await this.#sink.apply({ ...change, seq, isWhole: true });
      this.#log.info({ groups: change.groups.length }, 'table loaded');
    } catch (error) {
      this.#reloads.unshift(...asked);
      throw error;
    }
    this.#tableLoadedAt = new Date();
    for (const reload of asked) reload.resolve();
  }

  /**
   * - `done`: applied and, where asked for, acknowledged; or passed over for good because it was
   *   collected or cannot be read
   * - `interrupted`: a reload was asked for meanwhile. It comes first, then this action again,
   *   which does no harm: applying records twice ends in the same table.
   *
   * @throws CoordinatorError, or what the sink threw: the action is to be tried again.
   */
  async #handle(seq: string): Promise<'done' | 'interrupted'> {
    try {
      const action = await this.#store.loadAction(seq);
      if (!action) return 'done';
      const change = await this.#reader.readChange(action);
      await this.#sink.apply({ ...change, seq: Number(seq) });
      if (this.#reloads.length > 0) return 'interrupted';
      const acknowledged = await this.#acknowledge(seq, action);
      this.#log.info({ seq, type: action.type, acknowledged }, 'action applied');
      return 'done';
    } catch (error) {
      if (!(error instanceof BadRecordError)) throw error;
      // Not acknowledged: whoever waits for us must not believe that we act by this change.
      this.#log.error({ seq, err: error }, 'action cannot be read: passed over, not acknowledged');
      return 'done';
    }
  }

  /**
   * Several actions as one change of the table, acknowledged in one write.
   *
   * - `done`, `interrupted`: as {@link #handle}
   * - `one by one`: there is something about one of them, and none is acknowledged yet
   */
  async #handleTogether(seqs: readonly string[]): Promise<'done' | 'interrupted' | 'one by one'> {
    try {
      const loaded = await Promise.all(seqs.map((seq) => this.#store.loadAction(seq)));
      const actions = loaded.filter((action) => action !== null);
      if (actions.length < loaded.length) return 'one by one';
      const change = await this.#reader.readChanges(actions);
      await this.#sink.apply({ ...change, seq: Number(seqs.at(-1)) });
      if (this.#reloads.length > 0) return 'interrupted';
      const own = this.#ownRecord();
      const asked = seqs.filter((seq, index) => this.#isReceiver(seq, actions[index]!, own));
      const data = JSON.stringify(own);
      await this.#store.coordinator.multi(
        asked.map((seq) => ({
          type: 'create' as const,
          path: this.#store.paths.responseOf(seq, own.id),
          data,
        })),
      );
      const { type } = actions.at(-1)!;
      this.#log.info(
        { from: seqs[0], seq: seqs.at(-1), type, acknowledged: asked.length },
        'actions applied',
      );
      return 'done';
    } catch (error) {
      const isAboutOne =
        error instanceof BadRecordError ||
        error instanceof NodeExistsError ||
        error instanceof NoNodeError;
      if (!isAboutOne) throw error;
      return 'one by one';
    }
  }

  /** True if we were asked to and did. */
  async #acknowledge(seq: string, action: Action): Promise<boolean> {
    const own = this.#ownRecord();
    if (!this.#isReceiver(seq, action, own)) return false;
    const path = this.#store.paths.responseOf(seq, own.id);
    try {
      // `multi`, because a plain create would make the parent again if it has been collected.
      await this.#store.coordinator.multi([{ type: 'create', path, data: JSON.stringify(own) }]);
      return true;
    } catch (error) {
      // Acknowledged before, in an attempt whose outcome we did not hear.
      if (error instanceof NodeExistsError) return true;
      // Collected: nobody waits any more.
      if (error instanceof NoNodeError) return false;
      throw error;
    }
  }

  #isReceiver(seq: string, action: Action, own: ProxyRecord): boolean {
    return (action.receivers ?? []).some((text) => {
      try {
        return isSameProxy(proxyRecord.parse(JSON.parse(text)), own);
      } catch (error) {
        this.#log.error({ seq, receiver: text, err: error }, 'a receiver cannot be read');
        return false;
      }
    });
  }

  /** Ascending. The names all have ten digits, so the order of text is that of numbers. */
  async #actionNumbers(): Promise<string[]> {
    const names = await this.#store.coordinator.children(this.#store.paths.actions);
    const numbers = names.filter((name) => /^\d{10}$/.test(name)).sort();
    if (numbers.length < names.length) this.#reportForeignNames(names);
    return numbers;
  }

  #reportForeignNames(names: readonly string[]): void {
    const foreign = names.filter((name) => !/^\d{10}$/.test(name));
    for (const name of foreign) {
      if (!this.#foreignNames.has(name)) {
        this.#log.warn({ name }, 'node among the actions is not an action: ignored');
      }
    }
    this.#foreignNames = new Set(foreign);
  }

  #reportFailure(error: unknown): void {
    const message = messageOf(error);
    // Once per cause and not per attempt: the coordinator may be away for hours.
    if (message !== this.#lastFailure) {
      this.#log.warn({ err: error }, 'following the tree failed, trying again');
    }
    this.#lastFailure = message;
  }
}
