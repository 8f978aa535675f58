import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The kernel kills the child when we die, however we die: no server outlives its test.
const DEATH_SIGNAL = existsSync('/usr/bin/setpriv')
  ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL']
  : [];

const running = new Set<TestProcess>();
const folders = new Set<string>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder of its own under the system's temporary folder, removed when the test process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'codis-test-'));
  folders.add(folder);
  return folder;
}

export interface ExitStatus {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A real program under test, with everything it printed. */
export class TestProcess {
  readonly exited: Promise<ExitStatus>;
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;

  constructor(
    command: string,
    args: readonly string[],
    options: { cwd?: string; env?: Record<string, string> } = {},
  ) {
    const [program, ...rest] = [...DEATH_SIGNAL, command, ...args];
    this.#child = spawn(program!, rest, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout!.on('data', (chunk) => {
      this.stdout += chunk;
    });
    this.#child.stderr!.on('data', (chunk) => {
      this.stderr += chunk;
    });
    running.add(this);
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        running.delete(this);
        resolve({ code, signal });
      });
    });
    this.exited.catch(() => running.delete(this));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends the signal and waits for the end. A stopped process (SIGSTOP) is ended too. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ExitStatus> {
    if (this.isRunning) {
      this.kill(signal);
      this.kill('SIGCONT');
    }
    return this.exited;
  }
}
