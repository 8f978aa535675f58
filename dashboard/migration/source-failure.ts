import type { SlotRecord } from '../../cluster/model/slot.js';
import type { Store } from '../../cluster/store.js';
import type { Step } from '../changes.js';

/**
 * To be part of the step that gives a group another master which may lack the last deletions of the
 * one before: keys that have been moved away may be there again. Until the slots that were leaving
 * the group have left it, what their target has is not replaced any more.
 */
export async function noteSourceFailure(store: Store, groupId: number): Promise<Step> {
  const slots = (await movingSlots(store)).filter(
    ({ state }) => state.status === 'migrate' && state.migrate_status.from === groupId,
  );
  const marked = slots.map((slot): SlotRecord => {
    const { state } = slot;
    const migrate_status = { ...state.migrate_status, keep_target: true as const };
    return { ...slot, state: { ...state, migrate_status } };
  });
  return {
    writes: marked.map((slot) => store.slotWrite(slot)),
    announcements: marked.map((target) => ({ type: 'slot_migrate', target })),
  };
}

/** Of these slots those that {@link noteSourceFailure} has marked. */
export async function slotsKeepingTarget(
  store: Store,
  slotIds: readonly number[],
): Promise<ReadonlySet<number>> {
  const slots = await store.loadSlotsOf(slotIds);
  const kept = slots.filter(({ state }) => state.migrate_status.keep_target === true);
  return new Set(kept.map(({ id }) => id));
}

/** The slots that tasks are there for: a failover does not read all of them if none is on the move. */
async function movingSlots(store: Store): Promise<readonly SlotRecord[]> {
  const names = await store.coordinator.children(store.paths.migrateTasks);
  return names.length === 0 ? [] : store.loadSlots();
}
