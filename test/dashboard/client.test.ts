import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  DashboardClient,
  DashboardRefusedError,
  DashboardUnreachableError,
} from '../../dashboard/api/client.js';
import { freePort } from '../support/ports.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the dashboard client', () => {
  it.each(['127.0.0.1', 'localhost'])('says that no dashboard is at %s', async (host) => {
    const addr = `${host}:${await freePort()}`;
    const failure = await new DashboardClient(addr).listGroups().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DashboardUnreachableError);
    expect(failure).toMatchObject({
      message: expect.stringMatching(new RegExp(`^no dashboard answers at ${addr}: .+$`)),
      hint: 'start it with: codis-config dashboard',
    });
  });

  it('asks at any port, also at those that browsers keep away from', async () => {
    const failure = await new DashboardClient('127.0.0.1:1').health().catch((error) => error);
    expect(failure.message).toBe(
      'no dashboard answers at 127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1',
    );
  });

  it('does not wait for ever', async () => {
    const addr = await serve(() => {});
    const client = new DashboardClient(addr, 200);
    await expect(client.listSlots()).rejects.toThrow(`${addr} did not answer within 0.2 s`);
    const inTheMiddle = await serve((_request, response) => void response.write('['));
    await expect(new DashboardClient(inTheMiddle, 200).listSlots()).rejects.toThrow(
      `${inTheMiddle} did not answer within 0.2 s`,
    );
  });

  it('gives the text of an original Codis, and the hint of ours', async () => {
    const codis = await serve((_request, response) => {
      response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
      response.end('group 99 is not found\n[stack]:\n0001 models.go:55');
    });
    const failure = await new DashboardClient(codis).getGroup(99).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DashboardRefusedError);
    expect(failure).toMatchObject({ message: 'group 99 is not found', hint: '', status: 500 });

    const ours = await serve((request, response) => {
      expect(request.headers.accept).toBe('application/json');
      response.writeHead(409);
      response.end('{"error":"no","hint":"ask again"}');
    });
    const client = new DashboardClient(ours);
    await expect(client.addGroup(1)).rejects.toMatchObject({
      message: 'no',
      hint: 'ask again',
      status: 409,
    });
  });

  it('knows what is no dashboard', async () => {
    const addr = await serve((_request, response) => response.end('<html>'));
    await expect(new DashboardClient(addr).listGroups()).rejects.toThrow(
      `what answers at ${addr} is not a dashboard of this version`,
    );
  });

  it('sends paths, queries and bodies as the routes want them', async () => {
    const seen: string[] = [];
    const addr = await serve(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      seen.push(`${request.method} ${request.url} ${body}`.trim());
      response.end('{"msg":"OK","ret":0}');
    });
    const client = new DashboardClient(addr);
    await client.promote(3, '127.0.0.1:6379');
    await client.initSlots();
    await client.initSlots({ force: true });
    await client.gcActions({ secs: 60 });
    await client.redisStat('a/b:1').catch(() => undefined);
    expect(seen).toEqual([
      'POST /api/server_group/3/promote {"group_id":3,"addr":"127.0.0.1:6379"}',
      'POST /api/slots/init',
      'POST /api/slots/init?is_force=1',
      'GET /api/action/gc?secs=60',
      'GET /api/redis/a%2Fb%3A1/stat',
    ]);
  });
});
