import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, OperatorError } from '../../base/errors.js';

// The kernel kills the child when we die, however we die: no server outlives the script.
const DEATH_SIGNAL = existsSync('/usr/bin/setpriv')
  ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL']
  : [];
/** A server that has not ended this long after SIGTERM is killed. */
const STOP_TIMEOUT_MS = 3000;
const POLL_MS = 20;
// Below Linux's range for outgoing connections (32768 and up), so that none of them takes a port
// between the look and the use.
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
/** How much of what a server printed is kept, to be shown if it ends early. */
const KEPT_OUTPUT_CHARS = 4000;

/** A server that a script runs beside itself and ends again. */
export class ChildServer {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #output = '';
  #startError: Error | null = null;

  constructor(name: string, command: string, args: readonly string[], cwd?: string) {
    this.name = name;
    const [program, ...rest] = [...DEATH_SIGNAL, command, ...args];
    this.#child = spawn(program!, rest, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk).slice(-KEPT_OUTPUT_CHARS);
    };
    this.#child.stdout!.on('data', keep);
    this.#child.stderr!.on('data', keep);
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#startError = error;
        resolve();
      });
      this.#child.once('close', () => resolve());
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get isRunning(): boolean {
    return (
      this.#startError === null && this.#child.exitCode === null && this.#child.signalCode === null
    );
  }

  /**
   * Waits until `answers` gives true.
   *
   * @throws OperatorError if the server ends before, with its last line, or after `timeoutMs`.
   */
  async waitUntil(answers: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (this.isRunning && Date.now() < deadline) {
      if (await answers()) return;
      await sleep(POLL_MS);
    }
    const state = this.isRunning ? `did not answer within ${timeoutMs} ms` : 'ended at its start';
    throw new OperatorError(`${this.name} ${state}`, { hint: this.lastLine });
  }

  /** The last line it printed, or why it could not be started. */
  get lastLine(): string {
    return this.#startError
      ? messageOf(this.#startError)
      : (this.#output.trim().split('\n').at(-1) ?? '');
  }

  /** SIGTERM, then SIGKILL; resolves when it has ended. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.#child.kill('SIGTERM');
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(killer);
  }

  killNow(): void {
    if (this.isRunning) this.#child.kill('SIGKILL');
  }
}

/** Different TCP ports on 127.0.0.1 that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (await canListen(port)) ports.add(port);
  }
  return [...ports];
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
