import { computed } from '@preact/signals';
import type { SlotRun } from '../../api/live-contract.js';
import { slotRuns } from '../live/state.js';

export const SLOT_COUNT = 1024;

/** One slot, as its run says; see `slotRun` of the contract. */
export interface Cell {
  readonly group: number;
  readonly status: SlotRun[3];
  readonly other: number;
}

const ABSENT: Cell = { group: -1, status: 'offline', other: -1 };

/** All slots by number; before they are made they are like slots of nobody. */
export const cells = computed<readonly Cell[]>(() => {
  const all: Cell[] = new Array(SLOT_COUNT).fill(ABSENT);
  for (const [first, last, group, status, other] of slotRuns.value) {
    all.fill({ group, status, other }, first, last + 1);
  }
  return all;
});

/** What is going on with a slot, in words. */
export function wordsFor({ group, status, other }: Cell): string {
  const owner = group < 1 ? 'in no group' : `in group ${group}`;
  if (status === 'online') return owner;
  if (status === 'offline') return group < 1 ? owner : `${owner}, offline`;
  if (status === 'migrate') return `moving from group ${other} to group ${group}`;
  return other < 1 ? `${owner}, about to move` : `${owner}, about to move to group ${other}`;
}
