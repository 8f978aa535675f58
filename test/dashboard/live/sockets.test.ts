import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { silentLog } from '../../../base/log.js';
import {
  applyUpdate,
  LIVE_CLOSE,
  type LiveMessage,
  type LiveState,
  liveMessage,
} from '../../../dashboard/api/live-contract.js';
import { LiveSockets, type StateSource } from '../../../dashboard/live/sockets.js';
import { eventually } from '../../support/eventually.js';
import { sampleState } from './sample-state.js';

type Listener = Parameters<StateSource['attend']>[0];

/** Says what the test has it say. */
class Source implements StateSource {
  state: LiveState | null = null;
  attendants = 0;
  readonly #listeners = new Set<Listener>();

  attend(listener: Listener) {
    this.#listeners.add(listener);
    this.attendants++;
    return {
      close: () => {
        if (this.#listeners.delete(listener)) this.attendants--;
      },
    };
  }

  publish(state: LiveState): void {
    const before = this.state;
    this.state = state;
    for (const listener of this.#listeners) listener(before, state);
  }
}

let source: Source;
let sockets: LiveSockets;
let server: Server;
let isAllowed = true;
let maxBehindMs = 0;
const clients: (WebSocket | Socket)[] = [];

const newSockets = () => new LiveSockets(source, silentLog(), maxBehindMs);

beforeEach(async () => {
  source = new Source();
  maxBehindMs = 60_000;
  sockets = newSockets();
  isAllowed = true;
  server = createServer();
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    sockets.accept(request, socket, head, () => isAllowed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  for (const client of clients.splice(0)) {
    if (client instanceof WebSocket) client.terminate();
    else client.destroy();
  }
  sockets.close();
  server.close();
});

const port = () => (server.address() as AddressInfo).port;

/** A client that follows. */
function follow(): { state: () => LiveState | null; seen: LiveMessage['type'][]; ws: WebSocket } {
  const ws = new WebSocket(`ws://127.0.0.1:${port()}/ws`);
  clients.push(ws);
  ws.on('error', () => {});
  let state: LiveState | null = null;
  const seen: LiveMessage['type'][] = [];
  ws.on('message', (data) => {
    const message = liveMessage.parse(JSON.parse(String(data)));
    seen.push(message.type);
    state = message.type === 'snapshot' ? message.state : applyUpdate(state!, message);
  });
  return { state: () => state, seen, ws };
}

/** A client that shakes hands and reads nothing from then on. */
async function connectDeaf(): Promise<Socket> {
  const socket = connect({ port: port(), host: '127.0.0.1' });
  clients.push(socket);
  socket.on('error', () => {});
  socket.write(
    'GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  await once(socket, 'connect');
  socket.pause();
  return socket;
}

it('shows the whole at first, and then what has changed', async () => {
  const early = follow();
  await eventually('it is there', () => sockets.size === 1);
  expect(source.attendants).toBe(1);
  source.publish(sampleState(2, 1));
  await eventually('the first state', early.state);
  const late = follow();
  await eventually('the state that there is', late.state);
  const next = { ...sampleState(2, 1), at: 5, fences: ['a:1'] };
  source.publish(next);
  await eventually('the change', () => late.state()?.at === 5 && early.state()?.at === 5);
  expect(early.state()).toEqual(next);
  expect(late.state()).toEqual(next);
  expect(late.seen).toEqual(['snapshot', 'update']);
  early.ws.close();
  late.ws.close();
  await eventually('nobody is left', () => sockets.size === 0);
  expect(source.attendants).toBe(0);
});

it('says goodbye, and why', async () => {
  source.publish(sampleState(1, 1));
  const { ws, state } = follow();
  await eventually('it follows', state);
  const closed = once(ws, 'close');
  sockets.close();
  expect((await closed)[0]).toBe(LIVE_CLOSE.ending);
});

it('gives a client that was behind the whole when it reads again', async () => {
  const { ws, state, seen } = follow();
  await eventually('it is there', () => sockets.size === 1);
  source.publish(sampleState(1, 1));
  await eventually('the first state', state);
  ws.pause();
  for (let at = 1; at <= 40; at++) {
    source.publish(large(at));
    await new Promise(setImmediate);
  }
  ws.resume();
  await eventually('it has caught up', () => {
    source.publish({ ...source.state!, at: source.state!.at + 1 });
    return seen.filter((type) => type === 'snapshot').length > 1 && state()?.fences[0] === '40 0';
  });
  expect(sockets.size).toBe(1);
});

it('closes clients that read nothing, and keeps nothing for them', async () => {
  maxBehindMs = 300;
  sockets = newSockets();
  source.publish(sampleState(1, 1));
  for (let n = 0; n < 20; n++) await connectDeaf();
  const { state } = follow();
  await eventually('all are there', () => sockets.size === 21);
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  // 100 MB, if it were kept.
  for (let at = 1; at <= 100; at++) {
    source.publish(large(at));
    await eventually('who reads has it', () => state()?.at === at);
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  await eventually('the deaf are gone', () => {
    source.publish({ ...source.state!, at: source.state!.at + 1 });
    return sockets.size === 1;
  });
  expect(most).toBeLessThan(50 * 1024 * 1024);
});

it('serves a thousand at once', async () => {
  source.publish(sampleState(4, 4));
  const all = Array.from({ length: 1_000 }, () => {
    const ws = new WebSocket(`ws://127.0.0.1:${port()}/ws`);
    clients.push(ws);
    const client = { last: '' };
    ws.on('message', (data) => {
      client.last = String(data).slice(-40);
    });
    return client;
  });
  await eventually('all follow', () => all.every(({ last }) => last !== ''));
  expect(source.attendants).toBe(1);
  const before = process.memoryUsage();
  for (let at = 1; at <= 10; at++) source.publish({ ...sampleState(4, 4), at, fences: [`${at}`] });
  await eventually('all have seen the last', () => all.every(({ last }) => last.includes('"10"')));
  const after = process.memoryUsage();
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(100 * 1024 * 1024);
  expect(sockets.size).toBe(1_000);
});

/** About a megabyte that has changed. */
function large(at: number): LiveState {
  const fences = Array.from({ length: 1_000 }, (_, n) => `${at} ${n}`.padEnd(1_000, '.'));
  fences[0] = `${at} 0`;
  return { ...sampleState(1, 1), at, fences };
}
