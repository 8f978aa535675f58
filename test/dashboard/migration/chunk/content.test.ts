import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Argument } from '../../../support/resp-client.js';
import { all, digest, KEY, one, ServerPair, TEMPORARY_KEY } from './support.js';

let pair: ServerPair;
beforeAll(async () => {
  pair = await ServerPair.start();
});
afterAll(() => pair.stop());
beforeEach(() => pair.clear());

const bytes = (maxLength = 40) => fc.uint8Array({ maxLength });
const many = <T>(element: fc.Arbitrary<T>) =>
  fc.array(element, { minLength: 1, maxLength: 150, size: 'max' });
const RUNS = { numRuns: 25 };

/** The shortest text that is this double and no other; -0 is 0. */
const scoreText = (value: number) => `${value}`.replace('Infinity', 'inf');

/** Makes the key, moves it, and compares what the servers say of it. */
async function survives(commands: readonly (readonly Argument[])[]): Promise<void> {
  await pair.clear();
  await all(pair.source, commands);
  const before = await digest(pair.source);
  expect(await pair.move()).toBe(true);
  expect(await digest(pair.target)).toEqual(before);
  expect(await one(pair.source, 'DBSIZE')).toBe(0);
  expect(await one(pair.target, 'DBSIZE')).toBe(1);
}

describe('a key copied in pieces is the same', () => {
  it('string', async () => {
    await fc.assert(
      fc.asyncProperty(bytes(3000), (value) => survives([['SET', KEY, value]])),
      RUNS,
    );
    for (const length of [0, 199, 200, 201, 400, 100_000]) {
      await survives([['SET', KEY, Buffer.alloc(length, 0x80)]]);
    }
    await survives([['SET', KEY, '12345678901']]);
  });

  it('list, in its order', async () => {
    const lists = many(bytes(300));
    await fc.assert(
      fc.asyncProperty(lists, (values) => survives([['RPUSH', KEY, ...values]])),
      RUNS,
    );
  });

  it('set, of strings or of integers', async () => {
    const strings = many(bytes());
    await fc.assert(
      fc.asyncProperty(strings, (values) => survives([['SADD', KEY, ...values]])),
      RUNS,
    );
    const integers = many(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String));
    await fc.assert(
      fc.asyncProperty(integers, (values) => survives([['SADD', KEY, ...values]])),
      RUNS,
    );
  });

  it('hash', async () => {
    const hashes = many(fc.tuple(bytes(), bytes(300)));
    await fc.assert(
      fc.asyncProperty(hashes, (pairs) => survives([['HSET', KEY, ...pairs.flat()]])),
      RUNS,
    );
  });

  it('sorted set, with every score that a double can be', async () => {
    const score = fc
      .oneof(
        fc.double({ noNaN: true }),
        fc.constantFrom(0, Infinity, -Infinity, 5e-324, -5e-324, 2.2e-310),
        fc.constantFrom(2 ** 53 + 2, 0.1, 1 / 3, 1.7976931348623157e308, -17, 1e15),
      )
      .map(scoreText);
    const sets = many(fc.tuple(score, bytes()));
    await fc.assert(
      fc.asyncProperty(sets, (pairs) => survives([['ZADD', KEY, ...pairs.flat()]])),
      RUNS,
    );
  });

  it('sorted set with negative zeros, which the compact encoding of Redis does not keep', async () => {
    const pairs = Array.from({ length: 300 }, (_, index) => [index % 3 === 0 ? '-0' : '0', index]);
    await survives([['ZADD', KEY, ...pairs.flat()]]);
    expect(await one(pair.target, 'ZSCORE', KEY, '150')).toBe('-0');
  });

  it('of one element in the compact encoding', async () => {
    await survives([['HSET', KEY, '', '']]);
    await survives([['ZADD', KEY, '-1.5', 'zero']]);
    await survives([['SADD', KEY, '']]);
    await survives([['RPUSH', KEY, '']]);
  });
});

it('keeps the moment at which the key expires', async () => {
  const at = Date.now() + 3_600_123;
  await survives([
    ['RPUSH', KEY, ...Array.from({ length: 50 }, (_, index) => index)],
    ['PEXPIREAT', KEY, at],
  ]);
  expect(await one(pair.target, 'PEXPIRETIME', KEY)).toBe(at);
});

it('takes the place of what the target has under that name', async () => {
  await one(pair.target, 'SET', KEY, 'of an interrupted MIGRATE', 'EX', 1000);
  await one(pair.target, 'SADD', TEMPORARY_KEY, 'of an interrupted copy');
  await all(pair.source, [['RPUSH', KEY, ...Array.from({ length: 50 }, (_, index) => index)]]);
  const before = await digest(pair.source);
  expect(await pair.move()).toBe(true);
  expect(await digest(pair.target)).toEqual(before);
  expect(await one(pair.target, 'EXISTS', TEMPORARY_KEY)).toBe(0);
});
