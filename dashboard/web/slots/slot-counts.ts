import { computed, signal } from '@preact/signals';
import type { SurveyReply } from '../../api/web-contract.js';
import { calls } from '../api/calls.js';
import { groups } from '../live/state.js';

/** Newer numbers are not worth reading through all keys again. */
const MAX_AGE_SECONDS = 60;

/** By group. */
const surveys = signal<ReadonlyMap<number, SurveyReply>>(new Map());
/** Which group is being counted; null: none. */
export const countingGroup = signal<number | null>(null);
export const countingError = signal<unknown>(null);
/** When the oldest of the numbers was counted; null: there are none. */
export const countedAt = computed(() => {
  const times = [...surveys.value.values()].map(({ at }) => at);
  return times.length === 0 ? null : Math.min(...times);
});

export interface SlotCount {
  readonly keys: number;
  readonly bytes: number;
  readonly isExact: boolean;
}

/** Keys and bytes by slot, of all groups that were counted; a moving slot has some in two. */
export const slotCounts = computed<ReadonlyMap<number, SlotCount>>(() => {
  const counts = new Map<number, SlotCount>();
  for (const survey of surveys.value.values()) {
    for (const [slotId, keys, bytes] of survey.slots) {
      const before = counts.get(slotId);
      counts.set(slotId, {
        keys: keys + (before?.keys ?? 0),
        bytes: bytes + (before?.bytes ?? 0),
        isExact: survey.is_exact && (before?.isExact ?? true),
      });
    }
  }
  return counts;
});

/** True if it is known how many keys the slots of a group have. */
export function isCounted(group: number): boolean {
  return surveys.value.has(group);
}

/** Counts the keys of every group, one server after the other: it costs them something. */
export async function countSlots(): Promise<void> {
  if (countingGroup.peek() !== null) return;
  countingError.value = null;
  try {
    for (const { id, master } of groups.peek()) {
      if (master === null) continue;
      countingGroup.value = id;
      const survey = await calls.survey(id, MAX_AGE_SECONDS);
      surveys.value = new Map(surveys.peek()).set(id, survey);
    }
  } catch (error) {
    countingError.value = error;
  } finally {
    countingGroup.value = null;
  }
}
