import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { hostname } from 'node:os';
import Koa from 'koa';
import { formatAddress, parseAddress } from '../base/address.js';
import { messageOf, OperatorError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { securityHeaders } from './access/headers.js';
import type { Certificate } from './access/tls.js';
import { logAccess } from './api/access-log.js';
import { answerFailures } from './api/failures.js';
import { sameSiteOnly } from './api/same-site.js';

/** A whole request, headers and body; bodies are single records. */
const REQUEST_TIMEOUT_MS = 60_000;

/** A server that listens; whoever asks before there are routes is answered when there are. */
export interface Listening {
  readonly server: Server;
  /** host:port as others may use it. */
  readonly addr: string;
}

/**
 * @param where host:port; an empty host means every interface
 * @throws OperatorError
 */
export async function listen(where: string, certificate: Certificate | null): Promise<Listening> {
  const server = certificate ? createTlsServer(certificate) : createServer();
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  const { host, port } = parseAddress(where, 'dashboard address');
  // IPv4 whatever the name resolves to first: 127.0.0.1 is what everybody tries.
  const bindTo = host === 'localhost' ? '127.0.0.1' : host;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen(where, cause)));
    server.listen({ port, ...(bindTo === '' ? {} : { host: bindTo }) }, resolve);
  });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('not listening on TCP');
  const isEveryInterface = ['', '0.0.0.0', '::'].includes(bindTo);
  const addr = formatAddress({ host: isEveryInterface ? hostname() : bindTo, port: bound.port });
  return { server, addr };
}

/**
 * What every request goes through, around the routes and the pages.
 *
 * @param mount adds those
 */
export function webApp(
  mount: (app: Koa) => void,
  options: { isOwnHost: (host: string) => boolean; log: Logger; httpLog: Logger | null },
): Koa {
  const { isOwnHost, log, httpLog } = options;
  const app = new Koa();
  if (httpLog) app.use(logAccess(httpLog));
  app.use(securityHeaders());
  app.use(answerFailures(log));
  app.use(sameSiteOnly(isOwnHost));
  mount(app);
  // What is left are clients that went away while being answered.
  app.on('error', (error: unknown) => log.debug({ reason: messageOf(error) }, 'request cut off'));
  return app;
}

function cannotListen(where: string, cause: Error): OperatorError {
  if ('code' in cause && cause.code === 'EADDRINUSE') {
    return new OperatorError(`the dashboard cannot listen on ${where}: the port is in use`, {
      hint: 'stop what listens there, or choose another: codis-config dashboard --addr=<address>',
      cause,
    });
  }
  return new OperatorError(`the dashboard cannot listen on ${where}: ${messageOf(cause)}`, {
    hint: 'choose another address: codis-config dashboard --addr=<address>',
    cause,
  });
}
