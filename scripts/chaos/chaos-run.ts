import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../base/errors.js';
import { Random } from '../support/random.js';
import { CheckedLoad } from './checked-load.js';
import { PASSWORD } from './checker/connection.js';
import { Findings } from './checker/findings.js';
import type { Latencies } from './checker/latencies.js';
import { ChaosCluster } from './cluster/chaos-cluster.js';
import { type Fault, settle } from './faults.js';
import { projectFile } from './project-file.js';
import { type Setup, serverArguments } from './setup.js';
import { type Move, SlotMoves, textOf } from './slot-moves.js';

export const GROUPS = 3;
/** The models' keys are in these slots: many to a slot, so that each move meets commands. */
const HOT_SLOTS = { from: 400, to: 623 };
/** Everything is as it should be so long after the last server is back, on a busy machine, too. */
const CONVERGENCE_MS = 180_000;
/** Between keys of a move that is hit: it must not be over before it is. */
const FAULT_DELAY_MS = 2;
/** After so many differences there is no use in going on. */
const MAX_DIFFERENCES = 10;

export interface ChaosOptions {
  readonly seed: number;
  readonly coordinator: 'zookeeper' | 'embedded';
  /** Without moves, for comparison. */
  readonly stillMs: number;
  /** With moves; at least until each fault has had its turn. */
  readonly movingMs: number;
  /** In this order, one a move; then any of them if there is time. */
  readonly faults: readonly Fault[];
  /** How long a coordinator is away. */
  readonly outageMs: number;
  readonly workers: number;
  readonly rate: number;
  readonly cells: number;
  readonly ballastKeys: number;
  readonly setup: Setup;
}

export interface ChaosResult {
  readonly findings: Findings;
  readonly operations: number;
  /** Increments by transactions and scripts, and EXECs that were answered with null. */
  readonly transactions: { readonly count: number; readonly aborted: number };
  /** Elements that blocked clients were given. */
  readonly queues: { readonly count: number };
  /** Heard by clients that listen; missed, while processes were killed. */
  readonly messages: { readonly count: number; readonly missed: number };
  readonly slotsMoved: number;
  readonly still: Latencies;
  readonly moving: Latencies;
  /** How long it took from the blow to the end of the move, in milliseconds. */
  readonly faults: readonly { readonly name: string; readonly tookMs: number }[];
  /** Where logs and data are, if there was a difference. */
  readonly folder: string;
}

/** Moves slots under a checked load, with or without faults, and compares everything at the end. */
export async function runChaos(
  options: ChaosOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<ChaosResult> {
  const cluster = await ChaosCluster.start({
    groups: GROUPS,
    groupsWithSlots: 2,
    replicas: options.faults.some(({ name }) => name.startsWith('promote')) ? 1 : 0,
    proxies: 2,
    coordinator: options.coordinator,
    redisArgs: await serverArguments(options.setup, dirname(projectFile('package.json')), say),
    // Below what a proxy lets commands wait, so that a step that is taken back does so in time.
    config: { action_timeout: 8_000, ...(options.setup.hasPassword && { password: PASSWORD }) },
  });
  let data: 'keep' | 'remove' = 'keep';
  try {
    const run = new ChaosRun(options, cluster, say, signal);
    const result = await run.run();
    if (result.findings.differenceCount === 0) data = 'remove';
    return result;
  } finally {
    await cluster.stop(data);
  }
}

class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #cluster: ChaosCluster;
  readonly #say: (line: string) => void;
  readonly #signal: AbortSignal;
  readonly #random: Random;
  readonly #findings: Findings;
  readonly #load: CheckedLoad;
  readonly #moves: SlotMoves;
  readonly #faults: { name: string; tookMs: number }[] = [];

  constructor(
    options: ChaosOptions,
    cluster: ChaosCluster,
    say: (line: string) => void,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#cluster = cluster;
    this.#say = say;
    this.#signal = signal;
    this.#random = new Random(options.seed);
    this.#findings = new Findings();
    this.#moves = new SlotMoves(cluster.client, cluster.store);
    const hasFaults = options.faults.length > 0;
    const load = { ...options, slots: HOT_SLOTS, ballastBytes: 100, hasFaults };
    this.#load = new CheckedLoad(load, cluster.clientPorts, this.#findings);
  }

  async run(): Promise<ChaosResult> {
    await this.#load.start();
    const still = this.#load.measure();
    await sleep(this.#options.stillMs, undefined, { signal: this.#signal });
    const moving = this.#load.measure();
    let masters = await this.#cluster.masters();
    try {
      await this.#moveAbout();
      masters = await this.#cluster.masters();
      await this.#takeGroupAway();
    } catch (error) {
      this.#findings.difference(messageOf(error));
    }
    await this.#load.finish(this.#cluster.store, masters);
    return {
      findings: this.#findings,
      operations: this.#load.run.operations,
      transactions: this.#load.transactions,
      queues: this.#load.queues,
      messages: this.#load.messages,
      slotsMoved: this.#moves.moved,
      still,
      moving,
      faults: this.#faults,
      folder: this.#cluster.folder,
    };
  }

  async #moveAbout(): Promise<void> {
    const end = Date.now() + this.#options.movingMs;
    const { faults } = this.#options;
    for (let round = 0; round < faults.length || Date.now() < end; round++) {
      this.#signal.throwIfAborted();
      if (this.#findings.differenceCount > MAX_DIFFERENCES) return;
      const fault =
        round < faults.length || faults.length === 0 ? faults[round] : this.#random.pick(faults);
      const move = await this.#anyMove(fault === undefined ? 0 : FAULT_DELAY_MS);
      if (fault === undefined) await this.#moves.move(move, CONVERGENCE_MS);
      else await this.#moveWithFault(move, fault);
    }
  }

  /** Some slots to a group that does not have the first of them. */
  async #anyMove(delay: number): Promise<Move> {
    const random = this.#random;
    const from = random.whole(HOT_SLOTS.from, HOT_SLOTS.to - 8);
    const to = Math.min(HOT_SLOTS.to, from + random.pick([1, 8, 32, 64, 128]) - 1);
    const owner = (await this.#cluster.store.loadSlot(from))!.group_id;
    const chunks = random.oneIn(2);
    const groups = Array.from({ length: GROUPS }, (_, index) => index + 1);
    return { from, to, group: random.pick(groups.filter((id) => id !== owner)), delay, chunks };
  }

  async #moveWithFault(move: Move, fault: Fault): Promise<void> {
    const { store } = this.#cluster;
    const source = (await store.loadSlot(move.from))!.group_id;
    const { outageMs } = this.#options;
    const reached = (status: 'pre_migrate' | 'migrate') => this.#moves.reached(move, status);
    const scene = { cluster: this.#cluster, source, target: move.group, reached, outageMs };
    await fault.arm(scene);
    const begin = performance.now();
    const errorsBefore = this.#findings.errorCount;
    let isRepaired = false;
    const struck = fault.strike(scene).then(() => {
      isRepaired = true;
    });
    const patienceMs = outageMs + CONVERGENCE_MS;
    const [stops] = await Promise.all([
      this.#moves.insist(move, patienceMs, () => isRepaired),
      struck,
    ]);
    await settle(this.#cluster);
    this.#load.settle();
    const tookMs = Math.round(performance.now() - begin);
    this.#faults.push({ name: fault.name, tookMs });
    if (fault.job === 'goes on' && stops.length > 0) {
      this.#findings.difference(`${fault.name}: the job stopped: ${stops.join('; ')}`);
    }
    const errors = this.#findings.errorCount - errorsBefore;
    const [errorText, time] = [errors === 0 ? '' : `, ${errors} errors seen`, tookMs / 1000];
    this.#say(`${fault.name}: ${textOf(move)} in ${time.toFixed(1)} s${errorText}`);
    for (const reason of stops) this.#say(`  resumed after: ${reason}`);
  }

  /** From three groups to two: the third one is empty then, and can be removed. */
  async #takeGroupAway(): Promise<void> {
    const { client } = this.#cluster;
    await this.#moves.drain(GROUPS, CONVERGENCE_MS);
    const servers = (await client.getGroup(GROUPS)).servers ?? [];
    const isMaster = ({ type }: { type: string }) => (type === 'master' ? 1 : 0);
    for (const { addr } of servers.toSorted((one, other) => isMaster(one) - isMaster(other))) {
      await client.removeServer(GROUPS, addr);
    }
    await client.removeGroup(GROUPS);
  }
}
