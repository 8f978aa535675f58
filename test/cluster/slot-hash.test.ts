import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32, SLOT_COUNT, slotOf, slotOfKey } from '../../cluster/slot-hash.js';

/** The definition of the checksum, bit by bit. */
function bitwiseCrc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** The rule in Codis 2's words: between the first `{` and the first `}` after it. */
function tagOf(key: Buffer): Buffer {
  const open = key.indexOf('{');
  const close = open < 0 ? -1 : key.indexOf('}', open);
  return close < 0 ? key : key.subarray(open + 1, close);
}

const braced = fc
  .array(fc.constantFrom('{', '}', 'a', 'bc', '\u0000', 'é'), { maxLength: 12 })
  .map((parts) => Buffer.from(parts.join('')));

test('the checksum has the check value of the IEEE crc32', () => {
  const bytes = Buffer.from('123456789');
  expect(crc32(bytes, 0, bytes.length)).toBe(0xcbf43926);
});

test('the checksum of any bytes at any offset is that of the definition', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(8), fc.nat(8), (bytes, before, after) => {
      const padded = new Uint8Array(before + bytes.length + after).fill(0x7b);
      padded.set(bytes, before);
      expect(crc32(padded, before, before + bytes.length)).toBe(bitwiseCrc32(bytes));
    }),
    { numRuns: 2000 },
  );
});

// Node 20.15 and later have it; the types of Node 20 do not know it yet.
const zlibCrc32: unknown = Reflect.get(zlib, 'crc32');

test.runIf(typeof zlibCrc32 === 'function')('the checksum is that of zlib', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const expected: unknown = Reflect.apply(zlibCrc32 as () => unknown, zlib, [bytes]);
      expect(crc32(bytes, 0, bytes.length)).toBe(expected);
    }),
  );
});

test.each([
  ['a', 579],
  ['b', 1017],
  ['c', 879],
  ['', 0],
  // An empty tag counts, unlike in Redis Cluster.
  ['{}x', 0],
  ['{a}x', 579],
  ['x{a}y{b}', 579],
  ['{{a}', slotOf(Buffer.from('{a'))],
  ['}{a}', 579],
])('the key "%s" is in slot %i, as in Codis 2', (key, slotId) => {
  expect(slotOf(key)).toBe(slotId);
});

test('a brace that is not closed is a part of the key', () => {
  for (const key of ['{a', 'a{', '}a{', 'a}']) {
    expect(slotOf(key)).toBe(bitwiseCrc32(Buffer.from(key)) % SLOT_COUNT);
  }
});

test('the slot of any key is that of its tag, in a buffer with others around it', () => {
  fc.assert(
    fc.property(braced, braced, braced, (before, key, after) => {
      const all = Buffer.concat([before, key, after]);
      const start = before.length;
      const expected = bitwiseCrc32(tagOf(key)) % SLOT_COUNT;
      expect(slotOfKey(all, start, start + key.length)).toBe(expected);
      expect(slotOf(key)).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});
