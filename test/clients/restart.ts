import { expect } from 'vitest';
import type { ProxyProcess } from '../support/cluster.js';

/** Ends the proxy as an operator does and starts it at the same address; resolves when it serves. */
export async function restart(proxy: ProxyProcess): Promise<void> {
  expect(await proxy.process.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  proxy.spawn();
  await proxy.serves();
}
