import { execa } from 'execa';
import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { createClient as createClient5 } from 'redis5';
import { createClient as createClient6 } from 'redis6';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { eventually } from '../support/eventually.js';
import { restart } from './restart.js';

// Those of other languages are in other-libraries.test.ts.

const TIMEOUT_MS = 60_000;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start();
});

afterAll(() => cluster.stop());

describe('a proxy ends and starts again: clients with default options go on', () => {
  test.each([
    ['ioredis 5', Redis5 as unknown as typeof Redis6],
    ['ioredis 6', Redis6],
  ])('%s, and hears its channel again', { timeout: TIMEOUT_MS }, async (_name, Redis) => {
    const redis = new Redis(cluster.proxy.port);
    const ear = new Redis(cluster.proxy.port);
    const heard: string[] = [];
    try {
      for (const client of [redis, ear]) client.on('error', () => {});
      ear.on('message', (_channel, message) => heard.push(message));
      await ear.subscribe('news');
      await redis.set('kept', 'yes');
      const listensAgain = new Promise((resolve) => {
        ear.once('close', () => ear.once('ready', resolve));
      });
      const restarted = restart(cluster.proxy);
      // Sent while there is no proxy: the library keeps it until there is one.
      await new Promise((resolve) => redis.once('close', resolve));
      const kept = redis.get('kept');
      await restarted;
      expect(await kept).toBe('yes');
      await listensAgain;
      await eventually('a message is heard', async () => {
        await redis.publish('news', 'hello');
        return heard.includes('hello');
      });
    } finally {
      redis.disconnect();
      ear.disconnect();
    }
  });

  test.each([
    ['node-redis 5', createClient5],
    ['node-redis 6', createClient6 as unknown as typeof createClient5],
  ] as const)('%s, and hears its channel again', { timeout: TIMEOUT_MS }, async (_name, create) => {
    const options = { url: `redis://127.0.0.1:${cluster.proxy.port}` };
    const [client, ear] = [create(options), create(options)];
    const heard: string[] = [];
    try {
      for (const each of [client, ear]) {
        each.on('error', () => {});
        await each.connect();
      }
      await ear.subscribe('news', (message) => heard.push(message));
      await client.set('kept', 'yes');
      await restart(cluster.proxy);
      expect(await client.get('kept')).toBe('yes');
      await eventually('a message is heard', async () => {
        await client.publish('news', 'hello');
        return heard.includes('hello');
      });
    } finally {
      client.destroy();
      ear.destroy();
    }
  });

  test('redis-cli, in the middle of its input', { timeout: TIMEOUT_MS }, async () => {
    const child = execa('redis-cli', ['-p', String(cluster.proxy.port)], { timeout: TIMEOUT_MS });
    let printed = '';
    child.stdout.on('data', (chunk) => {
      printed += chunk;
    });
    child.stdin.write('INCR lines\n');
    await eventually('the first line is answered', () => printed === '1\n');
    await restart(cluster.proxy);
    // The line by which it notices is lost, with a single Redis as well; the next is not.
    child.stdin.end('PING\nGET lines\n');
    expect((await child).stderr).toBe('Error: Server closed the connection');
    expect(printed).toBe('1\n1\n');
  });
});
