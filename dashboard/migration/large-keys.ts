import type { LargeKey } from './survey.js';

/** The longest part of a key that is shown. */
const MAX_SHOWN = 60;

/** `"user:17" of 120 MB`; with the number of the database if it is not 0. */
export function describeKey({ key, database, bytes }: LargeKey): string {
  const where = database === 0 ? '' : ` in database ${database}`;
  return `${keyName(key)}${where} of ${Math.max(1, Math.round(bytes / (1024 * 1024)))} MB`;
}

/** A key as people write it: bytes that are no text as `\x00`. */
export function keyName(key: Buffer): string {
  let text = '';
  for (const byte of key.subarray(0, MAX_SHOWN)) {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    text += isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return `"${text}${key.length > MAX_SHOWN ? '...' : ''}"`;
}
