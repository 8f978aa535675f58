import type { z } from 'zod';
import type { Operation } from '../../cluster/coordinator/coordinator.js';
import { type MigrateJob, type MoveOptions, migrateJob } from '../../cluster/model/migrate-job.js';
import { type MigrateTask, migrateTask } from '../../cluster/model/migrate-task.js';
import { BadRecordError, type Store } from '../../cluster/store.js';
import type { Changes } from '../changes.js';

/** Jobs that have ended are kept so many, for who comes back and asks how it went. */
const ENDED_JOBS_KEPT = 16;

export interface QueuedTask extends MigrateTask {
  /** Ten digits: its node's name. */
  readonly seq: string;
  readonly job: string;
  readonly from_group: number;
  readonly direction: 'forward' | 'back';
  readonly half_moved: boolean;
  readonly error: string;
}

export interface QueuedJob extends MigrateJob {
  /** Ten digits: its node's name. */
  readonly id: string;
}

export interface QueueContent {
  readonly jobs: readonly QueuedJob[];
  /** Ascending. */
  readonly tasks: readonly QueuedTask[];
  /** Left by an original dashboard: in no job yet. */
  readonly orphans: readonly (MigrateTask & { readonly seq: string })[];
}

/** A task before it has a number. */
export interface NewTask {
  readonly slotId: number;
  readonly fromGroup: number;
  readonly toGroup: number;
}

/** The jobs and tasks in the tree. Each write is to be made within `Changes.run`. */
export class MigrationQueue {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async load(): Promise<QueueContent> {
    const { paths } = this.#store;
    const [jobs, nodes] = await Promise.all([
      this.#loadAll(paths.migrateJobs, migrateJob),
      this.#loadAll(paths.migrateTasks, migrateTask),
    ]);
    const tasks: QueuedTask[] = [];
    const orphans: (MigrateTask & { seq: string })[] = [];
    const ids = new Set(jobs.map(({ name }) => name));
    for (const { name, record } of nodes) {
      const task = queuedTask(name, record);
      if (task && ids.has(task.job)) tasks.push(task);
      else orphans.push({ ...record, seq: name });
    }
    return { jobs: jobs.map(({ name, record }) => ({ ...record, id: name })), tasks, orphans };
  }

  /** Of these tasks those that are still there, as they are now. */
  async reload(tasks: readonly QueuedTask[]): Promise<QueuedTask[]> {
    const names = tasks.map((task) => task.seq);
    const found = await this.#loadNodes(this.#store.paths.migrateTasks, names, migrateTask);
    return found.flatMap(({ name, record }) => queuedTask(name, record) ?? []);
  }

  /** Saves a job and its tasks in one step of a change that runs. @returns the job's id */
  async add(
    changes: Pick<Changes, 'save'>,
    what: string,
    tasks: readonly NewTask[],
    options: MoveOptions,
  ): Promise<string> {
    const { coordinator, paths } = this.#store;
    for (const path of [paths.migrateTasks, paths.migrateJobs]) {
      if (!(await coordinator.get(path))) await coordinator.create(path, '');
    }
    const createAt = unixSeconds();
    const id = await this.#nextName(paths.migrateJobs);
    const first = Number(await this.#nextName(paths.migrateTasks));
    const job: QueuedJob = {
      ...{ id, what, state: 'running', options, slots: tasks.length },
      ...{ create_at: createAt, end_at: '', message: '' },
    };
    await changes.save([
      { type: 'create', path: paths.migrateJob(id), data: jobJson(job) },
      ...tasks.map(
        (task, index): Operation => ({
          type: 'create',
          path: paths.migrateTask(numbered(first + index)),
          data: taskJson({
            seq: '',
            slot_id: task.slotId,
            new_group: task.toGroup,
            delay: options.delay,
            create_at: createAt,
            percent: 0,
            status: 'pending',
            job: id,
            from_group: task.fromGroup,
            direction: 'forward',
            half_moved: false,
            error: '',
          }),
        }),
      ),
      ...(await this.#oldJobs()),
    ]);
    return id;
  }

  taskWrite(task: QueuedTask): Operation {
    return { type: 'set', path: this.#store.paths.migrateTask(task.seq), data: taskJson(task) };
  }

  taskDeletion(task: { readonly seq: string }): Operation {
    return { type: 'delete', path: this.#store.paths.migrateTask(task.seq) };
  }

  jobWrite(job: QueuedJob): Operation {
    return { type: 'set', path: this.#store.paths.migrateJob(job.id), data: jobJson(job) };
  }

  async #oldJobs(): Promise<Operation[]> {
    const { jobs } = await this.load();
    const ended = jobs.filter(hasEnded).sort((one, other) => (one.id < other.id ? 1 : -1));
    return ended
      .slice(ENDED_JOBS_KEPT)
      .map(({ id }) => ({ type: 'delete', path: this.#store.paths.migrateJob(id) }));
  }

  async #loadAll<T>(parent: string, type: z.ZodType<T>): Promise<{ name: string; record: T }[]> {
    const names = await this.#store.coordinator.children(parent);
    return this.#loadNodes(parent, names, type);
  }

  async #loadNodes<T>(
    parent: string,
    names: readonly string[],
    type: z.ZodType<T>,
  ): Promise<{ name: string; record: T }[]> {
    const paths = names.map((name) => `${parent}/${name}`);
    const nodes = await this.#store.coordinator.getAll(paths);
    return nodes.flatMap((node, index) => {
      if (!node) return [];
      try {
        return [{ name: names[index]!, record: type.parse(JSON.parse(node.data)) }];
      } catch (cause) {
        throw new BadRecordError(`the record at ${paths[index]} cannot be read`, { cause });
      }
    });
  }

  /** Only the dashboard that leads makes these nodes, so the next number is free. */
  async #nextName(parent: string): Promise<string> {
    const names = await this.#store.coordinator.children(parent);
    const numbers = names.filter((name) => /^\d{10}$/.test(name)).map(Number);
    return numbered(Math.max(-1, ...numbers) + 1);
  }
}

export function hasEnded(job: MigrateJob): boolean {
  return job.state === 'done' || job.state === 'cancelled';
}

export function unixSeconds(): string {
  return String(Math.floor(Date.now() / 1000));
}

/** Null for one that an original dashboard has left. */
function queuedTask(seq: string, record: MigrateTask): QueuedTask | null {
  const { job, from_group, direction = 'forward', half_moved = false, error = '' } = record;
  if (job === undefined || from_group === undefined) return null;
  return { ...record, seq, job, from_group, direction, half_moved, error };
}

function numbered(number: number): string {
  return String(number).padStart(10, '0');
}

/** Codis's fields first, in its order. */
function taskJson({ seq: _, ...task }: QueuedTask): string {
  return JSON.stringify(migrateTask.parse(task));
}

function jobJson({ id: _, ...job }: QueuedJob): string {
  return JSON.stringify(migrateJob.parse(job));
}
