import fc from 'fast-check';
import { expect, it } from 'vitest';
import { slotOf } from '../../../../cluster/slot-hash.js';
import {
  isTemporaryKey,
  temporaryIdOf,
  temporaryKeyFor,
} from '../../../../dashboard/migration/chunk/temporary-key.js';

it('the temporary key is in the slot of its key, and the same each time', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      const key = Buffer.from(bytes);
      const temporaryKey = temporaryKeyFor(slotOf(key), temporaryIdOf(key));
      expect(slotOf(temporaryKey)).toBe(slotOf(key));
      expect(temporaryKey).toEqual(temporaryKeyFor(slotOf(key), temporaryIdOf(key)));
      expect(isTemporaryKey(temporaryKey)).toBe(true);
      expect(isTemporaryKey(key)).toBe(false);
    }),
    { numRuns: 50 },
  );
});

it('is found in every slot', () => {
  for (let slotId = 0; slotId < 1024; slotId += 93) {
    expect(slotOf(temporaryKeyFor(slotId, 'some-id'))).toBe(slotId);
  }
  expect(isTemporaryKey(Buffer.from('codis:moving:1:2'))).toBe(false);
  expect(isTemporaryKey(Buffer.from('\0codis:moving:'))).toBe(false);
});
