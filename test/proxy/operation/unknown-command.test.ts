import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { slotOf } from '../../../cluster/slot-hash.js';
import { onlineSlot, startDataPlane, type TestDataPlane } from '../../support/data-plane.js';
import { keyInSlots } from '../../support/keys.js';
import { temporaryFolder } from '../../support/process.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';

const SOURCE = join(import.meta.dirname, '..', '..', 'support', 'key-module', 'key_module.c');
const hasCompiler = spawnSync('gcc', ['--version']).status === 0;
if (!hasCompiler) console.warn('no C compiler (gcc): commands of modules are not tested');

describe.skipIf(!hasCompiler)('commands of modules', () => {
  let servers: RedisServer[];
  let proxy: TestDataPlane;
  let client: RespClient;

  beforeAll(async () => {
    const file = join(temporaryFolder(), 'key_module.so');
    const made = spawnSync('gcc', ['-shared', '-fPIC', '-O1', '-Wall', '-o', file, SOURCE]);
    expect(String(made.stderr)).toBe('');
    const args = ['--loadmodule', file];
    servers = await Promise.all([startRedis(args), startRedis(args)]);
    proxy = await startDataPlane(servers.map(({ addr }) => addr));
    client = await RespClient.connect(proxy.port);
  });

  afterAll(async () => {
    client.close();
    proxy.close();
    await Promise.all(servers.map((server) => server.stop()));
  });

  const left = keyInSlots(0, 511);
  const right = keyInSlots(512, 1023);

  test('go to the slot of their key', async () => {
    for (const key of [left, right]) {
      expect(await client.text('KEYMOD.SET', key, `at ${key}`)).toBe('+OK\r\n');
      expect(await client.text('keymod.get', key)).toBe(`$${key.length + 3}\r\nat ${key}\r\n`);
      expect(await client.text('GET', key)).toBe(`$${key.length + 3}\r\nat ${key}\r\n`);
    }
  });

  test('keep their place in a pipeline, known or not', async () => {
    const fresh = await RespClient.connect(proxy.port);
    const replies = await fresh.pipeline([
      ['SET', left, '1'],
      ['KEYMOD.GET', left],
      ['KEYMOD.SET', left, '2'],
      ['GET', left],
      ['KEYMOD.GET', left],
    ]);
    expect(replies.map(String)).toEqual([
      '+OK\r\n',
      '$1\r\n1\r\n',
      '+OK\r\n',
      '$1\r\n2\r\n',
      '$1\r\n2\r\n',
    ]);
    fresh.close();
  });

  test('need their keys in one slot', async () => {
    await client.call('SET', '{a}1', 'x');
    expect(await client.text('KEYMOD.EXISTS', '{a}1', '{a}2')).toBe(':1\r\n');
    expect(await client.text('KEYMOD.EXISTS', left, right)).toBe(
      "-CROSSSLOT Keys in request don't hash to the same slot\r\n",
    );
  });

  test('may have keys that only the server can find', async () => {
    await client.call('SET', left, 'l');
    await client.call('SET', right, 'r');
    expect(await client.text('KEYMOD.LAST', 'x', left)).toBe('$1\r\nl\r\n');
    expect(await client.text('KEYMOD.LAST', 'x', 'y', right)).toBe('$1\r\nr\r\n');
  });

  test('have their keys brought along while their slot moves, wherever they stand', async () => {
    const slotId = slotOf(left);
    const change = (status: 'pre_migrate' | 'migrate', groupId: number, migrateFrom: number) =>
      proxy.plane.apply({ slots: [{ slotId, status, groupId, migrateFrom }], groups: [] });
    await client.call('SET', left, 'moved');
    await change('pre_migrate', 1, -1);
    await change('migrate', 2, 1);
    expect(await client.text('KEYMOD.LAST', 'x', left)).toBe('$5\r\nmoved\r\n');
    const direct = await RespClient.connect(servers[1]!.port);
    expect(await direct.text('EXISTS', left)).toBe(':1\r\n');
    direct.close();
    await change('pre_migrate', 2, -1);
    await change('migrate', 1, 2);
    expect(await client.text('KEYMOD.GET', left)).toBe('$5\r\nmoved\r\n');
    await proxy.plane.apply({ slots: [onlineSlot(slotId, 1)], groups: [] });
  });

  test('may have no key', async () => {
    expect(await client.text('KEYMOD.ANSWER')).toBe(':42\r\n');
    expect(await client.text('KEYMOD.ANSWER')).toBe(':42\r\n');
  });

  test('have their arity checked', async () => {
    const direct = await RespClient.connect(servers[0]!.port);
    expect(await client.text('KEYMOD.GET')).toBe(await direct.text('KEYMOD.GET'));
    direct.close();
  });

  test('are unknown if they are for administrators, or ours', async () => {
    for (const name of ['KEYMOD.ADMIN', 'SLOTSINFO', 'SLOTSDEL', 'client|id']) {
      expect(await client.text(name, 'x')).toBe(
        `-ERR unknown command '${name}', with args beginning with: 'x' \r\n`,
      );
    }
  });
});
