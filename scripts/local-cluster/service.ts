import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from '../../base/backoff.js';
import { messageOf, OperatorError } from '../../base/errors.js';
import { shownFolder } from './plan.js';
import { findProgram } from './programs.js';

const POLL_MS = 25;
/** A server that says nothing for so long is not going to come up. */
const START_TIMEOUT_MS = 60_000;
/** Lived so long: what ended it was not the start, the series of retries begins anew. */
const STABLE_MS = 30_000;
const SHOWN_LOG_LINES = 4;
const LOG_FILE_LIMIT = 16 * 1024 * 1024;

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/** What a look at a starting server found. `busy`: it is there and needs more time. */
export type Readiness = 'no' | 'busy' | 'ready';

export interface ServiceSpec {
  readonly name: string;
  readonly logFile: string;
  /** Asked before each start: a role may have changed since the last. */
  readonly command: () => Promise<Command>;
  readonly readiness: () => Promise<Readiness>;
  /** Whether this log of a program that ended well says that an operator wanted it to. */
  readonly wasRetired?: (log: string) => boolean;
  /** After SIGTERM, until SIGKILL. */
  readonly graceMs: number;
}

type State = 'idle' | 'starting' | 'running' | 'waiting' | 'stopping' | 'stopped';

/**
 * One program of the cluster, its output appended to a log file. Once it has started it is kept
 * running: ended by anybody but us, it is started again.
 */
export class Service {
  readonly name: string;
  readonly #spec: ServiceSpec;
  readonly #say: (line: string) => void;
  readonly #backoff = new Backoff(200, 10_000);
  readonly #stopping = new AbortController();
  #state: State = 'idle';
  #child: ChildProcess | null = null;
  #logStart = 0;
  #keeper: Promise<void> = Promise.resolve();

  /** @param say told in one line when the program ends by itself and when it is back. */
  constructor(spec: ServiceSpec, say: (line: string) => void) {
    this.name = spec.name;
    this.#spec = spec;
    this.#say = say;
  }

  get state(): State {
    return this.#state;
  }

  /**
   * Resolves when it answers.
   *
   * @throws OperatorError with the end of its log if it ends or does not answer. It is gone then.
   */
  async start(): Promise<void> {
    const startedAt = Date.now();
    const child = await this.#spawnAndAwait();
    if (this.#stopping.signal.aborted) return;
    this.#keeper = this.#keepRunning(child, startedAt);
  }

  /** Resolves when the program is gone; it has `graceMs` to end by itself. */
  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopping';
    this.#stopping.abort();
    const child = this.#child;
    if (child && !hasEnded(child)) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => killGroup(child), this.#spec.graceMs);
      if (!hasEnded(child)) await once(child, 'exit');
      clearTimeout(timer);
    }
    await this.#keeper;
    this.#state = 'stopped';
  }

  /** Ends it at once. `stop`, if it waits, then resolves. */
  kill(): void {
    if (this.#child && !hasEnded(this.#child)) killGroup(this.#child);
  }

  async #spawnAndAwait(): Promise<ChildProcess> {
    this.#state = 'starting';
    const command = await this.#spec.command();
    if (this.#stopping.signal.aborted) throw new StoppedError(this.name);
    const child = this.#spawn(command);
    let failure: Error | null = null;
    child.once('error', (error) => {
      failure = error;
    });
    let deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      if (this.#stopping.signal.aborted) throw new StoppedError(this.name);
      if (failure) throw new OperatorError(`cannot run ${this.name}: ${messageOf(failure)}`);
      if (hasEnded(child)) {
        throw this.#failedToStart(`${this.name} ended at its start (${endOf(child)})`);
      }
      const readiness = await this.#spec.readiness();
      // A stranger may answer on the port of a child that has just died of it.
      if (readiness === 'ready' && !hasEnded(child)) break;
      if (readiness === 'busy') deadline = Date.now() + START_TIMEOUT_MS;
      if (Date.now() > deadline) {
        killGroup(child);
        throw this.#failedToStart(
          `${this.name} does not answer, ${START_TIMEOUT_MS / 1000} s after its start`,
        );
      }
      await sleep(POLL_MS);
    }
    this.#state = 'running';
    return child;
  }

  #spawn({ program, args }: Command): ChildProcess {
    const { logFile } = this.#spec;
    mkdirSync(dirname(logFile), { recursive: true });
    this.#logStart = rotate(logFile);
    const log = openSync(logFile, 'a');
    // Killed with us, however we end; and in a session of its own, as Ctrl-C at the terminal is
    // for us alone: we stop the programs in order.
    const setpriv = findProgram('setpriv');
    const [first, ...rest] = setpriv
      ? [setpriv, '--pdeathsig', 'TERM', '--', program, ...args]
      : [program, ...args];
    try {
      this.#child = spawn(first!, rest, { stdio: ['ignore', log, log], detached: true });
    } finally {
      closeSync(log);
    }
    return this.#child;
  }

  async #keepRunning(first: ChildProcess, firstStartedAt: number): Promise<void> {
    let child = first;
    let startedAt = firstStartedAt;
    for (;;) {
      if (!hasEnded(child)) await once(child, 'exit');
      if (this.#stopping.signal.aborted) return;
      if (child.exitCode === 0 && this.#spec.wasRetired?.(this.#log())) {
        this.#state = 'stopped';
        this.#say(`${this.name} was taken offline: it stays away until the next npm start`);
        return;
      }
      this.#say(`${this.name} ended (${endOf(child)}): starting it again`);
      if (Date.now() - startedAt > STABLE_MS) this.#backoff.reset();
      const restarted = await this.#restart();
      if (!restarted) return;
      [child, startedAt] = [restarted, Date.now()];
      this.#say(`${this.name} is back`);
    }
  }

  /** Tries until it succeeds, or null when it is to be stopped. */
  async #restart(): Promise<ChildProcess | null> {
    const { signal } = this.#stopping;
    for (let attempt = 1; ; attempt++) {
      this.#state = 'waiting';
      // Rejects only when it is aborted, which the next line sees.
      await sleep(this.#backoff.nextMs(), undefined, { signal }).catch(() => {});
      if (signal.aborted) return null;
      try {
        return await this.#spawnAndAwait();
      } catch (error) {
        if (signal.aborted) return null;
        if (attempt === 1) this.#say(`${messageOf(error)}; trying on`);
      }
    }
  }

  #failedToStart(message: string): OperatorError {
    return new OperatorError(message, {
      hint: [...this.#lastLogLines(), `its log: ${shownFolder(this.#spec.logFile)}`].join('\n'),
    });
  }

  #lastLogLines(): string[] {
    const lines = this.#log()
      .split('\n')
      .filter((line) => line.trim() !== '');
    // Our programs write JSON for machines and then, in plain words, why they end.
    const plain = lines.filter((line) => !line.startsWith('{'));
    return (plain.length > 0 ? plain : lines).slice(-SHOWN_LOG_LINES);
  }

  /** What it has written since its last start. */
  #log(): string {
    return readFileSync(this.#spec.logFile).subarray(this.#logStart).toString();
  }
}

/** It was told to stop while it started. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
  constructor(what: string) {
    super(`${what} was stopped`);
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

function endOf(child: ChildProcess): string {
  return child.signalCode ?? `exit code ${child.exitCode}`;
}

/** The program and what it forked, such as a rewrite of the append-only file. */
function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // Gone in this moment.
  }
}

/** Keeps one older log file. Returns the length of the current one. */
function rotate(file: string): number {
  let length: number;
  try {
    length = statSync(file).size;
  } catch {
    return 0;
  }
  if (length < LOG_FILE_LIMIT) return length;
  renameSync(file, `${file}.1`);
  return 0;
}
