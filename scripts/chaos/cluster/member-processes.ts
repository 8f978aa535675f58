import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DashboardClient } from '../../../dashboard/api/client.js';
import { probe } from '../../local-cluster/probe.js';
import { findRedis } from '../../local-cluster/programs.js';
import { TcpLink } from '../../support/tcp-link.js';
import { PASSWORD } from '../checker/connection.js';
import { projectFile } from '../project-file.js';
import { ChaosProcess } from './chaos-process.js';

export const HOST = '127.0.0.1';
/** Where servers are found that have a link. */
export const LINK_HOST = '127.0.0.2';
/** The connections of each dashboard and each proxy come from an address of its own. */
const DASHBOARD_HOST = (number: number) => `127.0.1.${number}`;
const PROXY_HOST = (number: number) => `127.0.2.${number}`;

/** A redis-server; whether it is its group's master is in the coordinator. */
export interface GroupServer {
  readonly groupId: number;
  readonly port: number;
  /** As it is on record. */
  readonly addr: string;
  readonly process: ChaosProcess;
  /** The way of all others to it; null: they reach it directly. */
  readonly link: TcpLink | null;
}

export interface GroupServerOptions {
  /** More arguments for the redis-servers of each group. */
  readonly redisArgs: (groupId: number) => readonly string[];
  /**
   * Servers are on record by addresses that lead to them by a link each, which proxies, dashboards and
   * other servers use, and which can be cut.
   */
  readonly serverLinks?: boolean;
}

/** A redis-server with everything on its disk before it acknowledges. */
export async function groupServer(
  folder: string,
  groupId: number,
  port: number,
  { redisArgs, serverLinks }: GroupServerOptions,
): Promise<GroupServer> {
  const name = `redis-${groupId}-${port}`;
  const data = join(folder, name);
  mkdirSync(data);
  const process = new ChaosProcess({
    name,
    program: findRedis() ?? 'redis-server',
    args: [
      ...['--port', String(port), '--bind', HOST, '--dir', data, '--save', ''],
      // What is acknowledged is on the disk: a server that is killed loses nothing.
      ...['--appendonly', 'yes', '--appendfsync', 'always'],
      ...['--repl-diskless-sync-delay', '0'],
      // Without a password: Redis takes the addresses that connections come from for another machine's.
      ...['--protected-mode', 'no'],
      ...redisArgs(groupId),
    ],
    logFile: join(folder, 'logs', `${name}.log`),
    serves: async () => {
      const isWhole = (reply: string) => reply.split('\n').length > 2;
      const reply = await probe(port, `AUTH ${PASSWORD}\r\nPING\r\n`, isWhole);
      return reply?.includes('+PONG') ?? false;
    },
  });
  const link = serverLinks ? await TcpLink.at(LINK_HOST, port) : null;
  return { groupId, port, addr: `${link ? LINK_HOST : HOST}:${port}`, process, link };
}

/**
 * @param number the first, the second
 * @param role a dashboard that is alone leads; of two it depends
 */
export function dashboardProcess(
  folder: string,
  number: number,
  config: string,
  client: DashboardClient,
  role: 'leads' | 'may stand by',
): ChaosProcess {
  const isReady = (lease: string) =>
    lease === 'held' || (role === 'may stand by' && lease === 'standby');
  return new ChaosProcess({
    name: `the dashboard at ${client.addr}`,
    source: DASHBOARD_HOST(number),
    program: process.execPath,
    args: [projectFile('bin/codis-config'), '-c', config, 'dashboard', `--addr=${client.addr}`],
    logFile: join(folder, 'logs', `dashboard-${client.addr.split(':')[1]}.log`),
    serves: async () => isReady((await client.health()).lease),
  });
}

/** @param number the first, the second */
export function proxyProcess(
  folder: string,
  number: number,
  config: string,
  id: string,
  port: number,
  adminPort: number,
): ChaosProcess {
  // The first has one worker, the second two, and so on.
  const workers = 2 - (number % 2);
  return new ChaosProcess({
    name: id,
    source: PROXY_HOST(number),
    program: process.execPath,
    args: [
      ...[projectFile('bin/codis-proxy'), '-c', config],
      ...[`--addr=${HOST}:${port}`, `--http-addr=${HOST}:${adminPort}`, `--cpu=${workers}`],
    ],
    logFile: join(folder, 'logs', `${id}.log`),
    serves: async () => (await fetch(`http://${HOST}:${adminPort}/healthz`)).status === 200,
  });
}

export function writeConfig(
  folder: string,
  name: string,
  settings: Readonly<Record<string, string | number>>,
): string {
  const file = join(folder, `${name}.ini`);
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(file, lines.join(''));
  return file;
}
