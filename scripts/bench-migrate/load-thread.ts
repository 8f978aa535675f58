import { parentPort } from 'node:worker_threads';
import { command } from '../bench/workload.js';
import { Random } from '../support/random.js';
import { contentOf, type KeySet } from './keys.js';
import { latencyOf, Waits } from './latency.js';
import { LoadConnection } from './load-connection.js';
import type { LoadOrder, LoadReport, LoadShape } from './load-orders.js';

/*
 * The load's clients, in a thread of their own so that the measuring around them does not delay
 * them. Takes LoadOrder, answers LoadReport.
 */

const SEED = 1;
const LAST_REPLIES_TIMEOUT_MS = 30_000;
const ABSENT_KEYS = 1_000_000;

/** Each key belongs to one connection, which alone knows what was written last. */
class Load {
  readonly #shape: LoadShape;
  readonly #contents: Contents;
  readonly #random = new Random(SEED);
  readonly #waits = new Waits();
  readonly #connections: LoadConnection[] = [];
  readonly #fail: (message: string) => void;
  #startedAt = 0;
  #timer: NodeJS.Timeout | null = null;
  #isStopping = false;
  #due = 0;
  #count = 0;
  #lastTick = 0;
  #ownDelayMs = 0;

  constructor(shape: LoadShape, contents: Contents, fail: (message: string) => void) {
    this.#shape = shape;
    this.#contents = contents;
    this.#fail = fail;
  }

  async start(): Promise<void> {
    const { port, connections, rate } = this.#shape;
    for (let index = 0; index < connections; index++) {
      const connection = await LoadConnection.open(port, this.#waits, {
        onReply: () => {
          if (rate === null && !this.#isStopping) this.#send(index);
        },
        onFailure: this.#fail,
      });
      this.#connections.push(connection);
    }
    this.#startedAt = this.#lastTick = performance.now();
    if (rate !== null) this.#timer = setInterval(() => this.#tick(rate), 1);
    else for (const index of this.#connections.keys()) this.#send(index);
  }

  /** Waits for the last replies. */
  async stop(): Promise<LoadReport> {
    if (this.#timer) clearInterval(this.#timer);
    this.#isStopping = true;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const deadline = Date.now() + LAST_REPLIES_TIMEOUT_MS;
    while (this.#connections.some(({ unanswered }) => unanswered > 0)) {
      if (Date.now() > deadline) return { type: 'failed', message: 'replies are missing' };
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    this.close();
    return { type: 'result', latency: latencyOf(this.#waits, seconds, this.#ownDelayMs) };
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer);
    for (const connection of this.#connections) connection.close();
  }

  /** Sends what is due by now; what the proxy has not answered yet does not matter. */
  #tick(rate: number): void {
    const now = performance.now();
    // A timer of one millisecond fires after one to two.
    this.#ownDelayMs = Math.max(this.#ownDelayMs, now - this.#lastTick - 2);
    this.#due += ((now - this.#lastTick) / 1000) * rate;
    this.#lastTick = now;
    for (; this.#due >= 1; this.#due--) this.#add(this.#count % this.#connections.length);
    for (const connection of this.#connections) connection.flush();
  }

  #send(index: number): void {
    this.#add(index);
    this.#connections[index]!.flush();
  }

  #add(index: number): void {
    const connection = this.#connections[index]!;
    const isWrite = Math.floor(this.#count++ / this.#connections.length) % 2 === 1;
    if (this.#shape.commands === 'absent') {
      const key = `absent:${this.#random.whole(1, ABSENT_KEYS)}`;
      connection.add(command('GET', key), '$-1\r\n');
      return;
    }
    const { keys, versions } = this.#contents;
    const own = Math.floor((keys.length - 1 - index) / this.#connections.length);
    const at = index + this.#random.whole(0, own) * this.#connections.length;
    const key = keys[at]!;
    if (isWrite) {
      const version = (versions[at] = versions[at]! + 1);
      connection.add(command('SET', key, contentOf(key, version)), '+OK\r\n');
    } else {
      const value = contentOf(key, versions[at]!);
      connection.add(command('GET', key), `$${value.length}\r\n${value}\r\n`);
    }
  }
}

interface Contents {
  readonly keys: readonly string[];
  /** How often each key has been written. */
  readonly versions: Uint32Array;
}

/** Keys that move and keys that stay in turn, for as long as there are both. */
function contentsOf({ moving, staying }: KeySet): Contents {
  const keys = moving.flatMap((key, index) => {
    const other = staying[index];
    return other === undefined ? [key] : [key, other];
  });
  return { keys, versions: new Uint32Array(keys.length) };
}

const parent = parentPort!;
let contents: Contents = { keys: [], versions: new Uint32Array(0) };
let load: Load | null = null;
const tell = (report: LoadReport): void => parent.postMessage(report);
const fail = (message: string): void => {
  load?.close();
  tell({ type: 'failed', message });
};

parent.on('message', async (order: LoadOrder) => {
  try {
    if (order.type === 'filled') contents = contentsOf(order.keys);
    else if (order.type === 'start') {
      load = new Load(order.load, contents, fail);
      await load.start();
      tell({ type: 'started' });
    } else if (load) tell(await load.stop());
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
});
