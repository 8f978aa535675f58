import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { hashPassword } from '../../../base/password-hash.js';
import { TestCluster } from '../../support/cluster.js';

// A certificate of nobody, for 127.0.0.1; its key is as public as this file.
const FOLDER = join(import.meta.dirname, '..', '..', 'fixtures', 'tls');
const CERT = join(FOLDER, 'cert.pem');
const KEY = join(FOLDER, 'key.pem');
const CA = readFileSync(CERT);
const TOKEN = 'the-token-of-the-tests-with-tls';

let cluster: TestCluster;

beforeAll(async () => {
  const hash = await hashPassword('secret of ada');
  cluster = await TestCluster.start({
    dashboard: 'process',
    config: {
      dashboard_tls_cert: CERT,
      dashboard_tls_key: KEY,
      dashboard_tls_ca: CERT,
      dashboard_token: TOKEN,
      dashboard_accounts: `ada:admin:${hash}`,
    },
  });
});
afterAll(() => cluster?.stop());

/** Status, headers and body of a request by HTTPS that trusts the certificate. */
function ask(path: string, body?: unknown) {
  return new Promise<{ status: number; cookie: string; text: string }>((resolve, reject) => {
    const sent = request(
      `https://${cluster.dashboard.addr}${path}`,
      {
        ca: CA,
        method: body === undefined ? 'GET' : 'POST',
        headers: { 'content-type': 'application/json' },
      },
      (answer) => {
        let text = '';
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => {
          const cookie = String(answer.headers['set-cookie'] ?? '');
          resolve({ status: answer.statusCode ?? 0, cookie, text });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

test('command line, proxies and tools go by TLS, and believe the certificate that is named', async () => {
  // The proxy is online, which it has asked the dashboard for.
  expect((await cluster.proxy.health()).status).toBe(200);
  expect(await cluster.dashboard.client.listGroups()).toHaveLength(2);
});

test('a browser is given cookies for TLS alone', async () => {
  const { status, cookie } = await ask('/api/session', { name: 'ada', password: 'secret of ada' });
  expect(status).toBe(200);
  expect(cookie).toMatch(/; secure/i);
  expect(cookie).toMatch(/; httponly/i);
  expect(cookie).toMatch(/; samesite=/i);
});

test('whoever does not believe the certificate is not served, nor is plain HTTP', async () => {
  await expect(fetch(`https://${cluster.dashboard.addr}/`)).rejects.toThrow();
  const [host, port] = cluster.dashboard.addr.split(':');
  const plain = connect(Number(port), host);
  plain.write(`GET / HTTP/1.1\r\nHost: ${cluster.dashboard.addr}\r\n\r\n`);
  const answer = await new Promise<string>((resolve) => {
    let text = '';
    plain.on('data', (chunk) => {
      text += chunk;
    });
    plain.on('error', () => resolve(text));
    plain.on('close', () => resolve(text));
  });
  expect(answer).not.toContain('200 OK');
});

test('the live state comes by TLS, too', async () => {
  const socket = new WebSocket(`wss://${cluster.dashboard.addr}/ws`, {
    ca: CA,
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  const first = await new Promise<string>((resolve, reject) => {
    socket.once('message', (data) => resolve(String(data)));
    socket.once('error', reject);
  });
  expect(JSON.parse(first)).toMatchObject({ type: 'snapshot' });
  socket.terminate();
});
