import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDataPlane, type TestDataPlane } from '../../support/data-plane.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { RespClient } from '../../support/resp-client.js';

let server: RedisServer;
let dataPlane: TestDataPlane;

beforeAll(async () => {
  server = await startRedis();
  dataPlane = await startDataPlane([server.addr]);
});

afterAll(async () => {
  dataPlane.close();
  await server.stop();
});

// What a web page can make a browser send to any port.
test.each([
  ['POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nSET stolen 1\r\n'],
  ['GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nSET stolen 1\r\n'],
  ['*1\r\n$4\r\nPOST\r\n*3\r\n$3\r\nSET\r\n$6\r\nstolen\r\n$1\r\n1\r\n'],
])('%j closes the connection, on the proxy as on Redis', async (request) => {
  for (const port of [server.port, dataPlane.port]) {
    const client = await RespClient.connect(port);
    client.send(request);
    // At most the error for HTTP's GET.
    expect((await client.untilClosed()).toString()).not.toContain('+OK');
  }
  const reader = await RespClient.connect(server.port);
  expect(await reader.text('EXISTS', 'stolen')).toBe(':0\r\n');
  reader.close();
});
