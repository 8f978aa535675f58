import { join } from 'node:path';
import { OperatorError } from '../../base/errors.js';
import { describeMachine } from '../bench/machine.js';
import { Servers } from '../bench/servers.js';
import { buildModule } from '../local-cluster/module.js';
import { ensurePrograms, REDIS, REDIS_TOOLS } from '../local-cluster/programs.js';
import { CodisCluster } from './codis-cluster.js';
import { clusterKeys, codisKeys, type KeySet, MOVED_SLOTS } from './keys.js';
import { LoadClients } from './load.js';
import type { LoadShape } from './load-orders.js';
import type { MoveCost } from './move-cost.js';
import type { BenchOptions } from './options.js';
import { CLUSTER_SLOTS, RedisCluster } from './redis-cluster.js';
import {
  type BenchResult,
  type EmptyRound,
  FEW_SLOTS,
  type LoadRound,
  type LoadSeries,
  MODULE,
  REFERENCE,
  type Series,
  STOCK,
} from './results.js';

// This file runs compiled, from dist/scripts/bench-migrate.
const PROJECT_FOLDER = join(import.meta.dirname, '..', '..', '..');

/** Clients that hardly load anything and notice everything. */
const LIGHT_LOAD = { connections: 10, rate: 1000, commands: 'absent' } as const;
/** After the first look at what is possible; just-in-time compilers are done by then. */
const WARM_UPS = 2;

/** Told of what is under way. */
export type Progress = (what: string) => void;

/** Starts everything, measures it in rounds that go through all of them, and ends it again. */
export async function runBench(
  options: BenchOptions,
  signal: AbortSignal,
  progress: Progress,
): Promise<BenchResult> {
  await ensurePrograms([REDIS, REDIS_TOOLS], progress);
  const module = options.withModule ? await buildModule(PROJECT_FOLDER, progress) : null;
  const bench = new Bench(options, signal, progress);
  const killNow = (): void => bench.killNow();
  process.once('exit', killNow);
  try {
    await bench.start(module);
    await bench.measureMoves();
    await bench.measureLoads();
    return bench.result();
  } finally {
    await bench.stop();
    process.off('exit', killNow);
  }
}

interface Theirs {
  readonly name: string;
  readonly cluster: RedisCluster;
  readonly moves: Series<MoveCost>;
}

interface Ours {
  readonly name: string;
  readonly cluster: CodisCluster;
  readonly moves: Series<MoveCost>;
  readonly empty: Series<EmptyRound>;
}

class Bench {
  readonly #options: BenchOptions;
  readonly #signal: AbortSignal;
  readonly #progress: Progress;
  readonly #keys: KeySet;
  readonly #started: Servers[] = [];
  readonly #load = new LoadClients();
  readonly #ours: Ours[] = [];
  readonly #loads: LoadSeries[] = [];
  readonly #theirs: Theirs[] = [];

  constructor(options: BenchOptions, signal: AbortSignal, progress: Progress) {
    this.#options = options;
    this.#signal = signal;
    this.#progress = progress;
    this.#keys = codisKeys(options.keys);
  }

  /** @param module the path of codis_slots.so, or null: stock servers only */
  async start(module: string | null): Promise<void> {
    this.#progress('starting servers');
    const { keys, profileFolder } = this.#options;
    for (const [name, slots] of [
      [REFERENCE, CLUSTER_SLOTS / 2],
      [FEW_SLOTS, MOVED_SLOTS],
    ] as const) {
      const names = clusterKeys(keys, slots);
      const cluster = await RedisCluster.start(this.#newServers(), slots, names);
      this.#theirs.push({ name, cluster, moves: { name, rounds: [] } });
    }
    await this.#startOurs(STOCK, { module: null, profileFolder });
    if (module !== null) await this.#startOurs(MODULE, { module, profileFolder: null });
  }

  /** Full slots and empty ones, of all in turn, beginning with another one in each round. */
  async measureMoves(): Promise<void> {
    const { rounds } = this.#options;
    for (const { cluster } of this.#ours) {
      await cluster.fill({ moving: this.#keys.moving, staying: [] });
    }
    // The first is for just-in-time compilers and memory that is asked for once.
    for (let round = 0; round <= rounds; round++) {
      const title = round === 0 ? 'warm-up' : `round ${round} of ${rounds}`;
      const movers = [...this.#theirs, ...this.#ours];
      for (let turn = 0; turn < movers.length; turn++) {
        const mover = movers[(round + turn) % movers.length]!;
        this.#progress(`${title}: ${mover.name}`);
        this.#checkAlive();
        if ('empty' in mover) await this.#moveOurs(mover, round > 0);
        else await this.#moveTheirs(mover, round > 0);
      }
    }
  }

  /** What clients wait at half the speed that is possible, without and with moves. */
  async measureLoads(): Promise<void> {
    const all: { cluster: CodisCluster; series: LoadSeries }[] = [];
    for (const { name, cluster } of this.#ours) {
      this.#progress(`load: what is possible, ${name}`);
      await cluster.fill(this.#keys);
      this.#load.filled(this.#keys);
      const capacity = await this.#capacity(cluster);
      const series = { name, capacity, rounds: [] };
      this.#loads.push(series);
      all.push({ cluster, series });
    }
    for (let round = 1; round <= this.#options.rounds; round++) {
      for (const { cluster, series } of all) {
        this.#progress(`load, round ${round} of ${this.#options.rounds}: ${series.name}`);
        this.#checkAlive();
        await cluster.fill(this.#keys);
        this.#load.filled(this.#keys);
        series.rounds.push(await this.#loadRound(cluster, series.capacity / 2));
      }
    }
  }

  result(): BenchResult {
    return {
      machine: describeMachine(),
      options: this.#options,
      moves: [...this.#theirs, ...this.#ours].map(({ moves }) => moves),
      empty: this.#ours.map(({ empty }) => empty),
      loads: this.#loads,
    };
  }

  async stop(): Promise<void> {
    await this.#load.close();
    for (const { cluster } of this.#ours) await cluster.close();
    for (const { cluster } of this.#theirs) await cluster.close();
    // Those whose start did not come to its end.
    for (const servers of this.#started) await servers.stop();
  }

  killNow(): void {
    for (const servers of this.#started) servers.killNow();
  }

  async #startOurs(name: string, options: Parameters<typeof CodisCluster.start>[1]): Promise<void> {
    const cluster = await CodisCluster.start(this.#newServers(), options);
    this.#ours.push({ name, cluster, moves: { name, rounds: [] }, empty: { name, rounds: [] } });
  }

  #newServers(): Servers {
    const servers = new Servers();
    this.#started.push(servers);
    return servers;
  }

  async #moveTheirs({ cluster, moves }: Theirs, counts: boolean): Promise<void> {
    const cost = await cluster.move(this.#pids, this.#signal);
    if (counts) moves.rounds.push(cost);
  }

  /** The empty slots first: they leave the group that has no keys at all then. */
  async #moveOurs({ cluster, moves, empty }: Ours, counts: boolean): Promise<void> {
    const load = { ...LIGHT_LOAD, port: cluster.proxy.address.port };
    const { outcome, ...latency } = await this.#load.during(load, () =>
      cluster.move('upper', this.#pids, this.#signal),
    );
    if (counts) empty.rounds.push({ ...outcome, latency });

    const cost = await cluster.move('lower', this.#pids, this.#signal);
    const { owner, other } = await cluster.keysAt('lower');
    if (owner !== this.#options.keys || other !== 0) {
      throw new OperatorError(
        `${this.#options.keys} keys were to move: ${owner} arrived, ${other} are left`,
      );
    }
    if (counts) moves.rounds.push(cost);
  }

  async #capacity(cluster: CodisCluster): Promise<number> {
    const shape = { ...this.#mixedLoad(cluster), rate: null };
    let capacity = 0;
    for (let run = 0; run <= WARM_UPS; run++) {
      const { perSecond } = await this.#load.during(shape, () => this.#wait());
      capacity = Math.max(capacity, perSecond);
    }
    return capacity;
  }

  async #loadRound(cluster: CodisCluster, rate: number): Promise<LoadRound> {
    const shape = { ...this.#mixedLoad(cluster), rate };
    const { outcome: _, ...without } = await this.#load.during(shape, () => this.#wait());
    const { outcome, ...withMoves } = await this.#load.during(shape, async () => {
      const startMs = performance.now();
      let moveSeconds = 0;
      let moves = 0;
      while (performance.now() - startMs < this.#options.seconds * 1000) {
        moveSeconds += (await cluster.move('lower', this.#pids, this.#signal)).seconds;
        moves++;
        this.#load.assertFine();
      }
      return { keysMoved: moves * this.#keys.moving.length, moveSeconds };
    });
    return { without, with: withMoves, ...outcome };
  }

  #mixedLoad(cluster: CodisCluster): Omit<LoadShape, 'rate'> {
    const { connections } = this.#options;
    return { port: cluster.proxy.address.port, connections, commands: 'mixed' };
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, this.#options.seconds * 1000);
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(this.#signal.reason);
      };
      if (this.#signal.aborted) onAbort();
      this.#signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #checkAlive(): void {
    this.#signal.throwIfAborted();
    for (const servers of this.#started) servers.checkAlive();
  }

  get #pids(): number[] {
    return this.#started.flatMap((servers) => servers.pids);
  }
}
