import type { PlannedMove } from '../api/contract.js';
import type { SlotMove } from './plan.js';

/** The same moves, as ranges of slots for each pair of groups. */
export function asRanges(moves: readonly SlotMove[]): PlannedMove[] {
  const byPair = new Map<string, PlannedMove>();
  for (const { slotId, fromGroup, toGroup } of moves.toSorted((a, b) => a.slotId - b.slotId)) {
    const pair = `${fromGroup} ${toGroup}`;
    let move = byPair.get(pair);
    if (!move) {
      move = { from_group: fromGroup, to_group: toGroup, slots: [] };
      byPair.set(pair, move);
    }
    const last = move.slots.at(-1);
    if (last && last[1] === slotId - 1) last[1] = slotId;
    else move.slots.push([slotId, slotId]);
  }
  return [...byPair.values()];
}

/** The inverse of {@link asRanges}; numbers out of range are left to others to find. */
export function asMoves(ranges: readonly PlannedMove[]): SlotMove[] {
  return ranges.flatMap(({ from_group, to_group, slots }) =>
    slots.flatMap(([first, last]) =>
      Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => ({
        slotId: first + index,
        fromGroup: from_group,
        toGroup: to_group,
      })),
    ),
  );
}
