import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { messageOf, OperatorError } from '../../base/errors.js';
import type { Servers } from '../bench/servers.js';
import { fillServer } from './fill.js';
import { costOf, type MoveCost } from './move-cost.js';

export const CLUSTER_SLOTS = 16384;
const RESHARD_TIMEOUT_MS = 300_000;
const AGREE_TIMEOUT_MS = 30_000;
const POLL_MS = 20;

/**
 * The reference: two stock redis-servers as a Redis Cluster, whose slots `redis-cli --cluster
 * reshard` moves at its default settings. Two masters only: every slot's change is told to all of
 * them, so that more would be slower.
 */
export class RedisCluster {
  readonly servers: Servers;
  readonly #slots: number;
  readonly #masters: readonly Redis[];
  readonly #ids: readonly string[];
  /** Index of the master that has the slots that move. */
  #owner = 0;

  private constructor(
    servers: Servers,
    slots: number,
    masters: readonly Redis[],
    ids: readonly string[],
  ) {
    this.servers = servers;
    this.#slots = slots;
    this.#masters = masters;
    this.#ids = ids;
  }

  /**
   * @param servers none are started yet
   * @param slots how many are to be moved, the lowest; all keys are in them
   */
  static async start(
    servers: Servers,
    slots: number,
    keys: readonly string[],
  ): Promise<RedisCluster> {
    await servers.startBackends((port) => [
      ...['--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${port}.conf`],
      ...['--cluster-port', String(busPort(port))],
    ]);
    const masters = servers.backends.map(({ address }) => new Redis(address));
    const [one, two] = masters as [Redis, Redis];
    await one.call('CLUSTER', 'SET-CONFIG-EPOCH', 1);
    await two.call('CLUSTER', 'SET-CONFIG-EPOCH', 2);
    // One slot always stays: a master that has lost its last one becomes a replica.
    const first = Math.max(slots + 1, CLUSTER_SLOTS / 2);
    const numbers = Array.from({ length: CLUSTER_SLOTS }, (_, index) => index);
    await one.call('CLUSTER', 'ADDSLOTS', ...numbers.slice(0, first));
    await two.call('CLUSTER', 'ADDSLOTS', ...numbers.slice(first));
    const { host, port } = servers.backends[1]!.address;
    await one.call('CLUSTER', 'MEET', host, port, busPort(port));
    const ids = await Promise.all(
      masters.map(async (each) => String(await each.call('CLUSTER', 'MYID'))),
    );
    const cluster = new RedisCluster(servers, slots, masters, ids);
    await cluster.#agree();
    await fillServer(servers.backends[0]!.address, keys);
    return cluster;
  }

  /** Moves the slots to the other master. @param pids all of the benchmark's processes */
  async move(pids: readonly number[], signal: AbortSignal): Promise<MoveCost> {
    await this.#agree();
    const [from, to] = [this.#owner, 1 - this.#owner];
    const keys = await this.#masters[from]!.dbsize();
    const { port } = this.servers.backends[0]!.address;
    const args = [
      ...['--cluster', 'reshard', `127.0.0.1:${port}`, '--cluster-yes'],
      ...['--cluster-from', this.#ids[from]!, '--cluster-to', this.#ids[to]!],
      ...['--cluster-slots', String(this.#slots)],
    ];
    const own = { servers: this.servers.pids, mover: [], proxies: [], all: pids };
    const cost = await costOf(own, () => runRedisCli(args, signal));
    const [left, moved] = [await this.#masters[from]!.dbsize(), await this.#masters[to]!.dbsize()];
    if (left !== 0 || moved !== keys) {
      throw new OperatorError(`redis-cli moved ${moved} of ${keys} keys`);
    }
    this.#owner = to;
    return cost;
  }

  async close(): Promise<void> {
    for (const master of this.#masters) master.disconnect();
    await this.servers.stop();
  }

  /** Waits until both have the same table: redis-cli refuses to begin otherwise. */
  async #agree(): Promise<void> {
    const deadline = Date.now() + AGREE_TIMEOUT_MS;
    for (;;) {
      const tables = await Promise.all(
        this.#masters.map(async (master) =>
          JSON.stringify(sorted(await master.call('CLUSTER', 'SLOTS'))),
        ),
      );
      const states = await Promise.all(this.#masters.map((master) => master.cluster('INFO')));
      const isReady = states.every((state) => state.includes('cluster_state:ok'));
      if (isReady && tables.every((table) => table === tables[0])) return;
      if (Date.now() > deadline)
        throw new OperatorError('the Redis Cluster does not come together');
      await sleep(POLL_MS);
    }
  }
}

/** CLUSTER SLOTS has its ranges in no particular order. */
function sorted(ranges: unknown): unknown {
  return Array.isArray(ranges) ? ranges.map((range) => JSON.stringify(range)).sort() : ranges;
}

function runRedisCli(args: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('redis-cli', args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: RESHARD_TIMEOUT_MS,
      killSignal: 'SIGKILL',
      signal,
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output = (output + chunk).slice(-4000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (cause) => reject(signal.aborted ? cause : failed(messageOf(cause))));
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(failed(output.trim().split('\n').at(-1) ?? ''));
    });
  });
}

function failed(hint: string): OperatorError {
  return new OperatorError('redis-cli --cluster reshard failed', { hint });
}

/**
 * Redis's own choice, 10,000 above the port, is in the range of outgoing connections for the ports
 * that we use, so it may be taken.
 */
function busPort(port: number): number {
  return port - 10_000;
}
