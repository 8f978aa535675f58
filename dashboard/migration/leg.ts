import { messageOf, OperatorError } from '../../base/errors.js';
import { faultPoint } from '../../base/fault-point.js';
import type { Logger } from '../../base/log.js';
import type { SlotRecord } from '../../cluster/model/slot.js';
import { slotOfKey } from '../../cluster/slot-hash.js';
import type { Store } from '../../cluster/store.js';
import { ConflictError, SilentProxyError } from '../errors.js';
import { type HandOver, progressOf } from './hand-over.js';
import { LargeKeyMover } from './large-key-mover.js';
import { describeKey } from './large-keys.js';
import { masterAddr } from './masters.js';
import { type Mover, moverName } from './mover.js';
import type { Progress } from './progress.js';
import type { QueuedJob, QueuedTask } from './queue.js';
import { ServerConnection } from './server-connection.js';
import { endMoversOf } from './stale-connections.js';
import {
  bytesMovedWithin,
  LARGE_KEY_BYTES,
  type LargeKey,
  predictedStallMs,
  type Survey,
  surveySlots,
} from './survey.js';
import type { WindowSize } from './window-size.js';

/** What a leg tells of tasks that cannot go on; to be saved by whoever runs it. */
export interface TaskVerdict {
  readonly task: QueuedTask;
  /** `done`: the slot is where it should be, the task has no more to do. */
  readonly status: 'error' | 'held' | 'done';
  readonly message: string;
}

export interface LegSettings {
  readonly store: Store;
  readonly handOver: HandOver;
  readonly mover: Mover;
  readonly windowSize: WindowSize;
  readonly product: string;
  readonly password: string;
  readonly log: Logger;
  readonly saveVerdicts: (verdicts: readonly TaskVerdict[]) => Promise<void>;
}

/**
 * The tasks of a job whose slots leave the same group: all of them are brought into `migrate`,
 * then one pass over the source's keys serves them all, then they are given to their targets.
 */
export class Leg {
  readonly job: QueuedJob;
  readonly sourceGroup: number;
  readonly tasks: readonly QueuedTask[];
  readonly #progress: Progress;
  readonly #settings: LegSettings;
  readonly #largeKeys: LargeKeyMover;
  readonly #stop = new AbortController();
  #counted = 0;

  constructor(
    job: QueuedJob,
    tasks: readonly QueuedTask[],
    progress: Progress,
    settings: LegSettings,
  ) {
    this.job = job;
    this.tasks = tasks;
    this.sourceGroup = tasks[0]!.from_group;
    this.#progress = progress;
    this.#settings = settings;
    this.#largeKeys = new LargeKeyMover({ ...settings, list: settings.handOver.largeKeys });
  }

  /** Makes `run` end soon, with its slots as they are then, none of them held back. */
  stop(): void {
    this.#stop.abort();
  }

  /**
   * Resolves when every task is done or has got a verdict.
   *
   * @throws what stopped it, to be tried again: AbortError after `stop`, OperatorError,
   * CoordinatorError, SourceChangedError
   */
  async run(): Promise<void> {
    const { store, password } = this.#settings;
    const sorted = await this.#sort();
    const unfinished = [...sorted.waiting, ...sorted.turning, ...sorted.moving];
    if (unfinished.length === 0) return;
    if (sorted.turning.length > 0) await this.#endMoversThatWay(sorted.turning);
    const addr = await masterAddr(store, this.sourceGroup);
    const source = await ServerConnection.open(addr, password);
    try {
      const survey = await this.#survey(source, unfinished);
      const movable = await this.#withoutHeld(sorted.waiting, survey);
      const large = this.job.options.large_keys === 'chunk' ? survey.largeKeys : [];
      const { begun, failure } = await this.#begin([...sorted.turning, ...movable], large);
      if (sorted.moving.length > 0) await this.#goOn(sorted.moving, large);
      const moving = [...sorted.moving, ...begun];
      if (moving.length > 0) {
        await this.#moveLargeKeys(moving);
        await this.#move(source, moving, survey);
        faultPoint('keys-moved');
        await this.#finish(moving);
      }
      // What could not begin must not keep what has begun from its end.
      if (failure !== null) throw failure;
    } catch (error) {
      if (this.#stop.signal.aborted) await this.#leaveLargeKeys();
      throw error;
    } finally {
      this.#progress.forget(this.#counted);
      source.close();
    }
  }

  /** Tasks by what is to be done next. */
  async #sort(): Promise<Record<'waiting' | 'turning' | 'moving', QueuedTask[]>> {
    const slots = new Map((await this.#settings.store.loadSlots()).map((slot) => [slot.id, slot]));
    const sorted = {
      waiting: [] as QueuedTask[],
      turning: [] as QueuedTask[],
      moving: [] as QueuedTask[],
    };
    const verdicts: TaskVerdict[] = [];
    for (const task of this.tasks) {
      const progress = stateOf(task, slots.get(task.slot_id));
      if (typeof progress !== 'string') verdicts.push(progress);
      else if (progress === 'there') verdicts.push({ task, status: 'done', message: '' });
      else sorted[progress].push(task);
    }
    await this.#settings.saveVerdicts(verdicts);
    return sorted;
  }

  /**
   * A MIGRATE of a dashboard that died, in the direction that is given up, would take keys to
   * where nobody looks for them any more.
   */
  async #endMoversThatWay(turning: readonly QueuedTask[]): Promise<void> {
    const { store, product, password, log } = this.#settings;
    for (const groupId of new Set(turning.map((task) => task.new_group))) {
      const addr = await masterAddr(store, groupId);
      await endMoversOf(addr, password, moverName(product), log);
    }
  }

  async #survey(source: ServerConnection, tasks: readonly QueuedTask[]): Promise<Survey> {
    const slots = new Set(tasks.map((task) => task.slot_id));
    const survey = await surveySlots(source, {
      isWanted: (slotId) => slots.has(slotId),
      largeBytes: largeKeyBytes(this.job),
      signal: this.#stop.signal,
    });
    this.#count(survey.keys);
    return survey;
  }

  #count(keys: number): void {
    this.#counted += keys;
    this.#progress.found(keys);
  }

  /** Leaves out slots with keys so large that they are to be left where they are. */
  async #withoutHeld(waiting: readonly QueuedTask[], survey: Survey): Promise<QueuedTask[]> {
    if (this.job.options.large_keys !== 'hold') return [...waiting];
    const largest = new Map<number, LargeKey>();
    for (const key of survey.largeKeys) {
      if (!largest.has(key.slotId)) largest.set(key.slotId, key);
    }
    const verdicts = waiting.flatMap((task): TaskVerdict[] => {
      const large = largest.get(task.slot_id);
      if (!large) return [];
      this.#progress.forget(survey.keysBySlot.get(task.slot_id) ?? 0);
      this.#counted -= survey.keysBySlot.get(task.slot_id) ?? 0;
      return [{ task, status: 'held', message: heldMessage(large) }];
    });
    await this.#settings.saveVerdicts(verdicts);
    const held = new Set(verdicts.map(({ task }) => task.seq));
    return waiting.filter((task) => !held.has(task.seq));
  }

  /**
   * In windows, so that the gates of few slots are closed at once. After a silent proxy no other
   * window is tried: each would make clients wait until the deadline.
   *
   * @returns the tasks whose slots are in `migrate` now, and what stopped the others.
   */
  async #begin(
    tasks: readonly QueuedTask[],
    large: readonly LargeKey[],
  ): Promise<{ begun: QueuedTask[]; failure: unknown }> {
    const { handOver, windowSize, saveVerdicts, log } = this.#settings;
    const begun: QueuedTask[] = [];
    for (let at = 0; at < tasks.length; ) {
      this.#stop.signal.throwIfAborted();
      const window = tasks.slice(at, at + (await windowSize.next()));
      try {
        windowSize.note(window.length, await handOver.begin(window, large));
      } catch (error) {
        if (!(error instanceof OperatorError)) throw error;
        const message = messageOf(error);
        log.error({ job: this.job.id, reason: message }, 'slots stay where they are');
        if (error instanceof SilentProxyError) {
          const rest = tasks.slice(at).filter((task) => !task.half_moved);
          await saveVerdicts(rest.map((task) => ({ task, status: 'error', message })));
        }
        return { begun, failure: error };
      }
      begun.push(...window);
      at += window.length;
    }
    return { begun, failure: null };
  }

  /** With slots that are in `migrate` already, whoever brought them there. */
  async #goOn(tasks: readonly QueuedTask[], large: readonly LargeKey[]): Promise<void> {
    await this.#largeKeys.takeOver(tasks.map(largeKeyMove));
    await this.#settings.handOver.repeat(tasks, large);
  }

  /** Before the others: commands that want to write to them wait. */
  #moveLargeKeys(tasks: readonly QueuedTask[]): Promise<void> {
    return this.#largeKeys.moveListed(tasks.map(largeKeyMove), {
      maxStallMs: this.job.options.max_stall,
      signal: this.#stop.signal,
      onMoved: ({ slotId }) => {
        this.#counted = Math.max(0, this.#counted - 1);
        this.#progress.moved(1, slotId);
      },
    });
  }

  /** Commands that wait for a key that nobody copies any more would wait in vain. */
  async #leaveLargeKeys(): Promise<void> {
    try {
      await this.#settings.handOver.largeKeys.clear(this.tasks.map((task) => task.slot_id));
    } catch (cause) {
      this.#settings.log.warn({ err: cause }, 'large keys are still held back');
    }
  }

  async #move(
    source: ServerConnection,
    tasks: readonly QueuedTask[],
    survey: Survey,
  ): Promise<void> {
    await this.#settings.mover.moveUntilEmpty(source, {
      sourceGroup: this.sourceGroup,
      targets: new Map(tasks.map((task) => [task.slot_id, task.new_group])),
      options: this.job.options,
      sizes: survey.sizes,
      signal: this.#stop.signal,
      onMoved: ({ keys }) => {
        const last = keys.at(-1)!;
        this.#counted = Math.max(0, this.#counted - keys.length);
        this.#progress.moved(keys.length, slotOfKey(last, 0, last.length));
        faultPoint('batch-moved');
      },
    });
  }

  async #finish(tasks: readonly QueuedTask[]): Promise<void> {
    const { handOver, windowSize } = this.#settings;
    const most = await windowSize.most();
    for (let at = 0; at < tasks.length; at += most) {
      await handOver.finish(tasks.slice(at, at + most));
    }
  }
}

function largeKeyMove({ slot_id, from_group, new_group }: QueuedTask) {
  return { slotId: slot_id, sourceGroup: from_group, targetGroup: new_group };
}

function stateOf(
  task: QueuedTask,
  slot: SlotRecord | undefined,
): ReturnType<typeof progressOf> | TaskVerdict {
  try {
    return progressOf(task, slot);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    return { task, status: 'error', message: error.message };
  }
}

/** From which size on a key is large for this job. */
export function largeKeyBytes({ options }: Pick<QueuedJob, 'options'>): number {
  if (options.max_stall === 0) return LARGE_KEY_BYTES;
  return Math.min(LARGE_KEY_BYTES, bytesMovedWithin(options.max_stall));
}

function heldMessage(large: LargeKey): string {
  const stall = predictedStallMs(large.bytes);
  return `held: ${describeKey(large)} would stall both servers for about ${stall} ms`;
}
