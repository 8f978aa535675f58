import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  BEING_WRITTEN,
  NOT_WRITTEN,
  WRITTEN,
  writeDirectly,
} from '../../../proxy/io/direct-write.js';
import { eventually } from '../../support/eventually.js';

const HELLO = Buffer.from('hello');
/** More than the kernel takes at once. */
const MUCH = Buffer.alloc(32 * 2 ** 20, 'm');

let server: Server;
let socket: Socket;
let reader: Socket;
let errors: NodeJS.ErrnoException[];

function connectToServer(): Socket {
  const opened = connect((server.address() as AddressInfo).port, '127.0.0.1');
  opened.on('error', (error) => errors.push(error));
  return opened;
}

beforeEach(async () => {
  errors = [];
  server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  socket = connectToServer();
  [reader] = (await once(server, 'connection')) as [Socket];
  reader.on('error', () => {});
  await eventually('it is connected', () => !socket.connecting);
});
afterEach(() => {
  socket.destroy();
  reader.destroy();
  server.close();
});

function closeOf(one: Socket): Promise<void> {
  return new Promise((resolve) => one.once('close', () => resolve()));
}

const never = {
  onDirectlyWritten: () => {
    throw new Error('called');
  },
};

test('what the kernel takes at once is written, and leaves nothing to the stream', async () => {
  expect(writeDirectly(socket, HELLO, never)).toBe(WRITTEN);
  expect(writeDirectly(socket, Buffer.from(' again'), never)).toBe(WRITTEN);
  expect(socket.writableLength).toBe(0);
  let text = '';
  reader.on('data', (part) => {
    text += String(part);
  });
  reader.resume();
  await eventually('it has arrived', () => text === 'hello again');
});

test('of the rest it is told, and what the stream writes meanwhile follows', async () => {
  let isWritten = false;
  const outcome = writeDirectly(socket, MUCH, {
    onDirectlyWritten: () => {
      isWritten = true;
    },
  });
  expect(outcome).toBe(BEING_WRITTEN);
  socket.write(HELLO);
  expect(isWritten).toBe(false);
  let length = 0;
  let last = '';
  reader.on('data', (part) => {
    length += part.length;
    last = (last + part.toString('latin1', Math.max(0, part.length - 6))).slice(-6);
  });
  reader.resume();
  await eventually('all has arrived', () => length === MUCH.length + HELLO.length);
  expect(last).toBe('mhello');
  await eventually('it has been told', () => isWritten);
});

test('a socket that is ended has it written before its end', async () => {
  const outcome = writeDirectly(socket, MUCH, { onDirectlyWritten: () => {} });
  expect(outcome).toBe(BEING_WRITTEN);
  socket.end();
  let length = 0;
  reader.on('data', (part) => {
    length += part.length;
  });
  const ended = once(reader, 'end');
  reader.resume();
  await ended;
  expect(length).toBe(MUCH.length);
});

test('a socket that is destroyed meanwhile is told nothing', async () => {
  expect(writeDirectly(socket, MUCH, never)).toBe(BEING_WRITTEN);
  socket.destroy();
  await closeOf(socket);
  expect(errors).toEqual([]);
});

test('one whose other end is gone is destroyed, with the error that Node gives', async () => {
  const closed = closeOf(socket);
  const outcome = writeDirectly(socket, MUCH, never);
  expect(outcome).toBe(BEING_WRITTEN);
  reader.resetAndDestroy();
  await closed;
  expect(errors).toHaveLength(1);
  expect(['EPIPE', 'ECONNRESET']).toContain(errors[0]!.code);

  errors = [];
  const other = connectToServer();
  const [itsReader] = (await once(server, 'connection')) as [Socket];
  itsReader.on('error', () => {});
  itsReader.resetAndDestroy();
  const itsEnd = closeOf(other);
  await eventually('a write fails', () => {
    const result = writeDirectly(other, HELLO, never);
    return other.destroyed || result === NOT_WRITTEN;
  });
  await itsEnd;
  for (const { code } of errors) expect(['EPIPE', 'ECONNRESET']).toContain(code);
});

test('it leaves alone what only the stream knows how to write', async () => {
  const connecting = connectToServer();
  expect(writeDirectly(connecting, HELLO, never)).toBe(NOT_WRITTEN);
  connecting.destroy();
  expect(writeDirectly(connecting, HELLO, never)).toBe(NOT_WRITTEN);
  socket.end();
  expect(writeDirectly(socket, HELLO, never)).toBe(NOT_WRITTEN);
});
