import { slotOf } from '../../cluster/slot-hash.js';
import { command } from '../bench/workload.js';

const VALUE_BYTES = 64;
/** Keys that one exchange of the filling sets. */
const FILL_BATCH = 500;

/** The slots that are moved: the lower half. */
export const MOVED_SLOTS = 512;

/** Keys by whether their slot is one of those that move. */
export interface KeySet {
  readonly moving: readonly string[];
  readonly staying: readonly string[];
}

/** The first names whose slots move, `count` of them, and those that stay in between. */
export function codisKeys(count: number): KeySet {
  return keysBy((name) => slotOf(name) < MOVED_SLOTS, count);
}

/** Names whose slots, of the 16384 of Redis Cluster, are among the `slots` lowest. */
export function clusterKeys(count: number, slots: number): readonly string[] {
  return keysBy((name) => (crc16(name) & 16383) < slots, count).moving;
}

function keysBy(moves: (name: string) => boolean, count: number): KeySet {
  const moving: string[] = [];
  const staying: string[] = [];
  for (let number = 0; moving.length < count; number++) {
    const name = `key:${String(number).padStart(12, '0')}`;
    (moves(name) ? moving : staying).push(name);
  }
  return { moving, staying };
}

/** 64 bytes that tell which key they belong to, and how often it was written. */
export function contentOf(key: string, version: number): string {
  return `${version} ${key} `.padEnd(VALUE_BYTES, 'x');
}

/** SET commands for all keys in their version 0, some hundred at a time. */
export function* fillRequests(keys: readonly string[]): Generator<{ text: string; count: number }> {
  for (let first = 0; first < keys.length; first += FILL_BATCH) {
    const batch = keys.slice(first, first + FILL_BATCH);
    const text = batch.map((key) => command('SET', key, contentOf(key, 0))).join('');
    yield { text, count: batch.length };
  }
}

/** CRC16/XMODEM, by which Redis Cluster finds a key's slot. */
function crc16(text: string): number {
  let crc = 0;
  for (let index = 0; index < text.length; index++) {
    crc ^= text.charCodeAt(index) << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    crc &= 0xffff;
  }
  return crc;
}
