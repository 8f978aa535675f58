import { faultPoint } from '../../base/fault-point.js';
import type { Operation } from '../../cluster/coordinator/coordinator.js';
import type { Store } from '../../cluster/store.js';
import type { ControlJobBody } from '../api/contract.js';
import type { Changes } from '../changes.js';
import { ConflictError, NotFoundError } from '../errors.js';
import type { HandOver } from './hand-over.js';
import { hasEnded, type MigrationQueue, type QueuedJob, type QueuedTask } from './queue.js';
import type { Runner } from './runner.js';

/** What an operator may do with a job that is under way. */
export class JobControl {
  readonly #store: Store;
  readonly #queue: MigrationQueue;
  readonly #changes: Changes;
  readonly #handOver: HandOver;
  readonly #runner: Runner;

  constructor(
    store: Store,
    queue: MigrationQueue,
    changes: Changes,
    handOver: HandOver,
    runner: Runner,
  ) {
    this.#store = store;
    this.#queue = queue;
    this.#changes = changes;
    this.#handOver = handOver;
    this.#runner = runner;
  }

  /**
   * - `pause`: no key is moved any more, except by pulls of clients' commands
   * - `resume`: also what has failed is tried again
   * - `cancel`: slots that have not begun stay where they are; those that are half moved go `back`
   *   to where they were, or `forward`
   *
   * Resolves when the order is in the record and nothing is done against it any more.
   *
   * @throws NotFoundError, ConflictError
   */
  async obey(jobId: string, { action, direction }: ControlJobBody): Promise<void> {
    await this.#runner.withoutLegs(jobId, async () => {
      // A gate that a dashboard left closed when it died: nothing has moved through it.
      const { tasks } = await this.#queue.load();
      await this.#handOver.reopen(tasks.filter((task) => task.job === jobId));
      await this.#changes.run(async () => {
        const { jobs, tasks } = await this.#queue.load();
        const job = jobs.find(({ id }) => id === jobId);
        if (!job) throw new NotFoundError(`there is no move ${jobId}`);
        if (hasEnded(job)) throw new ConflictError(`${job.what}: has ended (${job.state})`);
        const own = tasks.filter((task) => task.job === jobId);
        await this.#changes.save(
          action === 'cancel'
            ? await this.#cancel(job, own, direction)
            : this.#pauseOrResume(job, own, action),
        );
        faultPoint(`job-${action}`);
      });
    });
  }

  #pauseOrResume(
    job: QueuedJob,
    tasks: readonly QueuedTask[],
    action: 'pause' | 'resume',
  ): Operation[] {
    if (action === 'pause') {
      if (job.state === 'cancelling') {
        throw new ConflictError(`${job.what} is being cancelled, which cannot be paused`);
      }
      return [this.#queue.jobWrite({ ...job, state: 'paused', message: '' })];
    }
    const stopped = tasks.filter(({ status }) => status === 'error' || status === 'held');
    const state = job.state === 'cancelling' ? 'cancelling' : 'running';
    return [
      this.#queue.jobWrite({ ...job, state, message: '' }),
      ...stopped.map((task) => this.#queue.taskWrite({ ...task, status: 'pending', error: '' })),
    ];
  }

  async #cancel(
    job: QueuedJob,
    tasks: readonly QueuedTask[],
    direction: 'back' | 'forward' | undefined,
  ): Promise<Operation[]> {
    const moving = new Set(
      (await this.#store.loadSlots())
        .filter(({ state }) => state.status === 'migrate' || state.status === 'pre_migrate')
        .map((slot) => slot.id),
    );
    const [halfMoved, others] = [
      tasks.filter((task) => moving.has(task.slot_id)),
      tasks.filter((task) => !moving.has(task.slot_id)),
    ];
    if (halfMoved.length > 0 && direction === undefined) {
      const slots = halfMoved.length === 1 ? 'one slot is' : `${halfMoved.length} slots are`;
      throw new ConflictError(`${job.what}: ${slots} half moved`, {
        hint: 'say where they are to go: codis-config slot cancel --back, or --forward',
      });
    }
    const message =
      halfMoved.length === 0
        ? 'cancelled: no slot was half moved'
        : `cancelled: half-moved slots went ${direction} (${halfMoved.length})`;
    return [
      ...others.map((task) => this.#queue.taskDeletion(task)),
      ...halfMoved.map((task) =>
        this.#queue.taskWrite(task.direction === direction ? goingOn(task) : turned(task)),
      ),
      this.#queue.jobWrite({ ...job, state: 'cancelling', message }),
    ];
  }
}

function goingOn(task: QueuedTask): QueuedTask {
  return { ...task, status: 'migrating', error: '' };
}

/** The same slot the other way round; it may have keys in both groups by now. */
function turned(task: QueuedTask): QueuedTask {
  return {
    ...goingOn(task),
    new_group: task.from_group,
    from_group: task.new_group,
    direction: task.direction === 'back' ? 'forward' : 'back',
    half_moved: true,
  };
}
