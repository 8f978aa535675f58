import { Command, Option } from 'commander';
import { LOG_LEVELS } from '../base/log.js';
import { serverAddress } from './arguments.js';
import { actionCommand } from './commands/action.js';
import { completionCommand } from './commands/completion.js';
import { dashboardCommand } from './commands/dashboard.js';
import { proxyCommand } from './commands/proxy.js';
import { serverCommand } from './commands/server.js';
import { slotCommand } from './commands/slot.js';
import { Context, type GlobalOptions, USUAL_CONFIG_FILE } from './context.js';
import { example } from './help.js';

export interface Program {
  readonly command: Command;
  readonly context: Context;
}

/**
 * The whole command line, ready to be parsed. Wrong usage and `--help` end in commander's
 * CommanderError, whose message has been written by then.
 */
export function makeProgram(version: string): Program {
  const command = new Command('codis-config');
  const context = new Context(() => command.opts<GlobalOptions>());
  command
    .description('Edit and watch a cluster, through the REST API of its dashboard.')
    .version(version, '--version')
    .option(
      '-c, --config <config_file>',
      `settings (default: ${USUAL_CONFIG_FILE} of this folder if there is one, else built in)`,
    )
    .option('-L, --log <log_file>', 'where to log to')
    .addOption(
      new Option('--log-level <loglevel>', 'how much to log').choices(LOG_LEVELS).default('info'),
    )
    .option('--json', 'print JSON, as is done when the output is not a terminal')
    .addOption(
      new Option(
        '--dashboard <address>',
        'host:port of the dashboard (default: dashboard_addr of the config)',
      ).argParser(serverAddress),
    )
    .addHelpText(
      'after',
      example(
        'server list',
        '-c conf/config.ini slot info 579',
        '--dashboard=10.0.0.5:18087 proxy list',
      ),
    )
    .addCommand(serverCommand(context))
    .addCommand(slotCommand(context))
    .addCommand(proxyCommand(context))
    .addCommand(actionCommand(context))
    .addCommand(dashboardCommand(context))
    .addCommand(completionCommand(context, command));
  for (const each of everyCommand(command)) prepare(each);
  return { command, context };
}

/** A command and all below it. */
export function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

/** `codis-config server add`. */
export function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();
}

function prepare(command: Command): void {
  command
    .exitOverride()
    .helpCommand(false)
    .allowExcessArguments(false)
    .showHelpAfterError(`  see: ${fullName(command)} --help`)
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({
      outputError: (text, write) => write(inOurWords(text)),
    });
}

function inOurWords(text: string): string {
  return text
    .replace(/^error: /, 'codis-config: ')
    .replace(
      /command-argument value '(.*)' is invalid for argument '(\w+)'\./,
      "'$1' is not a $2.",
    );
}
