import { connect, type Socket } from 'node:net';
import { parseAddress } from '../../base/address.js';

/** Each is told which socket it is about: it may not be the current one any more. */
export interface SocketEvents {
  /** Where the next read is to be put; asked for the first time before there is a socket: null. */
  target(socket: Socket | null): Buffer;
  onRead(socket: Socket | null, count: number, into: Buffer): void;
  onConnect(socket: Socket): void;
  /** @param reason in a few words */
  onEnd(socket: Socket, reason: string): void;
  /** All that was written has been taken. */
  onDrain(socket: Socket): void;
}

/** Begins to connect to host:port; an empty host means this one. */
export function openServerSocket(addr: string, events: SocketEvents): Socket {
  const { host, port } = parseAddress(addr, 'server');
  let opened: Socket | null = null;
  const socket = connect({
    host: host || '127.0.0.1',
    port,
    noDelay: true,
    keepAlive: true,
    onread: {
      buffer: () => events.target(opened),
      callback: (count, into) => {
        events.onRead(opened, count, into as Buffer);
        return true;
      },
    },
  });
  opened = socket;
  socket.on('error', (error: NodeJS.ErrnoException) => {
    events.onEnd(socket, error.code ?? error.message);
  });
  socket.on('close', () => events.onEnd(socket, 'connection closed by the server'));
  socket.on('connect', () => events.onConnect(socket));
  socket.on('drain', () => events.onDrain(socket));
  return socket;
}
