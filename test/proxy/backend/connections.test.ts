import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseConfig } from '../../../base/config.js';
import { slotOf } from '../../../cluster/slot-hash.js';
import {
  clientLaneOf,
  commonLaneOf,
  databaseOfLane,
  isScriptLane,
  laneOf,
  MAX_CONNECTIONS,
  protocolOfLane,
  SCRIPT_TRACKS,
  scriptLaneOf,
} from '../../../proxy/backend/lane.js';
import { DEFAULT_USER_ID } from '../../../proxy/backend/users.js';
import { onlineSlot, startDataPlane, type TestDataPlane } from '../../support/data-plane.js';
import { eventually } from '../../support/eventually.js';
import { keyInSlots } from '../../support/keys.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';

const KEY = keyInSlots(0, 511);
const SLOT = slotOf(KEY);
const OTHER = keyInSlots(512, 1023);

let one: RedisServer;
let two: RedisServer;
let proxy: TestDataPlane;
let clients: RespClient[];

beforeEach(async () => {
  [one, two] = await Promise.all([startRedis(), startRedis()]);
  proxy = await startDataPlane([one.addr, two.addr], {
    ini: 'backend_connections=3\nbackend_timeout=3000',
  });
  clients = await Promise.all(Array.from({ length: 6 }, () => RespClient.connect(proxy.port)));
});
afterEach(async () => {
  for (const client of clients) client.close();
  proxy.close();
  await Promise.all([one.stop(), two.stop()]);
});

/** How many connections of proxies a server has. */
async function connectionsTo(server: RedisServer): Promise<number> {
  const direct = await RespClient.connect(server.port);
  const list = (await direct.call('CLIENT', 'LIST')).toString();
  direct.close();
  return list.split('\n').filter((line) => /name=\S+/.test(line)).length;
}

it('clients are dealt out to as many connections as configured', async () => {
  for (const client of clients) await client.call('SET', KEY, 'v');
  expect(await connectionsTo(one)).toBe(3);
  // Of those to the other server only the first has been needed.
  expect(await connectionsTo(two)).toBe(1);
  await Promise.all(clients.map((client) => client.call('MSET', KEY, 'v', OTHER, 'v')));
  expect([await connectionsTo(one), await connectionsTo(two)]).toEqual([3, 3]);
});

it('what one client sends keeps its order, whatever it is', async () => {
  const rounds = 50;
  const outcomes = await Promise.all(
    clients.map(async (client, index) => {
      const key = `${KEY}:{${KEY}}:${index}`;
      const replies = await client.pipeline(
        Array.from({ length: rounds }, (_, round) => [
          ['SET', key, `${round}`],
          ['MGET', key, OTHER],
          ['EVAL', "return redis.call('APPEND', KEYS[1], 'x')", 1, key],
          ['GET', key],
          ['SELECT', round % 2],
        ]).flat(),
      );
      return replies.map(String);
    }),
  );
  for (const replies of outcomes) {
    for (let round = 0; round < rounds; round++) {
      const [, values, length, value] = replies.slice(round * 5, round * 5 + 5);
      expect(values).toContain(`\r\n${round}\r\n`);
      expect(length).toBe(`:${String(round).length + 1}\r\n`);
      expect(value).toContain(`\r\n${round}x\r\n`);
    }
  }
});

it('a slot is given away when all of them have been answered', async () => {
  for (const client of clients) await client.call('SET', KEY, 'v');
  const [other, ...writers] = clients;
  one.process.kill('SIGSTOP');
  const replies = writers.map((client) => client.text('APPEND', KEY, 'w'));
  const inFlight = () => proxy.plane.stats().backends[0]!.inFlight;
  await eventually('each connection has a command', () => inFlight() >= writers.length);
  let isApplied = false;
  const applied = proxy.plane.apply({ slots: [onlineSlot(SLOT, 2)], groups: [] }).then(() => {
    isApplied = true;
  });
  for (let count = 0; count < 50; count++) await other!.text('PING');
  expect(isApplied).toBe(false);
  one.process.kill('SIGCONT');
  await applied;
  expect((await Promise.all(replies)).sort()).toEqual([2, 3, 4, 5, 6].map((n) => `:${n}\r\n`));
});

it('each of them fails what a frozen server does not answer, and connects again', async () => {
  for (const client of clients) await client.call('SET', KEY, 'v');
  one.process.kill('SIGSTOP');
  const replies = await Promise.all(clients.map((client) => client.text('GET', KEY)));
  for (const reply of replies) expect(reply).toMatch(/^-ERR .*no answer within 3000 ms/);
  expect(await clients[5]!.text('SET', OTHER, 'v')).toBe('+OK\r\n');
  one.process.kill('SIGCONT');
  for (const client of clients) expect(await client.text('GET', KEY)).toBe('$1\r\nv\r\n');
});

it('every lane is a pair of its own of protocol and database', () => {
  const lanes = new Set<number>();
  for (const protocol of [2, 3] as const) {
    for (let database = 0; database < 16; database++) {
      const common = laneOf(protocol, database);
      const ofClients = Array.from({ length: MAX_CONNECTIONS }, (_, connection) =>
        clientLaneOf(protocol, database, connection, DEFAULT_USER_ID),
      );
      const ofScripts = Array.from({ length: SCRIPT_TRACKS }, (_, track) =>
        scriptLaneOf(ofClients[track]!, track),
      );
      expect(ofClients[0]).toBe(common);
      for (const lane of [...ofClients, ...ofScripts]) {
        lanes.add(lane);
        expect(protocolOfLane(lane)).toBe(protocol);
        expect(databaseOfLane(lane)).toBe(database);
        expect(commonLaneOf(lane)).toBe(common);
        expect(isScriptLane(lane)).toBe(ofScripts.includes(lane));
      }
    }
  }
  expect(lanes.size).toBe(2 * 16 * (MAX_CONNECTIONS + SCRIPT_TRACKS));
});

it('there are from 1 to 8 connections', () => {
  for (const count of ['0', '9', 'many']) {
    expect(() => parseConfig(`backend_connections=${count}`, 'test.ini')).toThrow(
      'backend_connections',
    );
  }
});
