import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Plain } from '../../../../resp/decode.js';
import type { Argument } from '../../../support/resp-client.js';
import { digest, KEY, one, ServerPair } from './support.js';

let pair: ServerPair;
beforeAll(async () => {
  pair = await ServerPair.start();
});
afterAll(() => pair.stop());
beforeEach(() => pair.clear());

const GROUPS = ['g', 'readers', '\0\xff'];
const CONSUMERS = ['alice', 'bob', '\r\n'];

/** What the applications of a stream do to it; entries have the ids 1-1, 2-1, … */
type Step =
  | readonly ['add', Uint8Array]
  | readonly ['create', number]
  | readonly ['consumer', number, number]
  | readonly ['read', number, number, number]
  | readonly ['ack', number, number]
  | readonly ['delete', number]
  | readonly ['trim', number]
  | readonly ['claim', number, number, number, number];

const index = fc.nat(2);
const entry = fc.integer({ min: 1, max: 80 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constant('add' as const), fc.uint8Array()) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('create' as const), index) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('consumer' as const), index, index) },
  { weight: 5, arbitrary: fc.tuple(fc.constant('read' as const), index, index, fc.nat(20)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('ack' as const), index, entry) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('delete' as const), entry) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('trim' as const), fc.nat(60)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('claim' as const), index, index, entry, fc.nat(9)) },
);

/** The command of each step; those that make no sense then are errors of the server's, and let be. */
function* commandsOf(steps: readonly Step[]): Generator<Argument[]> {
  let newest = 0;
  for (const [what, ...rest] of steps) {
    const [first, second, third, fourth] = rest as [number, number, number, number];
    const group = name(GROUPS[first]);
    const consumer = name(CONSUMERS[second]);
    if (what === 'add') yield ['XADD', KEY, `${++newest}-1`, 'field', rest[0] as Uint8Array];
    else if (what === 'create') yield ['XGROUP', 'CREATE', KEY, group, '0', 'MKSTREAM'];
    else if (what === 'consumer') yield ['XGROUP', 'CREATECONSUMER', KEY, group, consumer];
    else if (what === 'read') {
      const count = ['COUNT', third + 1];
      yield ['XREADGROUP', 'GROUP', group, consumer, ...count, 'STREAMS', KEY, '>'];
    } else if (what === 'ack') yield ['XACK', KEY, group, `${second}-1`];
    else if (what === 'delete') yield ['XDEL', KEY, `${first}-1`];
    else if (what === 'trim') yield ['XTRIM', KEY, 'MAXLEN', '=', first];
    else {
      const how = ['RETRYCOUNT', fourth, 'IDLE', fourth * 1000];
      yield ['XCLAIM', KEY, group, consumer, 0, `${third}-1`, ...how];
    }
  }
}

function name(text: string | undefined): Buffer {
  return Buffer.from(text ?? '', 'latin1');
}

type Fields = { [name: string]: Plain };

/** XINFO STREAM FULL as nested records; without what an encoding, or a clock, decides. */
async function describe(server: ServerPair['source']): Promise<Fields> {
  const info = record(await one(server, 'XINFO', 'STREAM', KEY, 'FULL', 'COUNT', 0));
  delete info['radix-tree-keys'];
  delete info['radix-tree-nodes'];
  const groups = (info.groups as Plain[]).map((group) => {
    const fields = record(group);
    const consumers = (fields.consumers as Plain[]).map((consumer) => {
      const { 'seen-time': _, 'active-time': __, ...rest } = record(consumer);
      // The group's list has the same entries.
      return { ...rest, pending: (rest.pending as Plain[][]).map(([id]) => id!) };
    });
    return { ...fields, consumers };
  });
  return { ...info, groups };
}

function record(list: Plain): Fields {
  const flat = list as Plain[];
  const fields: Fields = {};
  for (let at = 0; at < flat.length; at += 2) fields[String(flat[at])] = flat[at + 1]!;
  return fields;
}

/** Times of delivery may be a millisecond off: the server tells when it was only by its distance. */
function withoutTimes(stream: Fields): { content: Fields; times: number[] } {
  const times: number[] = [];
  const groups = (stream.groups as Fields[]).map((group) => ({
    ...group,
    pending: (group.pending as Plain[][]).map(([id, consumer, time, count]) => {
      times.push(Number(time));
      return [id!, consumer!, count!];
    }),
  }));
  return { content: { ...stream, groups }, times };
}

async function survives(commands: Iterable<readonly Argument[]>): Promise<boolean> {
  await pair.clear();
  await pair.source.pipeline(
    [...commands].map((command) =>
      command.map((part) => (part instanceof Uint8Array ? part : `${part}`)),
    ),
  );
  if ((await one(pair.source, 'EXISTS', KEY)) === 0) return false;
  const before = withoutTimes(await describe(pair.source));
  const beforeDigest = await digest(pair.source);
  expect(await pair.move()).toBe(true);
  const after = withoutTimes(await describe(pair.target));
  expect(after.content).toEqual(before.content);
  after.times.forEach((time, at) => {
    expect(Math.abs(time - before.times[at]!)).toBeLessThan(10);
  });
  expect(await digest(pair.target)).toEqual(beforeDigest);
  expect(await one(pair.source, 'EXISTS', KEY)).toBe(0);
  return true;
}

it('a stream copied in pieces is the same, with groups, consumers and what is pending', async () => {
  let moved = 0;
  const steps = fc.array(step, { minLength: 1, maxLength: 120, size: 'max' });
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      if (await survives(commandsOf(all))) moved++;
    }),
    { numRuns: 100 },
  );
  expect(moved).toBeGreaterThan(80);
});

it('an empty stream, new or with a past', async () => {
  expect(await survives([['XGROUP', 'CREATE', KEY, 'g', '$', 'MKSTREAM']])).toBe(true);
  const past = [
    ['XADD', KEY, '5-5', 'f', 'v'],
    ['XADD', KEY, '7-7', 'f', 'v'],
    ['XDEL', KEY, '5-5', '7-7'],
  ];
  expect(await survives(past)).toBe(true);
  const trimmed = [
    ['XADD', KEY, '5-5', 'f', 'v'],
    ['XTRIM', KEY, 'MAXLEN', 0],
  ];
  expect(await survives(trimmed)).toBe(true);
});

it('entries that are pending, but deleted: at the beginning, in the middle, at the end, all', async () => {
  const read = [
    ...Array.from({ length: 30 }, (_, at) => ['XADD', KEY, `${at + 1}-0`, 'f', 'v']),
    ['XGROUP', 'CREATE', KEY, 'g', 0],
    ['XREADGROUP', 'GROUP', 'g', 'alice', 'STREAMS', KEY, '>'],
  ];
  const ids = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, at) => `${from + at}-0`);
  expect(await survives([...read, ['XTRIM', KEY, 'MINID', '20-0']])).toBe(true);
  const pending = await one(pair.target, 'XPENDING', KEY, 'g');
  expect(pending).toEqual([30, '1-0', '30-0', [['alice', '30']]]);
  for (const [from, to] of [
    [1, 12],
    [10, 19],
    [20, 30],
    [1, 30],
  ] as const) {
    expect(await survives([...read, ['XDEL', KEY, ...ids(from, to)]])).toBe(true);
  }
  expect(await survives([...read, ['XTRIM', KEY, 'MAXLEN', 0]])).toBe(true);
});

it('ids up to the largest', async () => {
  const top = '18446744073709551615';
  const commands = [
    ['XADD', KEY, `0-${top}`, 'f', 'v'],
    ['XADD', KEY, `${top}-1`, 'f', 'v'],
    ['XGROUP', 'CREATE', KEY, 'g', 0],
    ['XREADGROUP', 'GROUP', 'g', 'alice', 'STREAMS', KEY, '>'],
  ];
  expect(await survives(commands)).toBe(true);
});
