import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, OperatorError } from '../../base/errors.js';
import { faultPoint } from '../../base/fault-point.js';
import type { Logger } from '../../base/log.js';
import type { HandOver } from './hand-over.js';
import type { KeyLists } from './key-lists.js';
import type { Mover } from './mover.js';
import type { QueuedTask } from './queue.js';
import type { LargeKey } from './survey.js';
import type { WindowSize } from './window-size.js';

/**
 * While clients use the servers, gates are open for so many times as long as they were closed: then
 * of a hundred commands not even one finds a gate closed.
 */
const OPEN_FACTOR = 2;
/** Passes over all keys, if there is no index, take a fifth of the time while clients wait for them. */
const SWEEP_AFTER_BUSY = 4;
/** And else a tenth. */
const SWEEP_AFTER = 10;

export interface SlotWindowsSettings {
  readonly handOver: HandOver;
  readonly windowSize: WindowSize;
  readonly mover: Mover;
  /** In the order of the tasks that will be moved. */
  readonly lists: KeyLists;
  /** Keys that are not to be pulled when their slot moves. */
  readonly largeKeys: readonly LargeKey[];
  /** Resolves when these slots have no large keys listed any more. */
  readonly moveLargeKeys: (tasks: readonly QueuedTask[]) => Promise<void>;
  /** How long it took to look at all keys. */
  readonly surveyMs: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/**
 * The slots of a leg, a window of them after the other: into `migrate`, their keys sent, and when
 * the source has none of them left, `online` in the target. So few are in `migrate` with keys that
 * clients would have to pull.
 *
 * Without an index it takes a pass over all keys of the source to know that it has none left, so
 * slots whose keys have gone wait in `migrate` until one pass serves many of them.
 */
export class SlotWindows {
  readonly #settings: SlotWindowsSettings;
  #sent: QueuedTask[] = [];
  #sweepMs: number;
  #sweptAt = performance.now();

  constructor(settings: SlotWindowsSettings) {
    this.#settings = settings;
    this.#sweepMs = settings.surveyMs;
  }

  /** Slots that are in `migrate` already. @throws as {@link Mover} */
  async goOn(tasks: readonly QueuedTask[]): Promise<void> {
    if (tasks.length > 0) await this.#send(tasks, tasks);
  }

  /**
   * After a silent proxy no other window is tried: each would make clients wait until the deadline.
   *
   * @returns null, or what stopped it and the tasks whose slots have not been touched
   * @throws as {@link Mover}
   */
  async move(
    tasks: readonly QueuedTask[],
  ): Promise<null | { failure: OperatorError; left: readonly QueuedTask[] }> {
    const { handOver, windowSize, mover, largeKeys, signal, log } = this.#settings;
    let sending = Promise.resolve();
    for (let at = 0; at < tasks.length; ) {
      signal.throwIfAborted();
      if (mover.pace.isBusy || !this.#isListed(tasks[at]!)) await sending;
      const window = await this.#next(tasks.slice(at));
      let closedMs: number;
      try {
        closedMs = await handOver.begin(window, largeKeys);
      } catch (error) {
        // What is under way comes to its end, or fails for a reason of its own.
        await sending;
        if (!(error instanceof OperatorError)) throw error;
        log.error({ job: window[0]!.job, reason: messageOf(error) }, 'slots stay where they are');
        return { failure: error, left: tasks.slice(at) };
      }
      windowSize.note(window.length, closedMs);
      const openSince = performance.now();
      at += window.length;
      await sending;
      // On idle servers the next window's gates are closed and opened meanwhile.
      sending = this.#send(window, tasks.slice(at));
      sending.catch(() => undefined);
      if (!mover.pace.isBusy) continue;
      await sending;
      const openMs = performance.now() - openSince;
      if (at < tasks.length && openMs < closedMs * OPEN_FACTOR) {
        await sleep(closedMs * OPEN_FACTOR - openMs, undefined, { signal });
      }
    }
    await sending;
    return null;
  }

  #isListed(task: QueuedTask): boolean {
    return this.#settings.lists.has(task.slot_id);
  }

  /** Sets the slots online whose keys have been sent, once none of them is left. */
  async finish(): Promise<void> {
    await this.#sweep([]);
  }

  /** The first of these tasks, whose slots have been listed. */
  async #next(tasks: readonly QueuedTask[]): Promise<readonly QueuedTask[]> {
    const { windowSize, mover } = this.#settings;
    if (!this.#isListed(tasks[0]!)) await this.#sweep(tasks);
    const size = await windowSize.next(await mover.pace.servers());
    const unlisted = tasks.findIndex((task) => !this.#isListed(task));
    return tasks.slice(0, unlisted === -1 ? size : Math.min(size, unlisted));
  }

  async #send(window: readonly QueuedTask[], later: readonly QueuedTask[]): Promise<void> {
    const { mover, lists, moveLargeKeys } = this.#settings;
    await moveLargeKeys(window);
    await mover.sendListed(
      lists,
      window.map((task) => task.slot_id),
    );
    this.#sent.push(...window);
    if (later.length > 0 && this.#isSweepDue()) await this.#sweep([]);
  }

  /** By an index it takes a moment. */
  #isSweepDue(): boolean {
    const { pace, through } = this.#settings.mover;
    if (through === 'index') return true;
    const elapsedMs = performance.now() - this.#sweptAt;
    return elapsedMs > this.#sweepMs * (pace.isBusy ? SWEEP_AFTER_BUSY : SWEEP_AFTER);
  }

  /** @param unlisted tasks whose slots are to be listed by the way */
  async #sweep(unlisted: readonly QueuedTask[]): Promise<void> {
    const { handOver, windowSize, mover, lists, signal } = this.#settings;
    const beginMs = performance.now();
    const slotIds = this.#sent.map((task) => task.slot_id);
    if (slotIds.length + unlisted.length === 0) return;
    lists.begin(unlisted.map((task) => task.slot_id));
    await mover.sweep(slotIds, lists);
    const sent = this.#sent;
    this.#sent = [];
    if (sent.length > 0) faultPoint('keys-moved');
    for (let at = 0; at < sent.length; ) {
      const servers = await mover.pace.servers();
      const next = sent.slice(at, at + (await windowSize.most(servers)));
      const finishMs = performance.now();
      await handOver.finish(next);
      at += next.length;
      if (servers === 'busy') await sleep(performance.now() - finishMs, undefined, { signal });
    }
    this.#sweptAt = performance.now();
    this.#sweepMs = this.#sweptAt - beginMs;
  }
}
