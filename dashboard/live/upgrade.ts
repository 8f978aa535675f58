import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Access } from '../access/access.js';
import { LIVE_PATH } from '../api/live-contract.js';
import type { LiveSockets } from './sockets.js';

/** Checks who wants a WebSocket, as the routes do, and makes it one. */
export function upgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { sockets, access, isOwnHost }: UpgradeSettings,
): void {
  socket.on('error', () => socket.destroy());
  const refused = refusal(request, access, isOwnHost);
  if (refused !== null) refuse(socket, ...refused);
  else sockets.accept(request, socket, head, () => access.identify(request.headers) !== null);
}

/** Why there is no WebSocket for this request: status and words; or null. */
function refusal(
  { url, headers }: IncomingMessage,
  access: Access,
  isOwnHost: (host: string) => boolean,
): [status: string, words: string] | null {
  const path = (url ?? '').split('?')[0];
  if (path !== LIVE_PATH) return ['404 Not Found', `there is no WebSocket at ${path}`];
  const host = headers.host ?? '';
  // A browser always says which page it is; programs do not.
  const { origin } = headers;
  const isForeign = origin !== undefined && hostOf(origin) !== host;
  if (isForeign || headers['sec-fetch-site'] === 'cross-site' || !isOwnHost(host)) {
    return ['403 Forbidden', 'requests from pages of other sites are refused'];
  }
  if (!access.identify(headers)) return ['401 Unauthorized', 'log in first, or send a token'];
  return null;
}

export interface UpgradeSettings {
  readonly sockets: LiveSockets;
  readonly access: Access;
  readonly isOwnHost: (host: string) => boolean;
}

function refuse(socket: Duplex, status: string, words: string): void {
  const body = `${words}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : '';
}
