import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Address } from '../../base/address.js';
import { Backoff } from '../../base/backoff.js';
import { messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { DataPlane, DataPlaneStats } from '../data-plane.js';
import type { PeerAnswer, PeerMessage } from '../operation/peers/questions.js';
import type { GroupRoute, SlotRoute, TopologyChange } from '../router/topology-change.js';
import type { OrderBody, WorkerStart } from './messages.js';
import { sumStats } from './sum-stats.js';
import { WorkerGoneError, WorkerHandle } from './worker-handle.js';

const WORKER_FILE = fileURLToPath(new URL('./worker-main.js', import.meta.url));
/** A worker that dies at once, again and again, is not to take the machine with it. */
const FIRST_RESTART_MS = 50;
const LAST_RESTART_MS = 5_000;

/**
 * A data plane of several worker processes on one port. Each owns its clients and its connections
 * to servers and nothing else. A change has been applied when all of them have applied it; one that
 * dies takes its clients' connections with it, and is replaced.
 */
export class WorkerPool implements DataPlane {
  readonly #start: Omit<WorkerStart, 'workerIndex'>;
  readonly #log: Logger;
  readonly #workers = new Map<number, WorkerHandle>();
  readonly #backoff = new Backoff(FIRST_RESTART_MS, LAST_RESTART_MS);
  /** The whole table, for workers that come later. */
  readonly #slots = new Map<number, SlotRoute>();
  readonly #groups = new Map<number, GroupRoute>();
  #gates: readonly number[] = [];
  #seq = 0;
  /** Where clients are accepted; null: they are not. */
  #address: Address | null = null;
  #listening = new WeakSet<WorkerHandle>();
  #isClosed = false;

  constructor(start: Omit<WorkerStart, 'workerIndex'>, log: Logger) {
    this.#start = start;
    this.#log = log;
    cluster.setupPrimary({ exec: WORKER_FILE, args: [] });
    for (let index = 0; index < start.workerCount; index++) this.#fork(index);
  }

  async apply(change: TopologyChange): Promise<void> {
    for (const slot of change.slots) this.#slots.set(slot.slotId, slot);
    for (const group of change.groups) this.#groups.set(group.groupId, group);
    this.#gates = change.gates ?? this.#gates;
    this.#seq = Math.max(this.#seq, change.seq ?? 0);
    await this.#tellAll({ type: 'apply', change });
  }

  async listen(address: Address): Promise<Address> {
    this.#address = address;
    const bound = await Promise.all([...this.#workers.values()].map((each) => this.#open(each)));
    // Port 0 is the same port for all of them: node:cluster sees to it.
    return bound.find((each) => each !== null) ?? address;
  }

  async drain(timeoutMs: number, successors: readonly string[] = []): Promise<void> {
    this.#address = null;
    this.#listening = new WeakSet();
    await this.#tellAll({ type: 'drain', timeoutMs, successors });
  }

  close(): void {
    this.#isClosed = true;
    for (const worker of this.#workers.values()) worker.kill();
  }

  stats(): DataPlaneStats {
    return sumStats([...this.#workers.values()].map((worker) => worker.stats));
  }

  /** The processes, for whoever watches them. */
  get pids(): number[] {
    return [...this.#workers.values()].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  #fork(workerIndex: number): void {
    const worker = new WorkerHandle(workerIndex, (gone, reason) => this.#onExit(gone, reason));
    this.#workers.set(workerIndex, worker);
    worker.onQuestion = (message) => this.#askOthers(worker, message);
    this.#bringUp(worker).catch((error: unknown) => {
      // One that has ended is replaced; one that cannot serve is ended, and replaced.
      if (error instanceof WorkerGoneError) return;
      this.#log.error({ worker: workerIndex, reason: messageOf(error) }, 'worker cannot serve');
      worker.kill();
    });
  }

  /** What a new worker must know, in the order in which everyone else was told. */
  async #bringUp(worker: WorkerHandle): Promise<void> {
    const { workerIndex } = worker;
    const told = [worker.tell({ type: 'start', start: { ...this.#start, workerIndex } })];
    if (this.#slots.size > 0 || this.#groups.size > 0) {
      const slots = [...this.#slots.values()];
      const groups = [...this.#groups.values()];
      const change = { slots, groups, gates: this.#gates, seq: this.#seq, isWhole: true };
      told.push(worker.tell({ type: 'apply', change }));
    }
    await Promise.all(told);
    await this.#open(worker);
    this.#log.info({ worker: workerIndex, pid: worker.pid }, 'worker started');
    this.#backoff.reset();
  }

  /** Has the worker accept clients, if that is to be and it does not yet. */
  async #open(worker: WorkerHandle): Promise<Address | null> {
    if (this.#address === null || this.#listening.has(worker)) return null;
    this.#listening.add(worker);
    return ifThere(worker.tell({ type: 'listen', address: this.#address }));
  }

  #onExit(worker: WorkerHandle, reason: string): void {
    if (this.#workers.get(worker.workerIndex) === worker) {
      this.#workers.delete(worker.workerIndex);
    }
    if (this.#isClosed) return;
    const restartMs = this.#backoff.nextMs();
    this.#log.error({ worker: worker.workerIndex, reason, restartMs }, 'worker ended');
    setTimeout(() => {
      if (!this.#isClosed) this.#fork(worker.workerIndex);
    }, restartMs);
  }

  async #askOthers(asking: WorkerHandle, message: PeerMessage): Promise<readonly PeerAnswer[]> {
    const others = [...this.#workers.values()].filter((worker) => worker !== asking);
    const answers = await Promise.all(others.map((worker) => worker.ask(message)));
    return answers.filter((answer) => answer !== null);
  }

  async #tellAll(body: OrderBody): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => ifThere(worker.tell(body))));
  }
}

/**
 * The answer of a worker; null if it ended first. It has then done what it was told as well as can
 * be: what it had sent is not answered to anybody any more, and its successor begins anew.
 */
async function ifThere(answer: Promise<Address | null>): Promise<Address | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof WorkerGoneError) return null;
    throw error;
  }
}
