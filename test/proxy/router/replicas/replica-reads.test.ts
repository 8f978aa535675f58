import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slotOf } from '../../../../cluster/slot-hash.js';
import { decodeReply, toPlain } from '../../../../resp/decode.js';
import { onlineSlot, startDataPlane, type TestDataPlane } from '../../../support/data-plane.js';
import { eventually } from '../../../support/eventually.js';
import { type RedisServer, startRedis } from '../../../support/redis-server.js';
import { RespClient } from '../../../support/resp-client.js';
import { TcpLink } from '../../../support/tcp-link.js';

/** Each server has its own value there: replicas are written to behind their master's back. */
const WHO = 'who';
const MAX_LAG_MS = 1000;

let master: RedisServer;
let replicas: RedisServer[];
/** The second replica follows through it. */
let link: TcpLink;
let proxy: TestDataPlane;
let client: RespClient;

beforeAll(async () => {
  master = await startRedis();
  link = await TcpLink.to(master.port);
  replicas = await Promise.all([follower(master.port), follower(link.port)]);
  proxy = await start('replica');
  client = await RespClient.connect(proxy.port);
  await client.text('SET', WHO, 'master');
  for (const [index, replica] of replicas.entries()) {
    await eventually('the replica has it', async () => (await who(replica)) === 'master');
    await ask(replica, 'SET', WHO, `replica ${index}`);
  }
});

afterAll(async () => {
  client?.close();
  proxy?.close();
  link?.close();
  await Promise.all([master, ...(replicas ?? [])].map((server) => server?.stop()));
});

function start(readFrom: string): Promise<TestDataPlane> {
  const replicated = replicas.map(({ addr }) => addr);
  const ini = `read_from=${readFrom}\nread_max_lag=${MAX_LAG_MS}\nbackend_timeout=1000\n`;
  return startDataPlane([master.addr], { ini }).then(async (plane) => {
    await plane.plane.apply({
      groups: [{ groupId: 1, master: master.addr, replicas: replicated }],
      slots: [],
    });
    return plane;
  });
}

async function follower(port: number): Promise<RedisServer> {
  const args = ['--replicaof', '127.0.0.1', String(port), '--replica-read-only', 'no'];
  const server = await startRedis([...args, '--repl-diskless-sync-delay', '0']);
  await eventually('it follows', async () =>
    /master_link_status:up/.test(await ask(server, 'INFO', 'replication')),
  );
  return server;
}

async function ask(server: RedisServer, ...command: string[]): Promise<string> {
  const direct = await RespClient.connect(server.port);
  const answer = await direct.text(...command);
  direct.close();
  return answer;
}

function textOf(answer: string): string {
  return answer === '$-1\r\n' ? 'nobody' : (answer.split('\r\n')[1] ?? answer);
}

async function who(server: RedisServer): Promise<string> {
  return textOf(await ask(server, 'GET', WHO));
}

/** Who answers so many reads of a client, each once. */
async function readers(of: RespClient, count = 12): Promise<string[]> {
  const answers = await of.pipeline(Array.from({ length: count }, () => ['GET', WHO]));
  return [...new Set(answers.map((answer) => textOf(String(answer))))].sort();
}

function readBy(expected: readonly string[], of = client): Promise<unknown> {
  return eventually(`reads are answered by ${expected}`, async () => {
    const found = await readers(of);
    return found.join() === expected.join();
  });
}

describe('reads from replicas', () => {
  it('are of the master for users of its access list, which replicas need not know', async () => {
    const user = await RespClient.connect(proxy.port);
    expect(await user.text('ACL', 'SETUSER', 'reader', 'on', '>secret', '~*', '+@all')).toBe(
      '+OK\r\n',
    );
    expect(await user.text('AUTH', 'reader', 'secret')).toBe('+OK\r\n');
    for (let n = 0; n < 20; n++) expect(await user.text('GET', WHO)).toBe('$6\r\nmaster\r\n');
    expect(await user.text('ACL', 'DELUSER', 'reader')).toBe(':1\r\n');
    await user.closed;
  });

  it('take turns, and writes go to the master', async () => {
    await readBy(['replica 0', 'replica 1']);
    expect(await client.text('SET', 'other', 'new')).toBe('+OK\r\n');
    expect(await ask(master, 'GET', 'other')).toBe('$3\r\nnew\r\n');
    const both = await client.text('MGET', WHO, 'other');
    expect(both).toMatch(/^\*2\r\n\$9\r\nreplica \d\r\n/);
    expect(proxy.plane.stats().replicaReads).toBeGreaterThan(0);
  });

  it('are not the pages of HSCAN, SSCAN and ZSCAN: each server has an order of its own', async () => {
    const names = Array.from({ length: 1000 }, (_, n) => `member:${n}`);
    await client.call('HSET', 'hash', ...names.flatMap((name) => [name, '1']));
    await client.call('SADD', 'set', ...names);
    await client.call('ZADD', 'zset', ...names.flatMap((name, n) => [n, name]));
    expect(await client.text('WAIT', '2', '10000')).toBe(':2\r\n');
    for (const [command, key] of [
      ['HSCAN', 'hash'],
      ['SSCAN', 'set'],
      ['ZSCAN', 'zset'],
    ] as const) {
      const found = new Set<string>();
      let cursor = '0';
      do {
        const reply = decodeReply(await client.call(command, key, cursor, 'COUNT', '20'))!;
        const [next, page] = toPlain(reply.value) as [string, string[]];
        for (const name of page) found.add(name);
        cursor = next;
      } while (cursor !== '0');
      expect(
        names.filter((name) => !found.has(name)),
        command,
      ).toEqual([]);
    }
  });

  it('are for clients that may read what is old; READWRITE and READONLY say', async () => {
    const own = await RespClient.connect(proxy.port);
    expect(await own.text('READWRITE')).toBe('+OK\r\n');
    expect(await readers(own)).toEqual(['master']);
    expect(await own.text('READONLY')).toBe('+OK\r\n');
    await readBy(['replica 0', 'replica 1'], own);
    own.close();
  });

  it('are not for transactions, nor for clients that watch', async () => {
    const own = await RespClient.connect(proxy.port);
    const answers = await own.pipeline([['WATCH', WHO], ['GET', WHO], ['MULTI'], ['GET', WHO]]);
    expect(textOf(String(answers[1]))).toBe('master');
    expect(await own.text('EXEC')).toBe('*1\r\n$6\r\nmaster\r\n');
    own.close();
  });

  it('keep their order among the writes of a client, and their type', async () => {
    const commands = Array.from({ length: 200 }, (_, index) =>
      index % 2 === 0 ? ['SET', `key:${index}`, String(index)] : ['STRLEN', WHO],
    );
    const answers = (await client.pipeline(commands)).map(String);
    for (const [index, answer] of answers.entries()) {
      if (index % 2 === 0) expect(answer).toBe('+OK\r\n');
      else expect(answer).toMatch(/^:[69]\r\n$/);
    }
    expect(await client.text('LRANGE', WHO, '0', '1')).toMatch(/^-WRONGTYPE /);
  });

  it('stream large values from them', async () => {
    const value = 'x'.repeat(3_000_000);
    await ask(replicas[0]!, 'SET', 'large', value);
    await ask(replicas[1]!, 'SET', 'large', value);
    expect(await client.text('GET', 'large')).toBe(`$3000000\r\n${value}\r\n`);
  });

  it('go to the master while the keys of a slot that has just come are on their way', async () => {
    const slotId = slotOf(WHO);
    const other = await startRedis();
    const groups = [{ groupId: 2, master: other.addr, replicas: [] }];
    await proxy.plane.apply({ groups, slots: [onlineSlot(slotId, 2)] });
    expect(await readers(client)).toEqual(['nobody']);
    await proxy.plane.apply({ groups: [], slots: [onlineSlot(slotId, 1)] });
    expect(await readers(client)).toEqual(['master']);
    await readBy(['replica 0', 'replica 1']);
    await other.stop();
  });

  it('leave a replica out that does not get what its master has', async () => {
    link.cut();
    await eventually('it is left out', async () => {
      // Only with something new does it miss something.
      await client.text('INCR', 'counter');
      return (await readers(client)).join() === 'replica 0';
    });
    link.mend();
    await readBy(['replica 0', 'replica 1']);
  });

  it('are answered by the master where a replica hangs', async () => {
    replicas[1]!.process.kill('SIGSTOP');
    const answers = await client.pipeline(Array.from({ length: 20 }, () => ['GET', WHO]));
    const found = [...new Set(answers.map((answer) => textOf(String(answer))))].sort();
    expect(found).toEqual(['master', 'replica 0']);
    await readBy(['replica 0']);
    replicas[1]!.process.kill('SIGCONT');
    await readBy(['replica 0', 'replica 1']);
    expect(proxy.plane.stats().repeatedReads).toBeGreaterThan(0);
  });

  it('go on without one that is killed, and without any', async () => {
    let isOver = false;
    const errors: string[] = [];
    const load = (async () => {
      while (!isOver) {
        const answers = await client.pipeline(Array.from({ length: 50 }, () => ['GET', WHO]));
        errors.push(...answers.map(String).filter((answer) => answer.startsWith('-')));
      }
    })();
    const own = await RespClient.connect(proxy.port);
    await replicas[1]!.stop();
    await readBy(['replica 0'], own);
    await replicas[0]!.stop();
    await readBy(['master'], own);
    isOver = true;
    await load;
    own.close();
    expect(errors).toEqual([]);
  });
});

it('nearest: the master is read from, too, where it is as near', async () => {
  replicas = [await follower(master.port)];
  await ask(replicas[0]!, 'SET', WHO, 'replica 0');
  const nearest = await start('nearest');
  const own = await RespClient.connect(nearest.port);
  await readBy(['master', 'replica 0'], own);
  own.close();
  nearest.close();
});

it('master: READONLY is answered as by a Redis that is no cluster', async () => {
  const plain = await start('master');
  const own = await RespClient.connect(plain.port);
  expect(await own.text('READONLY')).toMatch(/^-ERR This instance has cluster support disabled/);
  expect(await readers(own)).toEqual(['master']);
  own.close();
  plain.close();
});
