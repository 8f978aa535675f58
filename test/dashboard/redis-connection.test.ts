import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { slotOf } from '../../cluster/slot-hash.js';
import {
  NotRedisError,
  RedisPasswordError,
  RedisReplyError,
  RedisUnreachableError,
} from '../../dashboard/errors.js';
import { RedisConnection, withRedis } from '../../dashboard/service/redis-connection.js';
import { countSlotKeys, fetchState } from '../../dashboard/service/redis-info.js';
import { freePort } from '../support/ports.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

const servers: (Server | RedisServer)[] = [];
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) {
    if ('addr' in server) await server.stop();
    else server.close();
  }
});

/** Something that is no Redis. */
async function listen(onSocket: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onSocket(socket);
  });
  servers.push(server);
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${port}`;
}

async function redis(...args: string[]): Promise<string> {
  const server = await startRedis(args);
  servers.push(server);
  return server.addr;
}

describe('what is no Redis server', () => {
  it('answers like a web server', async () => {
    const addr = await listen((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    await expect(fetchState(addr, '')).rejects.toThrow(NotRedisError);
    await expect(fetchState(addr, '')).rejects.toThrow(`what listens at ${addr} is not a Redis`);
  });

  it('speaks first', async () => {
    const addr = await listen((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
    await expect(fetchState(addr, '')).rejects.toThrow(NotRedisError);
  });

  it('answers INFO with something else', async () => {
    const addr = await listen((socket) => socket.on('data', () => socket.write('+OK\r\n')));
    await expect(fetchState(addr, '')).rejects.toThrow(/does not answer INFO as a Redis server/);
  });

  it('is a node of a Redis Cluster', async () => {
    // Its second port would be 10,000 above the first, where connections of others may be.
    const busPort = String(await freePort());
    const addr = await redis('--cluster-enabled', 'yes', '--cluster-port', busPort);
    await expect(fetchState(addr, '')).rejects.toThrow(`the server ${addr} runs in cluster mode`);
  });

  it('hangs up', async () => {
    const addr = await listen((socket) => socket.end());
    await expect(fetchState(addr, '')).rejects.toThrow(RedisUnreachableError);
  });

  it('says nothing', async () => {
    const addr = await listen(() => {});
    const connection = await RedisConnection.open(addr, '', 200);
    await expect(connection.command('INFO')).rejects.toThrow(
      `the server ${addr} cannot be reached: no answer within 200 ms`,
    );
    await expect(connection.command('INFO')).rejects.toThrow(RedisUnreachableError);
  });

  it('is not there', async () => {
    const addr = `127.0.0.1:${await freePort()}`;
    await expect(fetchState(addr, '')).rejects.toThrow('it refuses connections');
    await expect(fetchState('no-such-host.invalid:1', '')).rejects.toThrow(RedisUnreachableError);
  });
});

describe('a Redis server', () => {
  it('answers commands in order, and errors of its own', async () => {
    const addr = await redis();
    const connection = await RedisConnection.open(addr, '');
    const replies = await Promise.all([
      connection.command('SET', 'ключ', 'a\r\nb'),
      connection.command('GET', 'ключ'),
      connection.command('NOSUCH').catch((error: unknown) => error),
      connection.command('PING'),
    ]);
    connection.close();
    expect(replies).toEqual(['OK', 'a\r\nb', expect.any(RedisReplyError), 'PONG']);
    await expect(connection.command('PING')).rejects.toThrow(RedisUnreachableError);
  });

  it('gets the password, and refuses a wrong one', async () => {
    const addr = await redis('--requirepass', 'secret');
    await expect(fetchState(addr, 'wrong')).rejects.toThrow(RedisPasswordError);
    await expect(fetchState(addr, '')).rejects.toThrow(RedisPasswordError);
    await expect(fetchState(addr, 'secret')).resolves.toMatchObject({ role: 'master' });
  });

  it('has the keys of a slot counted without the slots module', async () => {
    const addr = await redis();
    await withRedis(addr, '', async (connection) => {
      for (let n = 0; n < 2500; n++) await connection.command('SET', `{tag}${n}`, '1');
      await connection.command('SET', 'another', '1');
    });
    expect(await countSlotKeys(addr, slotOf('{tag}'), '')).toBe(2500);
    expect(await countSlotKeys(addr, slotOf('another'), '')).toBe(1);
  });
});
