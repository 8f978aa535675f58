import { slotOfKey } from '../../cluster/slot-hash.js';
import type { MicroCase } from './micro-case.js';

const KEYS_IN_A_ROW = 64;

/** Keys as they lie in a receive buffer: one after the other, at any alignment. */
function slotHash(name: string, keyOf: (index: number) => string): MicroCase {
  const keys = Array.from({ length: KEYS_IN_A_ROW }, (_, index) => Buffer.from(keyOf(index)));
  const bytes = Buffer.concat(keys);
  const starts = new Int32Array(KEYS_IN_A_ROW);
  const ends = new Int32Array(KEYS_IN_A_ROW);
  let at = 0;
  for (const [index, key] of keys.entries()) {
    starts[index] = at;
    at += key.length;
    ends[index] = at;
  }
  return {
    name,
    run(times) {
      let sum = 0;
      for (let time = 0; time < times; time++) {
        const index = time & (KEYS_IN_A_ROW - 1);
        sum += slotOfKey(bytes, starts[index]!, ends[index]!);
      }
      return sum;
    },
  };
}

export const hashing: readonly MicroCase[] = [
  slotHash('slot of a key, 8 bytes', (index) => `key:${1000 + index}`),
  slotHash('slot of a key, 16 bytes', (index) => `key:${String(index).padStart(12, '0')}`),
  slotHash('slot of a key, 40 bytes', (index) => `session:${String(index).padStart(32, '0')}`),
  slotHash(
    'slot of a key, 40 bytes, tag of 8',
    (index) => `{user${1000 + index}}:profile:${'field'.padEnd(20, 'x')}`,
  ),
];
