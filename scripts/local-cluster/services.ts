import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { DashboardClient } from '../../dashboard/api/client.js';
import { configFile, type Plan, type ProxyPlan } from './plan.js';
import { HOST } from './ports.js';
import { probe } from './probe.js';
import { findProgram, findRedis } from './programs.js';
import type { Readiness, ServiceSpec } from './service.js';

/** A proxy finishes what its clients have asked for; nobody waits longer for Ctrl-C than this. */
const PROXY_GRACE_MS = 5_000;
const GRACE_MS = 5_000;
/** Redis writes what its append-only file still lacks: not to be cut short without need. */
const REDIS_GRACE_MS = 10_000;

const logFile = (data: string, name: string) => join(data, 'logs', `${name}.log`);
export const redisName = (port: number) => `redis-${port}`;

/** `--replicaof` or nothing, by what the coordinator has on record for the server at this address. */
export type RoleOf = (addr: string) => Promise<{ masterAddr: string | null }>;

/** @param module the path of codis_slots.so, or null */
export function redisService(
  data: string,
  port: number,
  roleOf: RoleOf,
  module: string | null,
): ServiceSpec {
  const folder = join(data, redisName(port));
  return {
    name: redisName(port),
    logFile: logFile(data, redisName(port)),
    graceMs: REDIS_GRACE_MS,
    command: async () => {
      mkdirSync(folder, { recursive: true });
      const { masterAddr } = await roleOf(`${HOST}:${port}`);
      return {
        program: findRedis() ?? 'redis-server',
        args: [
          ...['--port', String(port), '--bind', HOST, '--dir', folder, '--daemonize', 'no'],
          // With its own title it would overwrite its arguments and environment, which tell whose it is.
          ...['--set-proc-title', 'no'],
          // The append-only file holds everything; snapshots beside it would only cost.
          ...['--appendonly', 'yes', '--save', ''],
          // Without it a new replica waits 5 s for others to share the transfer with.
          ...['--repl-diskless-sync-delay', '0'],
          ...(masterAddr ? ['--replicaof', ...splitAddress(masterAddr)] : []),
          ...(module === null ? [] : ['--loadmodule', module]),
        ],
      };
    },
    readiness: async () => redisReadiness(await probe(port, 'PING\r\n')),
  };
}

/** It answers, and with -LOADING as long as it reads its append-only file. */
function redisReadiness(reply: string | null): Readiness {
  if (reply === null) return 'no';
  return reply.startsWith('-LOADING') ? 'busy' : 'ready';
}

export function zookeeperService(data: string, port: number): ServiceSpec {
  const folder = join(data, 'zookeeper');
  return {
    name: 'zookeeper',
    logFile: logFile(data, 'zookeeper'),
    graceMs: GRACE_MS,
    command: async () => {
      mkdirSync(folder, { recursive: true });
      const settings = [
        'tickTime=1000',
        `dataDir=${folder}`,
        `clientPortAddress=${HOST}`,
        `clientPort=${port}`,
        'admin.enableServer=false',
        '4lw.commands.whitelist=*',
      ];
      const file = join(folder, 'zoo.cfg');
      writeFileSync(file, `${settings.join('\n')}\n`);
      return {
        program: findProgram('java') ?? 'java',
        args: [
          ...['-Xmx256m', '-XX:+UseSerialGC', '-cp', `${folder}:/usr/share/java/zookeeper.jar`],
          ...['org.apache.zookeeper.server.ZooKeeperServerMain', file],
        ],
      };
    },
    readiness: async () =>
      (await probe(port, 'ruok', (reply) => reply.length >= 4)) === 'imok' ? 'ready' : 'no',
  };
}

export function dashboardService(
  plan: Plan,
  projectFolder: string,
  client: DashboardClient,
): ServiceSpec {
  const file = writeConfig(configFile(plan.data), plan);
  return {
    name: 'dashboard',
    logFile: logFile(plan.data, 'dashboard'),
    graceMs: GRACE_MS,
    command: async () => ({
      program: process.execPath,
      args: [
        join(projectFolder, 'bin', 'codis-config'),
        ...['-c', file, 'dashboard', '--alone', `--addr=${HOST}:${plan.dashboardPort}`],
      ],
    }),
    readiness: async () => {
      try {
        return (await client.health()).lease === 'held' ? 'ready' : 'no';
      } catch {
        // Not listening yet, or not allowed to write yet.
        return 'no';
      }
    },
  };
}

export function proxyService(plan: Plan, proxy: ProxyPlan, projectFolder: string): ServiceSpec {
  const file = writeConfig(join(plan.data, 'conf', `${proxy.id}.ini`), plan, proxy.id);
  return {
    name: proxy.id,
    logFile: logFile(plan.data, proxy.id),
    graceMs: PROXY_GRACE_MS,
    command: async () => ({
      program: process.execPath,
      args: [
        join(projectFolder, 'bin', 'codis-proxy'),
        ...['-c', file, `--addr=${HOST}:${proxy.port}`, `--http-addr=${HOST}:${proxy.adminPort}`],
        `--cpu=${Math.max(1, Math.floor(availableParallelism() / plan.proxies.length))}`,
      ],
    }),
    // Its last words: {"reason":"mark_offline","msg":"stopping"}.
    wasRetired: (log) => /"reason":"mark_offline".*"msg":"stopping"/.test(log),
    readiness: async () => ((await probe(proxy.port, 'PING\r\n')) === null ? 'no' : 'ready'),
  };
}

/** A config.ini for this cluster; what is not in it has its default. Returns its path. */
function writeConfig(file: string, plan: Plan, proxyId?: string): string {
  const { coordinator, product } = plan.cluster;
  const zk =
    coordinator.kind === 'zookeeper'
      ? `${HOST}:${coordinator.port}`
      : coordinator.kind === 'external'
        ? coordinator.zk
        : null;
  const lines = [
    '# Written by each npm start.',
    `product=${product}`,
    `dashboard_addr=${HOST}:${plan.dashboardPort}`,
    `dashboard_data=${join(plan.data, 'dashboard')}`,
    ...(zk === null
      ? ['coordinator=embedded', `embedded_path=${join(plan.data, 'coordinator')}`]
      : ['coordinator=zookeeper', `zk=${zk}`, 'zk_session_timeout=10']),
    ...(proxyId === undefined ? [] : [`proxy_id=${proxyId}`]),
  ];
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

function splitAddress(addr: string): [host: string, port: string] {
  const colon = addr.lastIndexOf(':');
  return [addr.slice(0, colon), addr.slice(colon + 1)];
}
