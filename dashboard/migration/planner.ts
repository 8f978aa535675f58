import type { Logger } from '../../base/log.js';
import { type GroupRecord, masterOf } from '../../cluster/model/group.js';
import { type MoveOptions, moveOptions } from '../../cluster/model/migrate-job.js';
import type { Store } from '../../cluster/store.js';
import type { LargeKeyReply, PlanBody, PlanReply } from '../api/contract.js';
import { ConflictError } from '../errors.js';
import { existingGroup } from '../service/groups.js';
import { ClientLoad } from './client-load.js';
import { quickestWay } from './key-scan.js';
import { keyName } from './large-keys.js';
import { largeKeyBytes } from './leg.js';
import { masterAddr } from './masters.js';
import type { MoveRules } from './move-rules.js';
import { asRanges } from './moves.js';
import { balanceLoads, balanceNumbers, drain, type PlanGroup, type SlotMove } from './plan.js';
import type { MigrationQueue } from './queue.js';
import { ServerConnection } from './server-connection.js';
import { predictedStallMs } from './stall.js';
import { type LargeKey, type Survey, surveySlots } from './survey.js';

/** A plan is looked at by somebody who waits: what was not seen by then is extrapolated. */
const SURVEY_MS = 5_000;
/** Of small keys, on a machine that does other things, too. */
const KEYS_PER_SECOND = 60_000;
/** The same while clients use the servers: most of the time is left to them. */
const BUSY_KEYS_PER_SECOND = 4_000;
const BYTES_PER_SECOND = 100_000_000;
/** To bring a slot into the move and out of it again. */
const SECONDS_A_SLOT = 0.005;
const KEYS_SHOWN = 20;

type By = 'slots' | 'keys' | 'memory';

/** A survey, with what it tells of the time that a move takes. */
interface MasterSurvey extends Survey {
  readonly isInUse: boolean;
}

/** Computes what would move, from the records and the servers as they are now. Changes nothing. */
export class Planner {
  readonly #store: Store;
  readonly #queue: MigrationQueue;
  readonly #rules: MoveRules;
  readonly #password: string;
  readonly #log: Logger;

  constructor(
    store: Store,
    queue: MigrationQueue,
    rules: MoveRules,
    password: string,
    log: Logger,
  ) {
    this.#store = store;
    this.#queue = queue;
    this.#rules = rules;
    this.#password = password;
    this.#log = log;
  }

  /**
   * The plan with its numbers.
   *
   * @throws InvalidInputError, NotFoundError, ConflictError if it could not be carried out;
   * RedisUnreachableError and the like if a server that it needs does not answer
   */
  async plan(body: PlanBody): Promise<PlanReply> {
    const options = moveOptions.parse(body.options ?? {});
    const surveys = new Map<number, MasterSurvey>();
    const { what, moves, notes } = await this.choose(body, options, surveys);
    await this.#rules.assertServersReady(moves, notes);
    for (const groupId of new Set(moves.map((move) => move.fromGroup))) {
      if (surveys.has(groupId)) continue;
      const moving = moves.filter((move) => move.fromGroup === groupId);
      const slots = new Set(moving.map((move) => move.slotId));
      surveys.set(groupId, await this.#survey(groupId, slots, options));
    }
    if ([...surveys.values()].some(({ isInUse }) => isInUse)) {
      notes.push('clients use the servers: the move leaves most of their time to them');
    }
    return { what, ...describe(moves, surveys, options), notes };
  }

  /** The moves alone. @param surveys those that were made for the choice are put there. */
  async choose(
    body: PlanBody,
    options: MoveOptions,
    surveys = new Map<number, MasterSurvey>(),
  ): Promise<{ what: string; moves: SlotMove[]; notes: string[] }> {
    if (body.kind === 'move') {
      const { from, to, new_group } = body;
      const { moves, notes } = await this.#rules.range(from, to, new_group);
      const what = from === to ? `slot ${from}` : `slots ${from}-${to}`;
      return { what: `${what} to group ${new_group}`, moves, notes };
    }
    if (body.kind === 'drain') return this.#drain(body.group);
    return this.#rebalance(body.by, options, surveys);
  }

  async #drain(groupId: number) {
    await existingGroup(this.#store, groupId);
    const notes: string[] = [];
    const others = (await this.#groupsWithMaster(notes)).filter(({ id }) => id !== groupId);
    if (others.length === 0) {
      throw new ConflictError(`there is no other group that could take the slots of ${groupId}`, {
        hint: 'make one: codis-config server add-group <group_id>',
      });
    }
    const weights = await this.#weights(others, notes);
    const moves = drain(groupId, await this.#movableSlots('slots', new Map(), notes), weights);
    return { what: `drain group ${groupId}`, moves, notes };
  }

  async #rebalance(by: By, options: MoveOptions, surveys: Map<number, MasterSurvey>) {
    const notes: string[] = [];
    const groups = await this.#groupsWithMaster(notes);
    if (groups.length === 0) {
      throw new ConflictError('there is no group with a master', {
        hint: 'make one: codis-config server add-group <group_id>',
      });
    }
    const weights = await this.#weights(groups, notes);
    if (by !== 'slots') {
      const slots = await this.#store.loadSlots();
      for (const { id } of groups) {
        const own = slots.filter((slot) => slot.group_id === id).map((slot) => slot.id);
        surveys.set(id, await this.#survey(id, new Set(own), options));
      }
    }
    const slots = await this.#movableSlots(by, surveys, notes);
    const moves = by === 'slots' ? balanceNumbers(slots, weights) : balanceLoads(slots, weights);
    return { what: `rebalance by ${by}`, moves, notes };
  }

  async #groupsWithMaster(notes: string[]): Promise<GroupRecord[]> {
    const groups = await this.#store.loadGroups();
    const without = groups.filter((group) => masterOf(group) === null);
    for (const { id } of without) notes.push(`group ${id} has no master and gets no slots`);
    return groups.filter((group) => masterOf(group) !== null);
  }

  /** Slots at rest; those that move already count where they go, and stay there. */
  async #movableSlots(by: By, surveys: ReadonlyMap<number, Survey>, notes: string[]) {
    const { tasks, orphans } = await this.#queue.load();
    const queued = new Set([...tasks, ...orphans].map((task) => task.slot_id));
    const slots = await this.#store.loadSlots();
    const movable = slots.filter(({ id, state }) => state.status === 'online' && !queued.has(id));
    if (queued.size > 0) notes.push(`${queued.size} slots that are to move already are left out`);
    return movable.map(({ id, group_id }) => {
      const survey = surveys.get(group_id);
      const load = by === 'keys' ? survey?.keysBySlot.get(id) : survey?.bytesBySlot.get(id);
      return { slotId: id, groupId: group_id, load: by === 'slots' ? 1 : (load ?? 0) };
    });
  }

  /** Its `maxmemory` where it is set; for the others the mean of those; else all are alike. */
  async #weights(groups: readonly GroupRecord[], notes: string[]): Promise<PlanGroup[]> {
    const limits = await Promise.all(groups.map((group) => this.#rules.maxmemory(group)));
    const set = limits.filter((limit) => limit > 0);
    const mean = set.reduce((sum, limit) => sum + limit, 0) / Math.max(1, set.length);
    if (set.length > 0 && set.length < groups.length) {
      notes.push('groups without maxmemory count as the mean of the others');
    }
    return groups.map(({ id }, index) => ({ groupId: id, weight: limits[index] || mean || 1 }));
  }

  async #survey(
    groupId: number,
    slots: ReadonlySet<number>,
    options: MoveOptions,
  ): Promise<MasterSurvey> {
    const addr = await masterAddr(this.#store, groupId);
    const server = await ServerConnection.open(addr, this.#password);
    try {
      const isInUse = await ClientLoad.isInUse(server);
      const survey = await surveySlots(server, {
        isWanted: (slotId) => slots.has(slotId),
        through: await quickestWay(server, slots.size),
        largeBytes: largeKeyBytes({ options }),
        withinMs: SURVEY_MS,
      });
      this.#log.info({ group: groupId, keys: survey.keys, exact: survey.isComplete }, 'surveyed');
      return { ...survey, isInUse };
    } finally {
      server.close();
    }
  }
}

function describe(
  moves: readonly SlotMove[],
  surveys: ReadonlyMap<number, MasterSurvey>,
  options: MoveOptions,
): Omit<PlanReply, 'what' | 'notes'> {
  let keys = 0;
  let bytes = 0;
  const moving = new Set(moves.map((move) => `${move.fromGroup} ${move.slotId}`));
  for (const { slotId, fromGroup } of moves) {
    keys += surveys.get(fromGroup)?.keysBySlot.get(slotId) ?? 0;
    bytes += surveys.get(fromGroup)?.bytesBySlot.get(slotId) ?? 0;
  }
  const keysOf = (list: (survey: Survey) => readonly LargeKey[]): LargeKeyReply[] =>
    [...surveys]
      .flatMap(([groupId, survey]) => list(survey).map((key) => largeKeyReply(groupId, key)))
      .filter((key) => moving.has(`${key.group_id} ${key.slot_id}`))
      .sort((one, other) => other.bytes - one.bytes)
      .slice(0, KEYS_SHOWN);
  const sources = new Set(moves.map((move) => move.fromGroup));
  const isBusy = [...sources].some((groupId) => surveys.get(groupId)?.isInUse);
  const perSecond = Math.min(
    options.max_keys_per_second || Infinity,
    options.delay > 0 ? 1000 / options.delay : Infinity,
    isBusy ? BUSY_KEYS_PER_SECOND : KEYS_PER_SECOND,
  );
  return {
    moves: asRanges(moves),
    slots: moves.length,
    keys,
    bytes,
    is_exact: [...sources].every((groupId) => surveys.get(groupId)?.isComplete ?? false),
    seconds: Math.ceil(
      Math.max(keys / perSecond, bytes / BYTES_PER_SECOND) + moves.length * SECONDS_A_SLOT,
    ),
    largest_keys: keysOf((survey) => survey.largest),
    large_keys: keysOf((survey) => survey.largeKeys),
    options,
  };
}

function largeKeyReply(groupId: number, { slotId, database, key, bytes }: LargeKey) {
  return {
    slot_id: slotId,
    group_id: groupId,
    database,
    key: keyName(key),
    bytes,
    stall_ms: predictedStallMs(bytes),
  };
}
