import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, OperatorError } from '../../base/errors.js';
import { type GroupRecord, masterOf } from '../../cluster/model/group.js';
import { slotOfKey } from '../../cluster/slot-hash.js';
import { DashboardClient } from '../../dashboard/api/client.js';
import type { Console } from './console.js';
import type { DataFolder } from './data-folder.js';
import { describe, type Plan, type RecordedServer, shownFolder } from './plan.js';
import { HOST } from './ports.js';
import { answersPing, probe, replicationOf } from './probe.js';
import { addrOf, giveUp, masterToFollow, reconcile, refuseForeignCluster } from './reconcile.js';
import { Service, type ServiceSpec, StoppedError } from './service.js';
import {
  dashboardService,
  proxyService,
  type RoleOf,
  redisName,
  redisService,
  zookeeperService,
} from './services.js';
import { type Progress, rangesOf, type SlotRange, setUpGroups, setUpSlots } from './set-up.js';

const DASHBOARD_TIMEOUT_MS = 30_000;
/** For the question about a server's role when it has to be restarted in a hurry. */
const ROLE_TIMEOUT_MS = 2_000;
const SERVING_TIMEOUT_MS = 60_000;
const REPLICATION_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

/** All processes of a cluster on this machine, from the first to the last. */
export class LocalCluster {
  readonly #plan: Plan;
  readonly #folder: DataFolder;
  readonly #projectFolder: string;
  readonly #console: Console;
  readonly #module: string | null;
  readonly #client: DashboardClient;
  readonly #stopping = new AbortController();
  #coordinator: Service[] = [];
  #dashboard: Service[] = [];
  #redis: Service[] = [];
  #proxies: Service[] = [];
  #progress: Progress;
  /** The groups as last seen, for a restart while the dashboard is away. */
  #groups: GroupRecord[] = [];
  /** Their ids. */
  readonly #groupsThatAnswer = new Set<number>();

  /** @param module what the Redis servers load: the path of codis_slots.so, or null */
  constructor(
    plan: Plan,
    folder: DataFolder,
    projectFolder: string,
    console: Console,
    module: string | null,
  ) {
    this.#plan = plan;
    this.#folder = folder;
    this.#projectFolder = projectFolder;
    this.#console = console;
    this.#module = module;
    this.#client = new DashboardClient(`${HOST}:${plan.dashboardPort}`, DASHBOARD_TIMEOUT_MS);
    this.#progress = {
      cluster: plan.cluster,
      save: (cluster) => {
        this.#progress.cluster = cluster;
        this.#folder.saveCluster(cluster);
      },
    };
  }

  /**
   * Resolves when every proxy has answered for every group.
   *
   * @throws OperatorError; StoppedError after `stop`. What runs by then is `stop`'s to end.
   */
  async start(): Promise<void> {
    this.#progress.save(this.#plan.cluster);
    await this.#startCoordinator();
    await this.#startDashboard();
    await this.#reconcile();
    await this.#grow(async () => {
      await this.#startRedis();
      await this.#setUpGroups();
    });
    await this.#setUpSlots();
    await this.#startProxies();
  }

  /** Proxies first, so that no client sees the rest go; then the dashboard, then the data. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const tier of this.#tiers()) await Promise.all(tier.map((service) => service.stop()));
  }

  /** Ends everything at once, for those who do not want to wait for `stop`. */
  kill(): void {
    for (const service of this.#tiers().flat()) service.kill();
  }

  #tiers(): Service[][] {
    return [this.#proxies, this.#dashboard, this.#redis, this.#coordinator];
  }

  async #startCoordinator(): Promise<void> {
    const { coordinator } = this.#plan.cluster;
    const detail = describe(coordinator);
    if (coordinator.kind === 'zookeeper') {
      this.#console.begin('coordinator', detail);
      const spec = zookeeperService(this.#plan.data, coordinator.port);
      await this.#startAll(this.#coordinator, [spec]);
    }
    this.#console.done('coordinator', detail);
  }

  async #startDashboard(): Promise<void> {
    const url = `http://${this.#client.addr}`;
    this.#console.begin('dashboard', url);
    const lookingClient = new DashboardClient(this.#client.addr, ROLE_TIMEOUT_MS);
    const spec = dashboardService(this.#plan, this.#projectFolder, lookingClient);
    await this.#startAll(this.#dashboard, [spec]);
    this.#console.done('dashboard', url);
  }

  async #reconcile(): Promise<void> {
    this.#groups = await this.#whileRunning(this.#client.listGroups());
    refuseForeignCluster(this.#progress.cluster, this.#groups);
    const { cluster, foreign } = reconcile(this.#progress.cluster, this.#groups);
    this.#progress.save(cluster);
    for (const { id, servers } of foreign) {
      const [first] = servers ?? [];
      this.#console.note(
        `group ${id} was made by hand (${first?.type} ${first?.addr}): nothing is added to it`,
      );
    }
  }

  /** What fails here may fail by the servers that are new to a cluster: then it does so once. */
  async #grow(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { cluster } = this.#progress;
      const left = giveUp(cluster);
      const isByNewServers = left.servers.some(({ state }) => state === 'given up');
      if (!(error instanceof OperatorError) || !isByNewServers) throw error;
      this.#progress.save(left);
      throw new OperatorError(error.message, {
        hint: `${error.hint}\nnpm start without --groups and --replicas starts the cluster as it is`,
        cause: error,
      });
    }
  }

  async #startRedis(): Promise<void> {
    const { servers } = this.#progress.cluster;
    const ports = servers.map(({ port }) => port);
    this.#console.begin('redis', describePorts(ports));
    await this.#startAll(
      this.#redis,
      servers.map(({ port }) => redisService(this.#plan.data, port, this.#roleOf, this.#module)),
    );
    this.#console.done('redis', `${HOST}, ports ${describePorts(ports)}`);
  }

  async #setUpGroups(): Promise<void> {
    this.#console.begin('groups', 'masters and replicas');
    await this.#whileRunning(setUpGroups(this.#client, this.#progress));
    this.#groups = await this.#whileRunning(this.#client.listGroups());
    await this.#noteMasters();
    await this.#replicasInSync();
    for (const group of this.#groups) this.#console.done(`group ${group.id}`, describeGroup(group));
  }

  async #setUpSlots(): Promise<void> {
    this.#console.begin('slots', 'to the groups');
    await this.#whileRunning(setUpSlots(this.#client, this.#progress));
    const ranges = rangesOf(await this.#whileRunning(this.#client.listSlots()));
    this.#console.done('slots', describeRanges(ranges));
    for (const { id } of this.#groups) {
      if (ranges.some(({ group }) => group === id)) continue;
      this.#console.note(`group ${id} has no slots yet`);
    }
  }

  async #startProxies(): Promise<void> {
    const addrs = this.#plan.proxies.map(({ port }) => `${HOST}:${port}`).join(', ');
    this.#console.begin('proxies', addrs);
    const specs = this.#plan.proxies.map((proxy) =>
      proxyService(this.#plan, proxy, this.#projectFolder),
    );
    await this.#startAll(this.#proxies, specs);
    const slots = await this.#whileRunning(this.#client.listSlots());
    const keys = keyPerGroup(rangesOf(slots), this.#groupsThatAnswer);
    for (const { id, port } of this.#plan.proxies) {
      for (const key of keys) await this.#answers(id, port, key);
    }
    this.#console.done('proxies', addrs);
  }

  /** Side by side; the first failure is told, the others' outcome is left to `stop`. */
  async #startAll(tier: Service[], specs: readonly ServiceSpec[]): Promise<void> {
    const services = specs.map((spec) => new Service(spec, (line) => this.#sayLater(line)));
    tier.push(...services);
    await this.#whileRunning(Promise.all(services.map((service) => service.start())));
  }

  #sayLater(line: string): void {
    const time = new Date().toTimeString().slice(0, 8);
    this.#console.line(`${time} ${line}`);
  }

  /** A proxy is ready when it has the table and its servers: a key of each group is answered. */
  async #answers(name: string, port: number, key: string): Promise<void> {
    const deadline = Date.now() + SERVING_TIMEOUT_MS;
    let reply: string | null = null;
    while (Date.now() < deadline) {
      reply = await this.#whileRunning(probe(port, `EXISTS ${key}\r\n`));
      if (reply?.startsWith(':')) return;
      await this.#whileRunning(sleep(POLL_MS));
    }
    throw new OperatorError(`${name} does not serve: ${reply?.trim() || 'no answer'}`, {
      hint: `its log: ${shownFolder(this.#plan.data)}/logs/${name}.log`,
    });
  }

  async #replicasInSync(): Promise<void> {
    const ports = new Set(this.#progress.cluster.servers.map(({ port }) => `${HOST}:${port}`));
    const replicas = this.#groups
      .filter(({ id }) => this.#groupsThatAnswer.has(id))
      .flatMap((group) => group.servers ?? [])
      .filter(({ type, addr }) => type === 'slave' && ports.has(addr));
    const deadline = Date.now() + REPLICATION_TIMEOUT_MS;
    for (const { addr } of replicas) {
      const port = Number(addr.slice(addr.lastIndexOf(':') + 1));
      while ((await replicationOf(port)).get('master_link_status') !== 'up') {
        if (Date.now() > deadline) {
          this.#console.note(
            `the replica ${redisName(port)} has not caught up with its master yet`,
          );
          break;
        }
        await this.#whileRunning(sleep(POLL_MS));
      }
    }
  }

  /**
   * Groups without a master, or with one that somebody else runs and that is away, answer every
   * command with an error: the operator's to put right, with a cluster that runs.
   */
  async #noteMasters(): Promise<void> {
    const ours = new Set(this.#progress.cluster.servers.map(addrOf));
    for (const group of this.#groups) {
      const master = masterOf(group);
      if (master === null) {
        this.#console.note(`group ${group.id} has no master`);
      } else if (!ours.has(master) && !(await this.#whileRunning(answersPing(master)))) {
        this.#console.note(`group ${group.id}: its master ${master} does not answer`);
      } else {
        this.#groupsThatAnswer.add(group.id);
      }
    }
  }

  /** The coordinator's word on who is master, the newest that can be had. */
  readonly #roleOf: RoleOf = async (addr) => {
    try {
      this.#groups = await new DashboardClient(this.#client.addr, ROLE_TIMEOUT_MS).listGroups();
    } catch (error) {
      if (this.#groups.length > 0) {
        this.#sayLater(`${messageOf(error)}: ${addr} gets the role it had`);
      }
    }
    const server = this.#progress.cluster.servers.find((one) => addrOf(one) === addr)!;
    return { masterAddr: masterToFollow(server, this.#groups) };
  };

  /** The promise's outcome, or StoppedError as soon as `stop` is called. */
  #whileRunning<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#stopping;
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(new StoppedError('the cluster'));
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
    });
  }
}

/** A key in one of the slots of each of these groups, for those that have slots. */
function keyPerGroup(ranges: readonly SlotRange[], groupIds: ReadonlySet<number>): string[] {
  const missing = new Set(ranges.map(({ group }) => group).filter((id) => groupIds.has(id)));
  const keys: string[] = [];
  for (let index = 0; missing.size > 0; index++) {
    const key = Buffer.from(`start:${index}`);
    const slot = slotOfKey(key, 0, key.length);
    const range = ranges.find(({ from, to }) => from <= slot && slot <= to);
    if (range && missing.delete(range.group)) keys.push(key.toString());
  }
  return keys;
}

function describeGroup(group: GroupRecord): string {
  const servers = group.servers ?? [];
  const named = (type: string) =>
    servers.filter((server) => server.type === type).map(({ addr }) => addr);
  const replicas = named('slave');
  const offline = named('offline');
  return [
    `master ${named('master').join(', ') || 'none'}`,
    ...(replicas.length > 0 ? [`replica ${replicas.join(', ')}`] : []),
    ...(offline.length > 0 ? [`offline ${offline.join(', ')}`] : []),
  ].join(', ');
}

function describeRanges(ranges: readonly SlotRange[]): string {
  if (ranges.length > 6) return `${ranges.length} ranges (codis-config slot info shows them)`;
  return ranges.map(({ from, to, group }) => `${from}-${to} → group ${group}`).join(', ');
}

function describePorts(ports: readonly RecordedServer['port'][]): string {
  const sorted = [...ports].sort((one, other) => one - other);
  const first = sorted[0]!;
  const last = sorted.at(-1)!;
  return last - first === sorted.length - 1 && last > first
    ? `${first}-${last}`
    : sorted.join(', ');
}
