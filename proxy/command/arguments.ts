/** Small readers of arguments that stand as bytes in a command. */

/** True if `bytes[start, end)` is `word`, letters in any case. `word` must be in lower case. */
export function equalsWord(bytes: Uint8Array, start: number, end: number, word: string): boolean {
  if (end - start !== word.length) return false;
  for (let index = 0; index < word.length; index++) {
    const byte = bytes[start + index]!;
    const folded = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (folded !== word.charCodeAt(index)) return false;
  }
  return true;
}

const MOST_DIGITS = 15;

/**
 * The whole number that stands in `bytes[start, end)`, as strictly as Redis reads one: no sign but
 * `-`, no leading zeros, no spaces. Null: not a number, or so large that it is no count of anything.
 */
export function wholeNumber(bytes: Uint8Array, start: number, end: number): number | null {
  const isNegative = bytes[start] === 0x2d;
  const first = isNegative ? start + 1 : start;
  const digits = end - first;
  if (digits < 1 || digits > MOST_DIGITS) return null;
  if (bytes[first] === 0x30 && (digits > 1 || isNegative)) return null;
  let value = 0;
  for (let at = first; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return isNegative ? -value : value;
}

/** `bytes[start, end)` as a byte string: one character a byte. */
export function byteString(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
