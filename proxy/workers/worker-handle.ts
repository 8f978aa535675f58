import cluster, { type Worker as ClusterWorker } from 'node:cluster';
import type { Address } from '../../base/address.js';
import { OperatorError } from '../../base/errors.js';
import type { PeerAnswer, PeerMessage } from '../operation/peers/questions.js';
import { MALLOC_SETTINGS } from './malloc-settings.js';
import {
  ANSWER_TIMEOUT_MS,
  type Order,
  type OrderBody,
  type Report,
  type Told,
} from './messages.js';

/** A worker that has not reported for so long says nothing of the present. */
const OLD_REPORT_MS = 1_000;

/** The worker process ended before it had done what it was told. */
export class WorkerGoneError extends Error {
  override readonly name = 'WorkerGoneError';
}

interface Pending {
  resolve(address: Address | null): void;
  reject(error: Error): void;
}

export type WorkerStats = Extract<Report, { type: 'stats' }>['stats'];

/** A worker process as the primary sees it. */
export class WorkerHandle {
  readonly workerIndex: number;
  #stats: WorkerStats | null = null;
  #statsAtMs = 0;
  readonly #process: ClusterWorker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  /** Questions that it has not answered. */
  readonly #asked = new Map<number, (answer: PeerAnswer | null) => void>();
  /** The worker asks the others. */
  onQuestion: (message: PeerMessage) => Promise<readonly PeerAnswer[]> = async () => [];
  /** Orders for a process that does not listen yet; null once it does. */
  #unsent: Order[] | null = [];

  /** Starts the process. @param onExit called once, when it has ended for whatever reason */
  constructor(workerIndex: number, onExit: (worker: WorkerHandle, reason: string) => void) {
    this.workerIndex = workerIndex;
    this.#process = cluster.fork({ ...MALLOC_SETTINGS, ...process.env });
    this.#process.on('message', (report: Report) => this.#onReport(report));
    this.#process.once('exit', (code, signal) => {
      const reason = signal ?? `exit code ${code}`;
      const error = new WorkerGoneError(`worker ${workerIndex} ended (${reason})`);
      for (const { reject } of this.#pending.values()) reject(error);
      this.#pending.clear();
      for (const answered of this.#asked.values()) answered(null);
      this.#asked.clear();
      onExit(this, reason);
    });
  }

  /** Its last report; null before the first. What it sees of servers is left out once it is old. */
  get stats(): WorkerStats | null {
    const stats = this.#stats;
    if (stats === null || performance.now() - this.#statsAtMs < OLD_REPORT_MS) return stats;
    const backends = stats.backends.map((backend) => ({ ...backend, silentMs: null }));
    return { ...stats, backends };
  }

  get pid(): number | undefined {
    return this.#process.process.pid;
  }

  /**
   * Tells the worker to do something and waits until it has.
   *
   * @throws WorkerGoneError if it ends first, OperatorError if it could not.
   */
  tell(body: OrderBody): Promise<Address | null> {
    if (this.#process.isDead() || !this.#process.isConnected()) {
      return Promise.reject(new WorkerGoneError(`worker ${this.workerIndex} has ended`));
    }
    const id = this.#nextId++;
    const order: Order = { ...body, id };
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      if (this.#unsent !== null) this.#unsent.push(order);
      else this.#process.send(order);
    });
  }

  /** Asks the worker for another one. @returns null: it has not answered in time, or has ended */
  ask(message: PeerMessage): Promise<PeerAnswer | null> {
    const isThere = this.#unsent === null && this.#process.isConnected();
    if (!isThere) return Promise.resolve(null);
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => answered(null), ANSWER_TIMEOUT_MS);
      const answered = (answer: PeerAnswer | null): void => {
        clearTimeout(timer);
        this.#asked.delete(id);
        resolve(answer);
      };
      this.#asked.set(id, answered);
      this.#say({ type: 'question', id, message });
    });
  }

  kill(): void {
    this.#process.process.kill('SIGKILL');
  }

  #onReport(report: Report): void {
    if (report.type === 'ready') {
      for (const order of this.#unsent ?? []) this.#process.send(order);
      this.#unsent = null;
      return;
    }
    if (report.type === 'stats') {
      this.#stats = report.stats;
      this.#statsAtMs = performance.now();
      return;
    }
    if (report.type === 'ask') {
      void this.onQuestion(report.message).then((answers) =>
        this.#say({ type: 'answers', id: report.id, answers }),
      );
      return;
    }
    if (report.type === 'answer') {
      this.#asked.get(report.id)?.({ from: this.workerIndex, answer: report.answer });
      return;
    }
    const pending = this.#pending.get(report.id);
    this.#pending.delete(report.id);
    const { error } = report;
    if (error !== null) pending?.reject(new OperatorError(error.message, { hint: error.hint }));
    else pending?.resolve(report.address);
  }

  /** To a worker that may have ended: then nobody hears it. */
  #say(told: Told): void {
    if (this.#process.isConnected()) this.#process.send(told);
  }
}
