import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDataPlane } from '../support/data-plane.js';
import { eventually } from '../support/eventually.js';
import { NameService } from '../support/name-service.js';
import { startRedis } from '../support/redis-server.js';
import { RespClient } from '../support/resp-client.js';

let names: NameService;

beforeEach(() => {
  names = new NameService();
});

afterEach(() => names.restore());

test('a server by name is found again at its new address', async () => {
  const before = await startRedis();
  // The same port: what was changed is the record of the name service.
  const after = await startRedis(['--bind', '127.0.0.2'], before.port);
  names.addresses.set('redis-a.test', '127.0.0.1');
  const proxy = await startDataPlane([`redis-a.test:${before.port}`]);
  const client = await RespClient.connect(proxy.port);
  expect(await client.text('SET', 'where', 'first')).toBe('+OK\r\n');

  names.addresses.delete('redis-a.test');
  await before.stop();
  // Nobody knows the name for a while: an error for each command, and no end of trying.
  await eventually('the name is asked for in vain', () => names.asked.get('redis-a.test')! > 3);
  expect(await client.text('GET', 'where')).toMatch(/^-ERR .*redis-a\.test:\d+ .*ENOTFOUND/);
  names.addresses.set('redis-a.test', '127.0.0.2');
  await eventually('it is served from there', async () => {
    return (await client.text('SET', 'where', 'second')) === '+OK\r\n';
  });
  const direct = await RespClient.connect(after.port, '127.0.0.2');
  expect(await direct.text('GET', 'where')).toBe('$6\r\nsecond\r\n');
  for (const each of [client, direct, proxy]) each.close();
  await after.stop();
});
