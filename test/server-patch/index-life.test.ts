import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { slotOf } from '../../cluster/slot-hash.js';
import { eventually } from '../support/eventually.js';
import { temporaryFolder } from '../support/process.js';
import { hasCompiler, ModuleServer, make, serverPrograms } from './module-server.js';

/** Most of a second for `KEYS`, so that there is time to do something meanwhile. */
const SLOWLY = ['build-slice-us', '1', 'build-pause-ms', '3'];
const KEYS = 5000;

describe.skipIf(!hasCompiler()).each(serverPrograms())('life of an index on $title', (program) => {
  const servers: ModuleServer[] = [];
  beforeAll(() => make());
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  async function start(moduleArgs: string[] = [], args: string[] = []): Promise<ModuleServer> {
    const server = await ModuleServer.start(program, moduleArgs, args);
    servers.push(server);
    return server;
  }

  async function startFull(moduleArgs: string[] = SLOWLY): Promise<ModuleServer> {
    const server = await start(moduleArgs);
    await fill(server.redis, KEYS);
    return server;
  }

  async function expectTrue(server: ModuleServer): Promise<void> {
    expect(await server.redis.call('SLOTSCHECK')).toBe('OK');
    expect([...(await server.slotsInfo())]).toEqual([...(await server.countSlots())]);
    expect(await server.info('index_mismatches')).toBe('0');
  }

  /** A call of another client, which waits for the index. */
  async function waiting(server: ModuleServer, ...command: [string, ...(string | number)[]]) {
    const client = server.connect();
    const reply = client.call(...command).finally(() => client.disconnect());
    // Looked at later.
    reply.catch(() => {});
    await eventually('a client waits', async () => (await server.info('waiting_clients')) !== '0');
    expect(await server.info('db0')).toMatch(/^state=building/);
    return { reply, client };
  }

  test('there is none before somebody asks, and none again when nobody does', async () => {
    const server = await startFull(['index-idle-ms', '1000']);
    expect(await server.info('db0')).toBeUndefined();
    expect((await server.slotsInfo()).size).toBeGreaterThan(900);
    expect(await server.info('db0')).toBe(`state=ready,keys=${KEYS}`);
    await eventually('the index is dropped', async () => (await server.info('db0')) === undefined);
    await server.redis.set('meanwhile', 1);
    await expectTrue(server);
    expect(Number(await server.info('index_builds'))).toBeGreaterThanOrEqual(2);
  });

  test('a client waits for one that takes long; keys come and go meanwhile', async () => {
    const server = await startFull();
    const { reply } = await waiting(server, 'SLOTSINFO');
    let answered = false;
    reply.finally(() => {
      answered = true;
    });
    let changes = 0;
    for (; !answered; changes++) {
      await server.redis.set(`new${changes}`, 1);
      await server.redis.del(`key${(changes * 7) % KEYS}`);
      await server.redis
        .renamenx(`key${(changes * 11) % KEYS}`, `renamed${changes}`)
        .catch(() => 0);
    }
    expect(changes).toBeGreaterThan(10);
    expect(((await reply) as unknown[]).length).toBeGreaterThan(900);
    expect(await server.info('index_builds')).toBe('1');
    await expectTrue(server);
  });

  test('replies stay in order behind one that waits', async () => {
    const server = await startFull();
    const results = await server.redis
      .pipeline()
      .call('SLOTSHASHKEY', 'a')
      .call('SLOTSCHECK')
      .ping()
      .exec();
    expect(results).toEqual([
      [null, [579]],
      [null, 'OK'],
      [null, 'PONG'],
    ]);
    expect(await server.info('index_builds')).toBe('1');
  });

  test('who may not wait is told to try again, and then it is there', async () => {
    const server = await startFull();
    const inTransaction = await server.redis.multi().set('a', 1).call('SLOTSINFO').exec();
    expect(inTransaction![0]).toEqual([null, 'OK']);
    expect(String(inTransaction![1])).toMatch(/TRYAGAIN/);
    await expect(server.redis.eval("return redis.call('SLOTSINFO')", 0)).rejects.toThrow(
      /TRYAGAIN/,
    );
    await eventually('the index is there', async () =>
      /^state=ready/.test((await server.info('db0')) ?? ''),
    );
    const info = await server.redis.eval("return redis.call('SLOTSINFO')", 0);
    expect(info).toEqual([...(await server.countSlots())]);
  });

  test('what needs no index does not wait', async () => {
    const server = await startFull();
    const target = await start();
    const { reply } = await waiting(server, 'SLOTSCHECK');
    const to = ['127.0.0.1', target.port, 1000] as const;
    expect(await server.redis.call('SLOTSMGRTONE', ...to, 'key1')).toBe(1);
    expect(await server.redis.call('SLOTSMGRTTAGONE', ...to, 'key2')).toBe(1);
    expect(await server.redis.call('SLOTSMGRTTAGONE', ...to, 'key2')).toBe(0);
    expect(await server.info('db0')).toMatch(/^state=building/);
    expect(await reply).toBe('OK');
    await expectTrue(server);
  });

  test('a client that goes away while it waits does no harm', async () => {
    const server = await startFull();
    const { reply, client } = await waiting(server, 'SLOTSCHECK');
    client.disconnect();
    await expect(reply).rejects.toThrow();
    await eventually('it is over', async () => (await server.info('waiting_clients')) === '0');
    await expectTrue(server);
  });

  test('databases are emptied, swapped and loaded while one is built', async () => {
    const disturbances: ((redis: Redis) => Promise<unknown>)[] = [
      (redis) => redis.flushall(),
      (redis) => redis.call('FLUSHDB', 'ASYNC'),
      (redis) => redis.swapdb(0, 1),
      (redis) => redis.call('DEBUG', 'RELOAD'),
    ];
    for (const disturb of disturbances) {
      const server = await startFull();
      const { reply } = await waiting(server, 'SLOTSCHECK');
      await disturb(server.redis);
      await server.redis.set('after', 1);
      expect(await reply).toBe('OK');
      await expectTrue(server);
      await server.redis.select(1);
      await expectTrue(server);
    }
  });

  test('nothing is moved after the wait if the data must stand still by then', async () => {
    const server = await startFull();
    const target = await start();
    const command = ['127.0.0.1', target.port, 1000, slotOf('key1')] as const;
    const { reply } = await waiting(server, 'SLOTSMGRTTAGSLOT', ...command);
    await server.redis.call('CLIENT', 'PAUSE', 20_000, 'WRITE');
    await expect(reply).rejects.toThrow(/^TRYAGAIN/);
    expect(await server.redis.dbsize()).toBe(KEYS);
    await server.redis.call('CLIENT', 'UNPAUSE');
    const [moved, left] = (await server.redis.call('SLOTSMGRTTAGSLOT', ...command)) as [
      number,
      number,
    ];
    expect(moved).toBeGreaterThan(0);
    expect(left).toBe(0);
  });

  test('a master that becomes a replica ends the wait', async () => {
    const server = await startFull();
    const master = await start();
    const { reply } = await waiting(server, 'SLOTSDEL', 1);
    await server.redis.replicaof('127.0.0.1', master.port);
    await expect(reply).rejects.toThrow();
    await master.redis.set('a', 1);
    await eventually('the data is the master’s', async () => (await server.redis.dbsize()) === 1);
    await eventually('nobody waits', async () => (await server.info('waiting_clients')) === '0');
    expect(await server.slotsInfo()).toEqual(new Map([[579, 1]]));
    expect(await server.redis.call('SLOTSCHECK')).toBe('OK');
  });

  test('a large one is freed, and the module can be unloaded when there is none', async () => {
    const allow = program.version[0] >= 7 ? ['--enable-module-command', 'yes'] : [];
    const server = await start(['index-idle-ms', '300'], allow);
    await fill(server.redis, 20_000);
    for (let i = 0; i < 3; i++) {
      expect(await server.redis.call('SLOTSCHECK')).toBe('OK');
      await server.redis.flushall('ASYNC');
      expect(await server.slotsInfo()).toEqual(new Map());
      await fill(server.redis, 20_000);
    }
    // From 7.0 on a server refuses while a module has timers.
    const unload = () => server.redis.call('MODULE', 'UNLOAD', 'codis_slots');
    expect(await eventually('it is unloaded', unload)).toBe('OK');
    expect(await server.redis.dbsize()).toBe(20_000);
    await expect(server.redis.call('SLOTSINFO')).rejects.toThrow(/unknown command/);
  });

  test('keys that another module deletes without a word are noticed', async () => {
    const library = join(temporaryFolder(), 'silent-delete.so');
    const api = join(import.meta.dirname, '..', '..', 'server-patch', 'src');
    const sources = [
      join(import.meta.dirname, 'silent-delete', 'module.c'),
      join(api, 'redis_api.c'),
    ];
    const flags = ['-std=gnu11', '-shared', '-fPIC', '-fvisibility=hidden', '-Wall', '-Werror'];
    const gcc = spawnSync('gcc', [...flags, `-I${api}`, '-o', library, ...sources]);
    expect(gcc.stderr.toString()).toBe('');

    const server = await start([], ['--loadmodule', library]);
    const target = await start();
    const to = ['127.0.0.1', target.port, 1000] as const;
    await server.redis.mset('{t}1', 1, '{t}2', 2, '{t}3', 3, 'a', 4);
    expect((await server.slotsInfo()).get(slotOf('{t}'))).toBe(3);
    await server.redis.call('SILENTDEL', '{t}1');
    expect((await server.slotsInfo()).get(slotOf('{t}'))).toBe(2);
    expect(await server.redis.call('SLOTSCHECK')).toBe('OK');

    // Within one transaction nothing is made anew: moving itself finds that a key is not there.
    const silentlyThen = (...command: [string, ...(string | number)[]]) =>
      server.redis
        .multi()
        .call('SILENTDEL', '{t}2')
        .set('other', 1)
        .call(...command)
        .exec();
    const moved = await silentlyThen('SLOTSMGRTTAGONE', ...to, '{t}');
    expect(moved!.map(([, reply]) => reply)).toEqual(['OK', 'OK', 1]);
    expect(await server.redis.call('SLOTSCHECK')).toBe('OK');
    await server.redis.mset('{t}2', 2, '{t}3', 3);
    await server.redis.del('other');
    const slot = await silentlyThen('SLOTSMGRTTAGSLOT', ...to, slotOf('{t}'));
    expect(slot!.map(([, reply]) => reply)).toEqual(['OK', 'OK', [1, 0]]);
    expect(await server.redis.call('SLOTSCHECK')).toBe('OK');
    const tells = program.version[0] > 7 || program.version.join('.') === '7.2';
    if (tells) expect(await server.info('index_mismatches')).toBe('0');
    else expect(await server.info('index_mismatches')).not.toBe('0');
  });

  test('arguments that it does not know keep it from being loaded', async () => {
    for (const args of [['batch'], ['batch', '0'], ['nonsense', '1'], ['migrate-user', 'x']])
      await expect(start(args)).rejects.toThrow(/ended: /);
    const server = await start(['batch', '7', 'BATCH-BYTES', '1000']);
    const version = ['version', 2, 'batch', 7, 'batch-bytes', 1000];
    expect(await server.redis.call('SLOTSVERSION')).toEqual(version);
  });
});

/** Keys `key0`, `key1`, …, each with its name as value. */
async function fill(redis: Redis, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, i) => `key${i}`);
  await redis.mset(...names.flatMap((name) => [name, name]));
}
