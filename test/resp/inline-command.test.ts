import { describe, expect, it } from 'vitest';
import { encodeMultibulk, splitInline } from '../../resp/inline-command.js';

describe('splitInline', () => {
  it.each([
    ['GET key', ['GET', 'key']],
    ['  SET\ta   b  ', ['SET', 'a', 'b']],
    ['', []],
    ['SET a "hello world"', ['SET', 'a', 'hello world']],
    ["SET a 'it\\'s'", ['SET', 'a', "it's"]],
    ['SET a "\\x41\\n\\"\\q"', ['SET', 'a', 'A\n"q']],
    ["SET a '\\n'", ['SET', 'a', '\\n']],
    ['SET a ""', ['SET', 'a', '']],
    ['a"b c"', ['ab c']],
  ])('splits %j', (line, args) => {
    expect(splitInline(line)).toEqual(args);
  });

  it.each(['SET a "b', "SET a 'b", 'SET "a"b', '"\\'])('refuses the quotes of %j', (line) => {
    expect(splitInline(line)).toBeNull();
  });
});

describe('encodeMultibulk', () => {
  it('counts bytes', () => {
    expect(encodeMultibulk(['SET', 'ä', '\xff']).toString('latin1')).toBe(
      '*3\r\n$3\r\nSET\r\n$1\r\nä\r\n$1\r\n\xff\r\n',
    );
  });
});
