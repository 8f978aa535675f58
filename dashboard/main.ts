import type { Server as TlsServer } from 'node:https';
import { join } from 'node:path';
import type Koa from 'koa';
import { parseAddress } from '../base/address.js';
import type { Config } from '../base/config.js';
import { type DashboardAccess, dashboardAccess } from '../base/dashboard-access.js';
import { withDeadline } from '../base/deadline.js';
import { messageOf } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import type { Coordinator } from '../cluster/coordinator/coordinator.js';
import { openCoordinator } from '../cluster/coordinator/open.js';
import { Store } from '../cluster/store.js';
import { Access } from './access/access.js';
import { assertNotExposed, type Exposure, isOwnHost, noticeFor } from './access/exposure.js';
import { loadCertificate, renewCertificate } from './access/tls.js';
import { pages, pagesFolder } from './api/pages.js';
import { makeRouter } from './api/router.js';
import { codisHandlers } from './api/routes.js';
import { webHandlers } from './api/web-routes.js';
import { AuditLog } from './audit/audit-log.js';
import { Auditor } from './audit/auditor.js';
import { Cluster } from './cluster.js';
import { LeaseHeldError } from './errors.js';
import { Lease } from './lease.js';
import { Collector } from './live/collector.js';
import { History } from './live/history/history.js';
import { jobsWithProgress } from './live/leader-jobs.js';
import { LiveSockets } from './live/sockets.js';
import { upgrade } from './live/upgrade.js';
import { Planning } from './planning/planning.js';
import { Registry } from './registry.js';
import { SlowLog } from './service/slow-log.js';
import { Surveys } from './service/surveys.js';
import { type Listening, listen, webApp } from './web-server.js';

/** What a change under way may take when we are told to stop; then it is cut off, and repeated. */
const CLOSE_TIMEOUT_MS = 5_000;

export interface DashboardOptions {
  readonly config: Config;
  /** host:port to listen on; port 0 picks one. An empty host means every interface. */
  readonly listen: string;
  readonly log: Logger;
  /** A line for each request. */
  readonly httpLog?: Logger;
  /** Do not start if another dashboard leads; by default it stands by. */
  readonly isAlone?: boolean;
  /** Where it may listen without accounts; by default `loopback only`. */
  readonly exposure?: Exposure;
}

export interface Dashboard {
  /** host:port of the REST API and the pages. */
  readonly addr: string;
  readonly scheme: 'http' | 'https';
  /** Ends the change under way, gives the lease back, and closes everything. */
  close(): Promise<void>;
}

/**
 * Starts a dashboard: serves the pages and the REST API, and leads the product, or stands by while
 * another one does.
 *
 * @throws OperatorError if the coordinator or the port cannot be had; LeaseHeldError if an original
 * Codis leads, or anybody and we are to be alone.
 */
export async function runDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { config, log } = options;
  const isTls = config.dashboardTlsCert !== '' || config.dashboardTlsKey !== '';
  const access = new Access({
    ...{ accounts: config.dashboardAccounts, token: config.dashboardToken },
    ...{ product: config.product, isTls },
  });
  if (access.isOpen) assertNotExposed(options.listen, options.exposure ?? 'loopback only');
  const coordinator = await openCoordinator(config, log);
  try {
    const dashboard = await serve(coordinator, access, options);
    return {
      ...dashboard,
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

function leadsAlready(lease: Lease): LeaseHeldError {
  return new LeaseHeldError(`another dashboard leads already, at ${lease.leader}`, {
    hint: 'stop it first, or choose another product or coordinator',
  });
}

async function serve(
  coordinator: Coordinator,
  access: Access,
  options: DashboardOptions,
): Promise<Dashboard> {
  const { config, log } = options;
  const store = new Store(coordinator, config.product);
  const registry = new Registry(store, log);
  const isSameHost = (addr: string) => registry.isOnThisHost(addr);
  const lease = new Lease(coordinator, store.paths, isSameHost, log);
  await lease.removeDead();
  const certificate = loadCertificate(config);
  const listening = await listen(options.listen, certificate);
  const { server, addr } = listening;
  const parts = assemble(coordinator, store, lease, access, listening, options);
  const stopRenewing = certificate ? renewCertificate(server as TlsServer, config, log) : () => {};
  const { cluster, collector, history, sockets } = parts;
  try {
    await registry.join(addr);
    await lease.contend(addr);
    if (options.isAlone === true && lease.state !== 'held') throw leadsAlready(lease);
  } catch (error) {
    await lease.release();
    await registry.leave(addr).catch(() => undefined);
    server.close();
    sockets.close();
    throw error;
  }
  const recover = () => {
    cluster.changes.recover().catch((error: unknown) => {
      log.error({ reason: messageOf(error) }, 'a change is still not announced');
    });
  };
  lease.onTaken(recover);
  if (lease.state === 'held') recover();
  cluster.migration.run();
  cluster.ha.start();
  await history.open(Date.now());
  collector.start();
  const { scheme } = parts;
  log.info(
    { addr, scheme, product: config.product, lease: lease.state, access: access.describe() },
    'dashboard serves',
  );
  return {
    ...{ addr, scheme },
    close: async () => {
      cluster.ha.stop();
      stopRenewing();
      sockets.close();
      await collector.close();
      await history.close();
      try {
        await withDeadline(cluster.migration.stop(), CLOSE_TIMEOUT_MS, 'the move under way');
        await withDeadline(cluster.changes.close(), CLOSE_TIMEOUT_MS, 'the change under way');
      } catch (error) {
        log.warn({ reason: messageOf(error) }, 'stopping in the middle of a change');
      }
      // We listen as long as we lead: a stand-by takes a closed port for our end.
      await lease.release();
      await registry.leave(addr).catch(() => undefined);
      server.close();
      server.closeAllConnections();
      log.info({ addr }, 'dashboard stopped');
    },
  };
}

/** Everything that answers requests, put together. */
function assemble(
  coordinator: Coordinator,
  store: Store,
  lease: Lease,
  access: Access,
  { server, addr }: Listening,
  { config, log, httpLog, listen: where, exposure }: DashboardOptions,
) {
  const { password } = config;
  const scheme = config.dashboardTlsCert === '' ? 'http' : 'https';
  const peerAccess = (): DashboardAccess => {
    const authorization = access.peerAuthorization();
    return { ...dashboardAccess(config), headers: authorization ? { authorization } : {} };
  };
  const cluster = new Cluster(coordinator, lease, config, log);
  const history = new History(join(config.dashboardData, config.product), log);
  const leads = () => lease.state === 'held';
  const collector = new Collector({
    ...{ store, password, addr, scheme, history, log },
    leadership: () => ({ leads: leads(), leader: lease.leader }),
    describeJobs: (content) =>
      jobsWithProgress(content, cluster.migration, {
        ...{ leads, leader: () => lease.leader, access: peerAccess },
      }),
  });
  const sockets = new LiveSockets(collector, log);
  const audit = new AuditLog(store, log);
  const notice = noticeFor({ isOpen: access.isOpen, where, scheme });
  if (notice !== '') log.warn({ addr }, notice);
  const router = makeRouter({
    access,
    auditor: new Auditor(store, audit, access),
    leader: () => (leads() ? null : { addr: lease.leader, scheme, ca: peerAccess().ca }),
    handlers: {
      ...codisHandlers(cluster),
      ...webHandlers({
        ...{ product: config.product, access, collector, history, audit, notice },
        planning: new Planning(store, cluster),
        slowLog: new SlowLog(store, password, log),
        surveys: new Surveys(store, password),
        logFailedLogin: (name, from, reason) => log.warn({ name, from, reason }, 'login failed'),
      }),
    },
  });
  // Anyone's page may give its own name our address; where others come in, any name may be right.
  const known = [where, config.dashboardAddr].map((text) => parseAddress(text, 'address').host);
  const isChecked = access.isOpen && exposure !== 'anywhere';
  const ownHost = (host: string) => !isChecked || isOwnHost(host, known);
  const mount = (koa: Koa) => {
    koa.use(router.routes());
    koa.use(pages(pagesFolder()));
  };
  const app = webApp(mount, { isOwnHost: ownHost, log, httpLog: httpLog ?? null });
  server.on('request', app.callback());
  server.on('upgrade', (request, socket, head) =>
    upgrade(request, socket, head, { sockets, access, isOwnHost: ownHost }),
  );
  return { cluster, collector, history, sockets, scheme } as const;
}
