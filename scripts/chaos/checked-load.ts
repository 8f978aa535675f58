import { slotOf } from '../../cluster/slot-hash.js';
import type { Store } from '../../cluster/store.js';
import { Random } from '../support/random.js';
import { Ballast } from './checker/ballast.js';
import { checkContents } from './checker/final-check.js';
import type { Findings } from './checker/findings.js';
import { Latencies } from './checker/latencies.js';
import { Messages } from './checker/messages.js';
import { Queues } from './checker/queues.js';
import { SharedKeys } from './checker/shared-keys.js';
import { Transactions } from './checker/transactions.js';
import { type Run, Worker } from './checker/worker.js';

const RECOVER_TIMEOUT_MS = 30_000;

export interface LoadOptions {
  readonly seed: number;
  readonly workers: number;
  /** Commands a second, of all workers together. */
  readonly rate: number;
  /** Hash tags of each worker: its keys are in twelve times as many and more. */
  readonly cells: number;
  /** The tags are in these slots. */
  readonly slots: { readonly from: number; readonly to: number };
  readonly ballastKeys: number;
  readonly ballastBytes: number;
  /** Something is done to processes: messages may be lost. */
  readonly hasFaults: boolean;
}

/** Clients that check everything, and what they know of the cluster's contents. */
export class CheckedLoad {
  readonly run: Run;
  readonly #ballast: Ballast;
  readonly #workers: readonly Worker[];
  readonly transactions: Transactions;
  readonly queues: Queues;
  readonly messages: Messages;
  readonly #seed: number;
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  /** @param ports of the proxies */
  constructor(options: LoadOptions, ports: readonly number[], findings: Findings) {
    const { seed, cells, slots, rate } = options;
    const random = new Random(seed);
    const inSlots = (what: string) => `${what}{${tagIn(slots, what.slice(0, 20), random)}}`;
    const shared = new SharedKeys(8, 4, inSlots, findings);
    const latencies = new Latencies();
    this.run = { findings, shared, ports, latencies, settled: 0, operations: 0 };
    const tagOf = (what: string) => tagIn(slots, what, random);
    this.transactions = new Transactions(ports, tagOf, findings);
    this.queues = new Queues(ports, tagOf, findings);
    this.messages = new Messages(ports, !options.hasFaults, tagOf, findings);
    this.#seed = seed;
    this.#ballast = new Ballast(options.ballastKeys, options.ballastBytes);
    this.#workers = Array.from({ length: options.workers }, (_, id) => {
      const tags = Array.from({ length: cells }, (_, cell) =>
        tagIn(slots, `${id}.${cell}`, random),
      );
      const own = { id, seed: seed + 1 + id, tags, rate: rate / options.workers };
      return new Worker(own, this.run);
    });
  }

  /** Writes the keys that lie there, then begins to send commands. */
  async start(): Promise<void> {
    await this.#ballast.write(this.run.ports[0]!);
    for (const worker of this.#workers) await worker.prepare();
    this.transactions.start(this.#seed);
    this.queues.start(this.#seed);
    this.messages.start(this.#seed);
    this.#running = Promise.all(this.#workers.map((worker) => worker.run(this.#stopping.signal)));
  }

  /** Answering times go into what is returned from now on. */
  measure(): Latencies {
    this.run.latencies = new Latencies();
    return this.run.latencies;
  }

  /** To be called when a fault is over and everything that was under way then has ended. */
  settle(): void {
    this.run.settled++;
  }

  /**
   * Ends the load and compares everything.
   *
   * @param masters the port of each group's master
   * @throws if keys cannot be read
   */
  async finish(store: Store, masters: ReadonlyMap<number, number>): Promise<void> {
    const { findings, ports, shared } = this.run;
    this.#stopping.abort();
    await this.#running;
    await this.transactions.finish();
    await this.queues.finish();
    await this.messages.finish();
    this.settle();
    try {
      for (const worker of this.#workers) await worker.recover(RECOVER_TIMEOUT_MS);
    } finally {
      for (const worker of this.#workers) worker.close();
    }
    const contents = { workers: this.#workers, shared, ballast: this.#ballast };
    await checkContents(contents, await store.loadSlots(), masters, findings);
    for (const port of ports) await this.#ballast.check(port, findings);
  }
}

/** A hash tag whose slot is one of those. */
function tagIn(slots: { from: number; to: number }, prefix: string, random: Random): string {
  for (;;) {
    const tag = `${prefix}.${random.whole(0, 999_999)}`;
    const slot = slotOf(`{${tag}}`);
    if (slot >= slots.from && slot <= slots.to) return tag;
  }
}
