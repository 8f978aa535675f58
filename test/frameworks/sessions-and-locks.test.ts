import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RedisStore } from 'connect-redis';
import session from 'express-session';
import { Redis } from 'ioredis';
import { createClient } from 'redis5';
import Redlock from 'redlock';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Front } from '../clients/front.js';

let front: Front;

beforeAll(async () => {
  front = await Front.start();
});
afterAll(() => front.stop());

test('connect-redis keeps the sessions of a web application', async () => {
  const client = createClient({ socket: { host: '127.0.0.1', port: front.port } });
  await client.connect();
  const store = new RedisStore({ client, prefix: 'app:' });
  const middleware = session({ store, secret: 'x', resave: false, saveUninitialized: false });
  const servers = await Promise.all([visitCounter(middleware), visitCounter(middleware)]);

  const visitors = await Promise.all(
    Array.from({ length: 20 }, async () => {
      let cookie = '';
      for (let visit = 1; visit <= 5; visit++) {
        const server = servers[visit % 2]!;
        const { port } = server.address() as AddressInfo;
        const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie } });
        cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? cookie;
        expect(await answer.text()).toBe(String(visit));
      }
      return cookie;
    }),
  );
  expect(new Set(visitors).size).toBe(20);
  expect(await promised((done) => store.length(done))).toBe(20);
  expect(await promised<unknown[]>((done) => store.all(done))).toHaveLength(20);
  await promised((done) => store.clear(done));
  expect(await promised((done) => store.length(done))).toBe(0);
  for (const server of servers) server.close();
  client.destroy();
});

/** A page that says how often this visitor has been there. */
async function visitCounter(middleware: ReturnType<typeof session>): Promise<Server> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    // express-session asks nothing of a request but what Node's own has.
    const visited = request as IncomingMessage & { session: { visits?: number } };
    middleware(request as never, response as never, () => {
      visited.session.visits = (visited.session.visits ?? 0) + 1;
      response.end(String(visited.session.visits));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function promised<T>(call: (done: (error: unknown, value?: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}

test('Redlock lets one in at a time', async () => {
  const clients = [0, 1, 2, 3].map(() => new Redis(front.port, '127.0.0.1'));
  let inside = 0;
  let most = 0;
  let entered = 0;
  await Promise.all(
    clients.map(async (client) => {
      // Its types are of an older ioredis.
      const redlock = new Redlock([client as never], {
        retryCount: 200,
        retryDelay: 10,
        retryJitter: 10,
      });
      for (let round = 0; round < 10; round++) {
        const lock = await redlock.lock('locks:the-one', 5000);
        inside++;
        entered++;
        most = Math.max(most, inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
        await lock.extend(5000);
        await lock.unlock();
      }
    }),
  );
  expect({ most, entered }).toEqual({ most: 1, entered: 40 });
  for (const client of clients) client.disconnect();
});
