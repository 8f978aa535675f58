import type {
  LiveGroup,
  LiveProxy,
  LiveServer,
  LiveState,
} from '../../../dashboard/api/live-contract.js';

/** Two servers a group, the first one the master, all of it well. */
export function sampleState(groupCount: number, proxyCount: number): LiveState {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  const share = 1024 / groupCount;
  const servers = numbers(groupCount).flatMap((group) => [
    sampleServer(group, 1),
    sampleServer(group, 2),
  ]);
  const groups = numbers(groupCount).map((id): [string, LiveGroup] => [
    String(id),
    {
      ...{ id, master: `10.0.${id}.1:6379`, servers: [`10.0.${id}.1:6379`, `10.0.${id}.2:6379`] },
      ...{ slots: share, slots_leaving: 0, slots_coming: 0, keys: 100, memory: 1e6, ops: 10 },
    },
  ]);
  return {
    at: 1_700_000_000_000,
    dashboard: {
      ...{ product: 'test', version: '0', addr: '10.0.0.1:18087', started_at: 0, leads: true },
      ...{ leader: '10.0.0.1:18087', others: [], coordinator: 'connected' },
    },
    problems: [],
    totals: {
      ...{ ops: 10, errors: 0, p50: 100, p99: 200, p999: 300, clients: 3, net_in: 1, net_out: 1 },
      ...{ keys: 100, memory: 1e6, hit_rate: 0.5, maxmemory: null },
      ...{ slots_online: 1024, slots_moving: 0, slots_offline: 0 },
    },
    proxies: Object.fromEntries(numbers(proxyCount).map((n) => [`proxy_${n}`, sampleProxy(n)])),
    groups: Object.fromEntries(groups),
    servers: Object.fromEntries(servers.map((server) => [server.addr, server])),
    slots: numbers(groupCount).map((id) => [
      ...([Math.round((id - 1) * share), Math.round(id * share) - 1] as const),
      ...([id, 'online', -1] as const),
    ]),
    jobs: [],
    fences: [],
  };
}

export function sampleServer(group: number, number: number): LiveServer {
  const isMaster = number === 1;
  return {
    ...{ addr: `10.0.${group}.${number}:6379`, group, type: isMaster ? 'master' : 'slave' },
    ...{ state: 'up', error: '', role: isMaster ? 'master' : 'replica' },
    ...{ follows: isMaster ? null : `10.0.${group}.1:6379`, link: isMaster ? null : 'up' },
    ...{ offset: 1000, lag_bytes: isMaster ? null : 0, lag_seconds: isMaster ? null : 1 },
    ...{ memory: 1e6, maxmemory: 0, keys: 100, ops: 10, hit_rate: 0.5, evicted: 0, clients: 3 },
    ...{ net_in: 1, net_out: 1, version: '7.0.15', module: null, uptime_seconds: 100 },
  };
}

function sampleProxy(number: number): LiveProxy {
  return {
    ...{ id: `proxy_${number}`, addr: `10.1.0.${number}:19000`, state: 'online', pid: number },
    ...{ admin_addr: `10.1.0.${number}:11000`, start_at: '', answers: true, error: '' },
    ...{ version: '0', uptime_seconds: 10, workers: 1, clients: 3, ops: 10, errors: 0 },
    ...{ p50: 100, p99: 200, p999: 300, net_in: 1, net_out: 1, memory: 1e8 },
    ...{ coordinator: 'connected', unreachable: [] },
  };
}
