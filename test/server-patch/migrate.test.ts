import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { slotOf } from '../../cluster/slot-hash.js';
import { freePort } from '../support/ports.js';
import { hasCompiler, ModuleServer, make, serverPrograms } from './module-server.js';

const TIMEOUT_MS = 3000;

describe.skipIf(!hasCompiler()).each(serverPrograms())('moving keys on $title', (program) => {
  let source: ModuleServer;
  let target: ModuleServer;

  beforeAll(async () => {
    make();
    source = await ModuleServer.start(program);
    target = await ModuleServer.start(program);
  });
  afterAll(async () => {
    await source?.stop();
    await target?.stop();
  });
  beforeEach(async () => {
    await source.redis.flushall();
    await target.redis.flushall();
  });

  /** SLOTSMGRT… to the target, or to another port. */
  function move(
    command: 'ONE' | 'TAGONE' | 'SLOT' | 'TAGSLOT',
    what: string | number,
    ...more: (string | number)[]
  ): Promise<unknown> {
    return moveTo(target.port, source.redis, command, what, ...more);
  }

  async function expectConsistent(): Promise<void> {
    for (const server of [source, target]) {
      expect(await server.redis.call('SLOTSCHECK')).toBe('OK');
      expect([...(await server.slotsInfo())]).toEqual([...(await server.countSlots())]);
    }
  }

  test('values of all types arrive whole, with their time to live', async () => {
    const keys = await fillWithAllTypes(source.redis);
    await source.redis.pexpire('{t}hash', 80_000);
    const before = await contents(source.redis, keys);
    await target.redis.set('{t}list', 'to be replaced');

    expect(await move('TAGSLOT', slotOf('{t}'))).toEqual([keys.length, 0]);
    expect(await source.redis.dbsize()).toBe(0);
    expect(await contents(target.redis, keys)).toEqual(before);
    const ttl = await target.redis.pttl('{t}hash');
    expect(ttl).toBeGreaterThan(70_000);
    expect(ttl).toBeLessThanOrEqual(80_000);
    expect(await target.redis.pttl('{t}set')).toBe(-1);
    expect((await target.redis.xinfo('GROUPS', '{t}stream')) as unknown[]).toHaveLength(1);
    await expectConsistent();
  });

  test('one key, there or not', async () => {
    await source.redis.set('a', 'value');
    expect(await move('ONE', 'a')).toBe(1);
    expect(await move('ONE', 'a')).toBe(0);
    expect(await move('TAGONE', 'a')).toBe(0);
    expect(await target.redis.get('a')).toBe('value');
    await expectConsistent();
  });

  test('all keys of a tag go together, asked by any name that has the tag', async () => {
    await source.redis.mset('{t}1', 1, 'x{t}2', 2, '{t}3{u}', 3, 't', 4, '{u}', 5);
    expect(await move('TAGONE', 'no such key {t}')).toBe(3);
    expect((await target.redis.keys('*')).sort()).toEqual(['x{t}2', '{t}1', '{t}3{u}']);
    expect(await source.redis.get('t')).toBe('4');
    // Without the tag: the key alone.
    await source.redis.mset('{v}1', 1, '{v}2', 2);
    expect(await move('ONE', '{v}1')).toBe(1);
    expect(await source.redis.exists('{v}2')).toBe(1);
    // An empty tag is a tag.
    await source.redis.mset('{}1', 1, '{}2', 2);
    expect(await move('TAGONE', '{}')).toBe(2);
    await expectConsistent();
  });

  test('a slot goes in batches, its other keys stay', async () => {
    const tagged = Array.from({ length: 150 }, (_, i) => `{t}${i}`);
    await source.redis.mset(...tagged.flatMap((key) => [key, key]));
    await source.redis.mset('a', 1, 'b', 1);
    expect(await move('SLOT', slotOf('{t}'))).toEqual([64, 86]);
    expect(await move('SLOT', slotOf('{t}'), 10)).toEqual([10, 76]);
    expect(await move('SLOT', slotOf('{t}'), 1)).toEqual([1, 75]);
    expect(await move('SLOT', slotOf('{t}'), 1000)).toEqual([75, 0]);
    expect(await move('SLOT', slotOf('{t}'), 1000)).toEqual([0, 0]);
    expect(await target.redis.mget(...tagged)).toEqual(tagged);
    expect(await source.redis.dbsize()).toBe(2);
    await expectConsistent();
  });

  test('a batch does not part the keys of a tag, and goes over its size only for one tag', async () => {
    // Both tags and the plain keys are in one slot.
    const slot = slotOf('a');
    const other = Array.from({ length: 100_000 }, (_, i) => `n${i}`);
    const [tag, ...plain] = other.filter((name) => slotOf(name) === slot);
    const keys = ['{a}1', '{a}2', '{a}3', `{${tag}}1`, `{${tag}}2`, ...plain.slice(0, 20)];
    await source.redis.mset(...keys.flatMap((key) => [key, key]));
    let left = keys.length;
    while (left > 0) {
      const [moved, now] = (await move('TAGSLOT', slot, 2)) as [number, number];
      expect(moved).toBeGreaterThan(0);
      expect(now).toBe(left - moved);
      left = now;
      for (const group of ['{a}', `{${tag}}`]) {
        const parts = await Promise.all([source, target].map((s) => s.redis.keys(`${group}*`)));
        expect(parts.filter((names) => names.length > 0).length).toBe(1);
      }
    }
    expect((await target.redis.keys('*')).sort()).toEqual(keys.sort());
    await expectConsistent();
  });

  test('a batch is bounded in bytes, except for its first key', async () => {
    const big = 'x'.repeat(100_000);
    for (let i = 0; i < 10; i++) await source.redis.set(`{t}${i}`, big);
    const [moved, left] = (await move('SLOT', slotOf('{t}'))) as [number, number];
    expect(moved).toBe(5);
    expect(left).toBe(5);
    expect(await move('SLOT', slotOf('{t}'), 64, 'MAXBYTES', 250_000)).toEqual([2, 3]);
    expect(await move('SLOT', slotOf('{t}'), 'MAXBYTES', 10)).toEqual([1, 2]);
    for (let i = 0; i < 5; i++) await source.redis.rpush('{u}', ...Array(2000).fill('element'));
    expect(await move('SLOT', slotOf('{u}'), 'maxbytes', 1)).toEqual([1, 0]);
  });

  test('MAXKEY leaves large keys alone, with the others of their tag, and names them', async () => {
    await source.redis.mset('{t}small', 1, 't', 'alone');
    await source.redis.rpush('{t}large', ...Array(5000).fill('element of a list'));
    const reply = (await move('TAGSLOT', slotOf('t'), 'MAXKEY', 20_000)) as unknown[];
    expect(reply).toEqual([1, 2, ['{t}large', expect.any(Number)]]);
    expect((reply[2] as [string, number])[1]).toBeGreaterThan(20_000);
    expect((await source.redis.keys('*')).sort()).toEqual(['{t}large', '{t}small']);
    const untagged = await move('SLOT', slotOf('t'), 64, 'MAXBYTES', 1000, 'MAXKEY', 20_000);
    expect(untagged).toEqual([1, 1, ['{t}large', expect.any(Number)]]);
    expect(await move('TAGSLOT', slotOf('t'), 'MAXKEY', 10_000_000)).toEqual([1, 0, []]);
  });

  test('expired keys are neither moved nor left', async () => {
    await source.redis.call('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
    for (let i = 0; i < 100; i++) await source.redis.set(`{t}${i}`, i, 'PX', i % 2 ? 1 : 100_000);
    await source.redis.set('late', 1, 'PX', 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await source.redis.dbsize()).toBe(101);
    expect(await move('SLOT', slotOf('{t}'), 200)).toEqual([50, 0]);
    expect(await move('ONE', 'late')).toBe(0);
    expect(await source.redis.dbsize()).toBe(0);
    expect(await target.redis.dbsize()).toBe(50);
    await source.redis.call('DEBUG', 'SET-ACTIVE-EXPIRE', '1');
    await expectConsistent();
  });

  test('keys move within their database', async () => {
    const other = source.connect();
    await other.select(2);
    await source.redis.set('a', 'of db 0');
    await other.set('a', 'of db 2');
    expect(await moveTo(target.port, other, 'TAGSLOT', 579)).toEqual([1, 0]);
    expect(await source.redis.get('a')).toBe('of db 0');
    const there = target.connect();
    await there.select(2);
    expect(await there.get('a')).toBe('of db 2');
    expect(await target.redis.exists('a')).toBe(0);
    other.disconnect();
    there.disconnect();
  });

  test('an unreachable target keeps the keys; a retry succeeds', async () => {
    const port = await freePort();
    await source.redis.mset('{t}1', 1, '{t}2', 2);
    for (const [command, what] of [
      ['TAGSLOT', slotOf('{t}')],
      ['TAGONE', '{t}1'],
      ['ONE', '{t}1'],
    ] as const) {
      await expect(moveTo(port, source.redis, command, what)).rejects.toThrow(
        /^(IOERR|ERR Can't connect)/,
      );
    }
    expect(await source.redis.mget('{t}1', '{t}2')).toEqual(['1', '2']);
    expect(await source.info('migrate_errors')).not.toBe('0');
    await expectConsistent();
    expect(await move('TAGSLOT', slotOf('{t}'))).toEqual([2, 0]);
  });

  test('a target that is full, or stands still, keeps the keys here', async () => {
    await source.redis.mset('{t}1', 'x'.repeat(1000), '{t}2', 2);
    await target.redis.config('SET', 'maxmemory', '1');
    await expect(move('TAGSLOT', slotOf('{t}'))).rejects.toThrow(/OOM/);
    await target.redis.config('SET', 'maxmemory', '0');
    target.process.kill('SIGSTOP');
    const command = ['SLOTSMGRTTAGONE', '127.0.0.1', target.port, 50, '{t}'] as const;
    const failure = await source.redis.call(...command).catch((error: Error) => error.message);
    target.process.kill('SIGCONT');
    expect(failure).toMatch(/^IOERR/);
    expect(await source.redis.exists('{t}1', '{t}2')).toBe(2);
    await expectConsistent();
    expect(await move('TAGONE', '{t}')).toBe(2);
    expect(await target.redis.get('{t}2')).toBe('2');
  });

  test('inside MULTI and a script', async () => {
    await source.redis.mset('{t}1', 1, '{t}2', 2, 'a', 1, 'b', 1);
    const host = ['127.0.0.1', target.port, TIMEOUT_MS];
    const results = await source.redis
      .multi()
      .set('{t}3', 3)
      .call('SLOTSMGRTTAGONE', ...host, '{t}1')
      .call('SLOTSMGRTONE', ...host, 'a')
      .call('SLOTSMGRTTAGSLOT', ...host, slotOf('b'))
      .call('SLOTSINFO')
      .exec();
    expect(results?.map(([, reply]) => reply)).toEqual(['OK', 3, 1, [1, 0], []]);
    await source.redis.mset('{t}4', 4);
    const script = "return redis.call('SLOTSMGRTTAGSLOT', '127.0.0.1', ARGV[1], 3000, ARGV[2])";
    expect(await source.redis.eval(script, 0, target.port, slotOf('{t}'))).toEqual([1, 0]);
    expect(await target.redis.dbsize()).toBe(6);
    await expectConsistent();
  });

  test('what one server dumps another takes by SLOTSRESTORE', async () => {
    const keys = await fillWithAllTypes(source.redis);
    const triples: (string | number | Buffer)[] = [];
    for (const key of keys) triples.push(key, 0, (await source.redis.dumpBuffer(key))!);
    await target.redis.call('SLOTSRESTORE', ...triples);
    expect(await contents(target.redis, keys)).toEqual(await contents(source.redis, keys));
    await expectConsistent();
  });
});

describe.skipIf(!hasCompiler()).each(serverPrograms())('passwords on $title', (program) => {
  async function moved(
    moduleArgs: string[],
    sourceArgs: string[],
    targetArgs: string[],
    prepare: (target: Redis) => Promise<unknown> = async () => {},
  ): Promise<unknown> {
    const source = await ModuleServer.start(program, moduleArgs, sourceArgs);
    const target = await ModuleServer.start(program, [], targetArgs);
    try {
      await prepare(target.redis);
      await source.redis.set('a', 'value');
      const reply = await moveTo(target.port, source.redis, 'TAGSLOT', 579).catch(
        (error: Error) => error.message,
      );
      expect(await source.redis.exists('a')).toBe(typeof reply === 'string' ? 1 : 0);
      return reply;
    } finally {
      await source.stop();
      await target.stop();
    }
  }
  const locked = (password: string) => ['--requirepass', password];

  beforeAll(() => make());

  test('the target has the password that the source demands', async () => {
    expect(await moved([], locked('secret'), locked('secret'))).toEqual([1, 0]);
    expect(await moved([], locked('secret'), locked('other'))).toMatch(/WRONGPASS/);
    expect(await moved([], [], locked('secret'))).toMatch(/NOAUTH/);
  });

  test('or the one that the module was loaded with', async () => {
    expect(await moved(['migrate-auth', 'other'], locked('secret'), locked('other'))).toEqual([
      1, 0,
    ]);
    const user = (redis: Redis) =>
      redis.call('ACL', 'SETUSER', 'mover', 'on', '>pw', '~*', '+@all');
    const args = ['migrate-user', 'mover', 'migrate-auth', 'pw'];
    expect(await moved(args, [], locked('secret'), user)).toEqual([1, 0]);
  });
});

function moveTo(
  port: number,
  redis: Redis,
  command: string,
  what: string | number,
  ...more: (string | number)[]
): Promise<unknown> {
  return redis.call(`SLOTSMGRT${command}`, '127.0.0.1', port, TIMEOUT_MS, what, ...more);
}

/** One key of each type and encoding class, all of tag {t}. */
async function fillWithAllTypes(redis: Redis): Promise<string[]> {
  const many = Array.from({ length: 600 }, (_, i) => `element-${i}`);
  await redis.set('{t}string', Buffer.from([0, 255, 13, 10]));
  await redis.set('{t}number', 12345);
  await redis.set('{t}large', 'x'.repeat(5000));
  await redis.rpush('{t}list', ...many);
  await redis.sadd('{t}set', ...many);
  await redis.sadd('{t}numbers', 1, 2, 3);
  await redis.hset('{t}hash', ...many.flatMap((name, i) => [name, i]));
  await redis.zadd('{t}sorted', ...many.flatMap((name, i) => [i / 7, name]));
  await redis.pfadd('{t}log', ...many);
  await redis.xadd('{t}stream', '1-1', 'field', 'value');
  await redis.xadd('{t}stream', '2-1', 'field', 'other');
  await redis.xgroup('CREATE', '{t}stream', 'group', '0');
  await redis.xreadgroup('GROUP', 'group', 'me', 'COUNT', 1, 'STREAMS', '{t}stream', '>');
  return (await redis.keys('*')).sort();
}

/** By DEBUG DIGEST-VALUE, which does not look at encodings. */
function contents(redis: Redis, keys: readonly string[]): Promise<unknown> {
  return redis.call('DEBUG', 'DIGEST-VALUE', ...keys);
}
