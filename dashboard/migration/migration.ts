import { faultPoint } from '../../base/fault-point.js';
import type { Logger } from '../../base/log.js';
import { moveOptions } from '../../cluster/model/migrate-job.js';
import type { MigrateTask } from '../../cluster/model/migrate-task.js';
import type { Store } from '../../cluster/store.js';
import type {
  ControlJobBody,
  JobReply,
  MigrateBody,
  MigrateStatusReply,
  PlanBody,
  PlanReply,
  StartMovesBody,
} from '../api/contract.js';
import type { Changes } from '../changes.js';
import { NotFoundError } from '../errors.js';
import type { Lease } from '../lease.js';
import type { Actions } from '../service/actions.js';
import { OwnCommands } from './client-load.js';
import { HandOver } from './hand-over.js';
import { JobControl } from './job-control.js';
import { groupMaster } from './masters.js';
import { MoveRules } from './move-rules.js';
import { asMoves } from './moves.js';
import type { SlotMove } from './plan.js';
import { Planner } from './planner.js';
import { hasEnded, MigrationQueue, type QueuedJob, type QueuedTask } from './queue.js';
import { Runner } from './runner.js';
import { slotsKeepingTarget } from './source-failure.js';
import { StrayProxies } from './stray-proxies.js';
import { WindowSize } from './window-size.js';

/** Moves of slots between groups: what may be asked of them. */
export class Migration {
  readonly #store: Store;
  readonly #changes: Changes;
  readonly #queue: MigrationQueue;
  readonly #rules: MoveRules;
  readonly #planner: Planner;
  readonly #runner: Runner;
  readonly #control: JobControl;

  constructor(
    store: Store,
    changes: Changes,
    actions: Actions,
    lease: Lease,
    password: string,
    log: Logger,
  ) {
    this.#store = store;
    this.#changes = changes;
    this.#queue = new MigrationQueue(store);
    this.#rules = new MoveRules(store, this.#queue, password);
    this.#planner = new Planner(store, this.#queue, this.#rules, password, log);
    const { product } = store.paths;
    const mover = {
      masterOf: (groupId: number) => groupMaster(store, groupId),
      keepingTarget: (slotIds: readonly number[]) => slotsKeepingTarget(store, slotIds),
      assertAllowed: () => lease.assertHeld(),
      own: new OwnCommands(),
      ...{ product, password, log },
    };
    const strays = new StrayProxies(store, password, log);
    const handOver = new HandOver(store, this.#queue, changes, strays, log);
    this.#runner = new Runner({
      store,
      changes,
      queue: this.#queue,
      handOver,
      mover,
      windowSize: new WindowSize(store),
      isLeading: () => lease.state === 'held',
      ...{ actions, product, password, log },
    });
    this.#control = new JobControl(store, this.#queue, changes, handOver, this.#runner);
  }

  /** Goes on with what the queue has. */
  run(): void {
    this.#runner.start();
  }

  /** Ends in the midst of it, in a state that `run` goes on from, here or elsewhere. */
  stop(): Promise<void> {
    return this.#runner.stop();
  }

  /** As Codis does: slots `from` to `to` inclusive are queued. @throws as `plan` */
  async migrate({ from, to, new_group, delay }: MigrateBody): Promise<void> {
    const options = moveOptions.parse({ delay });
    const { what, moves } = await this.#planner.choose(
      { kind: 'move', from, to, new_group },
      options,
    );
    await this.start({ what, moves: [], options }, moves);
  }

  /** As Codis does, but by slots and whether `maxmemory` is set or not. */
  async rebalance(delayMs: number): Promise<void> {
    const options = moveOptions.parse({ delay: delayMs });
    const { what, moves } = await this.#planner.choose({ kind: 'rebalance', by: 'slots' }, options);
    await this.start({ what, moves: [], options }, moves);
  }

  plan(body: PlanBody): Promise<PlanReply> {
    return this.#planner.plan(body);
  }

  /**
   * Queues the moves of a plan, all of them or none.
   *
   * @returns the job's id, or null if there is nothing to move
   * @throws ConflictError if the cluster is not as it was when the plan was made
   */
  async start(
    { what, moves, options }: StartMovesBody,
    slotMoves: readonly SlotMove[] = asMoves(moves),
  ): Promise<string | null> {
    if (slotMoves.length === 0) return null;
    await this.#rules.assertServersReady(slotMoves, []);
    const job = await this.#changes.run(async () => {
      await this.#rules.assertPossible(slotMoves);
      return this.#queue.add(this.#changes, what, slotMoves, moveOptions.parse(options ?? {}));
    });
    faultPoint('job-queued');
    this.#runner.wake();
    return job;
  }

  /** @throws NotFoundError, ConflictError */
  async control(jobId: string, body: ControlJobBody): Promise<void> {
    await this.#control.obey(jobId, body);
  }

  /** Slots on the move, and the task that is worked on, as Codis shows them. */
  async status(): Promise<MigrateStatusReply> {
    const slots = await this.#store.loadSlots();
    const moving = slots.filter(
      ({ state }) => state.status === 'migrate' || state.status === 'pre_migrate',
    );
    const tasks = await this.tasks();
    const current = tasks.find((task) => task.status === 'migrating') ?? null;
    return { migrate_slots: moving, migrate_task: current };
  }

  /** What is left to be moved, in the order it was asked for. */
  async tasks(): Promise<MigrateTask[]> {
    const { tasks, orphans } = await this.#queue.load();
    return [...orphans, ...tasks].map(({ seq: _, ...task }) => task);
  }

  /** Newest first. */
  async jobs(): Promise<JobReply[]> {
    const { jobs, tasks } = await this.#queue.load();
    return jobs.map((job) => this.#describe(job, tasks)).reverse();
  }

  /** @throws NotFoundError */
  async job(jobId: string): Promise<JobReply> {
    const { jobs, tasks } = await this.#queue.load();
    const job = jobs.find(({ id }) => id === jobId);
    if (!job) throw new NotFoundError(`there is no move ${jobId}`);
    return this.#describe(job, tasks);
  }

  #describe(job: QueuedJob, allTasks: readonly QueuedTask[]): JobReply {
    const tasks = allTasks.filter((task) => task.job === job.id);
    const progress = this.#runner.progressOf(job.id);
    const isOver = hasEnded(job);
    return {
      ...job,
      slots_left: tasks.length,
      slots_moving: tasks.filter((task) => task.status === 'migrating').length,
      slots_stopped: tasks.filter(({ status }) => status === 'error' || status === 'held').length,
      keys_moved: progress.keysMoved,
      keys_total: progress.keysTotal,
      keys_per_second: isOver ? 0 : progress.keysPerSecond,
      seconds_left: isOver ? 0 : progress.secondsLeft,
      current_slot: isOver ? null : progress.currentSlot,
      last_error: tasks.findLast((task) => task.error !== '')?.error ?? '',
    };
  }
}
