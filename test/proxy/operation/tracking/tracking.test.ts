import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDataPlane, type TestDataPlane } from '../../../support/data-plane.js';
import { eventually } from '../../../support/eventually.js';
import { keyInSlots } from '../../../support/keys.js';
import { type RedisServer, startRedis } from '../../../support/redis-server.js';
import { TrackingClient } from './tracking-client.js';

const K1 = keyInSlots(0, 511);
const K2 = keyInSlots(512, 1023);

let servers: RedisServer[];
let proxy: TestDataPlane;
let clients: TrackingClient[];
let reader: TrackingClient;
let writer: TrackingClient;

beforeEach(async () => {
  clients = [];
  servers = await Promise.all([startRedis(), startRedis()]);
  proxy = await startDataPlane(
    servers.map(({ addr }) => addr),
    { ini: 'tracking_max_clients=5' },
  );
  reader = await connect();
  writer = await connect(2);
});

afterEach(async () => {
  for (const client of clients) client.close();
  proxy.close();
  await Promise.all(servers.map((server) => server.stop()));
});

async function connect(protocol: 2 | 3 = 3): Promise<TrackingClient> {
  const client = await TrackingClient.connect(proxy.port, protocol);
  clients.push(client);
  return client;
}

describe('CLIENT TRACKING', () => {
  it('tells of keys of every group that were read, and of no others, once', async () => {
    expect(await reader.call('CLIENT', 'TRACKING', 'ON')).toBe('+OK\r\n');
    await reader.call('GET', K1);
    await reader.call('MGET', K1, K2, 'other');
    await writer.call('MSET', K1, '1', K2, '2', 'unread', '3');
    await reader.isTold(K1);
    await reader.isTold(K2);
    await writer.call('MSET', K1, '2', K2, '3');
    await reader.call('GET', K1);
    await writer.call('DEL', K1);
    await eventually('told again', async () => {
      await reader.call('PING');
      return reader.told.filter((key) => key === K1).length === 2;
    });
    expect(reader.told.filter((key) => key === K2)).toHaveLength(1);
    expect(reader.told).not.toContain('unread');
  });

  it('ends with OFF, with RESET, and with the client', async () => {
    const connections = () => proxy.plane.stats().backends.length;
    expect(connections()).toBe(2);
    await reader.call('CLIENT', 'TRACKING', 'ON');
    await reader.call('GET', K1);
    await reader.call('CLIENT', 'TRACKING', 'OFF');
    await writer.call('SET', K1, '1');
    await reader.call('CLIENT', 'TRACKING', 'ON');
    await reader.call('GET', K2);
    await reader.call('RESET');
    await reader.call('HELLO', 3);
    await writer.call('SET', K2, '1');
    await reader.call('CLIENT', 'TRACKING', 'ON');
    await reader.call('GET', K1);
    expect(await trackedConnections()).toBe(1);
    reader.close();
    await eventually('its connection is closed', async () => (await trackedConnections()) === 0);
    expect(reader.told).toEqual([]);
  });

  /** Of the first server, those with the flag of tracking. */
  async function trackedConnections(): Promise<number> {
    const direct = await TrackingClient.connect(servers[0]!.port, 2);
    clients.push(direct);
    const list = await direct.call('CLIENT', 'LIST');
    return list.split('\n').filter((line) => /flags=\S*t/.test(line)).length;
  }

  it('tells of a change after the reply that it makes old, even in a pipeline', async () => {
    await writer.call('SET', K1, 'old');
    await reader.call('CLIENT', 'TRACKING', 'ON');
    await reader.call('EXISTS', K1);
    // The second reply is there at once, and waits for the first one, of a server that is slow.
    const slow = ['EVAL', "for i = 1, 3e6 do end return redis.call('GET', KEYS[1])", 1, K2];
    const replies = reader.callAll([slow, ['GET', K1]]);
    const direct = await TrackingClient.connect(servers[0]!.port, 2);
    clients.push(direct);
    await eventually('it has been read', async () =>
      (await direct.call('INFO', 'commandstats')).includes('cmdstat_get:calls=1'),
    );
    await direct.call('SET', K1, 'new');
    expect((await replies)[1]).toBe('$3\r\nold\r\n');
    expect(reader.told).toEqual([]);
    await reader.isTold(K1);
    expect(await reader.call('GET', K1)).toBe('$3\r\nnew\r\n');
  });

  it('OPTIN: of what follows CLIENT CACHING YES, also in a transaction or a script', async () => {
    await reader.call('CLIENT', 'TRACKING', 'ON', 'OPTIN');
    const { told } = reader;
    await reader.call('GET', '{t}1');
    expect(await reader.call('CLIENT', 'CACHING', 'YES')).toBe('+OK\r\n');
    await reader.call('GET', '{t}2');
    await reader.call('GET', '{t}3');
    await reader.callAll([
      ['CLIENT', 'CACHING', 'YES'],
      ['MULTI'],
      ['GET', '{t}4'],
      ['EXEC'],
      ['GET', '{t}5'],
      ['CLIENT', 'CACHING', 'YES'],
      ['EVAL', "return redis.call('GET', KEYS[1])", 1, '{t}6'],
      ['CLIENT', 'CACHING', 'YES'],
      ['MGET', K1, K2],
    ]);
    for (let n = 1; n <= 6; n++) await writer.call('SET', `{t}${n}`, n);
    await writer.call('MSET', K1, '1', K2, '2');
    for (const key of ['{t}2', '{t}4', '{t}6', K1, K2]) await reader.isTold(key);
    expect(new Set(told)).toEqual(new Set(['{t}2', '{t}4', '{t}6', K1, K2]));
  });

  it('OPTIN: of what a script read that the server was sent along with its text', async () => {
    const text = "return redis.call('GET', KEYS[1])";
    const digest = (await writer.call('SCRIPT', 'LOAD', text)).split('\r\n')[1]!;
    await reader.call('CLIENT', 'TRACKING', 'ON', 'OPTIN');
    await reader.call('CLIENT', 'CACHING', 'YES');
    await reader.call('EVALSHA', digest, 1, K1);
    await writer.call('SET', K1, '1');
    await reader.isTold(K1);
  });

  it('OPTOUT: of all but what follows CLIENT CACHING NO', async () => {
    await reader.call('CLIENT', 'TRACKING', 'ON', 'OPTOUT');
    await reader.call('CLIENT', 'CACHING', 'NO');
    await reader.call('GET', '{t}1');
    await reader.call('GET', '{t}2');
    await writer.call('MSET', '{t}1', '1', '{t}2', '2');
    await reader.isTold('{t}2');
    expect(reader.told).toEqual(['{t}2']);
  });

  it('NOLOOP: not of what the client does itself', async () => {
    await reader.call('CLIENT', 'TRACKING', 'ON', 'NOLOOP');
    await reader.call('MGET', K1, K2);
    await reader.call('SET', K1, '1');
    await writer.call('SET', K2, '2');
    await reader.isTold(K2);
    expect(reader.told).toEqual([K2]);
  });

  it('BCAST: of all keys with a prefix, of every group, read or not', async () => {
    expect(
      await reader.call('CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', 'key', 'PREFIX', 'a'),
    ).toBe('+OK\r\n');
    await writer.call('MSET', K1, '1', K2, '2', 'b', '3', 'a', '4');
    for (const key of [K1, K2, 'a']) await reader.isTold(key);
    expect(reader.told).toHaveLength(3);
  });

  it('what a transaction with WATCH has read counts as changed: nobody tracked it', async () => {
    await reader.call('CLIENT', 'TRACKING', 'ON');
    await reader.call('WATCH', K1);
    await reader.callAll([['MULTI'], ['GET', K1], ['EXEC']]);
    await reader.isTold(K1);
  });

  it('REDIRECT: another client is told, in RESP2 by a channel, in RESP3 by pushes', async () => {
    const ear2 = await connect(2);
    const id2 = (await ear2.call('CLIENT', 'ID')).slice(1, -2);
    await ear2.call('SUBSCRIBE', '__redis__:invalidate');
    const ear3 = await connect(3);
    const id3 = (await ear3.call('CLIENT', 'ID')).slice(1, -2);
    const old = await connect(2);
    await old.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id2);
    expect(await old.call('CLIENT', 'GETREDIR')).toBe(`:${id2}\r\n`);
    await reader.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id3);
    await old.call('MGET', K1, K2);
    await reader.call('GET', K1);
    await writer.call('MSET', K1, '1', K2, '2');
    await ear2.isTold(K1);
    await ear2.isTold(K2);
    await ear3.isTold(K1);
    expect(reader.told).toEqual([]);
    ear3.close();
    await reader.call('GET', K1);
    await eventually('the client that is told is gone', async () => {
      await writer.call('INCR', K1);
      await reader.call('GET', K1);
      return reader.told.includes('tracking-redir-broken');
    });
    expect(await reader.call('CLIENT', 'TRACKINGINFO')).toContain('broken_redirect');
    expect(await old.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', '99999')).toBe(
      '-ERR The client ID you want redirect to does not exist\r\n',
    );
  });

  it('FLUSHALL: all has changed, said once', async () => {
    await reader.call('CLIENT', 'TRACKING', 'ON');
    await reader.call('MGET', K1, K2);
    await writer.call('FLUSHALL');
    await reader.isTold('*');
    await writer.call('SET', K1, '1');
    await reader.call('GET', K1);
    await writer.call('SET', K1, '2');
    await reader.isTold(K1);
    expect(reader.told).toEqual(['*', K1]);
  });

  it('refuses more clients than it may have, and what Redis refuses', async () => {
    for (let n = 0; n < 5; n++) await (await connect()).call('CLIENT', 'TRACKING', 'ON');
    expect(await reader.call('CLIENT', 'TRACKING', 'ON')).toMatch(/^-ERR too many clients track/);
    const [first] = clients.slice(2);
    expect(await first!.call('CLIENT', 'TRACKING', 'ON', 'BCAST')).toMatch(
      /^-ERR You can't switch/,
    );
    expect(await writer.call('CLIENT', 'CACHING', 'YES')).toMatch(/^-ERR CLIENT CACHING can be/);
    expect(await writer.call('INFO', 'clients')).toContain('tracking_clients:5');
  });
});
