import { afterEach, beforeEach, expect, test } from 'vitest';
import { Jodis } from '../../jodis/jodis.js';
import { eventually } from '../support/eventually.js';
import { NameService } from '../support/name-service.js';
import { startRedis } from '../support/redis-server.js';
import { ProxyTree, quietly } from './proxy-tree.js';

let names: NameService;

beforeEach(() => {
  names = new NameService();
});

afterEach(() => names.restore());

test('a proxy by name is found again at its new address, by every kind of connection', async () => {
  const tree = await ProxyTree.embedded();
  const before = await startRedis();
  const after = await startRedis(['--bind', '127.0.0.2'], before.port);
  names.addresses.set('proxy-a.test', '127.0.0.1');
  await tree.set('proxy_a', `proxy-a.test:${before.port}`, 'online');
  const client = quietly(new Jodis(tree.options));
  const own = client.connection();
  own.on('error', () => {});
  expect(await client.set('where', 'first')).toBe('OK');
  expect(await own.get('where')).toBe('first');

  names.addresses.set('proxy-a.test', '127.0.0.2');
  await before.stop();
  await eventually('the pool is there', async () => (await client.get('where')) === null);
  expect(await own.set('where', 'second')).toBe('OK');
  expect(await client.get('where')).toBe('second');
  client.disconnect();
  own.disconnect();
  await after.stop();
  await tree.close();
});
