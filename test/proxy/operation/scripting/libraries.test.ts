import { afterEach, beforeEach, expect, test } from 'vitest';
import { slotOf } from '../../../../cluster/slot-hash.js';
import { onlineSlot, startDataPlane, type TestDataPlane } from '../../../support/data-plane.js';
import { eventually } from '../../../support/eventually.js';
import { keyInSlots } from '../../../support/keys.js';
import { type RedisServer, startRedis } from '../../../support/redis-server.js';
import { RespClient } from '../../../support/resp-client.js';

/* Libraries of functions on a server that lacks them: a group made later, a server started anew. */

const KEY = keyInSlots(0, 511);
const OTHER = keyInSlots(512, 1023);

let servers: RedisServer[];
let proxy: TestDataPlane;
let clients: RespClient[];

beforeEach(async () => {
  clients = [];
  servers = await Promise.all([startRedis(), startRedis()]);
  proxy = await startDataPlane(servers.map(({ addr }) => addr));
});

afterEach(async () => {
  for (const client of clients) client.close();
  proxy.close();
  await Promise.all(servers.map((server) => server.stop()));
});

async function connect(port = proxy.port): Promise<RespClient> {
  const client = await RespClient.connect(port);
  clients.push(client);
  return client;
}

/** A library with one function, which appends its argument to its key. */
function library(name: string): string {
  return `#!lua name=${name}
    redis.register_function('${name}_put', function(keys, args)
      return redis.call('append', keys[1], args[1])
    end)`;
}

function put(name: string, key: string, text = 'x'): readonly string[] {
  return ['FCALL', `${name}_put`, '1', key, text];
}

/** Loads libraries into one server, behind the proxy's back. */
async function loadAt(server: RedisServer, ...names: readonly string[]): Promise<void> {
  const direct = await connect(server.port);
  for (const name of names) {
    expect(await direct.text('FUNCTION', 'LOAD', library(name))).toContain(name);
  }
}

test('a function is called where it is not', async () => {
  await loadAt(servers[0]!, 'a', 'b');
  const client = await connect();
  expect(await client.text(...put('a', OTHER))).toBe(':1\r\n');
  expect(await client.text(...put('b', OTHER))).toBe(':2\r\n');
  expect(await client.text('FCALL_RO', 'a_put', '1', OTHER, 'x')).toMatch(/^-ERR Can not execute/);
  const direct = await connect(servers[1]!.port);
  expect(await direct.text('FUNCTION', 'LIST')).toMatch(/library_name[\s\S]*library_name/);
});

test('one that is not there in the midst of a pipeline is the next time', async () => {
  await loadAt(servers[0]!, 'a');
  const client = await connect();
  const replies = await client.pipeline(['1', '2', '3'].map((text) => put('a', OTHER, text)));
  for (const reply of replies) expect(String(reply)).toMatch(/^(-ERR Function not found|:1\r\n)/);
  await client.call('DEL', OTHER);
  await eventually('it is there', async () => /^:\d/.test(await client.text(...put('a', OTHER))));
});

test('later commands do not pass a call that is made again', async () => {
  await loadAt(servers[0]!, 'a');
  const client = await connect();
  client.send(`FCALL a_put 1 ${OTHER} x\r\n`);
  client.send(`APPEND ${OTHER} y\r\n`);
  const [first] = (await client.replies(2)).map(String);
  const value = await client.text('GET', OTHER);
  // Read together or one after the other: both are right.
  expect(value).toBe(first === ':1\r\n' ? '$2\r\nxy\r\n' : '$1\r\ny\r\n');
});

test('within a transaction', async () => {
  await loadAt(servers[0]!, 'a');
  const client = await connect();
  await client.call('MULTI');
  await client.call(...put('a', OTHER));
  await client.call('GET', OTHER);
  expect(await client.text('EXEC')).toBe('*2\r\n:1\r\n$1\r\nx\r\n');
});

test('of functions that there are nowhere the servers are not asked all the time', async () => {
  const client = await connect();
  for (let n = 0; n < 50; n++) {
    expect(await client.text(...put('none', KEY))).toBe('-ERR Function not found\r\n');
  }
  const direct = await connect(servers[1]!.port);
  const [, calls] = /cmdstat_function\|list:calls=(\d+)/.exec(
    await direct.text('INFO', 'commandstats'),
  )!;
  expect(Number(calls)).toBeLessThan(50);
});

test('a group without slots gets libraries, and loses them, with the others', async () => {
  const spare = await startRedis();
  servers.push(spare);
  await proxy.plane.apply({
    groups: [{ groupId: 3, master: spare.addr, replicas: [] }],
    slots: [],
  });
  const [client, direct] = [await connect(), await connect(spare.port)];
  const listed = async () => (await direct.text('FUNCTION', 'LIST')).includes('library_name');
  await client.call('FUNCTION', 'LOAD', library('a'));
  await eventually('it is there', listed);
  await client.call('FUNCTION', 'DELETE', 'a');
  await eventually('it is gone', async () => !(await listed()));
  await client.call('FUNCTION', 'LOAD', library('a'));
  // It was away meanwhile.
  await direct.call('FUNCTION', 'FLUSH');
  await proxy.plane.apply({ groups: [], slots: [onlineSlot(slotOf(KEY), 3)] });
  expect(await client.text(...put('a', KEY))).toBe(':1\r\n');
});
