import { expect, test } from 'vitest';
import { takeLarge, trimLarge } from '../../resp/large-buffers.js';

test('memory that has been released is used again', () => {
  const first = takeLarge(300_000)!;
  expect(first.buffer.length).toBeGreaterThanOrEqual(300_000);
  expect(first.buffer.length).toBeLessThanOrEqual(375_000);
  first.hold();
  first.release();
  expect(takeLarge(300_000)).not.toBe(first);
  first.release();
  expect(takeLarge(300_000)).toBe(first);
});

test.each([65_536, 65_537, 81_920, 163_840, 1_048_576, 1_048_577, 8 * 1024 * 1024])(
  'there is room for %d bytes, and a fourth more at most',
  (size) => {
    const { length } = takeLarge(size)!.buffer;
    expect(length).toBeGreaterThanOrEqual(size);
    expect(length).toBeLessThanOrEqual(size * 1.25);
  },
);

test('what is small or huge is made as it is needed', () => {
  expect(takeLarge(65_535)).toBeNull();
  expect(takeLarge(8 * 1024 * 1024 + 1)).toBeNull();
});

test('what has not been needed for a while is given up', () => {
  const chunks = [takeLarge(500_000)!, takeLarge(500_000)!];
  const bytes = chunks[0]!.buffer.length;
  for (const chunk of chunks) chunk.release();
  trimLarge();
  // One of the two is needed now and then.
  takeLarge(500_000)!.release();
  expect(trimLarge()).toBe(bytes);
  expect(trimLarge()).toBe(bytes);
  expect(trimLarge()).toBe(0);
});
