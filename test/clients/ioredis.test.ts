import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { Front } from './front.js';

let front: Front;

beforeAll(async () => {
  front = await Front.start();
});

afterAll(() => front.stop());

// What is used here has the same form in both.
describe.each([
  ['ioredis 5', Redis5 as unknown as typeof Redis6],
  ['ioredis 6', Redis6],
])('%s with default options', (_name, Redis) => {
  let redis: Redis6;

  beforeEach(() => {
    redis = new Redis(front.port, '127.0.0.1');
  });

  afterEach(() => redis.disconnect());

  test('values, hashes, and what is not there', async () => {
    expect(await redis.set('name', 'wört')).toBe('OK');
    expect(await redis.get('name')).toBe('wört');
    expect(await redis.getBuffer('name')).toEqual(Buffer.from('wört'));
    expect(await redis.get('nothing')).toBeNull();
    await redis.del('hash');
    expect(await redis.hset('hash', { a: 1, b: '2' })).toBe(2);
    expect(await redis.hgetall('hash')).toEqual({ a: '1', b: '2' });
    expect(await redis.hget('hash', 'c')).toBeNull();
  });

  test('several keys over both groups', async () => {
    const [one, two] = front.keys as [string, string];
    expect(await redis.mset({ [one]: '1', [two]: '2' })).toBe('OK');
    expect(await redis.mget(two, 'nothing', one)).toEqual(['2', null, '1']);
    expect(await redis.exists(one, two, one)).toBe(3);
    expect(await redis.del(one, two)).toBe(2);
  });

  test('a pipeline keeps its order', async () => {
    const pipeline = redis.pipeline();
    for (let index = 0; index < 500; index++) pipeline.set(`p${index}`, index).get(`p${index}`);
    const results = await pipeline.exec();
    const gets = results!.filter((_, index) => index % 2 === 1);
    expect(gets).toEqual(Array.from({ length: 500 }, (_, index) => [null, String(index)]));
  });

  test('errors reject, and the connection goes on', async () => {
    await redis.set('text', 'x');
    await expect(redis.lpush('text', 'y')).rejects.toThrow(/^WRONGTYPE /);
    await expect(redis.call('NOSUCH', 'a')).rejects.toThrow(
      "ERR unknown command 'NOSUCH', with args beginning with: 'a' ",
    );
    await expect(redis.rename(front.keys[0]!, front.keys[1]!)).rejects.toThrow(/^CROSSSLOT /);
    await expect(redis.select(16)).rejects.toThrow('ERR DB index is out of range');
    expect(await redis.get('text')).toBe('x');
    expect(redis.status).toBe('ready');
  });

  test('it connects again', async () => {
    await redis.set('kept', 'yes');
    const closed = new Promise((resolve) => redis.once('close', resolve));
    front.cutConnections();
    await closed;
    expect(await redis.get('kept')).toBe('yes');
  });

  test('scripts, by text', async () => {
    expect(await redis.eval("return redis.call('incrby', KEYS[1], ARGV[1])", 1, 'n', 0)).toBe(
      Number(await redis.get('n')),
    );
  });
});

test('a password, right and wrong', async () => {
  const locked = await Front.start('secret');
  const failed: string[] = [];
  const wrong = new Redis6(locked.port, { password: 'wrong', retryStrategy: () => null });
  wrong.on('error', (error) => failed.push(error.message));
  await expect(wrong.get('a')).rejects.toThrow();
  await eventually('the wrong password is told of', () =>
    failed.some((message) => message.startsWith('WRONGPASS')),
  );
  wrong.disconnect();
  const right = new Redis6(locked.port, { password: 'secret' });
  expect(await right.mset({ [locked.keys[0]!]: '1', [locked.keys[1]!]: '2' })).toBe('OK');
  right.disconnect();
  await locked.stop();
});
