import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { slotOf } from '../../cluster/slot-hash.js';
import { hasCompiler, ModuleServer, make, serverPrograms } from './module-server.js';

describe.skipIf(!hasCompiler()).each(serverPrograms())('SLOTS* on $title', (program) => {
  let server: ModuleServer;

  beforeAll(async () => {
    make();
    server = await ModuleServer.start(program);
  });
  afterAll(() => server?.stop());
  beforeEach(() => server.redis.flushall());

  const call = (...args: (string | number)[]) =>
    server.redis.call(...(args as [string, ...string[]]));
  const errorOf = (...args: (string | number)[]) =>
    call(...args).then(
      (reply) => `no error but ${JSON.stringify(reply)}`,
      (error: Error) => error.message,
    );

  test('SLOTSHASHKEY agrees with our own hash, for tags of all kinds', async () => {
    const keys = ['a', 'b', 'c', '', 'a{b}c', '{}x', 'x{y', 'x}y{z}', '{a}{b}', '{{a}}', 'ключ'];
    for (let length = 1; length < 70; length++) keys.push('x'.repeat(length));
    expect(await call('SLOTSHASHKEY', ...keys)).toEqual(keys.map(slotOf));
    expect(await call('SLOTSHASHKEY', 'a', 'b', 'c')).toEqual([579, 1017, 879]);
    expect(await call('SLOTSHASHKEY')).toEqual([]);
  });

  test('SLOTSINFO lists the slots that are not empty, in order', async () => {
    for (let i = 0; i < 500; i++) await server.redis.set(`key${i}`, i);
    const expected = [...(await server.countSlots())];
    expect([...(await server.slotsInfo())]).toEqual(expected);
    expect([...(await server.slotsInfo(500))]).toEqual(expected.filter(([slot]) => slot >= 500));
    const some = expected.filter(([slot]) => slot >= 100 && slot < 300);
    expect([...(await server.slotsInfo(100, 200))]).toEqual(some);
    expect([...(await server.slotsInfo(0, 0))]).toEqual([]);
    expect([...(await server.slotsInfo(0, 2147483647))]).toEqual(expected);
  });

  test('SLOTSINFO is of the selected database', async () => {
    await server.redis.set('a', 1);
    const other = server.connect();
    await other.select(3);
    await other.set('b', 1);
    expect(await other.call('SLOTSINFO')).toEqual([[1017, 1]]);
    expect(await call('SLOTSINFO')).toEqual([[579, 1]]);
    other.disconnect();
  });

  test('SLOTSSCAN finds each key of a slot while others come and go', async () => {
    const keys = Array.from({ length: 3000 }, (_, i) => `{t}${i}`);
    await server.redis.mset(...keys.flatMap((key) => [key, 'v']));
    const seen = new Set<string>();
    let cursor = '0';
    let step = 0;
    do {
      const reply = await call('SLOTSSCAN', slotOf('{t}'), cursor, 'count', 50);
      const [next, found] = reply as [string, string[]];
      for (const key of found) seen.add(key);
      cursor = next;
      step++;
      // Grows by a half, then shrinks again.
      const others = Array.from({ length: 300 }, (_, i) => `{t}other${(step % 5) * 300 + i}`);
      if (step % 10 < 5) await server.redis.mset(...others.flatMap((key) => [key, 'v']));
      else await server.redis.del(...others);
    } while (cursor !== '0');
    expect(keys.filter((key) => !seen.has(key))).toEqual([]);
    expect(step).toBeGreaterThan(20);
    expect(await call('SLOTSSCAN', 5, 0)).toEqual(['0', []]);
  });

  test('SLOTSTAGKEYS names what SLOTSMGRTTAGONE would move', async () => {
    await server.redis.mset('{t}1', 1, 'x{t}', 2, '{t}', 3, 't', 4, '{u}1', 5, 'a', 6);
    const sorted = async (key: string) => ((await call('SLOTSTAGKEYS', key)) as string[]).sort();
    expect(await sorted('not there {t}')).toEqual(['x{t}', '{t}', '{t}1']);
    expect(await sorted('{u}1')).toEqual(['{u}1']);
    expect(await sorted('{v}')).toEqual([]);
    expect(await sorted('a')).toEqual(['a']);
    expect(await sorted('b')).toEqual([]);
    await server.redis.del('x{t}');
    await server.redis.rename('{t}1', '{t}2');
    expect(await sorted('{t}')).toEqual(['{t}', '{t}2']);
  });

  test('SLOTSDEL empties slots and tells what is left', async () => {
    for (let i = 0; i < 2000; i++) await server.redis.set(`{a}${i}`, i);
    await server.redis.mset('b', 1, 'c', 1);
    const reply = await call('SLOTSDEL', 579, 1017, 3);
    expect(reply).toEqual([
      [579, 0],
      [1017, 0],
      [3, 0],
    ]);
    expect(await server.redis.keys('*')).toEqual(['c']);
    expect(await call('SLOTSCHECK')).toBe('OK');
  });

  test('SLOTSRESTORE restores what DUMP gave, replaces, and keeps the time to live', async () => {
    await server.redis.set('old', 'value');
    await server.redis.rpush('list', 'x', 'y');
    const dump = (await server.redis.dumpBuffer('old'))!;
    const list = (await server.redis.dumpBuffer('list'))!;
    await server.redis.set('new1', 'to be replaced');
    const args = ['new1', 0, dump, 'new2', 60_000, list];
    expect(await server.redis.call('SLOTSRESTORE', ...args)).toBe('OK');
    expect(await server.redis.get('new1')).toBe('value');
    expect(await server.redis.pttl('new1')).toBe(-1);
    expect(await server.redis.lrange('new2', 0, -1)).toEqual(['x', 'y']);
    expect(await server.redis.pttl('new2')).toBeGreaterThan(50_000);
    expect(await call('SLOTSCHECK')).toBe('OK');
  });

  test('SLOTSRESTORE that fails leaves none of its keys', async () => {
    await server.redis.set('old', 'value');
    const dump = (await server.redis.dumpBuffer('old'))!;
    const args = ['new1', 0, dump, 'new2', 0, 'no dump'];
    await expect(server.redis.call('SLOTSRESTORE', ...args)).rejects.toThrow(/DUMP payload/);
    expect(await server.redis.exists('new1', 'new2')).toBe(0);
  });

  test('errors in the words of Codis 2', async () => {
    expect(await errorOf('SLOTSINFO', 1024)).toBe('ERR invalid slot number = 1024');
    expect(await errorOf('SLOTSINFO', -1)).toBe('ERR invalid slot number = -1');
    expect(await errorOf('SLOTSINFO', 'x')).toBe('ERR value is not an integer or out of range');
    expect(await errorOf('SLOTSINFO', 99999999999)).toBe('ERR value is out of range');
    expect(await errorOf('SLOTSINFO', 0, -1)).toBe('ERR invalid slot count = -1');
    expect(await errorOf('SLOTSSCAN', 0, 'x')).toBe('ERR invalid cursor');
    expect(await errorOf('SLOTSSCAN', 0, 0, 'count', 0)).toBe('ERR syntax error');
    expect(await errorOf('SLOTSSCAN', 0, 0, 'match', 1)).toBe('ERR syntax error');
    expect(await errorOf('SLOTSDEL', 1, 2000)).toBe('ERR invalid slot number = 2000');
    expect(await errorOf('SLOTSRESTORE', 'a', -1, 'x')).toBe('ERR invalid ttl value, must be >= 0');
    expect(await errorOf('SLOTSMGRTONE', 'h', 1, -5, 'a')).toBe('ERR invalid timeout = -5');
    expect(await errorOf('SLOTSMGRTSLOT', 'h', 1, 0, 1024)).toBe('ERR invalid slot number = 1024');
    expect(await errorOf('SLOTSMGRTSLOT', 'h', 1, 0, 0, 0)).toBe('ERR invalid batch size = 0');
    for (const args of [
      ['SLOTSINFO', 0, 1, 2],
      ['SLOTSSCAN', 0],
      ['SLOTSSCAN', 0, 0, 'count'],
      ['SLOTSDEL'],
      ['SLOTSCHECK', 1],
      ['SLOTSRESTORE', 'a', 0, 'x', 'b'],
      ['SLOTSMGRTONE', 'h', 1, 0],
      ['SLOTSMGRTTAGONE', 'h', 1, 0, 'a', 'b'],
      ['SLOTSMGRTSLOT', 'h', 1, 0],
    ]) {
      expect(await errorOf(...args)).toMatch(/^ERR wrong number of arguments for '/);
    }
    expect(await errorOf('SLOTSMGRTSLOT', 'h', 1, 0, 0, 1, 'MAXKEY')).toBe('ERR syntax error');
  });

  test('moving needs the rights of an administrator, counting does not', async () => {
    const [move, count] = (await call('COMMAND', 'INFO', 'SLOTSMGRTTAGSLOT', 'SLOTSINFO')) as [
      [string, number, string[]],
      [string, number, string[]],
    ];
    expect(move[2]).toEqual(expect.arrayContaining(['write', 'admin']));
    expect(count[2]).toContain('readonly');
    expect(count[2]).not.toContain('admin');
  });

  test('SLOTSVERSION tells that the module is here, and its limits', async () => {
    const reply = ['version', 2, 'batch', 64, 'batch-bytes', 524288];
    expect(await call('SLOTSVERSION')).toEqual(reply);
    expect(await server.info('version')).toBe('2');
  });
});
