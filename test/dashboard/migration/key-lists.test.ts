import { describe, expect, it } from 'vitest';
import { KeyLists } from '../../../dashboard/migration/key-lists.js';

function namesOf(lists: KeyLists, slotId: number): [database: number, names: string[]][] {
  return lists.of(slotId).map(({ database, keys }) => [database, [...keys].map(String)]);
}

describe('lists of keys', () => {
  it('keep the names of the slots asked for, database by database', () => {
    const lists = new KeyLists();
    lists.begin([7, 8]);
    for (let index = 0; index < 200; index++) lists.note(7, index % 2, Buffer.from(`key:${index}`));
    lists.note(7, 0, Buffer.alloc(0));
    lists.note(9, 0, Buffer.from('of no interest'));
    const even = Array.from({ length: 100 }, (_, index) => `key:${2 * index}`);
    const odd = Array.from({ length: 100 }, (_, index) => `key:${2 * index + 1}`);
    expect(namesOf(lists, 7)).toEqual([
      [0, [...even, '']],
      [1, odd],
    ]);
    expect([7, 8, 9].map((slotId) => lists.has(slotId))).toEqual([true, true, false]);
    expect(namesOf(lists, 8)).toEqual([]);
  });

  it('forget the slots that move last where there is no room, and find them in a later pass', () => {
    const lists = new KeyLists(3_000);
    lists.begin([1, 2, 3]);
    for (let index = 0; index < 100; index++) {
      for (const slotId of [1, 2, 3]) lists.note(slotId, 0, Buffer.from(`a key of slot ${slotId}`));
    }
    expect([1, 2, 3].map((slotId) => lists.has(slotId))).toEqual([true, false, false]);
    expect(namesOf(lists, 1)[0]![1]).toHaveLength(100);
    lists.drop(1);
    lists.begin([2, 3]);
    lists.note(2, 0, Buffer.from('found now'));
    lists.note(1, 0, Buffer.from('moved already'));
    expect(namesOf(lists, 2)).toEqual([[0, ['found now']]]);
    expect([1, 2, 3].map((slotId) => lists.has(slotId))).toEqual([false, true, true]);
  });
});
