import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeReply, ReplyFormatError, toPlain } from '../../resp/decode.js';
import {
  ErrorReply,
  encodeError,
  encodeReply,
  MapReply,
  type Reply,
  SetReply,
  SimpleString,
  VerbatimText,
} from '../../resp/encode.js';

function decode(text: string) {
  return decodeReply(Buffer.from(text, 'latin1'));
}

describe('every type', () => {
  test.each<[string, unknown]>([
    ['+OK\r\n', { type: 'simple', value: 'OK' }],
    ['-ERR no\r\n', { type: 'error', value: 'ERR no' }],
    ['!6\r\nERR no\r\n', { type: 'error', value: 'ERR no' }],
    [':-12\r\n', { type: 'integer', value: -12n }],
    [':9223372036854775807\r\n', { type: 'integer', value: 9223372036854775807n }],
    [
      '(123456789012345678901234567890\r\n',
      { type: 'bignumber', value: 123456789012345678901234567890n },
    ],
    ['$0\r\n\r\n', { type: 'bulk', value: Buffer.from('') }],
    ['$4\r\na\r\nb\r\n', { type: 'bulk', value: Buffer.from('a\r\nb') }],
    ['$-1\r\n', { type: 'null', value: null }],
    ['*-1\r\n', { type: 'null', value: null }],
    ['_\r\n', { type: 'null', value: null }],
    ['#t\r\n', { type: 'boolean', value: true }],
    [',3.25\r\n', { type: 'double', value: 3.25 }],
    [',-inf\r\n', { type: 'double', value: -Infinity }],
    ['=6\r\ntxt:ab\r\n', { type: 'verbatim', format: 'txt', value: Buffer.from('ab') }],
    ['*0\r\n', { type: 'array', value: [] }],
    ['~1\r\n:1\r\n', { type: 'set', value: [{ type: 'integer', value: 1n }] }],
    ['>1\r\n+a\r\n', { type: 'push', value: [{ type: 'simple', value: 'a' }] }],
    [
      '%1\r\n+a\r\n:1\r\n',
      {
        type: 'map',
        value: [
          [
            { type: 'simple', value: 'a' },
            { type: 'integer', value: 1n },
          ],
        ],
      },
    ],
    ['|1\r\n+ttl\r\n:1\r\n+OK\r\n', { type: 'simple', value: 'OK' }],
  ])('%j', (text, value) => {
    expect(decode(text)).toEqual({ value, end: text.length });
    expect(decode(`${text}rest`)?.end).toBe(text.length);
    for (let length = 0; length < text.length; length++) {
      expect(decode(text.slice(0, length))).toBeNull();
    }
  });
});

test.each([
  ['?1\r\n'],
  ['GET\r\n'],
  [':1x\r\n'],
  [':\r\n'],
  ['$-2\r\n'],
  ['$99999999999\r\n'],
  ['*-2\r\n'],
  ['*1e3\r\n'],
  ['%x\r\n'],
  ['#y\r\n'],
  [',\r\n'],
  ['=2\r\nab\r\n'],
  ['$1\r\nabc\r\n'],
  ['+a\rb\r\n'],
])('%j is no reply', (text) => {
  expect(() => decode(text)).toThrow(ReplyFormatError);
});

test('deep nesting, endless lines and huge counts are refused or cost nothing', () => {
  expect(() => decode('*1\r\n'.repeat(100_000))).toThrow(/nested deeper/);
  expect(() => decode('|1\r\n+a\r\n+b\r\n'.repeat(100_000))).toThrow(/nested deeper/);
  expect(() => decode(`+${'a'.repeat(70_000)}`)).toThrow(/line/);
  expect(decode('*2147483647\r\n')).toBeNull();
  expect(decode('%2147483647\r\n+a\r\n')).toBeNull();
  expect(decode(`${'*1\r\n'.repeat(60)}:1\r\n`)).not.toBeNull();
});

test('arbitrary bytes give a reply, nothing yet, or a ReplyFormatError', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .array(fc.constantFrom(...'+-:$*%~>#,_=!|(0123456789\r\nab'), { maxLength: 60 })
      .map((parts) => Buffer.from(parts.join(''), 'latin1')),
  );
  fc.assert(
    fc.property(bytes, (array) => {
      try {
        const decoded = decodeReply(Buffer.from(array));
        expect(decoded === null || decoded.end <= array.length).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(ReplyFormatError);
      }
    }),
    { numRuns: 5000 },
  );
});

const byteText = fc
  .uint8Array({ maxLength: 20 })
  .map((array) => Buffer.from(array).toString('latin1'));
const { reply } = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 4 },
    byteText,
    fc.integer(),
    fc.constant(null),
    byteText.map((text) => new SimpleString(text.replaceAll(/[\r\n]/g, ''))),
    byteText.map((text) => new ErrorReply(text)),
    byteText.map((text) => new VerbatimText(text)),
    byteText.map((text) => Buffer.from(text, 'latin1')),
    fc.array(tie('reply'), { maxLength: 4 }),
    fc.array(tie('reply'), { maxLength: 4 }).map((members) => new SetReply(members)),
    fc
      .array(fc.tuple(byteText, tie('reply')), { maxLength: 4 })
      .map((entries) => new MapReply(entries)),
  ),
}));

test('what is encoded is decoded whole, in both protocols', () => {
  fc.assert(
    fc.property(reply, fc.constantFrom(2 as const, 3 as const), (value, protocol) => {
      const bytes = Buffer.from(encodeReply(value, protocol));
      expect(decodeReply(bytes)?.end).toBe(bytes.length);
    }),
  );
});

test('maps, sets, null and text differ between the protocols', () => {
  const value = new MapReply([
    ['a', new SetReply([1, null])],
    ['b', new VerbatimText('x')],
  ]);
  expect(Buffer.from(encodeReply(value, 2)).toString()).toBe(
    '*4\r\n$1\r\na\r\n*2\r\n:1\r\n$-1\r\n$1\r\nb\r\n$1\r\nx\r\n',
  );
  expect(Buffer.from(encodeReply(value, 3)).toString()).toBe(
    '%2\r\n$1\r\na\r\n~2\r\n:1\r\n_\r\n$1\r\nb\r\n=5\r\ntxt:x\r\n',
  );
});

test('an error stays on its line, its bytes as they came', () => {
  expect(Buffer.from(encodeError('ERR a\r\nb\xff')).toString('latin1')).toBe('-ERR a  b\xff\r\n');
});

test('toPlain is for looking at', () => {
  const { value } = decode('*4\r\n$1\r\na\r\n:2\r\n%1\r\n+k\r\n#t\r\n_\r\n')!;
  expect(toPlain(value)).toEqual(['a', 2, { k: true }, null]);
});
