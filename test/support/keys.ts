import { slotOf } from '../../cluster/slot-hash.js';

/** The first of the keys `<prefix>0`, `<prefix>1`, … that lives in a slot from `from` to `to`. */
export function keyInSlots(from: number, to: number, prefix = 'key'): string {
  for (let number = 0; ; number++) {
    const slot = slotOf(`${prefix}${number}`);
    if (slot >= from && slot <= to) return `${prefix}${number}`;
  }
}
