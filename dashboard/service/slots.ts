import type { Logger } from '../../base/log.js';
import { masterOf } from '../../cluster/model/group.js';
import { initialSlot, NO_GROUP, type SlotRecord } from '../../cluster/model/slot.js';
import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import type { Store } from '../../cluster/store.js';
import type { Announcement } from '../broadcast.js';
import type { Changes } from '../changes.js';
import {
  ConflictError,
  InvalidInputError,
  NotFoundError,
  RedisUnreachableError,
} from '../errors.js';
import { existingGroup } from './groups.js';
import { findKeysOfSlots, type KeysFound } from './slot-keys.js';

export type RestingStatus = 'online' | 'offline';

/** Slots as an operator sets them; moving them is another matter. */
export class Slots {
  readonly #store: Store;
  readonly #changes: Changes;
  readonly #password: string;
  readonly #log: Logger;

  constructor(store: Store, changes: Changes, password: string, log: Logger) {
    this.#store = store;
    this.#changes = changes;
    this.#password = password;
    this.#log = log;
  }

  /** Ascending by id; empty before `init`. */
  list(): Promise<SlotRecord[]> {
    return this.#store.loadSlots();
  }

  /** @throws InvalidInputError, NotFoundError before `init` */
  async get(slotId: number): Promise<SlotRecord> {
    assertSlotId(slotId);
    const slot = await this.#store.loadSlot(slotId);
    if (!slot) throw notInitialised();
    return slot;
  }

  /**
   * Makes all 1,024 slots, offline and in no group, in one step and with one action.
   *
   * @param existing what to do if there are some: `reset` sets them back, and the online proxies
   * take note and stay.
   * @throws ConflictError if there are slots to be kept, or if one is on the move: its keys would
   * be left in two groups
   */
  init(existing: 'keep' | 'reset'): Promise<void> {
    return this.#changes.run(async () => {
      const present = await this.#store.loadSlots();
      if (present.length > 0 && existing === 'keep') {
        throw new ConflictError(`there are ${present.length} slots already`, {
          hint: 'to take all slots from their groups: codis-config slot init -f',
        });
      }
      assertResting(present);
      const { coordinator, paths } = this.#store;
      if (!(await coordinator.get(paths.slots))) await coordinator.create(paths.slots, '');
      const former = new Map(present.map((slot) => [slot.id, slot]));
      const initial = Array.from({ length: SLOT_COUNT }, (_, slotId) =>
        initialSlot(paths.product, slotId),
      );
      await this.#changes.apply({
        what: 'initial slots',
        writes: initial.map((slot) =>
          former.has(slot.id) ? this.#store.slotWrite(slot) : this.#store.slotCreation(slot),
        ),
        announcements: announcementsOf(initial),
        confirm: 'or undo',
        undo: {
          writes: initial.map((slot) => {
            const before = former.get(slot.id);
            return before
              ? this.#store.slotWrite(before)
              : { type: 'delete', path: paths.slot(slot.id) };
          }),
          // Those that have gone again are told as what they are to a proxy: offline.
          announcements: announcementsOf(initial.map((slot) => former.get(slot.id) ?? slot)),
        },
      });
    });
  }

  /**
   * Gives slots `from` to `to` inclusive to a group, in one atomic step and with one action.
   * With status offline the group may be -1, none.
   *
   * @param keysLeft what to do if the group that has a slot now holds keys of it, which would not
   * be found any more
   * @throws InvalidInputError, NotFoundError; ConflictError for a group without master (online
   * only), for slots on the move, and for keys that would be left
   */
  set(
    from: number,
    to: number,
    groupId: number,
    status: string,
    keysLeft: 'refuse' | 'accept' = 'refuse',
  ): Promise<void> {
    return this.#changes.run(async () => {
      const { former, resting } = await this.#checked(from, to, groupId, status, keysLeft);
      const slots = former.map((slot) => ({
        ...slot,
        group_id: groupId,
        state: {
          ...slot.state,
          status: resting,
          migrate_status: { from: NO_GROUP, to: NO_GROUP },
        },
      }));
      await this.#changes.apply({
        what: `slots ${from}-${to} to group ${groupId}, ${resting}`,
        writes: slots.map((slot) => this.#store.slotWrite(slot)),
        announcements: announcementsOf(slots),
        confirm: 'or undo',
        undo: {
          writes: former.map((slot) => this.#store.slotWrite(slot)),
          announcements: announcementsOf(former),
        },
      });
    });
  }

  /** Nothing is changed. @throws what {@link set} would now */
  async check(
    from: number,
    to: number,
    groupId: number,
    status: string,
    keysLeft: 'refuse' | 'accept',
  ): Promise<void> {
    await this.#checked(from, to, groupId, status, keysLeft);
  }

  async #checked(
    from: number,
    to: number,
    groupId: number,
    status: string,
    keysLeft: 'refuse' | 'accept',
  ): Promise<{ former: SlotRecord[]; resting: RestingStatus }> {
    assertSlotId(from);
    assertSlotId(to);
    if (from > to) throw new InvalidInputError(`slots ${from}-${to}: from is greater than to`);
    const resting = checkStatus(status);
    await this.#assertGroup(groupId, resting);
    const former = await this.#store.loadSlots(from, to);
    if (former.length <= to - from) throw notInitialised();
    assertResting(former);
    if (keysLeft === 'refuse') await this.#assertWithoutKeys(former, groupId);
    return { former, resting };
  }

  /** A group whose master is away can not be asked, and must not keep its slots for that. */
  async #assertWithoutKeys(former: readonly SlotRecord[], newGroupId: number): Promise<void> {
    const leaving = former.filter(
      ({ group_id }) => group_id !== NO_GROUP && group_id !== newGroupId,
    );
    for (const groupId of new Set(leaving.map(({ group_id }) => group_id))) {
      const group = await this.#store.loadGroup(groupId);
      const master = group && masterOf(group);
      if (!master) continue;
      const slots = leaving.filter(({ group_id }) => group_id === groupId);
      const found = await this.#keysOf(master, slots);
      if (found) throw keysWouldBeLeft(found, master, slots, groupId, newGroupId);
    }
  }

  async #keysOf(master: string, slots: readonly SlotRecord[]): Promise<KeysFound | null> {
    try {
      return await findKeysOfSlots(master, slots, this.#password);
    } catch (error) {
      if (!(error instanceof RedisUnreachableError)) throw error;
      this.#log.warn({ master, reason: error.message }, 'slots leave a group, its keys unseen');
      return null;
    }
  }

  async #assertGroup(groupId: number, status: RestingStatus): Promise<void> {
    if (groupId === NO_GROUP && status === 'offline') return;
    const group = await existingGroup(this.#store, groupId);
    if (status === 'online' && masterOf(group) === null) {
      throw new ConflictError(`group ${groupId} has no master: its slots cannot be online`, {
        hint: `add one first: codis-config server add ${groupId} <redis_addr> master`,
      });
    }
  }
}

/** @throws InvalidInputError */
export function assertSlotId(slotId: number): void {
  if (!Number.isInteger(slotId) || slotId < 0 || slotId >= SLOT_COUNT) {
    throw new InvalidInputError(`there is no slot ${slotId}`, {
      hint: `slots are numbered from 0 to ${SLOT_COUNT - 1}`,
    });
  }
}

function checkStatus(status: string): RestingStatus {
  if (status === 'online' || status === 'offline') return status;
  throw new InvalidInputError(`a slot cannot be set to "${status}"`, {
    hint: 'the status is online or offline',
  });
}

function assertResting(slots: readonly SlotRecord[]): void {
  const moving = slots.filter(
    ({ state }) => state.status === 'pre_migrate' || state.status === 'migrate',
  );
  const first = moving[0];
  if (!first) return;
  const more = moving.length > 1 ? ` and ${moving.length - 1} more` : '';
  throw new ConflictError(`slot ${first.id}${more} is being moved (${first.state.status})`, {
    hint: 'wait until the move has ended',
  });
}

function keysWouldBeLeft(
  { slotId, what }: KeysFound,
  master: string,
  slots: readonly SlotRecord[],
  groupId: number,
  newGroupId: number,
): ConflictError {
  const [first, last] = [slots[0]!.id, slots.at(-1)!.id];
  const howToMove =
    newGroupId === NO_GROUP
      ? ''
      : `to move them: codis-config slot migrate ${first} ${last} ${newGroupId}; `;
  return new ConflictError(
    `slot ${slotId} is not empty: the master ${master} of group ${groupId} holds ${what} of it, ` +
      'which would not be found any more',
    { hint: `${howToMove}to leave them behind: --force` },
  );
}

/**
 * One action for each run of slots with the same group and status: after a change of one range
 * exactly one.
 */
function announcementsOf(slots: readonly SlotRecord[]): Announcement[] {
  const targets: { from: number; to: number; status: string; group_id: number }[] = [];
  for (const { id, group_id, state } of slots) {
    const last = targets.at(-1);
    if (last && last.to === id - 1 && last.group_id === group_id && last.status === state.status) {
      last.to = id;
    } else {
      targets.push({ from: id, to: id, status: state.status, group_id });
    }
  }
  return targets.map((target) => ({ type: 'multi_slot_changed', target }));
}

function notInitialised(): NotFoundError {
  return new NotFoundError('the slots are not initialised', {
    hint: 'run: codis-config slot init',
  });
}
