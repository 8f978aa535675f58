import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asMoves, asRanges } from '../../../dashboard/migration/moves.js';
import {
  balanceLoads,
  balanceNumbers,
  drain,
  type PlanGroup,
  type PlanSlot,
  type SlotMove,
} from '../../../dashboard/migration/plan.js';

const SLOTS = 1024;

const groupsOf = fc
  .uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 8 })
  .chain((ids) =>
    fc
      .array(fc.oneof(fc.constant(1), fc.double({ min: 0.1, max: 1e10, noNaN: true })), {
        minLength: ids.length,
        maxLength: ids.length,
      })
      .map((weights): PlanGroup[] =>
        ids.map((groupId, index) => ({ groupId, weight: weights[index]! })),
      ),
  );

/** Slots of these groups, and some of a group that is to have none. */
function clusterOf(load: fc.Arbitrary<number>) {
  return groupsOf.chain((groups) => {
    const owners = [...groups.map(({ groupId }) => groupId), 2000];
    const slot = fc.record({ groupId: fc.constantFrom(...owners), load });
    return fc.array(slot, { minLength: SLOTS / 16, maxLength: SLOTS / 16 }).map((parts) => {
      const slots = Array.from({ length: SLOTS }, (_, slotId): PlanSlot => {
        const { groupId, load: own } = parts[slotId % parts.length]!;
        return { slotId, groupId, load: own };
      });
      return { groups, slots };
    });
  });
}

function loadsAfter(slots: readonly PlanSlot[], moves: readonly SlotMove[]): Map<number, number> {
  const target = new Map(moves.map((move) => [move.slotId, move.toGroup]));
  const loads = new Map<number, number>();
  for (const { slotId, groupId, load } of slots) {
    const owner = target.get(slotId) ?? groupId;
    loads.set(owner, (loads.get(owner) ?? 0) + load);
  }
  return loads;
}

/** Each slot at most once, from where it is, to another group that may have it. */
function expectSound(
  slots: readonly PlanSlot[],
  groups: readonly PlanGroup[],
  moves: readonly SlotMove[],
): void {
  expect(new Set(moves.map((move) => move.slotId)).size).toBe(moves.length);
  const owners = new Map(slots.map((slot) => [slot.slotId, slot.groupId]));
  const ids = new Set(groups.map((group) => group.groupId));
  for (const { slotId, fromGroup, toGroup } of moves) {
    expect(owners.get(slotId)).toBe(fromGroup);
    expect(toGroup).not.toBe(fromGroup);
    expect(ids.has(toGroup)).toBe(true);
  }
}

describe('balance by slots', () => {
  it('gives every group its share, to less than a slot, with the fewest moves', () => {
    fc.assert(
      fc.property(clusterOf(fc.constant(1)), ({ groups, slots }) => {
        const moves = balanceNumbers(slots, groups);
        expectSound(slots, groups, moves);
        const after = loadsAfter(slots, moves);
        const before = loadsAfter(slots, []);
        const totalWeight = groups.reduce((sum, group) => sum + group.weight, 0);
        let surplus = before.get(2000) ?? 0;
        for (const { groupId, weight } of groups) {
          const share = (SLOTS * weight) / totalWeight;
          const has = after.get(groupId) ?? 0;
          expect(Math.abs(has - share)).toBeLessThan(1 + 1e-3);
          surplus += Math.max(0, (before.get(groupId) ?? 0) - has);
        }
        expect([...after.values()].reduce((sum, load) => sum + load, 0)).toBe(SLOTS);
        // Only what a group has too much moves, and a surplus of one is left where it is.
        expect(moves.length).toBe(surplus);
        expect(balanceNumbers(applied(slots, moves), groups)).toEqual([]);
      }),
    );
  });

  it.each([
    [[512, 512], 0],
    [[512, 512, 0], 341],
    [[1024, 0], 512],
    [[513, 511], 1],
    [[342, 341, 341], 0],
    [[341, 341, 342], 0],
  ])('of %j slots takes %i moves', (numbers, moves) => {
    const slots = numbers.flatMap((count, index) =>
      Array.from({ length: count }, () => ({ groupId: index + 1, load: 1 })),
    );
    const groups = numbers.map((_, index) => ({ groupId: index + 1, weight: 1 }));
    const numbered = slots.map((slot, slotId) => ({ ...slot, slotId }));
    expect(balanceNumbers(numbered, groups)).toHaveLength(moves);
  });
});

describe('balance by load', () => {
  it('never makes it worse, and takes all from groups that are to have none', () => {
    const load = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100_000 }));
    fc.assert(
      fc.property(clusterOf(load), ({ groups, slots }) => {
        const moves = balanceLoads(slots, groups);
        expectSound(slots, groups, moves);
        expect(loadsAfter(slots, moves).get(2000)).toBeUndefined();
        const needed = moves.filter((move) => move.fromGroup === 2000);
        expect(deviation(slots, groups, moves)).toBeLessThanOrEqual(
          deviation(slots, groups, needed) + 1e-6,
        );
      }),
    );
  });

  it('comes within a slot or a hundredth of the shares when slots are alike', () => {
    const slots = Array.from({ length: SLOTS }, (_, slotId) => ({
      slotId,
      groupId: 1,
      load: 900 + ((slotId * 7919) % 200),
    }));
    const groups = [1, 2, 3].map((groupId) => ({ groupId, weight: groupId }));
    const after = loadsAfter(slots, balanceLoads(slots, groups));
    const total = slots.reduce((sum, slot) => sum + slot.load, 0);
    for (const { groupId, weight } of groups) {
      expect(Math.abs((after.get(groupId) ?? 0) - (total * weight) / 6)).toBeLessThan(total / 100);
    }
  });

  it('moves nothing where there is nothing', () => {
    const slots = Array.from({ length: SLOTS }, (_, slotId) => ({ slotId, groupId: 1, load: 0 }));
    const groups = [1, 2].map((groupId) => ({ groupId, weight: 1 }));
    expect(balanceLoads(slots, groups)).toEqual([]);
  });
});

describe('a drain', () => {
  it('takes every slot of the group and no other, to the groups that have least', () => {
    fc.assert(
      fc.property(clusterOf(fc.constant(1)), ({ groups, slots }) => {
        const moves = drain(2000, slots, groups);
        expectSound(slots, groups, moves);
        const leaving = slots.filter((slot) => slot.groupId === 2000);
        expect(moves.map((move) => move.slotId)).toEqual(leaving.map((slot) => slot.slotId));
        // No group that got a slot would be better off than another without it.
        const after = loadsAfter(slots, moves);
        const filled = (group: PlanGroup) => (after.get(group.groupId) ?? 0) / group.weight;
        const got = groups.filter(({ groupId }) => moves.some((move) => move.toGroup === groupId));
        for (const one of got) {
          for (const other of groups) {
            const otherWithOne = filled(other) + 1 / other.weight;
            expect(filled(one)).toBeLessThanOrEqual(otherWithOne * (1 + 1e-9));
          }
        }
      }),
    );
  });
});

describe('ranges', () => {
  it('say the same as the moves', () => {
    fc.assert(
      fc.property(clusterOf(fc.constant(1)), ({ groups, slots }) => {
        const moves = balanceNumbers(slots, groups);
        const again = asMoves(asRanges(moves)).toSorted((a, b) => a.slotId - b.slotId);
        expect(again).toEqual(moves);
      }),
    );
  });
});

function applied(slots: readonly PlanSlot[], moves: readonly SlotMove[]): PlanSlot[] {
  const target = new Map(moves.map((move) => [move.slotId, move.toGroup]));
  return slots.map((slot) => ({ ...slot, groupId: target.get(slot.slotId) ?? slot.groupId }));
}

/** How far the groups are from their shares, together. */
function deviation(
  slots: readonly PlanSlot[],
  groups: readonly PlanGroup[],
  moves: readonly SlotMove[],
): number {
  const loads = loadsAfter(slots, moves);
  const total = slots.reduce((sum, slot) => sum + slot.load, 0);
  const weights = groups.reduce((sum, group) => sum + group.weight, 0);
  return groups.reduce((sum, { groupId, weight }) => {
    return sum + Math.abs((loads.get(groupId) ?? 0) - (total * weight) / weights);
  }, 0);
}
