import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { MovingCluster } from './moving-cluster.js';

let moving: MovingCluster;

beforeAll(async () => {
  moving = await MovingCluster.start();
});
afterAll(() => moving.stop());

/** A socket.io server of its own, which knows of the others by way of one of the proxies. */
async function startServer(proxyPort: number) {
  const publisher = new Redis(proxyPort, '127.0.0.1');
  const subscriber = publisher.duplicate();
  const http = createServer();
  const server = new Server(http, { adapter: createAdapter(publisher, subscriber) });
  server.on('connection', (socket) => {
    socket.on('join', (room: string, done: () => void) => {
      void Promise.resolve(socket.join(room)).then(done);
    });
    socket.on('say', (room: string, text: string) => server.to(room).emit('said', text));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return {
    server,
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      await server.close();
      // The adapter has told them to unsubscribe, and does not wait for that.
      await Promise.all([publisher.quit(), subscriber.quit()]);
    },
  };
}

async function join(url: string, room: string): Promise<Socket> {
  const socket = io(url, { transports: ['websocket'] });
  await new Promise<void>((resolve) => socket.on('connect', resolve));
  await socket.timeout(20_000).emitWithAck('join', room);
  return socket;
}

test('socket.io servers at two proxies reach each other, also while slots move', async () => {
  const servers = await Promise.all(moving.ports.map(startServer));
  const sockets = await Promise.all(servers.map(({ url }) => join(url, 'lobby')));
  const heard = sockets.map((socket) => {
    const texts: string[] = [];
    socket.on('said', (text: string) => texts.push(text));
    return texts;
  });
  // The adapters have subscribed when each sees the other's clients.
  await eventually('the servers see each other', async () => {
    const seen = await Promise.all(servers.map(({ server }) => server.fetchSockets()));
    return seen.every((all) => all.length === 2);
  });
  const wanted: string[] = [];
  const talk = (async () => {
    for (let n = 0; n < 200; n++) {
      const text = `message ${n}`;
      wanted.push(text);
      sockets[n % 2]!.emit('say', 'lobby', text);
      await eventually(`both have heard ${text}`, () =>
        heard.every((texts) => texts.includes(text)),
      );
    }
  })();
  await moving.moveWhile(talk, [0, 511]);
  expect(heard.map((texts) => [...texts].sort())).toEqual([[...wanted].sort(), [...wanted].sort()]);
  expect(moving.moves).toBeGreaterThan(0);
  for (const socket of sockets) socket.disconnect();
  await Promise.all(servers.map(({ close }) => close()));
});
