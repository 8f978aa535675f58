import { existsSync } from 'node:fs';
import { type Config, loadConfig } from '../base/config.js';
import { dashboardAccess } from '../base/dashboard-access.js';
import { type Logger, type LogLevel, openLog, silentLog } from '../base/log.js';
import { DashboardClient, REQUEST_TIMEOUT_MS } from '../dashboard/api/client.js';
import { Output } from './render.js';

/** Used if there is one and no other is named: as in a folder that `codis-config` was unpacked in. */
export const USUAL_CONFIG_FILE = 'config.ini';

/** The options that every verb has. */
export interface GlobalOptions {
  readonly config?: string;
  readonly log?: string;
  readonly logLevel: LogLevel;
  readonly json?: boolean;
  readonly dashboard?: string;
}

/** What the verbs work with, made from the global options when it is first asked for. */
export class Context {
  readonly #options: () => GlobalOptions;
  #config: Config | undefined;
  #client: DashboardClient | undefined;

  /** @param options known only once the arguments have been parsed. */
  constructor(options: () => GlobalOptions) {
    this.#options = options;
  }

  get options(): GlobalOptions {
    return this.#options();
  }

  /** The file of `--config`, else `config.ini` of this folder if there is one, else null. */
  get configFile(): string | null {
    const usual = existsSync(USUAL_CONFIG_FILE) ? USUAL_CONFIG_FILE : null;
    return this.options.config ?? usual;
  }

  /** @throws OperatorError naming file, line and key. */
  get config(): Config {
    this.#config ??= loadConfig(this.configFile);
    return this.#config;
  }

  /** The address of `--dashboard`, else that of the config. */
  get client(): DashboardClient {
    this.#client ??= new DashboardClient(
      this.options.dashboard ?? this.config.dashboardAddr,
      REQUEST_TIMEOUT_MS,
      dashboardAccess(this.config),
    );
    return this.#client;
  }

  get output(): Output {
    const isForPeople = process.stdout.isTTY === true && this.options.json !== true;
    return new Output(process.stdout, isForPeople);
  }

  /** For what a person at the terminal need not see; nowhere without `--log`. */
  openLog(): Logger {
    const { log, logLevel } = this.options;
    return log === undefined ? silentLog() : openLog('codis-config', logLevel, log);
  }
}
