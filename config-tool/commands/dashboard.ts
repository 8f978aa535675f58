import { Command, Option } from 'commander';
import { listenAddress } from '../arguments.js';
import type { Context } from '../context.js';
import { example } from '../help.js';

export function dashboardCommand(context: Context): Command {
  return new Command('dashboard')
    .description('serve the REST API that all other commands use')
    .addOption(
      new Option('--addr <address>', 'host:port to listen on (default: dashboard_addr)').argParser(
        listenAddress,
      ),
    )
    .option('--http-log <log_file>', 'write a line for each request to this file')
    .addHelpText('after', example('-c config.ini dashboard --addr=127.0.0.1:18087'))
    .action(async (options: { addr?: string; httpLog?: string }) => {
      // Only this verb needs the server with all that it stands on.
      const { runDashboard } = await import('../../dashboard/main.js');
      const { log, logLevel } = context.options;
      await runDashboard({
        config: context.config,
        logLevel,
        ...(log === undefined ? {} : { logFile: log }),
        ...(options.addr === undefined ? {} : { addr: options.addr }),
        ...(options.httpLog === undefined ? {} : { httpLog: options.httpLog }),
      });
    });
}
