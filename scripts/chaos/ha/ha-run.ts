import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../../base/errors.js';
import { DashboardClient } from '../../../dashboard/api/client.js';
import type { HaStatusReply } from '../../../dashboard/api/contract-ha.js';
import { Random } from '../../support/random.js';
import { ChaosCluster, type GroupServer } from '../cluster/chaos-cluster.js';
import { type Move, SlotMoves } from '../slot-moves.js';
import type { HaFault, HaScene } from './ha-fault.js';
import { type AckedWrite, Insider, longestGap, Writers } from './writers.js';

const GROUPS = 2;
const POLL_MS = 20;
/** A round that is not over by then is a finding. */
const PATIENCE_MS = 60_000;
/** Nobody waits for so long that a busy machine could be the reason. */
const MAX_GAP_MS = 12_000;
/** Slots that move while a fault strikes, and for how long each key waits: not over before it strikes. */
const MOVED_SLOTS = 16;
const KEY_DELAY_MS = 1;
/** There are more keys with every round, and a busy machine may take 10 ms for each. */
const MOVE_PATIENCE_MS = 180_000;

export interface HaOptions {
  readonly seed: number;
  readonly coordinator: 'zookeeper' | 'embedded';
  /** In this order; during moves and at rest in turns. */
  readonly faults: readonly HaFault[];
  readonly rounds: number;
  readonly downAfterMs: number;
  readonly minReplicas: number;
  readonly writers: number;
  /** Of each writer between its writes. */
  readonly pauseMs: number;
}

/** What came of one fault. */
export interface HaRound {
  readonly name: string;
  readonly duringMove: boolean;
  readonly isFailover: boolean;
  /** The longest time without an acknowledged write to the group that was hit, in milliseconds. */
  readonly recoveryMs: number;
  /**
   * For so long a cut-off master went on acknowledging writes while its successor did, too: those of a
   * client that was alone with it, and those of clients of proxies.
   */
  readonly lonelySplitMs: number;
  readonly splitMs: number;
  /** What is wrong, empty: nothing. */
  readonly problem: string;
}

export interface HaResult {
  readonly rounds: readonly HaRound[];
  readonly acknowledged: number;
  readonly lost: number;
  /** Of these, writes that WAIT had said to be at a replica, and all there were of them. */
  readonly acknowledgedSafe: number;
  readonly lostSafe: number;
  readonly errors: ReadonlyMap<string, number>;
  /** Where logs are, if something is wrong. */
  readonly folder: string;
}

/** Strikes masters, replicas, proxies and dashboards under load, and counts what clients lose by it. */
export async function runHaChaos(
  options: HaOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<HaResult> {
  const cluster = await ChaosCluster.start({
    groups: GROUPS,
    groupsWithSlots: GROUPS,
    replicas: 2,
    proxies: 2,
    coordinator: options.coordinator,
    zookeepers: 3,
    serverLinks: true,
    hasStandby: true,
    redisArgs: () => [],
    config: {
      ha: 'on',
      ha_down_after: options.downAfterMs,
      ha_min_interval: 0,
      ha_min_replicas_to_write: options.minReplicas,
      action_timeout: 8_000,
    },
  });
  let data: 'keep' | 'remove' = 'keep';
  try {
    const result = await new HaRun(options, cluster, say, signal).run();
    if (!isHaWrong(result)) data = 'remove';
    return result;
  } finally {
    await cluster.stop(data);
  }
}

/** What must not be: a promise broken, or a cluster that does not recover. */
export function isHaWrong({ lostSafe, rounds }: HaResult): boolean {
  return lostSafe > 0 || rounds.some(({ problem }) => problem !== '');
}

/** A round that is over; what was lost in it is known at the end of the run. */
interface Round extends Omit<HaRound, 'recoveryMs' | 'splitMs'> {
  /** Of the group that was hit. */
  readonly slotIds: ReadonlySet<number>;
  /** By performance.now(). */
  readonly struckMs: number;
  readonly endMs: number;
}

class HaRun {
  readonly #options: HaOptions;
  readonly #cluster: ChaosCluster;
  readonly #say: (line: string) => void;
  readonly #signal: AbortSignal;
  readonly #random: Random;
  readonly #writers: Writers;

  constructor(
    options: HaOptions,
    cluster: ChaosCluster,
    say: (line: string) => void,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#cluster = cluster;
    this.#say = say;
    this.#signal = signal;
    this.#random = new Random(options.seed);
    this.#writers = new Writers(cluster.clientPorts, options.pauseMs);
  }

  async run(): Promise<HaResult> {
    const { rounds, faults, writers } = this.#options;
    await this.#isWhole();
    this.#writers.start(writers);
    const done: Round[] = [];
    while (done.length < rounds && done.every(({ problem }) => problem === '')) {
      this.#signal.throwIfAborted();
      // Each fault at rest, then each during a move, and so on.
      const duringMove = Math.floor(done.length / faults.length) % 2 === 1;
      const round = await this.#round(faults[done.length % faults.length]!, duringMove);
      done.push(round);
      const gap = longestGap(this.#writers.acknowledged, round);
      this.#say(`${String(done.length).padStart(3)} ${inWords(round, gap.toMs - gap.fromMs)}`);
    }
    await this.#writers.stop();
    const { acknowledged, errors } = this.#writers;
    const lost = await this.#writers.lost();
    return {
      rounds: measured(done, acknowledged, lost),
      acknowledged: acknowledged.length,
      lost: lost.length,
      acknowledgedSafe: acknowledged.filter(({ isSafe }) => isSafe).length,
      lostSafe: lost.filter(({ isSafe }) => isSafe).length,
      errors,
      folder: this.#cluster.folder,
    };
  }

  async #round(fault: HaFault, duringMove: boolean): Promise<Round> {
    const cluster = this.#cluster;
    const groupId = this.#random.whole(1, GROUPS);
    let round: Round = {
      ...{ name: fault.name, duringMove, isFailover: false, lonelySplitMs: 0, problem: '' },
      ...{ slotIds: new Set<number>(), struckMs: performance.now(), endMs: 0 },
    };
    try {
      const job = duringMove ? await this.#beginMove() : null;
      const master = await cluster.masterOf(groupId);
      const replica = cluster.servers.find((each) => each.groupId === groupId && each !== master)!;
      const scene: HaScene = {
        ...{ cluster, groupId, master, replica, leader: await this.#leader() },
        failedOver: () => this.#failedOver(groupId, master),
      };
      const insider = fault.cutsMasterOff ? new Insider(master.port) : null;
      const slotIds = await this.#slotsOf(groupId);
      await this.#until('clients are back at their proxies', async () => this.#writers.areSpread);
      round = { ...round, slotIds, struckMs: performance.now() };
      await fault.strike(scene);
      await fault.repair(scene);
      await this.#isWhole();
      round = { ...round, endMs: performance.now() };
      const isFailover = (await cluster.masterOf(groupId)) !== master;
      round = { ...round, isFailover };
      if (insider) {
        await insider.stop();
        const gap = longestGap(this.#writers.acknowledged, round);
        round = { ...round, lonelySplitMs: Math.max(0, Math.round(insider.lastMs - gap.toMs)) };
      }
      if (job) {
        await new SlotMoves(await this.#leading(), cluster.store).insist(job, MOVE_PATIENCE_MS);
      }
      const { fromMs, toMs } = longestGap(this.#writers.acknowledged, round);
      if (toMs - fromMs > MAX_GAP_MS)
        throw new Error(
          `nobody could write until ${new Date(performance.timeOrigin + toMs).toISOString()}`,
        );
      if (isFailover !== (fault.expects === 'failover')) {
        throw new Error(isFailover ? 'a failover without need' : 'no failover');
      }
      return round;
    } catch (error) {
      return { ...round, endMs: performance.now(), problem: messageOf(error) };
    }
  }

  /** Slots begin to move from the one group to the other. */
  async #beginMove(): Promise<Move> {
    const from = this.#random.whole(0, 1023 - MOVED_SLOTS);
    const owner = (await this.#cluster.store.loadSlot(from))!.group_id;
    const move = {
      ...{ from, to: from + MOVED_SLOTS - 1, group: (owner % GROUPS) + 1 },
      ...{ delay: KEY_DELAY_MS, chunks: false },
    };
    let isAsked = false;
    await this.#until('the move begins', async () => {
      const slots = await this.#cluster.store.loadSlots(move.from, move.to);
      if (slots.some(({ state }) => state.status === 'migrate')) return true;
      if (isAsked) return false;
      const { to, group: new_group, delay } = move;
      await (await this.#leading()).migrate({ from, to, new_group, delay });
      isAsked = true;
      return false;
    });
    return move;
  }

  async #slotsOf(groupId: number): Promise<ReadonlySet<number>> {
    const slots = await this.#cluster.store.loadSlots();
    return new Set(slots.filter(({ group_id }) => group_id === groupId).map(({ id }) => id));
  }

  async #failedOver(groupId: number, master: GroupServer): Promise<void> {
    await this.#until('the group has another master', async () => {
      return (await this.#cluster.masterOf(groupId)) !== master;
    });
  }

  /** All servers are masters or slaves that might become one; all observers report. */
  async #isWhole(): Promise<void> {
    await this.#until('all is whole again', async () => {
      const status = await (await this.#leading()).haStatus();
      const wrong = whatIsWrong(status, this.#cluster.proxies.length + 1);
      if (wrong.length > 0) throw new Error(wrong.join('; '));
      return true;
    });
  }

  async #leading(): Promise<DashboardClient> {
    const addr = await this.#cluster.store.loadLeadingDashboard();
    return new DashboardClient(addr ?? this.#cluster.client.addr, 10_000);
  }

  async #leader(): Promise<ChaosCluster['dashboard']> {
    const addr = await this.#cluster.store.loadLeadingDashboard();
    return addr === this.#cluster.client.addr ? this.#cluster.dashboard : this.#cluster.standby!;
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    let reason = '';
    for (;;) {
      this.#signal.throwIfAborted();
      try {
        if (await isSo()) return;
        reason = '';
      } catch (error) {
        reason = `: ${messageOf(error)}`;
      }
      if (Date.now() > deadline)
        throw new Error(`waited ${PATIENCE_MS} ms in vain: ${what}${reason}`);
      await sleep(POLL_MS, undefined, { signal: this.#signal });
    }
  }
}

/** What keeps the cluster from being whole; of groups with two replicas each. */
function whatIsWrong(
  { watching, observers, groups }: HaStatusReply,
  expectedObservers: number,
): readonly string[] {
  return [
    ...(watching ? [] : ['nobody watches']),
    ...(observers.length === expectedObservers ? [] : [`${observers.length} observers`]),
    ...observers.flatMap(({ id, error }) => (error === '' ? [] : [`${id}: ${error}`])),
    ...groups.flatMap(({ group_id, health, replicas, former_masters, silent_ms }) => [
      ...(health === 'healthy' ? [] : [`group ${group_id} is ${health}`]),
      ...former_masters.map(({ addr }) => `${addr} is not a replica yet`),
      ...(replicas.length === 2 ? [] : [`group ${group_id} has ${replicas.length} replicas`]),
      ...replicas.flatMap(({ addr, refusal }) => (refusal === '' ? [] : [`${addr}: ${refusal}`])),
      ...Object.entries(silent_ms).flatMap(([id, ms]) =>
        ms === null ? [`${id} does not tell of group ${group_id}`] : [],
      ),
    ]),
  ];
}

/**
 * A write that was lost though it was acknowledged after its group's writes flowed again has gone to
 * another master than those: there were two.
 */
function measured(
  rounds: readonly Round[],
  acknowledged: readonly AckedWrite[],
  lost: readonly AckedWrite[],
): HaRound[] {
  const lostOnes = new Set(lost);
  const kept = acknowledged.filter((write) => !lostOnes.has(write));
  return rounds.map((round) => {
    const { name, duringMove, isFailover, lonelySplitMs, problem, slotIds, endMs } = round;
    const { fromMs, toMs } = longestGap(kept, round);
    const astray = lost.filter(
      ({ slotId, atMs }) => slotIds.has(slotId) && atMs > toMs && atMs < endMs,
    );
    const lastMs = Math.max(toMs, ...astray.map(({ atMs }) => atMs));
    return {
      ...{ name, duringMove, isFailover, lonelySplitMs, problem },
      recoveryMs: Math.round(toMs - fromMs),
      splitMs: isFailover ? Math.round(lastMs - toMs) : 0,
    };
  });
}

function inWords({ name, duringMove, lonelySplitMs, problem }: Round, gapMs: number): string {
  const when = duringMove ? ' in a move' : '';
  const split = lonelySplitMs > 0 ? `, two masters for ${lonelySplitMs} ms` : '';
  const wrong = problem === '' ? '' : `: ${problem}`;
  return `${name}${when}: no write for ${Math.round(gapMs)} ms${split}${wrong}`;
}
