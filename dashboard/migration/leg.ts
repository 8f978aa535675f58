import { messageOf } from '../../base/errors.js';
import { faultPoint } from '../../base/fault-point.js';
import type { Logger } from '../../base/log.js';
import type { SlotRecord } from '../../cluster/model/slot.js';
import { slotOfKey } from '../../cluster/slot-hash.js';
import type { Store } from '../../cluster/store.js';
import { ConflictError, SilentProxyError } from '../errors.js';
import { type HandOver, progressOf } from './hand-over.js';
import { KeyLists } from './key-lists.js';
import { LargeKeyMover } from './large-key-mover.js';
import { describeKey } from './large-keys.js';
import { masterAddr } from './masters.js';
import { Mover, type MoverSettings, moverName } from './mover.js';
import type { Progress } from './progress.js';
import type { QueuedJob, QueuedTask } from './queue.js';
import { SlotWindows } from './slot-windows.js';
import { endMoversOf } from './stale-connections.js';
import { bytesMovedWithin, predictedStallMs } from './stall.js';
import { LARGE_KEY_BYTES, type LargeKey, type Survey, surveySlots } from './survey.js';
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
  readonly mover: MoverSettings;
  readonly windowSize: WindowSize;
  readonly product: string;
  readonly password: string;
  readonly log: Logger;
  readonly saveVerdicts: (verdicts: readonly TaskVerdict[]) => Promise<void>;
}

/** Tasks by what is to be done next. */
type SortedTasks = Record<'waiting' | 'turning' | 'moving', QueuedTask[]>;

/**
 * The tasks of a job whose slots leave the same group. One pass over the source's keys serves them
 * all; then they move a window at a time.
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
    const sorted = await this.#sort();
    const unfinished = [...sorted.moving, ...sorted.turning, ...sorted.waiting];
    if (unfinished.length === 0) return;
    if (sorted.turning.length > 0) await this.#endMoversThatWay(sorted.turning);
    const mover = await this.#openMover(unfinished);
    try {
      await this.#moveAll(mover, sorted, unfinished);
    } catch (error) {
      if (this.#stop.signal.aborted) await this.#leaveLargeKeys();
      throw error;
    } finally {
      this.#progress.forget(this.#counted);
      await mover.close();
    }
  }

  #openMover(tasks: readonly QueuedTask[]): Promise<Mover> {
    return Mover.open(this.#settings.mover, {
      sourceGroup: this.sourceGroup,
      targets: new Map(tasks.map((task) => [task.slot_id, task.new_group])),
      options: this.job.options,
      signal: this.#stop.signal,
      onMoved: ({ keys }) => {
        const last = keys.at(-1)!;
        this.#counted = Math.max(0, this.#counted - keys.length);
        this.#progress.moved(keys.length, slotOfKey(last, 0, last.length));
        faultPoint('batch-moved');
      },
    });
  }

  async #moveAll(
    mover: Mover,
    { moving, turning, waiting }: SortedTasks,
    unfinished: readonly QueuedTask[],
  ): Promise<void> {
    const { handOver, windowSize, log } = this.#settings;
    const lists = new KeyLists();
    const beginMs = performance.now();
    const survey = await this.#survey(mover, unfinished, lists);
    const surveyMs = performance.now() - beginMs;
    const movable = await this.#withoutHeld(waiting, survey);
    const largeKeys = this.job.options.large_keys === 'chunk' ? survey.largeKeys : [];
    if (moving.length > 0) await this.#takeOver(moving, largeKeys);
    const windows = new SlotWindows({
      ...{ handOver, windowSize, mover, lists, largeKeys, surveyMs, log },
      moveLargeKeys: (tasks) => this.#moveLargeKeys(tasks),
      signal: this.#stop.signal,
    });
    await windows.goOn(moving);
    const stopped = await windows.move([...turning, ...movable]);
    // What could not begin must not keep what has begun from its end.
    if (stopped) await this.#noteSilence(stopped);
    await windows.finish();
    if (stopped) throw stopped.failure;
  }

  async #sort(): Promise<SortedTasks> {
    const slots = new Map((await this.#settings.store.loadSlots()).map((slot) => [slot.id, slot]));
    const sorted: SortedTasks = { waiting: [], turning: [], moving: [] };
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

  async #survey(mover: Mover, tasks: readonly QueuedTask[], lists: KeyLists): Promise<Survey> {
    const slots = new Set(tasks.map((task) => task.slot_id));
    lists.begin([...slots]);
    const survey = await surveySlots(mover.source, {
      isWanted: (slotId) => slots.has(slotId),
      through: mover.through,
      largeBytes: largeKeyBytes(this.job),
      signal: this.#stop.signal,
      ...{ lists, pace: mover.pace },
    });
    mover.sizes = survey.sizes;
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

  /** Slots that are in `migrate` already, whoever brought them there. */
  async #takeOver(tasks: readonly QueuedTask[], large: readonly LargeKey[]): Promise<void> {
    await this.#largeKeys.takeOver(tasks.map(largeKeyMove));
    await this.#settings.handOver.repeat(tasks, large);
  }

  /** Tasks that would meet the same silent proxy wait for the operator's word. */
  async #noteSilence({ failure, left }: { failure: Error; left: readonly QueuedTask[] }) {
    if (!(failure instanceof SilentProxyError)) return;
    const untouched = left.filter((task) => !task.half_moved);
    const message = messageOf(failure);
    await this.#settings.saveVerdicts(
      untouched.map((task) => ({ task, status: 'error', message })),
    );
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
