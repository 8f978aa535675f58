import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeReply, toPlain } from '../../resp/decode.js';
import { startDataPlane, type TestDataPlane } from '../support/data-plane.js';
import { eventually } from '../support/eventually.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { type Argument, encodeCommand, RespClient } from '../support/resp-client.js';

let servers: RedisServer[];
let proxy: TestDataPlane;

beforeAll(async () => {
  servers = await Promise.all([startRedis(), startRedis()]);
  proxy = await startDataPlane(servers.map(({ addr }) => addr));
});

afterAll(async () => {
  proxy.close();
  await Promise.all(servers.map((server) => server.stop()));
});

async function plain(client: RespClient, ...args: Argument[]) {
  return toPlain(decodeReply(await client.call(...args))!.value);
}

function pipeline(...commands: Argument[][]): Buffer {
  return Buffer.concat(commands.map((command) => encodeCommand(command)));
}

test('CLIENT LIST shows all clients of the proxy, and CLIENT KILL closes them', async () => {
  const [one, other] = [await RespClient.connect(proxy.port), await RespClient.connect(proxy.port)];
  await other.call('CLIENT', 'SETNAME', 'other');
  const id = await plain(other, 'CLIENT', 'ID');
  const lines = String(await plain(one, 'CLIENT', 'LIST'))
    .trimEnd()
    .split('\n');
  expect(lines.filter((line) => line.includes(` name=other `))).toHaveLength(1);
  expect(lines.length).toBeGreaterThanOrEqual(2);
  expect(await plain(one, 'CLIENT', 'LIST', 'ID', String(id))).toMatch(
    /^id=\d+ .* name=other .*\n$/,
  );
  expect(await plain(one, 'CLIENT', 'LIST', 'TYPE', 'replica')).toBe('');

  expect(await plain(one, 'CLIENT', 'KILL', 'ID', '999999')).toBe(0);
  expect(await plain(one, 'CLIENT', 'KILL', '1.2.3.4:5')).toBe('ERR No such client');
  expect(await plain(one, 'CLIENT', 'KILL', 'ID', String(id))).toBe(1);
  await other.closed;
  expect(await plain(one, 'CLIENT', 'LIST', 'ID', String(id))).toBe('');

  const me = await plain(one, 'CLIENT', 'ID');
  expect(await plain(one, 'CLIENT', 'KILL', 'ID', String(me))).toBe(0);
  expect(await plain(one, 'CLIENT', 'KILL', 'ID', String(me), 'SKIPME', 'no')).toBe(1);
  await one.closed;
});

test('CLIENT LIST tells how long a client has been silent, and of what it has not taken', async () => {
  const [one, other] = [await RespClient.connect(proxy.port), await RespClient.connect(proxy.port)];
  await other.call('CLIENT', 'SETNAME', 'silent');
  other.send('*2\r\n$3\r\nGET\r\n$5\r\nab');
  await eventually('the client is idle, with half a command', async () => {
    const list = String(await plain(one, 'CLIENT', 'LIST'));
    const line = list.split('\n').find((text) => text.includes(' name=silent '))!;
    return / idle=[1-9]\d* .* qbuf=[1-9]\d* /.test(line);
  });
  one.close();
  other.close();
});

test('CLIENT REPLY OFF, ON and SKIP, with commands of every kind', async () => {
  const client = await RespClient.connect(proxy.port);
  const ofEveryKind: Argument[][] = [
    ['SET', 'a', '1'],
    ['MSET', 'a', '1', 'b', '2', 'c', '3'],
    ['PING'],
    ['DBSIZE'],
    ['NO', 'SUCH'],
    ['EVAL', 'return 7', '0'],
    ['GET', 'a'],
  ];
  client.send(
    pipeline(['CLIENT', 'REPLY', 'OFF'], ...ofEveryKind, ['CLIENT', 'REPLY', 'ON'], ['GET', 'b']),
  );
  expect(String(await client.reply())).toBe('+OK\r\n');
  expect(String(await client.reply())).toBe('$1\r\n2\r\n');
  for (const command of ofEveryKind) {
    client.send(pipeline(['CLIENT', 'REPLY', 'SKIP'], command, ['GET', 'c']));
    expect(String(await client.reply()), String(command)).toBe('$1\r\n3\r\n');
  }
  client.send(pipeline(['CLIENT', 'REPLY', 'SKIP'], ['CLIENT', 'REPLY', 'ON'], ['GET', 'c']));
  expect(String(await client.reply())).toBe('+OK\r\n');
  expect(String(await client.reply())).toBe('$1\r\n3\r\n');
  expect(await plain(client, 'CLIENT', 'REPLY', 'MAYBE')).toBe('ERR syntax error');
  client.close();
});
