import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameProgress, INCOMPLETE, MALFORMED } from '../../resp/frame-progress.js';
import { RequestFramer } from '../../resp/request-framer.js';

const framer = new RequestFramer();

function encode(args: readonly Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) parts.push(Buffer.from(`$${arg.length}\r\n`), arg, Buffer.from('\r\n'));
  return Buffer.concat(parts);
}

function foundArgs(bytes: Buffer): string[] {
  return Array.from({ length: framer.argCount }, (_, index) =>
    bytes.toString('latin1', framer.argStarts[index], framer.argEnds[index]),
  );
}

/** The error of a whole text, or null if it is a frame or the beginning of one. */
function errorOf(text: string, isAuthenticated = true): string | null {
  const bytes = Buffer.from(text, 'latin1');
  const progress = new FrameProgress();
  const end = framer.frame(bytes, 0, bytes.length, progress, isAuthenticated);
  return end === MALFORMED ? progress.error : null;
}

const argument = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const command = fc.array(argument, { minLength: 1, maxLength: 8 });

describe('RequestFramer', () => {
  it('finds the arguments wherever the frame stands in the buffer', () => {
    fc.assert(
      fc.property(command, fc.nat(50), fc.nat(50), (args, before, behind) => {
        const frame = encode(args);
        const bytes = Buffer.concat([Buffer.alloc(before, 'x'), frame, Buffer.alloc(behind, 'y')]);
        const end = framer.frame(bytes, before, bytes.length, new FrameProgress(), true);
        expect(end).toBe(before + frame.length);
        expect(foundArgs(bytes)).toEqual(args.map((arg) => arg.toString('latin1')));
      }),
    );
  });

  it('says INCOMPLETE at every split, never asks for more than there is, and goes on', () => {
    fc.assert(
      fc.property(command, (args) => {
        const frame = encode(args);
        for (let split = 1; split < frame.length; split++) {
          const progress = new FrameProgress();
          expect(framer.frame(frame, 0, split, progress, true)).toBe(INCOMPLETE);
          expect(progress.needed).toBeGreaterThan(split);
          expect(progress.needed).toBeLessThanOrEqual(frame.length);
          // The rest comes, in another buffer at another place.
          const moved = Buffer.concat([Buffer.from('###'), frame]);
          expect(framer.frame(moved, 3, moved.length, progress, true)).toBe(moved.length);
          expect(foundArgs(moved)).toEqual(args.map((arg) => arg.toString('latin1')));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('looks at each argument once however many reads a frame takes', () => {
    const args = Array.from({ length: 20_000 }, (_, index) => Buffer.from(`value-${index}`));
    const frame = encode(args);
    const progress = new FrameProgress();
    for (let end = 1000; end < frame.length; end += 1000) {
      expect(framer.frame(frame, 0, end, progress, true)).toBe(INCOMPLETE);
    }
    expect(framer.frame(frame, 0, frame.length, progress, true)).toBe(frame.length);
    expect(framer.argCount).toBe(args.length);
  });

  it.each(['*0\r\n', '*-1\r\n', '*-17\r\n'])('takes %j as nothing to do', (text) => {
    const bytes = Buffer.from(text);
    expect(framer.frame(bytes, 0, bytes.length, new FrameProgress(), true)).toBe(bytes.length);
    expect(framer.argCount).toBe(0);
  });

  // The words were read off a redis-server 7.0.15; test/proxy/protocol-errors.test.ts compares.
  it.each([
    ['*x\r\n', 'Protocol error: invalid multibulk length'],
    ['*\r\n', 'Protocol error: invalid multibulk length'],
    ['*01\r\n', 'Protocol error: invalid multibulk length'],
    ['*2147483648\r\n', 'Protocol error: invalid multibulk length'],
    ['*99999999999999999999\r\n', 'Protocol error: invalid multibulk length'],
    ['*1\r\n:3\r\n', "Protocol error: expected '$', got ':'"],
    ['*1\r\n$-1\r\n', 'Protocol error: invalid bulk length'],
    ['*1\r\n$x\r\n', 'Protocol error: invalid bulk length'],
    ['*1\r\n$536870913\r\n', 'Protocol error: invalid bulk length'],
    [`*${'1'.repeat(70_000)}`, 'Protocol error: too big mbulk count string'],
    [`*1\r\n$${'1'.repeat(70_000)}`, 'Protocol error: too big bulk count string'],
  ])('refuses %j', (text, error) => {
    expect(errorOf(text)).toBe(error);
  });

  it('takes a bulk string of 512 MB and little before AUTH', () => {
    expect(errorOf('*2\r\n$3\r\nSET\r\n$536870912\r\n')).toBeNull();
    expect(errorOf('*2147483647\r\n')).toBeNull();
    expect(errorOf('*10\r\n', false)).toBeNull();
    expect(errorOf('*11\r\n', false)).toBe('Protocol error: unauthenticated multibulk length');
    expect(errorOf('*1\r\n$16385\r\n', false)).toBe('Protocol error: unauthenticated bulk length');
  });

  it('never throws and never reads past the end, whatever the bytes', () => {
    const byte = fc.oneof(fc.constantFrom(...Buffer.from('*$\r\n0123456789-')), fc.nat(255));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 200 }), (bytes) => {
        const input = Buffer.from([0x2a, ...bytes]);
        const progress = new FrameProgress();
        const end = framer.frame(input, 0, input.length, progress, true);
        expect(end === INCOMPLETE || end === MALFORMED || end <= input.length).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
