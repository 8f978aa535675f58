import { once } from 'node:events';
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { sendHttpRequest } from '../../base/http-request.js';

const server = createServer((request, response) => {
  if (request.url === '/answered') response.end('here');
});
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

afterEach(() => {
  agent.destroy();
  server.closeAllConnections();
  server.close();
});

it('a request ends with its time, also one that waits for a connection of its agent', async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = (path: string, timeoutMs: number) =>
    sendHttpRequest({ method: 'GET', url: `${url}${path}`, timeoutMs, agent });
  expect((await ask('/answered', 10_000)).text).toBe('here');

  const first = ask('/never', 5_000).catch((error: Error) => error.name);
  const second = ask('/answered', 100).catch((error: Error) => error.name);
  const outcomes = await Promise.race([first, second]);
  expect(outcomes).toBe('TimeoutError');
  expect(await second).toBe('TimeoutError');
  server.closeAllConnections();
  expect(await first).not.toBe('TimeoutError');
});
