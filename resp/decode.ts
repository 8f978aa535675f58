/**
 * Decodes replies into JavaScript values, RESP2 and RESP3. For the control plane and for tests: the
 * data path passes frames on without looking inside.
 */

/** A decoded reply. Bulk and verbatim strings are bytes; integers are bigint: they have 64 bits. */
export type Value =
  | { readonly type: 'simple'; readonly value: string }
  | { readonly type: 'error'; readonly value: string }
  | { readonly type: 'integer'; readonly value: bigint }
  | { readonly type: 'bulk'; readonly value: Buffer }
  | { readonly type: 'verbatim'; readonly format: string; readonly value: Buffer }
  | { readonly type: 'null'; readonly value: null }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'bignumber'; readonly value: bigint }
  | { readonly type: 'array' | 'set' | 'push'; readonly value: readonly Value[] }
  | { readonly type: 'map'; readonly value: readonly (readonly [Value, Value])[] };

/** The bytes are no RESP reply; the connection they came from is of no more use. */
export class ReplyFormatError extends Error {
  override readonly name = 'ReplyFormatError';
}

// Redis itself nests its replies 5 deep (COMMAND DOCS); a script can return 8 levels and more.
const MAX_DEPTH = 64;
// proto-max-bulk-len as delivered; what is larger did not come from a sane server.
const MAX_BULK_BYTES = 512 * 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024;
const MAX_ELEMENTS = 2 ** 31 - 1;

const CR = 0x0d;
const LF = 0x0a;
const DOLLAR = 0x24;
const COLON = 0x3a;
const ZERO = 0x30;

export interface Decoded {
  readonly value: Value;
  /** Offset of the first byte after the reply. */
  readonly end: number;
}

/**
 * Decodes the reply that begins at `bytes[start]`. RESP3 attributes before it are passed over.
 *
 * @returns null if the reply is not complete yet.
 * @throws ReplyFormatError
 */
export function decodeReply(bytes: Buffer, start = 0): Decoded | null {
  const cursor: Cursor = { bytes, at: start };
  const value = decodeAt(cursor, 0);
  return value === null ? null : { value, end: cursor.at };
}

interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

function decodeAt(cursor: Cursor, depth: number): Value | null {
  if (depth > MAX_DEPTH) throw new ReplyFormatError(`nested deeper than ${MAX_DEPTH}`);
  if (cursor.at >= cursor.bytes.length) return null;
  const common = commonAt(cursor);
  if (common !== undefined) return common;
  const mark = String.fromCharCode(cursor.bytes[cursor.at]!);
  const line = takeLine(cursor);
  if (line === null) return null;
  switch (mark) {
    case '+':
      return { type: 'simple', value: line };
    case '-':
      return { type: 'error', value: line };
    case ':':
      return { type: 'integer', value: wholeNumber(line) };
    case '(':
      return { type: 'bignumber', value: wholeNumber(line) };
    case '_':
      return { type: 'null', value: null };
    case '#':
      return { type: 'boolean', value: trueOrFalse(line) };
    case ',':
      return { type: 'double', value: double(line) };
    case '$':
    case '=':
    case '!':
      return blob(cursor, mark, line);
    case '*':
    case '~':
    case '>':
      return list(cursor, mark, line, depth);
    case '%':
      return map(cursor, line, depth);
    case '|': {
      const attributes = map(cursor, line, depth);
      return attributes && decodeAt(cursor, depth + 1);
    }
    default:
      throw new ReplyFormatError(`a reply cannot begin with ${JSON.stringify(mark)}`);
  }
}

/**
 * A bulk string or an integer that is written as servers do, read without a string for its line:
 * replies of thousands of keys consist of them. Undefined for all else, which is read with more care.
 */
function commonAt(cursor: Cursor): Value | undefined {
  const { bytes } = cursor;
  const mark = bytes[cursor.at];
  if (mark !== DOLLAR && mark !== COLON) return undefined;
  let at = cursor.at + 1;
  let number = 0;
  for (let digit = bytes[at]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[at]! - ZERO) {
    number = number * 10 + digit;
    at++;
  }
  const digits = at - cursor.at - 1;
  if (digits === 0 || digits > 15 || bytes[at] !== CR || bytes[at + 1] !== LF) return undefined;
  const begin = at + 2;
  if (mark === COLON) {
    cursor.at = begin;
    return { type: 'integer', value: BigInt(number) };
  }
  const end = begin + number;
  if (number > MAX_BULK_BYTES || bytes[end] !== CR || bytes[end + 1] !== LF) return undefined;
  cursor.at = end + 2;
  return { type: 'bulk', value: bytes.subarray(begin, end) };
}

/** The text after the type mark; moves the cursor behind the line. Null: not complete. */
function takeLine(cursor: Cursor): string | null {
  const { bytes, at } = cursor;
  const lineEnd = bytes.indexOf(CR, at + 1);
  if ((lineEnd < 0 ? bytes.length : lineEnd) - at > MAX_LINE_BYTES) {
    throw new ReplyFormatError(`a line of more than ${MAX_LINE_BYTES} bytes`);
  }
  if (lineEnd < 0 || lineEnd + 1 >= bytes.length) return null;
  if (bytes[lineEnd + 1] !== LF) throw new ReplyFormatError('a CR without LF');
  cursor.at = lineEnd + 2;
  return bytes.toString('latin1', at + 1, lineEnd);
}

function blob(cursor: Cursor, mark: string, line: string): Value | null {
  const length = size(line, MAX_BULK_BYTES);
  if (length === -1) return { type: 'null', value: null };
  const { bytes, at } = cursor;
  if (bytes.length < at + length + 2) return null;
  if (bytes[at + length] !== CR || bytes[at + length + 1] !== LF) {
    throw new ReplyFormatError('no CRLF after a bulk string');
  }
  cursor.at = at + length + 2;
  const value = bytes.subarray(at, at + length);
  if (mark === '!') return { type: 'error', value: value.toString('latin1') };
  if (mark === '$') return { type: 'bulk', value };
  if (length < 4 || value[3] !== 0x3a) throw new ReplyFormatError('a verbatim string without type');
  return { type: 'verbatim', format: value.toString('latin1', 0, 3), value: value.subarray(4) };
}

function list(cursor: Cursor, mark: string, line: string, depth: number): Value | null {
  const count = size(line, MAX_ELEMENTS);
  if (count === -1) return { type: 'null', value: null };
  // Grown as elements arrive: a huge count alone must not cost memory.
  const elements: Value[] = [];
  for (let index = 0; index < count; index++) {
    const element = decodeAt(cursor, depth + 1);
    if (element === null) return null;
    elements.push(element);
  }
  return { type: mark === '*' ? 'array' : mark === '~' ? 'set' : 'push', value: elements };
}

function map(cursor: Cursor, line: string, depth: number): Value | null {
  const count = size(line, MAX_ELEMENTS);
  const entries: [Value, Value][] = [];
  for (let index = 0; index < count; index++) {
    const key = decodeAt(cursor, depth + 1);
    const value = key && decodeAt(cursor, depth + 1);
    if (value === null) return null;
    entries.push([key!, value]);
  }
  return { type: 'map', value: entries };
}

function size(text: string, most: number): number {
  if (!/^(-1|\d{1,10})$/.test(text) || Number(text) > most) {
    throw new ReplyFormatError(`${JSON.stringify(text)} is no length`);
  }
  return Number(text);
}

function wholeNumber(text: string): bigint {
  if (!/^[+-]?\d+$/.test(text)) throw new ReplyFormatError(`${JSON.stringify(text)} is no integer`);
  return BigInt(text.replace('+', ''));
}

function trueOrFalse(text: string): boolean {
  if (text !== 't' && text !== 'f') throw new ReplyFormatError('a boolean is t or f');
  return text === 't';
}

function double(text: string): number {
  if (/^[+-]?inf$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (text === 'nan') return Number.NaN;
  const value = Number(text);
  if (text === '' || Number.isNaN(value)) {
    throw new ReplyFormatError(`${JSON.stringify(text)} is no double`);
  }
  return value;
}

/** Replies in arrays, numbers, strings (latin1) and null; for looking at, not for round trips. */
export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain };

/** Loses types and integers beyond 2^53; an error reply becomes its text. Maps become objects. */
export function toPlain(value: Value): Plain {
  switch (value.type) {
    case 'simple':
    case 'error':
      return value.value;
    case 'bulk':
    case 'verbatim':
      return value.value.toString('latin1');
    case 'integer':
    case 'bignumber':
      return Number(value.value);
    case 'map':
      return Object.fromEntries(
        value.value.map(([key, element]) => [String(toPlain(key)), toPlain(element)]),
      );
    case 'array':
    case 'set':
    case 'push':
      return value.value.map(toPlain);
    default:
      return value.value;
  }
}
