import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { type ExitStatus, TestProcess } from '../support/process.js';

export const PROJECT = join(import.meta.dirname, '..', '..');
const START = join(PROJECT, 'scripts', 'start.mjs');

/** Where one cluster listens. */
export interface Ports {
  readonly proxy: number;
  readonly admin: number;
  readonly dashboard: number;
  readonly redis: number;
}

export async function choosePorts(): Promise<Ports> {
  return {
    proxy: await freeRange(2),
    admin: await freeRange(2),
    dashboard: await freePort(),
    redis: await freeRange(6),
  };
}

/** The first of `length` neighbouring ports that nobody listens on. */
async function freeRange(length: number): Promise<number> {
  for (;;) {
    const first = await freePort();
    const others = Array.from({ length: length - 1 }, (_, index) => first + 1 + index);
    if ((await Promise.all(others.map(canListen))).every(Boolean)) return first;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

const MARK = 'CODIS_START_TEST';
let count = 0;

/** `npm start` without npm, in a data folder and on ports of its own. */
export class LocalClusterRun {
  readonly process: TestProcess;
  readonly #mark: string;

  constructor(
    data: string,
    ports: Ports,
    more: { args?: readonly string[]; env?: Record<string, string>; node?: string } = {},
  ) {
    this.#mark = `${process.pid}-${count++}`;
    this.process = new TestProcess(
      more.node ?? process.execPath,
      [
        START,
        ...['--data', data, '--proxy-port', String(ports.proxy)],
        ...['--admin-port', String(ports.admin), '--dashboard-port', String(ports.dashboard)],
        ...['--redis-port', String(ports.redis)],
        ...(more.args ?? []),
      ],
      { env: { ...more.env, [MARK]: this.#mark } },
    );
  }

  get output(): string {
    return this.process.stdout;
  }

  /** Resolves when it has printed its summary; throws what it complains of instead. */
  async ready(): Promise<void> {
    await eventually(
      'npm start has printed its summary',
      () => this.output.includes('Ctrl-C stops everything') || !this.process.isRunning,
      120_000,
    );
    if (!this.process.isRunning) throw new Error(`${this.output}${this.process.stderr}`);
  }

  /** Waits for `pattern` in what it prints. */
  says(pattern: RegExp): Promise<string> {
    return eventually(`npm start says ${pattern}`, () => pattern.exec(this.output)?.[0]);
  }

  /** Ends it as Ctrl-C does. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<ExitStatus> {
    return this.process.stop(signal);
  }

  /** Every process that it has started and that still runs, by pid, with its arguments. */
  children(): Map<number, string> {
    const found = new Map<number, string>();
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid) || pid === this.process.pid) continue;
      if (!readProc(pid, 'environ').split('\0').includes(`${MARK}=${this.#mark}`)) continue;
      found.set(pid, readProc(pid, 'cmdline').replaceAll('\0', ' '));
    }
    return found;
  }

  /** The pid of the only child whose arguments have this text. */
  childWith(text: string): number {
    const matching = [...this.children()].filter(([, line]) => line.includes(text));
    if (matching.length !== 1) throw new Error(`${matching.length} processes with ${text}`);
    return matching[0]![0];
  }

  /** Whatever a test that failed has left. */
  async cleanUp(): Promise<void> {
    await this.process.stop('SIGKILL');
    for (const pid of this.children().keys()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself in this moment.
      }
    }
    await eventually('nothing is left', () => this.children().size === 0);
  }
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // Gone, or somebody else's.
    return '';
  }
}
