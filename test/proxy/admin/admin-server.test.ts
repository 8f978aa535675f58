import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OperatorError } from '../../../base/errors.js';
import { silentLog } from '../../../base/log.js';
import { AdminServer } from '../../../proxy/admin/admin-server.js';
import type { DataPlaneStats } from '../../../proxy/data-plane.js';
import { newProxyRecord } from '../../../proxy/topology/identity.js';
import type { TopologyStatus } from '../../../proxy/topology/topology.js';

const STATS: DataPlaneStats = {
  commands: [
    { cmd: 'GET', calls: 3, usecs: 301.5, errors: 0 },
    { cmd: 'SET', calls: 2, usecs: 500, errors: 1 },
  ],
  backends: [
    {
      addr: '127.0.0.1:6001',
      state: 'ready',
      inFlight: 4,
      reconnects: 1,
      lastError: '',
      silentMs: 0,
    },
    {
      addr: '127.0.0.1:6001',
      state: 'waiting',
      inFlight: 2,
      reconnects: 2,
      lastError: 'refused',
      silentMs: 900,
    },
  ],
  pubsub: { channels: 2, patterns: 1, messages: 7, slowClients: 3, losses: 4 },
  clients: 7,
  clientsAccepted: 9,
  clientsRejected: 3,
  clientsClosedForOutput: 2,
  clientsClosedForInput: 1,
  outputBytes: 4096,
  inputBytes: 512,
  waitingCommands: 5,
  waitingBytes: 640,
  replicaReads: 70,
  repeatedReads: 7,
  bytesIn: 1234,
  bytesOut: 5678,
  latencyBucketsUs: [100, 250, Number.POSITIVE_INFINITY],
  latencyCounts: [2, 2, 1],
};

describe('the admin port', () => {
  const record = newProxyRecord('proxy_1', '127.0.0.1:19000', '127.0.0.1:11000', new Date());
  const online: TopologyStatus = {
    state: 'online',
    coordinator: 'connected',
    record: { ...record, state: 'online' },
    tableLoadedAt: new Date(5_000),
    lastAction: '0000002066',
    actionsHandled: 12,
    lastFailure: '',
  };
  let status = online;
  const admin = new AdminServer({ topology: () => status, dataPlane: () => STATS }, silentLog());
  let url: string;

  beforeAll(async () => {
    const { port } = await admin.listen({ host: '127.0.0.1', port: 0 });
    url = `http://127.0.0.1:${port}`;
  });
  afterAll(() => admin.close());
  beforeEach(() => {
    status = online;
  });

  test('/debug/vars has the shape of Codis 2', async () => {
    const answer = await fetch(`${url}/debug/vars`);
    expect(answer.headers.get('content-type')).toBe('application/json');
    const { cmdline, memstats, router, ...rest } = (await answer.json()) as Record<string, unknown>;
    expect(rest).toEqual({});
    expect(cmdline).toBeInstanceOf(Array);
    expect(memstats).toHaveProperty('HeapAlloc');
    expect(router).toEqual({
      ops: 5,
      cmds: [
        { cmd: 'GET', calls: 3, usecs: 302, usecs_percall: 101 },
        { cmd: 'SET', calls: 2, usecs: 500, usecs_percall: 250 },
      ],
      info: online.record,
      build: {
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        compile: `node ${process.version}`,
      },
    });
  });

  test('/metrics has a line for everything, in the format of Prometheus', async () => {
    const answer = await fetch(`${url}/metrics`);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = (await answer.text()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'codis_proxy_commands_total{command="GET"} 3',
        'codis_proxy_command_seconds_total{command="SET"} 0.0005',
        'codis_proxy_command_errors_total{command="SET"} 1',
        '# TYPE codis_proxy_command_latency_seconds histogram',
        'codis_proxy_command_latency_seconds_bucket{le="0.0001"} 2',
        'codis_proxy_command_latency_seconds_bucket{le="0.00025"} 4',
        'codis_proxy_command_latency_seconds_bucket{le="+Inf"} 5',
        'codis_proxy_command_latency_seconds_count 5',
        'codis_proxy_clients 7',
        'codis_proxy_clients_accepted_total 9',
        'codis_proxy_pubsub_channels 2',
        'codis_proxy_pubsub_slow_clients_total 3',
        'codis_proxy_pubsub_connections_lost_total 4',
        'codis_proxy_client_bytes_total{direction="out"} 5678',
        'codis_proxy_backend_connections{backend="127.0.0.1:6001",state="ready"} 1',
        'codis_proxy_backend_connections{backend="127.0.0.1:6001",state="waiting"} 1',
        'codis_proxy_backend_in_flight{backend="127.0.0.1:6001"} 6',
        'codis_proxy_backend_reconnects_total{backend="127.0.0.1:6001"} 3',
        'codis_proxy_topology_state{state="online"} 1',
        'codis_proxy_topology_state{state="draining"} 0',
        'codis_proxy_coordinator_state{state="connected"} 1',
        'codis_proxy_last_action 2066',
        'codis_proxy_actions_total 12',
        'codis_proxy_table_loaded_timestamp_seconds 5',
      ]),
    );
    const text = lines.join('\n');
    for (const name of [
      'nodejs_eventloop_lag_seconds',
      'process_resident_memory_bytes',
      'codis_proxy_uptime_seconds',
    ]) {
      expect(text).toMatch(new RegExp(`^${name} \\d`, 'm'));
    }
  });

  test('counters do not grow by being read', async () => {
    await fetch(`${url}/metrics`);
    const second = await (await fetch(`${url}/metrics`)).text();
    expect(second).toContain('codis_proxy_commands_total{command="GET"} 3\n');
    expect(second).toContain('codis_proxy_backend_in_flight{backend="127.0.0.1:6001"} 6\n');
  });

  test('/healthz: well while online, also without the coordinator, with the reason', async () => {
    const well = await fetch(`${url}/healthz`);
    expect(well.status).toBe(200);
    expect(await well.json()).toMatchObject({ status: 'ok', id: 'proxy_1', reasons: [] });

    status = { ...online, coordinator: 'suspended' };
    const lost = await fetch(`${url}/healthz`);
    expect(lost.status).toBe(200);
    expect(await lost.json()).toMatchObject({
      status: 'ok',
      reasons: ['the coordinator is suspended: serving by the table of 1970-01-01T00:00:05.000Z'],
    });
  });

  test.each(['starting', 'offline', 'draining', 'stopped'] as const)(
    '/healthz: 503 while %s',
    async (state) => {
      status = { ...online, state };
      const answer = await fetch(`${url}/healthz`);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({
        status: 'unavailable',
        reasons: [`the proxy is ${state}: it accepts no clients`],
      });
    },
  );

  test('/ lists the pages; others are not found; nothing but reading is allowed', async () => {
    const index = await (await fetch(`${url}/`)).text();
    for (const page of ['/debug/vars', '/metrics', '/healthz']) expect(index).toContain(page);
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
    const head = await fetch(`${url}/metrics`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
  });

  test('a port in use is told in one line with a hint', async () => {
    const second = new AdminServer({ topology: () => status, dataPlane: () => STATS }, silentLog());
    const port = Number(new URL(url).port);
    const failure = await second.listen({ host: '127.0.0.1', port }).catch((error) => error);
    expect(failure).toBeInstanceOf(OperatorError);
    expect(failure.message).toBe(
      `cannot listen on 127.0.0.1:${port}: the port is in use by another process`,
    );
    expect(failure.hint).toContain('--http-addr');
  });
});
