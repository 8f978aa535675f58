/** A slot that may be moved. */
export interface PlanSlot {
  readonly slotId: number;
  readonly groupId: number;
  /** What is to be in balance: 1, or its keys, or their bytes. */
  readonly load: number;
}

/** A group that may have slots, and how large its share is to be, compared with the others. */
export interface PlanGroup {
  readonly groupId: number;
  readonly weight: number;
}

export interface SlotMove {
  readonly slotId: number;
  readonly fromGroup: number;
  readonly toGroup: number;
}

/** Of a share, when keys or bytes are balanced: less is not worth moving a slot for. */
const TOLERANCE = 0.01;
/** Shares that differ by less are equal: weights are fractions. */
const EPSILON = 1e-6;

/**
 * The fewest moves after which every group has its share of the slots, whatever is in them: as
 * many as its weight gives it, rounded up or down.
 */
export function balanceNumbers(
  slots: readonly PlanSlot[],
  groups: readonly PlanGroup[],
): SlotMove[] {
  const owned = slotsByGroup(slots, groups);
  const targets = targetNumbers(owned, slots.length, groups);
  const spare = [...owned].flatMap(([groupId, own]) => own.slice(targets.get(groupId) ?? 0));
  const moves: SlotMove[] = [];
  for (const { groupId } of groups) {
    const missing = (targets.get(groupId) ?? 0) - (owned.get(groupId)?.length ?? 0);
    for (const slot of spare.splice(0, Math.max(0, missing))) moves.push(moveOf(slot, groupId));
  }
  return sorted(moves);
}

/** Rounded up are the shares of groups that need not give a slot away then. */
function targetNumbers(
  owned: ReadonlyMap<number, readonly PlanSlot[]>,
  slotCount: number,
  groups: readonly PlanGroup[],
): Map<number, number> {
  const totalWeight = groups.reduce((sum, group) => sum + group.weight, 0);
  const shares = groups.map(({ groupId, weight }) => {
    const share = (slotCount * weight) / totalWeight;
    const floor = Math.floor(share + EPSILON);
    const have = owned.get(groupId)?.length ?? 0;
    return { groupId, floor, fraction: Math.max(0, share - floor), hasMore: have > floor };
  });
  const targets = new Map(shares.map(({ groupId, floor }) => [groupId, floor]));
  let left = slotCount - shares.reduce((sum, { floor }) => sum + floor, 0);
  const first = shares.toSorted(
    (one, other) =>
      Number(other.fraction > EPSILON) - Number(one.fraction > EPSILON) ||
      Number(other.hasMore) - Number(one.hasMore) ||
      other.fraction - one.fraction,
  );
  for (const { groupId, floor } of first) {
    if (left-- <= 0) break;
    targets.set(groupId, floor + 1);
  }
  return targets;
}

/**
 * Moves after which the groups' loads are closer to their shares: each takes the largest slot that
 * fits from the group that has most too much to the one that has most too little. No slot is moved
 * twice, and none for less than a hundredth of a share.
 */
export function balanceLoads(slots: readonly PlanSlot[], groups: readonly PlanGroup[]): SlotMove[] {
  const owned = slotsByGroup(slots, groups);
  const totalLoad = slots.reduce((sum, slot) => sum + slot.load, 0);
  const totalWeight = groups.reduce((sum, group) => sum + group.weight, 0);
  const excess = new Map(
    groups.map(({ groupId, weight }) => {
      const load = (owned.get(groupId) ?? []).reduce((sum, slot) => sum + slot.load, 0);
      return [groupId, load - (totalLoad * weight) / totalWeight];
    }),
  );
  const least = (TOLERANCE * totalLoad) / Math.max(1, groups.length);
  const givers = new Map(
    [...owned].map(([groupId, own]) => [groupId, own.toSorted((a, b) => b.load - a.load)]),
  );
  // Slots of groups that are to have none.
  const moves = leavers(slots, groups).map((slot) => {
    const [toGroup] = extreme(excess, 'least');
    excess.set(toGroup, excess.get(toGroup)! + slot.load);
    return moveOf(slot, toGroup);
  });
  while (givers.size > 0) {
    const candidates = new Map([...excess].filter(([groupId]) => givers.has(groupId)));
    const [giver, over] = extreme(candidates, 'most');
    const [taker, lack] = extreme(excess, 'least');
    const under = -lack;
    if (over <= least || under <= 0) break;
    const own = givers.get(giver)!;
    const index = own.findIndex(({ load }) => load > 0 && load <= Math.min(over, under));
    // None fits: one that is too large is worth it if both are nearer to their share then.
    const at = index >= 0 ? index : own.findLastIndex(({ load }) => load > 0);
    const slot = own[at];
    const gain = slot ? over + under - Math.abs(over - slot.load) - Math.abs(under - slot.load) : 0;
    if (!slot || (index < 0 && gain <= least)) {
      givers.delete(giver);
      continue;
    }
    own.splice(at, 1);
    moves.push(moveOf(slot, taker));
    excess.set(giver, over - slot.load);
    excess.set(taker, lack + slot.load);
  }
  return sorted(moves);
}

/**
 * Moves that take every slot from a group, each to the one of the others that is then filled least
 * for its weight. What the others have stays where it is.
 */
export function drain(
  groupId: number,
  slots: readonly PlanSlot[],
  others: readonly PlanGroup[],
): SlotMove[] {
  const loads = new Map(others.map((group) => [group.groupId, 0]));
  for (const slot of slots) {
    const load = loads.get(slot.groupId);
    if (load !== undefined) loads.set(slot.groupId, load + slot.load);
  }
  const leaving = slots.filter((slot) => slot.groupId === groupId);
  const moves: SlotMove[] = [];
  for (const slot of leaving.toSorted((a, b) => b.load - a.load || a.slotId - b.slotId)) {
    const filled = new Map(
      others.map((group) => [
        group.groupId,
        (loads.get(group.groupId)! + slot.load) / group.weight,
      ]),
    );
    const [toGroup] = extreme(filled, 'least');
    loads.set(toGroup, loads.get(toGroup)! + slot.load);
    moves.push(moveOf(slot, toGroup));
  }
  return sorted(moves);
}

function slotsByGroup(
  slots: readonly PlanSlot[],
  groups: readonly PlanGroup[],
): Map<number, PlanSlot[]> {
  const owned = new Map<number, PlanSlot[]>(groups.map(({ groupId }) => [groupId, []]));
  for (const slot of slots) {
    const own = owned.get(slot.groupId);
    if (own) own.push(slot);
    else owned.set(slot.groupId, [slot]);
  }
  return owned;
}

/** Slots of groups that are not among these. */
function leavers(slots: readonly PlanSlot[], groups: readonly PlanGroup[]): PlanSlot[] {
  const ids = new Set(groups.map(({ groupId }) => groupId));
  return slots.filter((slot) => !ids.has(slot.groupId)).toSorted((a, b) => b.load - a.load);
}

/** The first entry with the most or the least; there must be one. */
function extreme(values: ReadonlyMap<number, number>, which: 'most' | 'least'): [number, number] {
  const sign = which === 'most' ? 1 : -1;
  return [...values].reduce((best, entry) => ((entry[1] - best[1]) * sign > 0 ? entry : best));
}

function moveOf(slot: PlanSlot, toGroup: number): SlotMove {
  return { slotId: slot.slotId, fromGroup: slot.groupId, toGroup };
}

function sorted(moves: SlotMove[]): SlotMove[] {
  return moves.sort((one, other) => one.slotId - other.slotId);
}
