import { afterAll, beforeAll, expect, test } from 'vitest';
import { slotOf } from '../../cluster/slot-hash.js';
import { COMMAND_ROWS, commandData } from '../../proxy/command/command-rows.js';
import { decodeReply } from '../../resp/decode.js';
import { startDataPlane, type TestDataPlane } from '../support/data-plane.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { type Argument, RespClient } from '../support/resp-client.js';
import { COMMANDS_TRIED, CommandSource } from './command-source.js';
import { isSameReply } from './normal-form.js';
import { Random } from './random.js';
import { allKeys, Vocabulary } from './vocabulary.js';

// DIFFERENTIAL_COMMANDS=1000000 DIFFERENTIAL_SEED=7 npx vitest run test/differential
const COMMANDS = Number(process.env.DIFFERENTIAL_COMMANDS ?? 40_000);
const SEED = Number(process.env.DIFFERENTIAL_SEED ?? Date.now() % 1_000_000);
const MOST_IN_PIPELINE = 60;
const TIMEOUT_MS = 60_000 + COMMANDS * 20;

let plainServer: RedisServer;
let groups: RedisServer[];
let dataPlane: TestDataPlane;
let redis: RespClient;
let proxy: RespClient;

beforeAll(async () => {
  plainServer = await startRedis();
  groups = await Promise.all([startRedis(), startRedis()]);
  dataPlane = await startDataPlane(groups.map((group) => group.addr));
  redis = await RespClient.connect(plainServer.port);
  proxy = await RespClient.connect(dataPlane.port);
});

afterAll(async () => {
  redis.close();
  proxy.close();
  dataPlane.close();
  await Promise.all([plainServer, ...groups].map((server) => server.stop()));
});

test.each([2, 3])(
  'random pipelines in RESP%i through the proxy mean the same as to a single Redis',
  async (protocol) => {
    await Promise.all([proxy, redis].map((client) => client.call('HELLO', protocol)));
    const random = new Random(SEED);
    const source = new CommandSource(random, new Vocabulary(random, await somePayloads()));
    const counts = { tried: 0, errors: 0, crossSlot: 0 };
    const answered = new Set<string>();
    while (counts.tried < COMMANDS) {
      const length = random.whole(1, MOST_IN_PIPELINE);
      const commands = Array.from({ length }, () => source.next());
      const replies = await proxy.pipeline(commands);
      const compared = commands.filter((_, index) => !isCrossSlot(replies[index]!));
      const expected = await redis.pipeline(compared);
      for (const [index, args] of commands.entries()) {
        const reply = replies[index]!;
        counts.tried++;
        if (isCrossSlot(reply)) {
          counts.crossSlot++;
          await expectSeveralSlots(args);
          continue;
        }
        const wanted = expected.shift()!;
        if (wanted[0] === 0x2d) counts.errors++;
        else answered.add(String(args[0]).toLowerCase());
        if (!isSameReply(args, reply, wanted)) {
          throw new Error(
            `seed ${SEED}, command ${counts.tried}: ${show(args)}\nproxy: ${shorten(reply)}\nredis: ${shorten(wanted)}`,
          );
        }
      }
    }
    await expectSameData();
    console.log(
      `differential, RESP${protocol}: ${counts.tried} commands equal (${answered.size} different ones with a result, ` +
        `${counts.errors} errors, ${counts.crossSlot} over several slots; seed ${SEED})`,
    );
    expect(counts.tried).toBeGreaterThanOrEqual(COMMANDS);
    expect(counts.errors).toBeLessThan(counts.tried / 2);
    expect(answered.size).toBeGreaterThan(Math.min(150, COMMANDS / 50));
    expect(counts.crossSlot).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

test('both groups took part', async () => {
  for (const group of groups) {
    const client = await RespClient.connect(group.port);
    expect(Number((await client.text('DBSIZE')).slice(1))).toBeGreaterThan(5);
    client.close();
  }
});

// What one server says of itself, and messages: compared with a plain server in tests of their own.
const TRIED_ELSEWHERE = new Set([
  ...['function|dump', 'pfdebug', 'pfselftest', 'publish', 'spublish'],
  ...['function', 'latency', 'memory', 'pubsub', 'script', 'slowlog'].map((name) => `${name}|help`),
]);

test('every command that goes to servers is tried', () => {
  const served = COMMAND_ROWS.flatMap((row) => [row, ...row.subcommands]).filter(
    (row) => !['refused', 'local', 'operation', 'container'].includes(row.route),
  );
  // The server knows Redis 7.0's.
  const known = served.filter((row) => !/^(7\.[24]|8)\./.test(commandData(row).since));
  const missing = known
    .map((row) => row.name)
    .filter((name) => !COMMANDS_TRIED.has(name) && !TRIED_ELSEWHERE.has(name));
  expect(missing).toEqual([]);
  expect(known.length).toBeGreaterThan(180);
});

/** DUMPs of one key of each type. */
async function somePayloads(): Promise<Buffer[]> {
  const setUp: Argument[][] = [
    ['SET', 'p:str', 'restored'],
    ['RPUSH', 'p:list', 'a', 'b', '1'],
    ['SADD', 'p:set', '1', '2', '3'],
    ['HSET', 'p:hash', 'f1', 'v1', 'f2', '2'],
    ['ZADD', 'p:zset', '1', 'm1', '2.5', 'm2'],
    ['XADD', 'p:stream', '3-1', 'f', 'v'],
  ];
  const keys = setUp.map((args) => args[1]!);
  await redis.pipeline(setUp);
  const replies = await redis.pipeline(keys.map((key) => ['DUMP', key]));
  await redis.call('DEL', ...keys);
  return replies.map((reply) => decodeReply(reply)!.value.value as Buffer);
}

function isCrossSlot(reply: Buffer): boolean {
  return reply.toString('latin1', 0, 11) === '-CROSSSLOT ';
}

/**
 * Redis itself says which keys the command has: they must be of several slots, or the command one
 * that Redis refuses too.
 */
async function expectSeveralSlots(args: readonly Argument[]): Promise<void> {
  const { value } = decodeReply(await redis.call('COMMAND', 'GETKEYS', ...args))!;
  const keys = value.type === 'array' ? value.value.map((key) => key.value as Buffer) : [];
  if (new Set(keys.map((key) => slotOf(key))).size > 1) return;
  const reply = await redis.call(...args);
  expect(shorten(reply), `CROSSSLOT for ${show(args)} (seed ${SEED})`).toMatch(/^"-/);
}

/** Reads everything on both sides. */
async function expectSameData(): Promise<void> {
  const keys = allKeys();
  const types = await redis.pipeline(keys.map((key) => ['TYPE', key]));
  const reads = keys.flatMap((key, index): Argument[][] => [
    ['TYPE', key],
    ['PTTL', key],
    ['OBJECT', 'ENCODING', key],
    readOf(key, types[index]!.toString()),
  ]);
  const [fromProxy, fromRedis] = await Promise.all([proxy.pipeline(reads), redis.pipeline(reads)]);
  for (const [index, args] of reads.entries()) {
    expect(isSameReply(args, fromProxy[index]!, fromRedis[index]!), show(args)).toBe(true);
  }
}

function readOf(key: Buffer, type: string): Argument[] {
  switch (type) {
    case '+hash\r\n':
      return ['HGETALL', key];
    case '+list\r\n':
      return ['LRANGE', key, 0, -1];
    case '+set\r\n':
      return ['SMEMBERS', key];
    case '+zset\r\n':
      return ['ZRANGE', key, 0, -1, 'WITHSCORES'];
    case '+stream\r\n':
      return ['XRANGE', key, '-', '+'];
    default:
      return ['GET', key];
  }
}

function show(args: readonly Argument[]): string {
  return args
    .map((arg) => {
      const text = arg instanceof Uint8Array ? Buffer.from(arg).toString('latin1') : String(arg);
      return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
    })
    .join(' ');
}

function shorten(reply: Buffer): string {
  return JSON.stringify(reply.toString('latin1', 0, 400));
}
