import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type Address, parseAddress } from '../base/address.js';
import { messageOf } from '../base/errors.js';
import { LOG_LEVELS, type LogLevel } from '../base/log.js';
import { VERSION } from '../base/version.js';

const DEFAULT_CONFIG_FILE = 'config.ini';
const DEFAULT_ADDR = '127.0.0.1:19000';
const DEFAULT_HTTP_ADDR = '127.0.0.1:11000';

export interface ProxyArguments {
  /** null: no file given and no `config.ini` in the working folder. */
  readonly configFile: string | null;
  /** null: standard error. */
  readonly logFile: string | null;
  readonly logLevel: LogLevel;
  readonly cpu: number;
  readonly addr: Address;
  readonly httpAddr: Address;
}

/** The arguments, or the exit status after help, the version or an error have been printed. */
export type ParsedArguments = { arguments: ProxyArguments } | { exitCode: number };

interface Streams {
  out(text: string): void;
  err(text: string): void;
}

const STANDARD_STREAMS: Streams = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
};

/** Reads the command line of codis-proxy: the options of Codis 2. Bad usage has exit status 2. */
export function parseArguments(
  argv: readonly string[],
  streams: Streams = STANDARD_STREAMS,
): ParsedArguments {
  const command = proxyCommand(streams);
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { exitCode: error.exitCode === 0 ? 0 : 2 };
  }
  const options = command.opts<{
    config?: string;
    log?: string;
    logLevel: LogLevel;
    cpu: number;
    addr: Address;
    httpAddr: Address;
  }>();
  const defaultFile = existsSync(DEFAULT_CONFIG_FILE) ? DEFAULT_CONFIG_FILE : null;
  return {
    arguments: {
      configFile: options.config ?? defaultFile,
      logFile: options.log ?? null,
      logLevel: options.logLevel,
      cpu: options.cpu,
      addr: options.addr,
      httpAddr: options.httpAddr,
    },
  };
}

function proxyCommand(streams: Streams): Command {
  const option = (flags: string, help: string) => new Option(flags, help);
  return new Command('codis-proxy')
    .description(
      'A Redis proxy of a Codis cluster: routes each key to the group that has its slot.',
    )
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .allowExcessArguments(false)
    .addOption(option('-c, --config <file>', 'config.ini; default: ./config.ini if there is one'))
    .addOption(option('-L, --log <file>', 'append the log to this file; default: standard error'))
    .addOption(
      option('--log-level <level>', `one of ${LOG_LEVELS.join(', ')}`)
        .default('info')
        .argParser(readLogLevel),
    )
    .addOption(
      option('--cpu <number>', 'number of worker processes')
        .default(availableParallelism(), 'one a core')
        .argParser(readCpu),
    )
    .addOption(
      option('--addr <host:port>', 'where clients are served')
        .default(parseAddress(DEFAULT_ADDR, '--addr'), DEFAULT_ADDR)
        .argParser(readAddress),
    )
    .addOption(
      option('--http-addr <host:port>', 'where /debug/vars, /metrics and /healthz are served')
        .default(parseAddress(DEFAULT_HTTP_ADDR, '--http-addr'), DEFAULT_HTTP_ADDR)
        .argParser(readAddress),
    )
    .configureOutput({
      writeOut: (text) => streams.out(text),
      writeErr: (text) => streams.err(text),
      outputError: (text, write) => write(`codis-proxy: ${text.replace(/^error: /, '')}`),
    })
    .showHelpAfterError('  hint: codis-proxy --help lists the options')
    .exitOverride();
}

/** Codis wrote the levels in capitals, and `warning`. */
function readLogLevel(text: string): LogLevel {
  const wanted = text.toLowerCase() === 'warning' ? 'warn' : text.toLowerCase();
  const level = LOG_LEVELS.find((one) => one === wanted);
  if (!level) throw new InvalidArgumentError(`It must be one of ${LOG_LEVELS.join(', ')}.`);
  return level;
}

function readCpu(text: string): number {
  const cpu = Number(text);
  if (!/^\d+$/.test(text) || cpu < 1) throw new InvalidArgumentError('It must be 1 or more.');
  return cpu;
}

function readAddress(text: string): Address {
  try {
    return parseAddress(text, 'address');
  } catch (error) {
    throw new InvalidArgumentError(`Write host:port. (${messageOf(error)})`);
  }
}
