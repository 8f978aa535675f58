import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { projectFile } from '../project-file.js';

// The kernel kills the child when we die, however we die: no server outlives the run.
const DEATH_SIGNAL = existsSync('/usr/bin/setpriv')
  ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL']
  : [];
const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 20;

export interface ChaosProcessOptions {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Of a Node process: the address of this machine that its connections come from. */
  readonly source?: string;
  /** What it prints is appended. */
  readonly logFile: string;
  /** Does it do its work? */
  readonly serves: () => Promise<boolean>;
}

/** A server that is killed and started again with the same arguments. */
export class ChaosProcess {
  readonly name: string;
  readonly #options: ChaosProcessOptions;
  #child: ChildProcess | null = null;

  constructor(options: ChaosProcessOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Where its connections come from, as links see it. */
  get source(): string {
    return this.#options.source ?? HOST;
  }

  get isRunning(): boolean {
    const child = this.#child;
    return child !== null && child.exitCode === null && child.signalCode === null;
  }

  /** @param env more variables for this life alone */
  spawn(env: Readonly<Record<string, string>> = {}): void {
    const { program, args, logFile, source, env: ownEnv } = this.#options;
    const [first, ...rest] = [...DEATH_SIGNAL, program, ...args];
    const log = openSync(logFile, 'a');
    this.#child = spawn(first!, rest, {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...(source && sourceSettings(source)), ...ownEnv, ...env },
    });
    closeSync(log);
  }

  /** @throws if it ends instead, or does not come to serve within a minute */
  async serves(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline) {
      if (!this.isRunning) throw new Error(`${this.name} ended: see ${this.#options.logFile}`);
      if (await this.#options.serves().catch(() => false)) return;
      await sleep(POLL_MS);
    }
    throw new Error(`${this.name} does not serve: see ${this.#options.logFile}`);
  }

  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.spawn(env);
    await this.serves();
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    const gone = once(this.#child!, 'exit');
    this.#child!.kill('SIGKILL');
    await gone;
  }

  /** SIGSTOP: its connections stay open and nothing answers, until {@link resume}. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<void> {
    if (this.isRunning) await once(this.#child!, 'exit');
  }

  killNow(): void {
    if (this.isRunning) this.#child!.kill('SIGKILL');
  }
}

function sourceSettings(source: string): Record<string, string> {
  const file = pathToFileURL(projectFile('scripts/chaos/cluster/source-address.mjs')).href;
  return { CODIS_CHAOS_SOURCE: source, NODE_OPTIONS: `--import=${file}` };
}
