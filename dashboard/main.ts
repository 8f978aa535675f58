import { createServer, type Server } from 'node:http';
import { hostname } from 'node:os';
import Koa from 'koa';
import { formatAddress, parseAddress } from '../base/address.js';
import type { Config } from '../base/config.js';
import { withDeadline } from '../base/deadline.js';
import { messageOf, OperatorError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import type { Coordinator } from '../cluster/coordinator/coordinator.js';
import { openCoordinator } from '../cluster/coordinator/open.js';
import { Paths } from '../cluster/paths.js';
import { logAccess } from './api/access-log.js';
import { answerFailures } from './api/failures.js';
import { apiRoutes } from './api/routes.js';
import { sameSiteOnly } from './api/same-site.js';
import { Cluster } from './cluster.js';
import { Lease } from './lease.js';

/** What a change under way may take when we are told to stop; then it is cut off, and repeated. */
const CLOSE_TIMEOUT_MS = 5_000;

export interface DashboardOptions {
  readonly config: Config;
  /** host:port to listen on; port 0 picks one. An empty host means every interface. */
  readonly listen: string;
  readonly log: Logger;
  /** A line for each request. */
  readonly httpLog?: Logger;
}

export interface Dashboard {
  /** host:port of the REST API. */
  readonly addr: string;
  /** Ends the change under way, gives the lease back, and closes everything. */
  close(): Promise<void>;
}

/**
 * Starts the dashboard: takes the lease of the product, serves the REST API.
 *
 * @throws OperatorError if the coordinator or the port cannot be had; LeaseHeldError if another
 * dashboard leads.
 */
export async function runDashboard(options: DashboardOptions): Promise<Dashboard> {
  const coordinator = await openCoordinator(options.config, options.log);
  try {
    const dashboard = await serve(coordinator, options);
    return {
      addr: dashboard.addr,
      close: async () => {
        await dashboard.close();
        await coordinator.close();
      },
    };
  } catch (error) {
    await coordinator.close();
    throw error;
  }
}

async function serve(coordinator: Coordinator, options: DashboardOptions): Promise<Dashboard> {
  const { config, log } = options;
  const path = new Paths(config.product).dashboard;
  const lease = new Lease(coordinator, path, config.zkSessionTimeoutMs, log);
  await lease.awaitFree();
  const cluster = new Cluster(coordinator, lease, config, log);
  const server = createServer(koa(cluster, options).callback());
  const addr = await listen(server, options.listen);
  try {
    await lease.take(addr);
  } catch (error) {
    server.close();
    throw error;
  }
  const recover = () => {
    cluster.changes.recover().catch((error: unknown) => {
      log.error({ reason: messageOf(error) }, 'a change is still not announced');
    });
  };
  lease.onRetaken(recover);
  recover();
  cluster.migration.run();
  log.info({ addr, product: config.product }, 'dashboard serves');
  return {
    addr,
    close: async () => {
      server.close();
      server.closeIdleConnections();
      try {
        await withDeadline(cluster.migration.stop(), CLOSE_TIMEOUT_MS, 'the move under way');
        await withDeadline(cluster.changes.close(), CLOSE_TIMEOUT_MS, 'the change under way');
      } catch (error) {
        log.warn({ reason: messageOf(error) }, 'stopping in the middle of a change');
      }
      await lease.release();
      server.closeAllConnections();
      log.info({ addr }, 'dashboard stopped');
    },
  };
}

function koa(cluster: Cluster, { log, httpLog }: DashboardOptions): Koa {
  const app = new Koa();
  if (httpLog) app.use(logAccess(httpLog));
  app.use(answerFailures(log));
  app.use(sameSiteOnly());
  app.use(apiRoutes(cluster).routes());
  // What is left are clients that went away while being answered.
  app.on('error', (error: unknown) => log.debug({ reason: messageOf(error) }, 'request cut off'));
  return app;
}

/** @returns host:port as others may use it */
async function listen(server: Server, where: string): Promise<string> {
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
  return formatAddress({ host: isEveryInterface ? hostname() : bindTo, port: bound.port });
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
