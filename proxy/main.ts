import { type Config, loadConfig } from '../base/config.js';
import { dashboardAccess } from '../base/dashboard-access.js';
import { withDeadline } from '../base/deadline.js';
import { messageOf, OperatorError } from '../base/errors.js';
import { type Logger, openLog } from '../base/log.js';
import { listenForStop } from '../base/stop-signal.js';
import { VERSION } from '../base/version.js';
import { openCoordinator } from '../cluster/coordinator/open.js';
import type { ProxyRecord } from '../cluster/model/proxy.js';
import { Store } from '../cluster/store.js';
import { AdminServer } from './admin/admin-server.js';
import { type ProxyArguments, parseArguments } from './arguments.js';
import type { DataPlane } from './data-plane.js';
import { checkedListenAddress } from './listen-address.js';
import { advertisedAddress, newProxyRecord } from './topology/identity.js';
import { Topology, type TopologyStatus } from './topology/topology.js';
import { createDataPlane } from './worker.js';
import { WorkerPool } from './workers/worker-pool.js';

/** Beyond the longest that a Redis server may take for a command: nobody is cut without need. */
const DRAIN_MARGIN_MS = 1_000;
const CLOSE_TIMEOUT_MS = 2_000;

/** codis-proxy: ends the process, with status 0 after a drain, 1 on failure, 2 for bad usage. */
export async function run(argv: readonly string[]): Promise<void> {
  const parsed = parseArguments(argv);
  if ('exitCode' in parsed) {
    process.exitCode = parsed.exitCode;
    return;
  }
  const stopSignal = nextSignal();
  let log: Logger | null = null;
  try {
    const config = loadConfig(parsed.arguments.configFile);
    log = openLog('codis-proxy', parsed.arguments.logLevel, parsed.arguments.logFile ?? undefined);
    endOnFaults(log);
    await serve(parsed.arguments, config, log, stopSignal);
    process.exit(0);
  } catch (error) {
    // In plain words it is on standard error already: not twice in one place.
    const isTold = error instanceof OperatorError && parsed.arguments.logFile === null;
    if (!isTold) log?.fatal({ err: error }, 'codis-proxy ends');
    printError(error);
    process.exit(1);
  }
}

/** Serves until told to stop, by a signal or by the operator through the tree. */
async function serve(
  args: ProxyArguments,
  config: Config,
  log: Logger,
  stopSignal: Promise<NodeJS.Signals>,
): Promise<void> {
  const startAt = new Date();
  const clientAddress = await checkedListenAddress('--addr', args.addr, config.proto);
  const adminAddress = await checkedListenAddress('--http-addr', args.httpAddr, config.proto);
  const record = newProxyRecord(
    config.proxyId,
    await advertisedAddress(clientAddress, config.advertiseAddr),
    await advertisedAddress(adminAddress, ''),
    startAt,
  );
  log.info(
    { version: VERSION, config: args.configFile, addr: record.addr, admin: record.debug_var_addr },
    'codis-proxy starts',
  );
  const dataPlane =
    args.cpu === 1
      ? createDataPlane(config, log)
      : new WorkerPool(
          { config, logLevel: args.logLevel, logFile: args.logFile, workerCount: args.cpu },
          log,
        );
  let topology: Topology | null = null;
  const admin = new AdminServer(
    {
      topology: () => topology?.status ?? statusWithoutCoordinator(record),
      dataPlane: () => dataPlane.stats(),
      workers: args.cpu,
    },
    log,
  );
  await admin.listen(adminAddress);

  const opening = openCoordinator(config, log, { unreachable: 'wait' });
  const coordinator = await Promise.race([opening, stopSignal]);
  if (typeof coordinator === 'string') return;
  topology = new Topology(
    new Store(coordinator, config.product),
    record,
    dataPlane,
    clientService(dataPlane, clientAddress, config),
    {
      dashboardAddr: config.dashboardAddr,
      dashboardAccess: dashboardAccess(config),
      sessionTimeoutMs: config.zkSessionTimeoutMs,
    },
    log,
  );
  topology.start();

  const end = await Promise.race([
    stopSignal.then((signal) => ({ reason: signal })),
    topology.ended,
  ]);
  log.info({ reason: end.reason }, 'stopping');
  await topology.stop();
  dataPlane.close();
  admin.close();
  await withDeadline(coordinator.close(), CLOSE_TIMEOUT_MS, 'the coordinator').catch((error) =>
    log.warn({ reason: messageOf(error) }, 'the coordinator session was left to expire'),
  );
  if ('error' in end) throw end.error;
  log.info('stopped');
}

function clientService(
  dataPlane: DataPlane,
  address: Parameters<DataPlane['listen']>[0],
  config: Config,
) {
  let listening = false;
  return {
    async begin() {
      await dataPlane.listen(address);
      listening = true;
    },
    async end(successors: readonly string[]) {
      if (!listening) return;
      listening = false;
      await dataPlane.drain(config.backendTimeoutMs + DRAIN_MARGIN_MS, successors);
    },
  };
}

function statusWithoutCoordinator(record: ProxyRecord): TopologyStatus {
  return {
    state: 'starting',
    coordinator: 'connecting',
    record,
    tableLoadedAt: null,
    lastAction: null,
    actionsHandled: 0,
    lastFailure: '',
  };
}

/** The first SIGTERM, SIGINT or SIGHUP. A later one ends the process at once. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    listenForStop(resolve, () => process.exit(1));
  });
}

/**
 * A fault of ours that nothing caught: the state of this process is not to be relied on, so it
 * ends without taking its fence back. The fence is what says that a proxy may have ended badly.
 */
function endOnFaults(log: Logger): void {
  const end = (error: unknown) => {
    log.fatal({ err: error }, 'fault: codis-proxy ends at once');
    process.exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

function printError(error: unknown): void {
  if (error instanceof OperatorError) {
    const hint = error.hint === '' ? '' : `  hint: ${error.hint}\n`;
    process.stderr.write(`codis-proxy: ${error.message}\n${hint}`);
  } else {
    process.stderr.write(`codis-proxy: ${error instanceof Error ? error.stack : String(error)}\n`);
  }
}
