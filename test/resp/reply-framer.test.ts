import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameProgress, INCOMPLETE, MALFORMED } from '../../resp/frame-progress.js';
import { frameReply } from '../../resp/reply-framer.js';

const { reply } = fc.letrec<{ reply: string }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom('+OK\r\n', '-ERR no\r\n', ':12\r\n', '$-1\r\n', '*-1\r\n', '_\r\n', '#t\r\n'),
    fc.constantFrom(',3.14\r\n', '(12345678901234567890\r\n', '=7\r\ntxt:abc\r\n', '!3\r\nERR\r\n'),
    fc.string({ maxLength: 30 }).map((text) => {
      const bytes = Buffer.from(text).toString('latin1');
      return `$${bytes.length}\r\n${bytes}\r\n`;
    }),
    fc
      .tuple(fc.constantFrom('*', '~', '>'), fc.array(tie('reply'), { maxLength: 4 }))
      .map(([type, items]) => `${type}${items.length}\r\n${items.join('')}`),
    fc
      .array(fc.tuple(tie('reply'), tie('reply')), { maxLength: 3 })
      .map((pairs) => `%${pairs.length}\r\n${pairs.flat().join('')}`),
    fc.tuple(tie('reply'), tie('reply')).map(([a, b]) => `|1\r\n+key\r\n${a}${b}`),
  ),
}));

describe('frameReply', () => {
  it('finds the end of any reply in RESP2 and RESP3', () => {
    fc.assert(
      fc.property(reply, reply, (first, second) => {
        const bytes = Buffer.from(first + second, 'latin1');
        expect(frameReply(bytes, 0, bytes.length, new FrameProgress())).toBe(first.length);
      }),
    );
  });

  it('can be cut anywhere, and goes on where it was', () => {
    fc.assert(
      fc.property(reply, (text) => {
        const bytes = Buffer.from(text, 'latin1');
        for (let split = 1; split < bytes.length; split++) {
          const progress = new FrameProgress();
          expect(frameReply(bytes, 0, split, progress)).toBe(INCOMPLETE);
          expect(progress.needed).toBeGreaterThan(split);
          expect(progress.needed).toBeLessThanOrEqual(bytes.length);
          expect(frameReply(bytes, 0, bytes.length, progress)).toBe(bytes.length);
          expect(progress.remaining).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is not impressed by depth or by counts', () => {
    const deep = Buffer.from('*1\r\n'.repeat(1_000_000));
    expect(frameReply(deep, 0, deep.length, new FrameProgress())).toBe(INCOMPLETE);
    const huge = Buffer.from('*4294967295\r\n:1\r\n');
    expect(frameReply(huge, 0, huge.length, new FrameProgress())).toBe(INCOMPLETE);
  });

  it.each(['hello\r\n', '$abc\r\n', '*1x\r\n', '$?\r\n', '\r\n'])('refuses %j', (text) => {
    const bytes = Buffer.from(text);
    expect(frameReply(bytes, 0, bytes.length, new FrameProgress())).toBe(MALFORMED);
  });
});
