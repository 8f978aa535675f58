import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { OperatorError } from '../../base/errors.js';
import { MALLOC_SETTINGS } from '../../proxy/workers/malloc-settings.js';
import type { ProxyFigures, ProxyOrder } from './proxy-orders.js';

// This file runs compiled, from dist/scripts/bench-bounds.
const PROGRAM = new URL('./measured-proxy.js', import.meta.url);

/** A proxy in a process of its own, with the environment of a worker. */
export class ProxyProcess {
  readonly port: number;
  readonly pid: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.pid = child.pid!;
    this.port = port;
  }

  /** @param ini settings as in config.ini. @param masters host:port, one a group */
  static async start(ini: string, masters: readonly string[]): Promise<ProxyProcess> {
    const child = fork(PROGRAM, {
      env: { ...MALLOC_SETTINGS, ...process.env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const answer = once(child, 'message') as Promise<[number]>;
    const end = once(child, 'exit').then(() => {
      throw new OperatorError('the measured proxy ended at its start');
    });
    const order: ProxyOrder = { type: 'serve', ini, masters };
    child.send(order);
    const [port] = await Promise.race([answer, end]);
    end.catch(() => {});
    return new ProxyProcess(child, port);
  }

  async figures(): Promise<ProxyFigures> {
    if (!this.#child.connected) throw new OperatorError('the measured proxy has ended');
    const answer = once(this.#child, 'message') as Promise<[ProxyFigures]>;
    const order: ProxyOrder = { type: 'figures' };
    this.#child.send(order);
    const [figures] = await answer;
    return figures;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}
