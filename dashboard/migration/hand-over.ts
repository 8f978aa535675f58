import { messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { Operation } from '../../cluster/coordinator/coordinator.js';
import type { LargeKeyRecord } from '../../cluster/model/large-key.js';
import { NO_GROUP, type SlotRecord } from '../../cluster/model/slot.js';
import type { Store } from '../../cluster/store.js';
import type { Announcement } from '../broadcast.js';
import type { Changes, Step } from '../changes.js';
import { ConflictError, SilentProxyError } from '../errors.js';
import { isSame, LargeKeyList, recordOf } from './large-key-list.js';
import { masterAddr } from './masters.js';
import type { MigrationQueue, QueuedTask } from './queue.js';
import type { StrayEnding, StrayProxies } from './stray-proxies.js';
import type { LargeKey } from './survey.js';

/** A task with its slot's record as it was read in the same turn. */
interface TaskedSlot {
  readonly task: QueuedTask;
  readonly slot: SlotRecord;
}

/**
 * The steps by which slots change hands, several slots at a time. Each is one turn of the changes
 * queue, reads the records anew, and may be repeated: from whatever point a dashboard was killed
 * at, another one takes the same step again.
 *
 *     online(A) -> pre_migrate(A) -> migrate(A to B) -> [keys are moved] -> online(B)
 *
 * Until every proxy has acknowledged pre_migrate a silent one makes us go back. After that none of
 * them sends a command to A by itself: a proxy that is silent then has its gate closed and can do
 * no harm, and there is no way back to online(A), as another one may have pulled keys to B.
 */
export class HandOver {
  /** The keys of slots in `migrate` that are not pulled, but copied in pieces. */
  readonly largeKeys: LargeKeyList;
  readonly #store: Store;
  readonly #queue: MigrationQueue;
  readonly #changes: Changes;
  readonly #strays: StrayProxies;
  readonly #log: Logger;

  constructor(
    store: Store,
    queue: MigrationQueue,
    changes: Changes,
    strays: StrayProxies,
    log: Logger,
  ) {
    this.#strays = strays;
    this.#store = store;
    this.#queue = queue;
    this.#changes = changes;
    this.#log = log;
    this.largeKeys = new LargeKeyList(store, changes, log);
  }

  /**
   * Brings slots into `migrate` from their task's source to its target: gates close, drain, and
   * open again in pull mode.
   *
   * @param large keys, of these slots among others, that are not to be pulled.
   * @returns what this took, in milliseconds: for so long commands on these slots have waited
   * @throws ConflictError, NotFoundError: nothing was changed; SilentProxyError,
   * UnresolvedFenceError: nothing was changed, or all is as it was before
   */
  begin(tasks: readonly QueuedTask[], large: readonly LargeKey[] = []): Promise<number> {
    return this.#changes.run(async () => {
      const all = await this.#reload(tasks);
      const moving = all.filter(({ task, slot }) => isToBegin(task, slot));
      if (moving.length === 0) return 0;
      for (const groupId of new Set(
        moving.flatMap(({ task }) => [task.from_group, task.new_group]),
      ))
        await masterAddr(this.#store, groupId);
      const closed = moving.map(({ task, slot }) => ({ task, slot: closedSlot(task, slot) }));
      const opened = moving.map(({ task, slot }) => ({ task, slot: migratingSlot(task, slot) }));
      const lists = new Map(
        moving.map(({ slot }) => [slot.id, large.filter(({ slotId }) => slotId === slot.id)]),
      );
      const listWrites = await this.largeKeys.writes(
        new Map([...lists].map(([id, keys]) => [id, keys.map((key) => recordOf(key, 'copying'))])),
      );
      // Of a slot that is turned round, pulls lie at the one and commands at the other.
      const groupIds = moving.flatMap(({ task, slot }) =>
        task.half_moved ? [task.from_group, task.new_group] : [slot.group_id],
      );
      const strays = await this.#strays.reach(new Set(groupIds));
      try {
        const begin = performance.now();
        await this.#changes.apply({
          what: `${slotNames(moving)} held back (pre_migrate)`,
          name: 'premigrate',
          ...this.#step('slot_premigrate', closed, (task) => [
            this.#queue.taskWrite({ ...task, status: 'migrating', error: '' }),
          ]),
          confirm: 'or undo',
          undo: this.#undo(moving),
        });
        await this.#endStrays(strays, moving);
        await this.#applyForGood({
          what: `${slotNames(moving)} to group ${moving[0]!.task.new_group} (migrate)`,
          name: 'migrate',
          ...withWrites(
            this.#step('slot_migrate', opened, () => []),
            listWrites,
          ),
        });
        return performance.now() - begin;
      } finally {
        strays.close();
      }
    });
  }

  /** @throws RedisUnreachableError and its like; the slots are as they were before. */
  async #endStrays(strays: StrayEnding, moving: readonly TaskedSlot[]): Promise<void> {
    try {
      await strays.end();
    } catch (error) {
      await this.#applyForGood({
        what: `${slotNames(moving)} stay where they are`,
        name: 'reopen',
        ...this.#undo(moving),
      });
      throw error;
    }
  }

  /**
   * Tells the proxies once more of slots that another dashboard has brought into `migrate`.
   *
   * @param large keys that are not to be pulled, besides those that are listed already.
   */
  repeat(tasks: readonly QueuedTask[], large: readonly LargeKey[] = []): Promise<void> {
    return this.#changes.run(async () => {
      const all = await this.#reload(tasks);
      const lists = new Map<number, LargeKeyRecord[]>();
      for (const key of large) {
        if (!all.some(({ slot }) => slot.id === key.slotId)) continue;
        const list = lists.get(key.slotId) ?? (await this.largeKeys.load(key.slotId));
        if (!list.some((record) => isSame(record, key))) list.push(recordOf(key, 'switching'));
        lists.set(key.slotId, list);
      }
      await this.#applyForGood({
        what: `${slotNames(all)} to group ${all[0]?.task.new_group} (migrate, again)`,
        name: 'migrate-again',
        ...withWrites(
          this.#step('slot_migrate', all, () => []),
          await this.largeKeys.writes(lists),
        ),
      });
    });
  }

  /** Gives slots to their task's target for good. No key of theirs may be left on the source. */
  finish(tasks: readonly QueuedTask[]): Promise<void> {
    return this.#changes.run(async () => {
      const all = (await this.#reload(tasks)).filter(({ task, slot }) => isInMigrate(task, slot));
      if (all.length === 0) return;
      const online = all.map(({ task, slot }) => ({
        task,
        slot: slotWith(slot, 'online', task.new_group),
      }));
      await this.#applyForGood({
        what: `${slotNames(all)} in group ${all[0]!.task.new_group} (online)`,
        name: 'online',
        ...withWrites(
          this.#step('slot_changed', online, (task) => [this.#queue.taskDeletion(task)]),
          await this.largeKeys.writes(new Map(online.map(({ slot }) => [slot.id, []]))),
        ),
      });
    });
  }

  /**
   * Opens gates again that a dashboard left closed, towards the source, and leaves large keys alone.
   * The tasks wait on.
   */
  async reopen(tasks: readonly QueuedTask[]): Promise<void> {
    await this.largeKeys.clear(tasks.map((task) => task.slot_id));
    return this.#changes.run(async () => {
      const all = await this.#reload(tasks);
      const closed = all.filter(({ task, slot }) => isLeftClosed(task, slot));
      if (closed.length === 0) return;
      await this.#applyForGood({
        what: `${slotNames(closed)} stay where they are`,
        name: 'reopen',
        ...this.#undo(closed),
      });
    });
  }

  /** Tasks that are still there, with their slots. */
  async #reload(tasks: readonly QueuedTask[]): Promise<TaskedSlot[]> {
    const present = await this.#queue.reload(tasks);
    const ids = present.map((task) => task.slot_id);
    const slots = new Map((await this.#store.loadSlotsOf(ids)).map((slot) => [slot.id, slot]));
    return present.flatMap((task) => {
      const slot = slots.get(task.slot_id);
      return slot ? [{ task, slot }] : [];
    });
  }

  /** As it was: online on the source; or, of a slot that was turned back, half moved again. */
  #undo(moving: readonly TaskedSlot[]): Step {
    const rewrite = (task: QueuedTask) => [this.#queue.taskWrite(task)];
    const isTurned = ({ task }: TaskedSlot) => task.half_moved;
    const former = moving
      .filter((entry) => !isTurned(entry))
      .map(({ task, slot }) => {
        return { task, slot: slotWith(slot, 'online', task.from_group) };
      });
    const turned = moving.filter(isTurned).map(({ task, slot }) => ({
      task,
      slot: slotWith(slot, 'migrate', slot.group_id, otherGroup(task, slot.group_id)),
    }));
    const steps = [
      this.#step('slot_changed', former, rewrite),
      this.#step('slot_migrate', turned, rewrite),
    ];
    return {
      writes: steps.flatMap((step) => step.writes),
      announcements: steps.flatMap((step) => step.announcements),
    };
  }

  #step(
    type: 'slot_premigrate' | 'slot_migrate' | 'slot_changed',
    all: readonly TaskedSlot[],
    taskOperations: (task: QueuedTask) => Operation[],
  ): Step {
    return {
      writes: all.flatMap(({ task, slot }) => [
        this.#store.slotWrite(slot),
        ...taskOperations(task),
      ]),
      announcements: all.map(({ slot }): Announcement => ({ type, target: slot })),
    };
  }

  /** A silent proxy does no harm here: it is told in the log, and not waited for any longer. */
  async #applyForGood(step: Step & { what: string; name: string }): Promise<void> {
    try {
      await this.#changes.apply({ ...step, confirm: 'stands' });
    } catch (error) {
      if (!(error instanceof SilentProxyError)) throw error;
      this.#log.warn({ reason: messageOf(error) }, 'going on: the silent proxy holds these slots');
    }
  }
}

/**
 * Where the task's slot is on its way:
 * - `waiting`: not begun; also where its gate has been closed and no key may have moved yet
 * - `turning`: half moved the other way round
 * - `moving`: in `migrate` from the task's source to its target
 * - `there`: online in the target
 *
 * @throws ConflictError if somebody has given it to another group, or taken it offline
 */
export function progressOf(
  task: QueuedTask,
  slot: SlotRecord | undefined,
): 'waiting' | 'turning' | 'moving' | 'there' {
  if (slot) {
    const { status } = slot.state;
    if (isInMigrate(task, slot)) return 'moving';
    if (status === 'online' && slot.group_id === task.new_group) return 'there';
    if (task.half_moved) {
      const isOfTask = slot.group_id === task.from_group || slot.group_id === task.new_group;
      if (isOfTask && (status === 'pre_migrate' || status === 'migrate')) return 'turning';
    } else if (slot.group_id === task.from_group) {
      if (status === 'online' || status === 'pre_migrate') return 'waiting';
    }
  }
  const now = slot ? `${slot.state.status} in group ${slot.group_id}` : 'not there';
  throw new ConflictError(
    `slot ${task.slot_id} cannot move from group ${task.from_group} to ${task.new_group}: it is ${now}`,
  );
}

/** True for a closed gate that nobody is about to open. */
export function isLeftClosed(task: QueuedTask, slot: SlotRecord): boolean {
  return (
    slot.state.status === 'pre_migrate' &&
    (slot.group_id === task.from_group || slot.group_id === task.new_group)
  );
}

function isToBegin(task: QueuedTask, slot: SlotRecord): boolean {
  try {
    const progress = progressOf(task, slot);
    return progress === 'waiting' || progress === 'turning';
  } catch (error) {
    // Somebody has set the slot since: the next look at the queue tells what.
    if (error instanceof ConflictError) return false;
    throw error;
  }
}

function isInMigrate(task: QueuedTask, { state, group_id }: SlotRecord): boolean {
  return (
    state.status === 'migrate' &&
    group_id === task.new_group &&
    state.migrate_status.from === task.from_group
  );
}

/**
 * The gate closed. Of a slot that is turned back its group stays what it was until every proxy has
 * closed its gate, so that going back means going back to exactly that.
 */
function closedSlot(task: QueuedTask, slot: SlotRecord): SlotRecord {
  const owner = task.half_moved ? slot.group_id : task.from_group;
  return slotWith(slot, 'pre_migrate', owner);
}

function migratingSlot(task: QueuedTask, slot: SlotRecord): SlotRecord {
  return slotWith(slot, 'migrate', task.new_group, task.from_group);
}

function otherGroup(task: QueuedTask, groupId: number): number {
  return groupId === task.from_group ? task.new_group : task.from_group;
}

/** @param from of `migrate`: the group that the keys come from. */
function slotWith(
  slot: SlotRecord,
  status: SlotRecord['state']['status'],
  groupId: number,
  from = NO_GROUP,
): SlotRecord {
  const to = from === NO_GROUP ? NO_GROUP : groupId;
  return {
    ...slot,
    group_id: groupId,
    state: { ...slot.state, status, migrate_status: { from, to } },
  };
}

function withWrites(step: Step, writes: readonly Operation[]): Step {
  return { ...step, writes: [...step.writes, ...writes] };
}

function slotNames(all: readonly TaskedSlot[]): string {
  const ids = all.map(({ slot }) => slot.id);
  if (ids.length === 0) return 'no slots';
  return ids.length === 1 ? `slot ${ids[0]}` : `slots ${ids[0]} to ${ids.at(-1)} (${ids.length})`;
}
