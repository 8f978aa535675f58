import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseInfo, renderInfo } from '../../../proxy/operation/info/info-text.js';
import { mergeInfo } from '../../../proxy/operation/info/merge-info.js';
import { decodeReply, toPlain } from '../../../resp/decode.js';
import { startDataPlane, type TestDataPlane } from '../../support/data-plane.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { type Argument, RespClient } from '../../support/resp-client.js';

describe('through a proxy over two groups', () => {
  let servers: RedisServer[];
  let proxy: TestDataPlane;
  let client: RespClient;

  beforeAll(async () => {
    servers = await Promise.all([startRedis(), startRedis()]);
    proxy = await startDataPlane(servers.map(({ addr }) => addr));
  });

  afterAll(async () => {
    proxy.close();
    await Promise.all(servers.map((server) => server.stop()));
  });

  beforeEach(async () => {
    client = await RespClient.connect(proxy.port);
  });

  async function info(...sections: Argument[]): Promise<string> {
    return toPlain(decodeReply(await client.call('INFO', ...sections))!.value) as string;
  }

  test('has the sections asked for, with the fields that tools read', async () => {
    const text = await info();
    expect(text).toMatch(/^# Server\r\nredis_version:7\.0\.\d+\r\nredis_mode:standalone\r\n/);
    expect(text).toContain(`\r\ntcp_port:${proxy.port}\r\n`);
    expect(text).toContain('\r\nloading:0\r\n');
    expect(text).toContain('\r\nmaxmemory_policy:noeviction\r\n');
    expect(text).toContain('\r\n\r\n# Replication\r\nrole:master\r\n');
    expect(text).toContain('\r\ngroups:2\r\ngroups_unreachable:0\r\n');
    expect(text).not.toContain('# Commandstats');
    expect(await info('everything')).toContain('# Commandstats');
    expect([...parseInfo(await info('CPU', 'clients', 'nosuch')).keys()]).toEqual([
      'clients',
      'cpu',
    ]);
    expect(await info('nosuch')).toBe('');
  });

  test('counts a transaction once, and scripts as if they were on one server', async () => {
    await client.call('CONFIG', 'RESETSTAT');
    await client.call('SCRIPT', 'FLUSH');
    await client.call('SCRIPT', 'LOAD', 'return 1');
    const commandsOf = async () => parseInfo(await info('commandstats')).get('commandstats')!;
    await client.call('MULTI');
    await client.call('SET', 'a', '1');
    await client.call('DISCARD');
    expect(Object.keys(await commandsOf())).not.toContain('cmdstat_multi');
    await client.call('MULTI');
    for (const command of ['INCR', 'GET', 'INCR']) await client.call(command, 'a');
    await client.call('EXEC');
    const commands = await commandsOf();
    expect(commands.cmdstat_multi).toMatch(/^calls=1,usec=\d+,usec_per_call=/);
    expect(commands.cmdstat_exec).toMatch(/^calls=1,/);
    expect(commands.cmdstat_incr).toMatch(/^calls=2,/);
    expect(parseInfo(await info('memory')).get('memory')!.number_of_cached_scripts).toBe('1');
  });

  test('sums the keyspace, hits and calls of all groups', async () => {
    await client.call('FLUSHALL');
    await client.call('CONFIG', 'RESETSTAT');
    for (let n = 0; n < 20; n++)
      await client.call('SET', `key:${n}`, 'x', 'EX', n < 5 ? 100 : 1000);
    for (let n = 0; n < 30; n++) await client.call('GET', `key:${n}`);
    const sections = parseInfo(await info('all'));
    expect(sections.get('keyspace')!.db0).toMatch(/^keys=20,expires=20,avg_ttl=\d+$/);
    expect(sections.get('stats')).toMatchObject({ keyspace_hits: '20', keyspace_misses: '10' });
    expect(sections.get('commandstats')!.cmdstat_get).toMatch(
      /^calls=30,usec=\d+,usec_per_call=\d+\.\d\d,rejected_calls=0,failed_calls=0$/,
    );
  });

  test('many who ask at once are told what was true when they asked', async () => {
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => RespClient.connect(proxy.port)),
    );
    await Promise.all(
      clients.map(async (one, n) => {
        await one.call('SET', `{same}:${n}`, 'x');
        await one.call('EXPIRE', `{same}:${n}`, '5000');
        const reply = await one.call('INFO', 'keyspace');
        const keys = Number(/db0:keys=(\d+)/.exec(reply.toString())![1]);
        expect(keys).toBeGreaterThan(0);
        one.close();
      }),
    );
  });

  test('a server that is gone costs the others nothing', async () => {
    const [group1, group2] = await Promise.all([startRedis(), startRedis()]);
    const own = await startDataPlane([group1.addr, group2.addr]);
    await group2.stop();
    const one = await RespClient.connect(own.port);
    expect((await one.call('INFO')).toString()).toContain('groups_unreachable:1');
    own.close();
    await group1.stop();
  });
});

test('what is read is written again', () => {
  const text = '# Server\r\na:1\r\nb:x:y\r\n\r\n# CPU\r\nc:2\r\n';
  expect(renderInfo(parseInfo(text))).toBe(text);
});

test('values of several servers become one by what they mean', () => {
  const left = parseInfo(
    '# Memory\r\nused_memory:1048576\r\nused_memory_human:1.00M\r\nmaxmemory:0\r\nmem_fragmentation_ratio:1.5\r\n' +
      '# Persistence\r\nrdb_last_bgsave_status:ok\r\n# Errorstats\r\nerrorstat_ERR:count=2\r\n' +
      '# Keyspace\r\ndb0:keys=3,expires=1,avg_ttl=100\r\n',
  );
  const right = parseInfo(
    '# Memory\r\nused_memory:1048576\r\nused_memory_human:1.00M\r\nmaxmemory:5\r\nmem_fragmentation_ratio:12.5\r\n' +
      '# Persistence\r\nrdb_last_bgsave_status:err\r\n# Errorstats\r\nerrorstat_ERR:count=1\r\nerrorstat_OOM:count=1\r\n' +
      '# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\ndb3:keys=1,expires=0,avg_ttl=0\r\n',
  );
  const merged = Object.fromEntries(mergeInfo([left, right]));
  expect(merged).toEqual({
    memory: {
      used_memory: '2097152',
      used_memory_human: '2.00M',
      maxmemory: '0',
      mem_fragmentation_ratio: '12.5',
    },
    persistence: { rdb_last_bgsave_status: 'err' },
    errorstats: { errorstat_ERR: 'count=3', errorstat_OOM: 'count=1' },
    keyspace: {
      db0: 'keys=4,expires=1,avg_ttl=100',
      db3: 'keys=1,expires=0,avg_ttl=0',
    },
  });
});
