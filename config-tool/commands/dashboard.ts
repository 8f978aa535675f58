import { Command, Option } from 'commander';
import { withDeadline } from '../../base/deadline.js';
import { openLog } from '../../base/log.js';
import { listenForStop, type StopSignal } from '../../base/stop-signal.js';
import { listenAddress } from '../arguments.js';
import type { Context } from '../context.js';
import { example } from '../help.js';
import { addAudit, addPasswd } from './dashboard-accounts.js';

/** Beyond the time that the dashboard itself takes at most for its change under way. */
const CLOSE_TIMEOUT_MS = 10_000;
/** Time for the error to be written. */
const LINGER_MS = 500;

export function dashboardCommand(context: Context): Command {
  const command = new Command('dashboard')
    .description('serve the pages and the REST API that all other commands use, until Ctrl-C')
    .addOption(
      new Option('--addr <address>', 'host:port to listen on (default: dashboard_addr)').argParser(
        listenAddress,
      ),
    )
    .option('--http-log <log_file>', 'write a line for each request to this file')
    .option('--alone', 'end with an error if another dashboard leads, instead of standing by')
    .option('--insecure', 'without accounts, let everybody in who reaches the address')
    .addHelpText(
      'after',
      example(
        '-c config.ini dashboard --addr=127.0.0.1:18087',
        'dashboard passwd ada --role=admin',
      ),
    )
    .action((options: DashboardArguments) => serveDashboard(context, options));
  addPasswd(command, context);
  addAudit(command, context);
  return command;
}

interface DashboardArguments {
  addr?: string;
  httpLog?: string;
  alone?: boolean;
  insecure?: boolean;
}

/** Resolves when it has stopped in order, after a signal. */
async function serveDashboard(context: Context, args: DashboardArguments): Promise<void> {
  const { config } = context;
  const { log: logFile, logLevel } = context.options;
  const log = openLog('codis-dashboard', logLevel, logFile);
  const stopSignal = nextSignal();
  // Only this verb needs the server with all that it stands on.
  const { runDashboard } = await import('../../dashboard/main.js');
  const starting = runDashboard({
    config,
    listen: args.addr ?? config.dashboardAddr,
    log,
    isAlone: args.alone === true,
    exposure: args.insecure ? 'anywhere' : 'loopback only',
    ...(args.httpLog === undefined ? {} : { httpLog: openLog('http', 'info', args.httpLog) }),
  });
  // Whatever a dashboard that cannot start has open does not keep the process.
  starting.catch(() => setTimeout(() => process.exit(1), LINGER_MS).unref());
  const started = await Promise.race([starting, stopSignal]);
  // Told to stop while it waits for coordinator or lease: it holds nothing yet.
  if (typeof started === 'string') process.exit(0);
  if (context.output.isForPeople) {
    context.output.text(
      `The dashboard serves at ${started.scheme}://${started.addr}; Ctrl-C stops it.`,
    );
  }
  log.info({ signal: await stopSignal }, 'dashboard stops');
  await withDeadline(started.close(), CLOSE_TIMEOUT_MS, 'the end of the dashboard');
  process.exit(0);
}

/** One that comes later ends us at once. */
function nextSignal(): Promise<StopSignal> {
  return new Promise((resolve) => {
    listenForStop(resolve, () => process.exit(1));
  });
}
