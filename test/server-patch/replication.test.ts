import { Redis } from 'ioredis';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { slotOf } from '../../cluster/slot-hash.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { TestProcess, temporaryFolder } from '../support/process.js';
import { hasCompiler, ModuleServer, make, serverPrograms } from './module-server.js';

describe.skipIf(!hasCompiler()).each(serverPrograms())('what replicas of $title get', (program) => {
  const running: { stop(): Promise<unknown> }[] = [];
  beforeAll(() => make());
  afterEach(async () => {
    for (const each of running.splice(0)) await each.stop();
  });

  async function start(...[moduleArgs, args]: [string[]?, string[]?]): Promise<ModuleServer> {
    const server = await ModuleServer.start(program, moduleArgs, args);
    running.push(server);
    return server;
  }

  async function replicaOf(master: ModuleServer): Promise<ModuleServer> {
    const replica = await start();
    await replica.redis.replicaof('127.0.0.1', master.port);
    await eventually('the replica is in step', async () =>
      /master_link_status:up/.test(await replica.redis.info('replication')),
    );
    return replica;
  }

  async function startWithoutModule(): Promise<Redis> {
    const port = await freePort();
    const args = ['--port', String(port), '--save', '', '--dir', temporaryFolder()];
    const child = new TestProcess(program.command, args);
    const redis = new Redis({ port, retryStrategy: () => 50 });
    redis.on('error', () => {});
    const stop = () => {
      redis.disconnect();
      return child.stop('SIGKILL');
    };
    running.push({ stop });
    await redis.ping();
    return redis;
  }

  /** The commands that a server ran meanwhile, of those that could come from a move. */
  async function commandsOf(server: ModuleServer, work: () => Promise<unknown>): Promise<string[]> {
    const commands: string[] = [];
    const monitor = await server.redis.monitor();
    monitor.on('monitor', (_time: string, args: string[]) => commands.push(args.join(' ')));
    await work();
    await server.redis.echo('that is all');
    await eventually('all was seen', () => commands.includes('echo that is all'));
    monitor.disconnect();
    const passedOn = /^(del|unlink|restore|multi|exec|set|mset|slots)/i;
    return commands.filter((command) => passedOn.test(command));
  }

  const move = (redis: Redis, target: ModuleServer, ...args: (string | number)[]) =>
    redis.call(`SLOTSMGRT${args[0]}`, '127.0.0.1', target.port, 1000, ...args.slice(1));

  test('moves reach a replica as DEL, alone or in a transaction', async () => {
    const master = await start();
    const target = await start();
    const replica = await replicaOf(master);
    const keys = Array.from({ length: 100 }, (_, i) => `{t}${i}`);
    await master.redis.mset(...keys.flatMap((key) => [key, 'v']), 'a', 1, 'b', 2, '{u}1', 3);
    await master.redis.wait(1, 1000);
    const seen = await commandsOf(replica, async () => {
      await move(master.redis, target, 'TAGSLOT', slotOf('{t}'), 60);
      await move(master.redis, target, 'TAGONE', '{t}');
      await move(master.redis, target, 'ONE', 'a');
      await move(master.redis, target, 'ONE', 'a');
      await master.redis
        .multi()
        .set('c', 1)
        .call('SLOTSMGRTSLOT', '127.0.0.1', target.port, 1000, slotOf('b'))
        .exec();
      const script = "redis.call('SLOTSMGRTTAGONE', '127.0.0.1', ARGV[1], 1000, '{u}')";
      await master.redis.eval(script, 0, target.port);
      await master.redis.wait(1, 1000);
    });
    expect(seen.filter((command) => /^slots/i.test(command))).toEqual([]);
    const names = new Set(seen.map((command) => command.split(' ')[0]!.toLowerCase()));
    expect([...names].sort()).toEqual(['del', 'exec', 'multi', 'set']);
    expect(await replica.redis.keys('*')).toEqual(['c']);
    expect(await target.redis.dbsize()).toBe(103);
    for (const server of [master, replica, target])
      expect(await server.redis.call('SLOTSCHECK')).toBe('OK');
  });

  test('so do those of a client that had to wait for the index', async () => {
    const master = await start(['build-slice-us', '1', 'build-pause-ms', '2']);
    const target = await start();
    const names = Array.from({ length: 5000 }, (_, i) => `key${i}`);
    await master.redis.mset(...names.flatMap((name) => [name, name]));
    const replica = await replicaOf(master);
    const moved = (await move(master.redis, target, 'TAGSLOT', slotOf('key1'))) as [number, number];
    expect(moved[1]).toBe(0);
    expect(await master.redis.call('SLOTSDEL', slotOf('key2'))).toEqual([[slotOf('key2'), 0]]);
    const gone = names.filter((name) => [slotOf('key1'), slotOf('key2')].includes(slotOf(name)));
    expect(await master.redis.dbsize()).toBe(5000 - gone.length);
    await master.redis.wait(1, 1000);
    expect(await replica.redis.dbsize()).toBe(5000 - gone.length);
    expect(await replica.redis.exists(...gone)).toBe(0);
  });

  test('SLOTSDEL and SLOTSRESTORE reach it too, also one without the module', async () => {
    const master = await start();
    const plain = await startWithoutModule();
    await plain.replicaof('127.0.0.1', master.port);
    await master.redis.set('a', 'value');
    const dump = (await master.redis.dumpBuffer('a'))!;
    await master.redis.call('SLOTSRESTORE', 'b', 60_000, dump, 'c', 0, dump);
    await master.redis.call('SLOTSDEL', slotOf('a'));
    await eventually('the replica follows', async () => (await plain.get('b')) === 'value');
    expect((await plain.keys('*')).sort()).toEqual(['b', 'c']);
    expect(await plain.pttl('b')).toBeGreaterThan(50_000);
  });

  test('a replica has an index of its own, refuses to move, and goes on as a master', async () => {
    const master = await start();
    const target = await start();
    const replica = await replicaOf(master);
    await master.redis.mset('a', 1, 'b', 1, 'c', 1);
    await master.redis.wait(1, 1000);
    expect(await replica.slotsInfo()).toEqual(await master.countSlots());
    await expect(move(replica.redis, target, 'TAGSLOT', 579)).rejects.toThrow(/^READONLY/);
    await move(master.redis, target, 'TAGSLOT', 579);
    await master.redis.wait(1, 1000);
    expect((await replica.slotsInfo()).has(579)).toBe(false);
    await replica.redis.replicaof('NO', 'ONE');
    expect(await move(replica.redis, target, 'TAGSLOT', slotOf('b'))).toEqual([1, 0]);
    expect(await replica.redis.keys('*')).toEqual(['c']);
    expect(await replica.info('index_mismatches')).toBe('0');
  });

  test.each(['disabled', 'swapdb', 'on-empty-db'])(
    'a replica that loads its master’s data (repl-diskless-load %s) forgets what it knew',
    async (load) => {
      const master = await start([], ['--repl-diskless-sync', 'yes']);
      const replica = await start([], ['--repl-diskless-load', load]);
      await master.redis.mset('a', 1, 'b', 1);
      const other = master.connect();
      await other.select(2);
      await other.mset('c', 1, 'd', 1);
      other.disconnect();
      await replica.redis.mset('x', 1, 'y', 1);
      expect((await replica.slotsInfo()).size).toBe(2);
      await replica.redis.replicaof('127.0.0.1', master.port);
      await eventually('loaded', async () => (await replica.redis.get('a')) === '1');
      expect(await replica.slotsInfo()).toEqual(await master.countSlots());
      await replica.redis.select(2);
      expect(await replica.slotsInfo()).toEqual(await replica.countSlots());
      expect(await replica.redis.call('SLOTSCHECK')).toBe('OK');
      expect(await replica.info('index_mismatches')).toBe('0');
    },
  );

  test('after kill -9 the append-only file has neither lost nor moved keys', async () => {
    const folder = temporaryFolder();
    const aof = ['--dir', folder, '--appendonly', 'yes', '--appendfsync', 'always'];
    const target = await start();
    const first = await start([], aof);
    await first.redis.mset('a', 1, 'b', 2, '{t}1', 3, '{t}2', 4);
    await move(first.redis, target, 'TAGSLOT', slotOf('a'));
    await move(first.redis, target, 'TAGONE', '{t}1');
    await first.stop();
    const second = await start([], aof);
    expect(await second.redis.keys('*')).toEqual(['b']);
    expect(await second.slotsInfo()).toEqual(new Map([[slotOf('b'), 1]]));
    expect((await target.redis.keys('*')).sort()).toEqual(['a', '{t}1', '{t}2']);
  });
});
