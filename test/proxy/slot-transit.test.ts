import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { slotOf } from '../../cluster/slot-hash.js';
import type { SlotRoute } from '../../proxy/router/topology-change.js';
import { hasCompiler, make } from '../server-patch/module-server.js';
import { onlineSlot, quiet, startDataPlane, type TestDataPlane } from '../support/data-plane.js';
import { eventually } from '../support/eventually.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { type Argument, RespClient } from '../support/resp-client.js';

const TAG = '{move}';
const SLOT = slotOf(TAG);
const MODULE_FILE = join(import.meta.dirname, '../../server-patch/codis_slots.so');
const moving: SlotRoute = { slotId: SLOT, status: 'migrate', groupId: 2, migrateFrom: 1 };
const held: SlotRoute = { slotId: SLOT, status: 'pre_migrate', groupId: 1, migrateFrom: -1 };

let source: RedisServer;
let target: RedisServer;
let proxy: TestDataPlane;
let client: RespClient;
let onSource: RespClient;
let onTarget: RespClient;

async function start(args: readonly string[], ini: string): Promise<void> {
  [source, target] = await Promise.all([startRedis(args), startRedis(args)]);
  proxy = await startDataPlane([source.addr, target.addr], { ini });
  await apply(onlineSlot(SLOT, 1));
  [client, onSource, onTarget] = await Promise.all([
    RespClient.connect(proxy.port),
    RespClient.connect(source.port),
    RespClient.connect(target.port),
  ]);
}

async function stop(): Promise<void> {
  for (const each of [client, onSource, onTarget]) each.close();
  proxy.close();
  await Promise.all([source.stop(), target.stop()]);
}

function apply(...slots: SlotRoute[]): Promise<void> {
  return proxy.plane.apply({ slots, groups: [] });
}

async function texts(commands: readonly (readonly Argument[])[]): Promise<string[]> {
  return (await client.pipeline(commands)).map(String);
}

describe('a slot on the move', () => {
  beforeEach(() => start([], 'backend_timeout=1000'));
  afterEach(stop);

  it('has a key on the target before a command on it is sent there', async () => {
    await texts([
      ['SET', `${TAG}a`, '1'],
      ['RPUSH', `${TAG}list`, 'x', 'y'],
      ['SET', `${TAG}untouched`, 'stays'],
    ]);
    await apply(held);
    await apply(moving);
    expect(
      await texts([
        ['INCR', `${TAG}a`],
        ['RPUSH', `${TAG}list`, 'z'],
        ['APPEND', `${TAG}new`, 'n'],
      ]),
    ).toEqual([':2\r\n', ':3\r\n', ':1\r\n']);
    expect(await onSource.text('EXISTS', `${TAG}a`, `${TAG}list`, `${TAG}new`)).toBe(':0\r\n');
    expect(await onTarget.text('GET', `${TAG}a`)).toBe('$1\r\n2\r\n');
    expect(await onSource.text('GET', `${TAG}untouched`)).toBe('$5\r\nstays\r\n');
  });

  it('moves all keys of a command, also of one that was split', async () => {
    const keys = Array.from({ length: 200 }, (_, index) => `${TAG}many:${index}`);
    await client.call('MSET', ...keys.flatMap((key) => [key, 'v']), 'elsewhere', 'e');
    await apply(held);
    await apply(moving);
    const values = (await client.text('MGET', 'elsewhere', ...keys)).split('\r\n');
    expect(values.filter((value) => value === 'v')).toHaveLength(keys.length);
    expect(values).toContain('e');
    expect(await onSource.text('EXISTS', ...keys)).toBe(':0\r\n');
    const script = "return redis.call('get', KEYS[1]) .. redis.call('get', KEYS[2])";
    expect(await client.text('EVAL', script, 2, keys[0]!, keys[1]!)).toBe('$2\r\nvv\r\n');
  });

  it('moves a key of the database, and for the protocol, that the client has chosen', async () => {
    await texts([
      ['SET', `${TAG}a`, 'zero'],
      ['SELECT', '3'],
      ['SET', `${TAG}a`, 'three'],
      ['HELLO', '3'],
    ]);
    await apply(held);
    await apply(moving);
    expect(await client.text('GET', `${TAG}a`)).toBe('$5\r\nthree\r\n');
    expect(await onSource.text('EXISTS', `${TAG}a`)).toBe(':1\r\n');
    expect(await client.text('SELECT', '0')).toBe('+OK\r\n');
    expect(await client.text('APPEND', `${TAG}a`, '!')).toBe(':5\r\n');
    expect(await onSource.text('EXISTS', `${TAG}a`)).toBe(':0\r\n');
  });

  it('asks for each key once, however often it is used', async () => {
    await client.call('SET', `${TAG}hot`, '0');
    await apply(held);
    await apply(moving);
    const replies = await texts(Array.from({ length: 2000 }, () => ['INCR', `${TAG}hot`]));
    expect(replies).toEqual(Array.from({ length: 2000 }, (_, index) => `:${index + 1}\r\n`));
    const stats = await onSource.text('INFO', 'commandstats');
    expect(stats).toContain('cmdstat_migrate:calls=1,');
  });

  it('keeps the order of what one client sends, from the held slot to its new owner', async () => {
    await client.call('RPUSH', `${TAG}log`, 'start');
    await apply(held);
    const count = 300;
    const commands = Array.from({ length: count }, (_, index) => [
      ['RPUSH', `${TAG}log`, `e${index}`],
      ['MSET', `${TAG}x`, `${index}`, `${TAG}y${index}`, `${index}`],
      ['GET', `${TAG}x`],
    ]).flat();
    const replies = texts(commands);
    const beside = await RespClient.connect(proxy.port);
    // Replies of local commands show that the proxy has had time to read what came before.
    for (let round = 0; round < 20; round++) await beside.call('PING');
    await apply(moving);
    await beside.call('GET', `${TAG}log`);
    await apply(onlineSlot(SLOT, 2));
    const answers = await replies;
    for (let index = 0; index < count; index++) {
      expect(answers.slice(index * 3, index * 3 + 3)).toEqual([
        `:${index + 2}\r\n`,
        '+OK\r\n',
        `$${String(index).length}\r\n${index}\r\n`,
      ]);
    }
    beside.close();
  });

  it('acknowledges its end only when no pull is under way', async () => {
    await client.call('SET', `${TAG}late`, '1');
    await apply(held);
    await apply(moving);
    await quiet(proxy);
    source.process.kill('SIGSTOP');
    client.send(`GET ${TAG}late\r\n`);
    await eventually('the pull is under way', () => {
      return proxy.plane.stats().backends.some((b) => b.addr === source.addr && b.inFlight > 0);
    });
    let acknowledged = false;
    const applied = apply({ ...held, groupId: 2 }).then(() => {
      acknowledged = true;
    });
    const beside = await RespClient.connect(proxy.port);
    for (let round = 0; round < 20; round++) await beside.call('PING');
    expect(acknowledged).toBe(false);
    source.process.kill('SIGCONT');
    await applied;
    await apply(onlineSlot(SLOT, 2));
    expect((await client.reply()).toString()).toBe('$1\r\n1\r\n');
    beside.close();
  });

  it('reads a large key at the source while it is copied; writes wait, and find it at the target', async () => {
    const large = `${TAG}large`;
    const listed = (phase: 'copying' | 'switching') => ({
      ...moving,
      largeKeys: [{ database: 0, key: large, phase }],
    });
    await texts([
      ['RPUSH', large, 'a', 'b'],
      ['SET', `${TAG}small`, '1'],
    ]);
    await apply(held);
    await apply(listed('copying'));
    expect(await client.text('LLEN', large)).toBe(':2\r\n');
    expect(await onSource.text('EXISTS', large)).toBe(':1\r\n');

    const writer = await RespClient.connect(proxy.port);
    writer.send(`RPUSH ${large} c\r\nLRANGE ${large} 0 -1\r\n`);
    // Others go on: with other keys of the slot, and reading this one.
    for (let round = 0; round < 20; round++) {
      await client.call('INCR', `${TAG}small`);
      expect(await client.text('LLEN', large)).toBe(':2\r\n');
    }

    await apply(listed('switching'));
    const reader = await RespClient.connect(proxy.port);
    reader.send(`LLEN ${large}\r\n`);
    for (let round = 0; round < 20; round++) await client.call('INCR', `${TAG}small`);
    // What the mover does: the copy takes the key's name, the source deletes its own.
    await onTarget.call('RPUSH', large, 'a', 'b');
    await onSource.call('DEL', large);
    await apply(moving);
    expect((await writer.replies(2)).map(String)).toEqual([
      ':3\r\n',
      '*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n',
    ]);
    expect((await reader.reply()).toString()).toMatch(/^:[23]\r\n$/);
    expect(await onTarget.text('LLEN', large)).toBe(':3\r\n');
    writer.close();
    reader.close();
  });

  it('repeats a pull whose outcome is unknown, and lets nothing pass meanwhile', async () => {
    await client.call('SET', `${TAG}doubt`, '1');
    await apply(held);
    await apply(moving);
    await target.stop();
    client.send(`INCR ${TAG}doubt\r\n`);
    await eventually('a pull has failed', async () => {
      return /cmdstat_migrate:calls=\d+,.*failed_calls=[1-9]/.test(
        await onSource.text('INFO', 'commandstats'),
      );
    });
    expect(await onSource.text('GET', `${TAG}doubt`)).toBe('$1\r\n1\r\n');
    target = await startRedis([], target.port);
    // The pull may succeed before the proxy itself has connected again.
    const first = (await client.reply()).toString();
    if (first !== ':2\r\n') {
      expect(first).toContain('cannot be reached');
      await eventually('the target is connected again', async () => {
        return (await client.text('INCR', `${TAG}doubt`)) === ':2\r\n';
      });
    }
    onTarget.close();
    onTarget = await RespClient.connect(target.port);
    expect(await onTarget.text('GET', `${TAG}doubt`)).toBe('$1\r\n2\r\n');
  });

  it('says why a key cannot be moved', async () => {
    await client.call('SET', `${TAG}big`, 'x'.repeat(10_000));
    await onTarget.call('CONFIG', 'SET', 'maxmemory', '1');
    await apply(held);
    await apply(moving);
    expect(await client.text('GET', `${TAG}big`)).toMatch(
      new RegExp(`^-ERR slot ${SLOT} is being moved, its key cannot be: .*OOM`),
    );
    await onTarget.call('CONFIG', 'SET', 'maxmemory', '0');
    expect(await client.text('STRLEN', `${TAG}big`)).toBe(':10000\r\n');
  });
});

describe('a slot that moves between servers with a password', () => {
  beforeEach(() => start(['--requirepass', 'secret'], 'password=secret'));
  afterEach(stop);

  it('has its keys pulled', async () => {
    await client.call('AUTH', 'secret');
    await client.call('SET', `${TAG}a`, '1');
    await apply(held);
    await apply(moving);
    expect(await client.text('INCR', `${TAG}a`)).toBe(':2\r\n');
  });
});

describe.runIf(hasCompiler())('a slot that moves from a server with the SLOTS* commands', () => {
  beforeAll(() => make());
  beforeEach(() => start(['--loadmodule', MODULE_FILE], ''));
  afterEach(stop);

  it('has all keys of a tag moved together: scripts may touch what they did not declare', async () => {
    await texts([
      ['SET', `${TAG}declared`, '1'],
      ['SET', `${TAG}undeclared`, '41'],
    ]);
    await apply(held);
    await apply(moving);
    const script = `return redis.call('INCR', '${TAG}undeclared')`;
    expect(await client.text('EVAL', script, 1, `${TAG}declared`)).toBe(':42\r\n');
    expect(await onSource.text('EXISTS', `${TAG}declared`, `${TAG}undeclared`)).toBe(':0\r\n');
    expect(await onSource.text('INFO', 'commandstats')).toContain('cmdstat_slotstagkeys:calls=1,');
  });

  it('leaves a large key of the same tag where it is: it is copied in pieces', async () => {
    await texts([
      ['SET', `${TAG}small`, '1'],
      ['SET', `${TAG}large`, 'as it is'],
    ]);
    await apply(held);
    await apply({
      ...moving,
      largeKeys: [{ database: 0, key: `${TAG}large`, phase: 'copying' }],
    });
    expect(await client.text('INCR', `${TAG}small`)).toBe(':2\r\n');
    expect(await client.text('GET', `${TAG}large`)).toBe('$8\r\nas it is\r\n');
    expect(await onSource.text('EXISTS', `${TAG}small`)).toBe(':0\r\n');
    expect(await onSource.text('EXISTS', `${TAG}large`)).toBe(':1\r\n');
  });
});
