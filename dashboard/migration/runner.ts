import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from '../../base/backoff.js';
import { messageOf, OperatorError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { SlotRecord } from '../../cluster/model/slot.js';
import type { Store } from '../../cluster/store.js';
import type { Changes } from '../changes.js';
import { UnavailableError } from '../errors.js';
import type { Actions } from '../service/actions.js';
import { type HandOver, isLeftClosed } from './hand-over.js';
import { SourceChangedError } from './key-sender.js';
import { Leg, type LegSettings, type TaskVerdict } from './leg.js';
import { Progress } from './progress.js';
import {
  hasEnded,
  type MigrationQueue,
  type QueueContent,
  type QueuedJob,
  type QueuedTask,
  unixSeconds,
} from './queue.js';

/** The queue is also looked at without a sign that it has changed: for what is to be tried again. */
const LOOK_AGAIN_MS = 500;
/** Slots of so many groups are moved at once. */
const MAX_LEGS = 4;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

/** Actions that are left to be looked at, and how many older ones are deleted between two looks. */
const ACTIONS_KEPT = 500;
const ACTIONS_TIDIED = 300;
/** With pauses, about two minutes; a slot that is half moved is tried again for ever. */
const MAX_TRIES_TO_BEGIN = 12;

/** When tasks that were stopped by an error may go on. */
interface Retry {
  readonly backoff: Backoff;
  tries: number;
  notBefore: number;
}

/** Tasks of a job that are worked on together. */
interface Bundle {
  readonly key: string;
  readonly sourceGroup: number;
  readonly tasks: QueuedTask[];
}

export interface RunnerSettings extends Omit<LegSettings, 'saveVerdicts'> {
  readonly changes: Changes;
  readonly queue: MigrationQueue;
  readonly isLeading: () => boolean;
  readonly actions: Actions;
}

/**
 * Works the queue off, from the records alone: which dashboard made them, and where it was when it
 * ended, makes no difference.
 *
 * The jobs in their order; of each group one leg at a time, as its slots share a pass over the
 * group's keys; legs of different groups at once. What becomes of a failure depends on the slot:
 * one that is half moved is tried again and again, with pauses; one that has not begun to move stays
 * where it is after some tries, its task keeps the error and waits for the operator's word. After a
 * silent proxy it does so at once, as every try makes clients wait. Neither is in the way of the
 * tasks behind it.
 */
export class Runner {
  readonly #store: Store;
  readonly #queue: MigrationQueue;
  readonly #changes: Changes;
  readonly #handOver: HandOver;
  readonly #isLeading: () => boolean;
  readonly #settings: RunnerSettings;
  readonly #log: Logger;
  readonly #legs = new Map<Leg, Promise<void>>();
  readonly #retries = new Map<string, Retry>();
  readonly #progress = new Map<string, Progress>();
  readonly #halted = new Set<string>();
  readonly #stopping = new AbortController();
  #working: Promise<void> | null = null;
  #wake: () => void = () => {};
  #lastTrouble = '';
  #isUntidy = false;

  constructor(settings: RunnerSettings) {
    this.#settings = settings;
    this.#store = settings.store;
    this.#queue = settings.queue;
    this.#changes = settings.changes;
    this.#handOver = settings.handOver;
    this.#isLeading = settings.isLeading;
    this.#log = settings.log;
  }

  start(): void {
    this.#working ??= this.#work();
  }

  /** Ends soon, and leaves the rest to whoever starts next. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    for (const leg of this.#legs.keys()) leg.stop();
    await this.#working;
    await Promise.all(this.#legs.values());
  }

  /** There is something new in the queue. */
  wake(): void {
    this.#wake();
  }

  progressOf(jobId: string): Progress {
    let progress = this.#progress.get(jobId);
    if (!progress) this.#progress.set(jobId, (progress = new Progress()));
    return progress;
  }

  /** The job, and no leg of it, runs while `work` does. */
  async withoutLegs<T>(jobId: string, work: () => Promise<T>): Promise<T> {
    this.#halted.add(jobId);
    try {
      const legs = [...this.#legs].filter(([leg]) => leg.job.id === jobId);
      for (const [leg] of legs) leg.stop();
      await Promise.all(legs.map(([, end]) => end));
      this.#retries.clear();
      return await work();
    } finally {
      this.#halted.delete(jobId);
      this.#wake();
    }
  }

  async #work(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      let woken = false;
      const pause = new AbortController();
      this.#wake = () => {
        woken = true;
        pause.abort();
      };
      try {
        if (this.#isLeading()) {
          await this.#look();
          await this.#tidy();
        }
        this.#lastTrouble = '';
      } catch (error) {
        // The coordinator is away, or the lease: there will be another look.
        const trouble = messageOf(error);
        if (trouble !== this.#lastTrouble) {
          this.#log.warn({ err: error }, 'the queue cannot be worked on now');
        }
        this.#lastTrouble = trouble;
      }
      if (woken || this.#stopping.signal.aborted) continue;
      await sleep(LOOK_AGAIN_MS, undefined, { signal: pause.signal }).catch(() => undefined);
    }
  }

  /** While slots move, and until their actions have been tidied away. */
  async #tidy(): Promise<void> {
    if (this.#legs.size === 0 && !this.#isUntidy) return;
    const left = await this.#settings.actions.tidy(ACTIONS_KEPT, ACTIONS_TIDIED);
    this.#isUntidy = this.#legs.size > 0 || left > ACTIONS_TIDIED;
  }

  async #look(): Promise<void> {
    const content = await this.#queue.load();
    if (content.orphans.length > 0) return this.#adopt(content);
    const open = content.jobs.filter((job) => !hasEnded(job));
    if (open.length === 0) return;
    await this.#settle(open, content.tasks);
    await this.#openLeftClosed(content);
    const busy = new Set([...this.#legs.keys()].map((leg) => leg.sourceGroup));
    for (const job of open) {
      if (this.#halted.has(job.id)) continue;
      if (job.state !== 'running' && job.state !== 'cancelling') continue;
      const runnable = content.tasks.filter((task) => task.job === job.id && isRunnable(task));
      for (const { key, sourceGroup, tasks } of this.#bundles(job, runnable)) {
        if (busy.has(sourceGroup) || this.#legs.size >= MAX_LEGS) continue;
        const retry = this.#retries.get(key);
        if (retry && retry.notBefore > performance.now()) continue;
        busy.add(sourceGroup);
        this.#startLeg(job, tasks, key);
      }
    }
  }

  /**
   * The tasks of a job by the group that their slots leave; and once something has gone wrong also
   * by the group they go to, so that one that cannot take them is not in the way of the others.
   */
  #bundles(job: QueuedJob, tasks: readonly QueuedTask[]): Bundle[] {
    const bundles = new Map<string, Bundle>();
    for (const task of tasks) {
      const whole = `${job.id} from ${task.from_group}`;
      const key = this.#retries.has(whole) ? `${whole} to ${task.new_group}` : whole;
      const bundle = bundles.get(key);
      if (bundle) bundle.tasks.push(task);
      else bundles.set(key, { key, sourceGroup: task.from_group, tasks: [task] });
    }
    return [...bundles.values()];
  }

  #startLeg(job: QueuedJob, tasks: readonly QueuedTask[], key: string): void {
    const leg = new Leg(job, tasks, this.progressOf(job.id), {
      ...this.#settings,
      saveVerdicts: (verdicts) => this.#saveVerdicts(verdicts),
    });
    this.#log.info({ job: job.id, from: leg.sourceGroup, slots: tasks.length }, 'moving slots');
    const end = this.#runLeg(leg, key).finally(() => {
      this.#legs.delete(leg);
      this.#wake();
    });
    this.#legs.set(leg, end);
  }

  async #runLeg(leg: Leg, key: string): Promise<void> {
    try {
      await leg.run();
      this.#retries.delete(key);
      this.#log.info({ job: leg.job.id, from: leg.sourceGroup }, 'slots moved');
    } catch (error) {
      if (error instanceof Error && error.name === 'AbortError') return;
      if (error instanceof SourceChangedError) {
        this.#log.info({ job: leg.job.id, reason: error.message }, 'going on at the new master');
        return;
      }
      let retry = this.#retries.get(key);
      if (!retry) {
        retry = { backoff: new Backoff(FIRST_RETRY_MS, LAST_RETRY_MS), tries: 0, notBefore: 0 };
        this.#retries.set(key, retry);
      }
      retry.tries++;
      retry.notBefore = performance.now() + retry.backoff.nextMs();
      this.#log.error(
        { job: leg.job.id, from: leg.sourceGroup, err: error },
        'moving slots failed',
      );
      // It was the coordinator that failed, or the lease: not these tasks' fault.
      if (!(error instanceof OperatorError) || error instanceof UnavailableError) return;
      const next = retry.tries < MAX_TRIES_TO_BEGIN ? 'try again' : 'give up';
      await this.#keepError(leg, messageOf(error), next);
    }
  }

  /** What stopped a leg is kept by its tasks; those that have not begun may be out of the race. */
  async #keepError(leg: Leg, message: string, next: 'try again' | 'give up'): Promise<void> {
    try {
      await this.#changes.run(async () => {
        const { tasks } = await this.#queue.load();
        const slots = await this.#slotsById();
        const own = new Set(leg.tasks.map((task) => task.seq));
        const changed = tasks.flatMap((task) => {
          if (!own.has(task.seq) || !isRunnable(task)) return [];
          const goesOn = next === 'try again' || isUnderWay(task, slots.get(task.slot_id));
          const status = goesOn ? task.status : 'error';
          if (status === task.status && message === task.error) return [];
          return [this.#queue.taskWrite({ ...task, status, error: message })];
        });
        await this.#changes.save(changed);
      });
    } catch (cause) {
      this.#log.warn({ err: cause }, 'the error of the tasks is not saved');
    }
  }

  #saveVerdicts(verdicts: readonly TaskVerdict[]): Promise<void> {
    if (verdicts.length === 0) return Promise.resolve();
    return this.#changes.run(async () => {
      const present = new Map((await this.#queue.load()).tasks.map((task) => [task.seq, task]));
      await this.#changes.save(
        verdicts.flatMap(({ task: { seq }, status, message }) => {
          const task = present.get(seq);
          if (!task) return [];
          if (status === 'done') return [this.#queue.taskDeletion(task)];
          return [this.#queue.taskWrite({ ...task, status, error: message })];
        }),
      );
    });
  }

  /** Tells jobs that have ended so, and those that wait for the operator. */
  async #settle(open: readonly QueuedJob[], tasks: readonly QueuedTask[]): Promise<void> {
    const running = new Set([...this.#legs.keys()].map((leg) => leg.job.id));
    for (const job of open) {
      if (running.has(job.id) || this.#halted.has(job.id)) continue;
      const next = settledState(
        job,
        tasks.filter((task) => task.job === job.id),
      );
      if (next === null || (next.state === job.state && next.message === job.message)) continue;
      await this.#changes.run(() =>
        this.#changes.save([this.#queue.jobWrite({ ...job, ...next })]),
      );
      this.#log.info({ job: job.id, what: job.what, ...next }, 'job settled');
    }
  }

  /** Gates of slots that nothing will move soon: their dashboard died just then. */
  async #openLeftClosed({ jobs, tasks }: QueueContent): Promise<void> {
    const running = new Set(
      jobs.filter(({ state }) => state === 'running' || state === 'cancelling').map(({ id }) => id),
    );
    const idle = tasks.filter((task) => !running.has(task.job) || !isRunnable(task));
    if (idle.length === 0) return;
    const slots = await this.#slotsById();
    const closed = idle.filter((task) => {
      const slot = slots.get(task.slot_id);
      return slot !== undefined && isLeftClosed(task, slot);
    });
    if (closed.length > 0) await this.#handOver.reopen(closed);
  }

  /** Tasks of an original dashboard: as one job, as they were meant. */
  #adopt({ orphans }: QueueContent): Promise<void> {
    return this.#changes.run(async () => {
      const slots = await this.#slotsById();
      const groupOf = (slotId: number, otherwise: number) => {
        const slot = slots.get(slotId);
        if (!slot) return otherwise;
        return slot.state.status === 'migrate' ? slot.state.migrate_status.from : slot.group_id;
      };
      await this.#changes.save(orphans.map((task) => this.#queue.taskDeletion(task)));
      await this.#queue.add(
        this.#changes,
        'tasks of another dashboard',
        orphans.map((task) => ({
          slotId: task.slot_id,
          fromGroup: groupOf(task.slot_id, task.new_group),
          toGroup: task.new_group,
        })),
        {
          delay: Math.max(0, ...orphans.map((task) => task.delay)),
          ...{ max_keys_per_second: 0, max_stall: 0, large_keys: 'chunk' },
        },
      );
    });
  }

  async #slotsById(): Promise<Map<number, SlotRecord>> {
    return new Map((await this.#store.loadSlots()).map((slot) => [slot.id, slot]));
  }
}

/** Null: there is still something to be done by itself. */
function settledState(
  job: QueuedJob,
  tasks: readonly QueuedTask[],
): Pick<QueuedJob, 'state' | 'message' | 'end_at'> | null {
  if (tasks.length === 0) {
    const state = job.state === 'cancelling' ? 'cancelled' : 'done';
    return { state, message: job.message, end_at: unixSeconds() };
  }
  if (job.state === 'paused' || tasks.some(isRunnable)) return null;
  const [first] = tasks.filter((task) => task.error !== '');
  const more = tasks.length > 1 ? `, and ${tasks.length - 1} more slots are left` : '';
  return {
    state: 'failed',
    message: `slot ${(first ?? tasks[0]!).slot_id}: ${first?.error ?? 'not moved'}${more}`,
    end_at: '',
  };
}

function isRunnable(task: QueuedTask): boolean {
  return task.status !== 'error' && task.status !== 'held';
}

/** True for a slot that cannot stay as it is. */
function isUnderWay(task: QueuedTask, slot: SlotRecord | undefined): boolean {
  return task.half_moved || slot?.state.status === 'migrate';
}
