import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Address, formatAddress } from '../../base/address.js';
import { OperatorError } from '../../base/errors.js';
import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import { DashboardClient } from '../../dashboard/api/client.js';
import { findRedis } from '../local-cluster/programs.js';
import { ChildServer, freePorts } from '../support/child-server.js';
import { answersGet } from './raw-connection.js';
import type { Target } from './target.js';

const START_TIMEOUT_MS = 15_000;
/** Our own proxy; the table of results compares the others with it. */
export const OURS = 'codis-ts';
/** Measured only when it is asked for with `--only`. */
export const STATIC = 'codis-ts-static';
export const NUTCRACKER = 'nutcracker';
/**
 * The same with `-v 4`: at its default log level of 5, Debian's asks the kernel for the client's
 * address with each request, which costs it 0.7 of 1.7 us a pipelined command.
 */
export const NUTCRACKER_V4 = 'nutcracker-v4';
/** The first backend without anything before it. */
export const DIRECT = 'direct';

// This file runs compiled, from dist/scripts/bench.
const PROXY = fileURLToPath(new URL('../../../bin/codis-proxy', import.meta.url));
const CONFIG_TOOL = fileURLToPath(new URL('../../../bin/codis-config', import.meta.url));

/** A dashboard whose table has a group for each backend. */
export interface Dashboard {
  readonly client: DashboardClient;
  readonly configFile: string;
  readonly pid: number;
}

/** The servers that a benchmark started, and how to end them. */
export class Servers {
  readonly #running: ChildServer[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'codis-bench-'));
  #backends: Target[] = [];

  /** The Redis servers behind every proxy. */
  get backends(): readonly Target[] {
    return this.#backends;
  }

  get pids(): number[] {
    return this.#running.map(({ pid }) => pid);
  }

  /**
   * Two stock redis-servers, which must be installed, without persistence.
   *
   * @param more arguments for the one at this port
   */
  async startBackends(more: (port: number) => readonly string[] = () => []): Promise<void> {
    const ports = await freePorts(2);
    this.#backends = await Promise.all(
      ports.map((port) =>
        this.#start(
          `redis-server:${port}`,
          findRedis()!,
          [
            ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
            ...more(port),
          ],
          port,
        ),
      ),
    );
  }

  /** Uses servers that run already, whose process numbers are not known. */
  useBackends(addresses: readonly Address[]): void {
    this.#backends = addresses.map((address) => ({
      name: formatAddress(address),
      address,
      pid: null,
    }));
  }

  /**
   * Debian's nutcracker with the rule nearest to ours, crc32 modulo servers; else its defaults, but
   * for the log level of {@link NUTCRACKER_V4}.
   */
  async startNutcracker(name: typeof NUTCRACKER | typeof NUTCRACKER_V4): Promise<Target> {
    const [port, statsPort] = (await freePorts(2)) as [number, number];
    const config = join(this.#folder, `${name}.yml`);
    writeFileSync(
      config,
      [
        'bench:',
        `  listen: 127.0.0.1:${port}`,
        '  redis: true',
        '  hash: crc32a',
        '  distribution: modula',
        '  preconnect: true',
        '  auto_eject_hosts: false',
        '  servers:',
        ...this.#backends.map(({ address }) => `   - ${formatAddress(address)}:1`),
        '',
      ].join('\n'),
    );
    const args = ['-c', config, '-s', String(statsPort), '-a', '127.0.0.1'];
    if (name === NUTCRACKER_V4) args.push('-v', '4');
    return this.#start(name, 'nutcracker', args, port);
  }

  /**
   * Our proxy as it is used: `codis-proxy`, with a table that was set up through a dashboard, on
   * the embedded coordinator.
   *
   * @param profileFolder where it leaves a V8 profile of its processor time when it ends.
   */
  async startOurs(profileFolder: string | null): Promise<Target> {
    return this.startProxy(await this.startDashboard(null), profileFolder);
  }

  /** @param profileFolder as of `startOurs` */
  async startDashboard(profileFolder: string | null): Promise<Dashboard> {
    const [dashboardPort] = (await freePorts(1)) as [number];
    const dashboardAddr = `127.0.0.1:${dashboardPort}`;
    const configFile = join(this.#folder, 'config.ini');
    const settings = [
      'product=bench',
      'coordinator=embedded',
      `embedded_path=${join(this.#folder, 'coordinator')}`,
      `dashboard_addr=${dashboardAddr}`,
    ];
    writeFileSync(configFile, `${settings.join('\n')}\n`);
    const client = new DashboardClient(dashboardAddr);
    const server = await this.#launch(
      'codis-config dashboard',
      process.execPath,
      [
        ...[...profileArguments(profileFolder), CONFIG_TOOL, '-c', configFile],
        ...['dashboard', `--addr=${dashboardAddr}`],
      ],
      () =>
        client.health().then(
          () => true,
          () => false,
        ),
    );
    await setUpTable(
      client,
      this.#backends.map(({ address }) => formatAddress(address)),
    );
    return { client, configFile, pid: server.pid };
  }

  /** @param profileFolder as of `startOurs` */
  async startProxy({ configFile }: Dashboard, profileFolder: string | null): Promise<Target> {
    const [port, adminPort] = (await freePorts(2)) as [number, number];
    const args = [
      ...[
        ...profileArguments(profileFolder),
        PROXY,
        '-c',
        configFile,
        '--log-level=warn',
        '--cpu=1',
      ],
      ...[`--addr=127.0.0.1:${port}`, `--http-addr=127.0.0.1:${adminPort}`],
    ];
    return this.#start(OURS, process.execPath, args, port);
  }

  /** Our proxy's data plane alone, with a fixed table: what coordinator and dashboard cost. */
  async startStatic(): Promise<Target> {
    const [port] = (await freePorts(1)) as [number];
    const entry = fileURLToPath(new URL('./static-proxy.js', import.meta.url));
    const backends = this.#backends.map(({ address }) => formatAddress(address));
    return this.#start(STATIC, process.execPath, [entry, `127.0.0.1:${port}`, ...backends], port);
  }

  /** @throws OperatorError naming the first server that has ended on its own. */
  checkAlive(): void {
    const ended = this.#running.find((server) => !server.isRunning);
    if (ended) {
      throw new OperatorError(`${ended.name} ended during the measurement`, {
        hint: ended.lastLine,
      });
    }
  }

  /** Ends them in the reverse order of their start. */
  async stop(): Promise<void> {
    for (const server of this.#running.toReversed()) await server.stop();
    this.#removeFolder();
  }

  killNow(): void {
    for (const server of this.#running) server.killNow();
    this.#removeFolder();
  }

  async #start(
    name: string,
    program: string,
    args: readonly string[],
    port: number,
  ): Promise<Target> {
    const address = { host: '127.0.0.1', port };
    const server = await this.#launch(name, program, args, () => answersGet(address));
    return { name, address, pid: server.pid };
  }

  async #launch(
    name: string,
    program: string,
    args: readonly string[],
    answers: () => Promise<boolean>,
  ): Promise<ChildServer> {
    const server = new ChildServer(name, program, args, this.#folder);
    this.#running.push(server);
    await server.waitUntil(answers, START_TIMEOUT_MS);
    return server;
  }

  #removeFolder(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function profileArguments(folder: string | null): string[] {
  return folder === null ? [] : ['--cpu-prof', '--cpu-prof-dir', folder];
}

/** A group for each server, as its master, and equal shares of the slots. */
async function setUpTable(dashboard: DashboardClient, addrs: readonly string[]): Promise<void> {
  await dashboard.initSlots();
  const share = SLOT_COUNT / addrs.length;
  for (const [index, addr] of addrs.entries()) {
    const group = index + 1;
    await dashboard.addGroup(group);
    await dashboard.addServer(group, addr, 'master');
    await dashboard.setSlots({
      from: Math.ceil(index * share),
      to: Math.ceil((index + 1) * share) - 1,
      new_group: group,
      status: 'online',
    });
  }
}
