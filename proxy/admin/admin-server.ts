import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import type { Address } from '../../base/address.js';
import type { Logger } from '../../base/log.js';
import { cannotListen } from '../listen-address.js';
import type { AdminSource } from './admin-source.js';
import { debugServers } from './debug-servers.js';
import { debugVars } from './debug-vars.js';
import { health } from './health.js';
import { createMetrics } from './metrics.js';

const REQUEST_TIMEOUT_MS = 10_000;

interface Answer {
  status: number;
  type: string;
  body: string;
}

const PAGES = [
  ['/debug/vars', 'counters by command, as Codis 2 shows them (JSON)'],
  ['/debug/servers', 'the Redis servers as seen from here, for the dashboard (JSON)'],
  ['/metrics', 'everything, for Prometheus'],
  ['/healthz', '200 while clients are served here, else 503 (JSON with the reasons)'],
] as const;

/** The proxy's own HTTP port: figures and health. It changes nothing, and has no secrets. */
export class AdminServer {
  readonly #source: AdminSource;
  readonly #log: Logger;
  readonly #metrics: Registry;
  readonly #server: Server;

  constructor(source: AdminSource, log: Logger) {
    this.#source = source;
    this.#log = log;
    this.#metrics = createMetrics(source);
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.requestTimeout = REQUEST_TIMEOUT_MS;
  }

  /**
   * @returns the address bound; port 0 picks one.
   * @throws OperatorError if the address cannot be listened on.
   */
  listen(address: Address): Promise<Address> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause) => reject(cannotListen('--http-addr', address, cause)));
      this.#server.listen(address.port, address.host || undefined, () => {
        this.#server.removeAllListeners('error');
        this.#server.on('error', (error) => this.#log.error({ err: error }, 'admin server'));
        const bound = this.#server.address();
        const port = typeof bound === 'object' && bound ? bound.port : address.port;
        resolve({ host: address.host, port });
      });
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#answer(request);
    } catch (error) {
      this.#log.error({ err: error, url: request.url }, 'admin request failed');
      answer = { status: 500, type: 'text/plain', body: 'internal error, see the log\n' };
    }
    response.writeHead(answer.status, {
      'content-type': answer.type,
      'content-length': Buffer.byteLength(answer.body),
      'cache-control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : answer.body);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { status: 405, type: 'text/plain', body: 'only GET is answered here\n' };
    }
    switch (request.url?.split('?')[0]) {
      case '/':
        return { status: 200, type: 'text/plain', body: index() };
      case '/debug/vars':
        return json(200, debugVars(this.#source));
      case '/debug/servers':
        return json(200, debugServers(this.#source));
      case '/metrics':
        return {
          status: 200,
          type: this.#metrics.contentType,
          body: await this.#metrics.metrics(),
        };
      case '/healthz': {
        const { healthy, body } = health(this.#source);
        return json(healthy ? 200 : 503, body);
      }
      default:
        return { status: 404, type: 'text/plain', body: `not found; there are:\n${index()}` };
    }
  }
}

function index(): string {
  return PAGES.map(([path, what]) => `${path.padEnd(16)}${what}\n`).join('');
}

function json(status: number, body: object): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(body, null, 2)}\n` };
}
