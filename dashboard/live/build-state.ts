import { type GroupRecord, masterOf, type ServerRecord } from '../../cluster/model/group.js';
import type { ProxyRecord } from '../../cluster/model/proxy.js';
import type {
  LiveGroup,
  LiveProxy,
  LiveServer,
  LiveTotals,
  SlotRun,
} from '../api/live-contract.js';
import { type LatencySpread, percentiles, sumSpreads } from './latency.js';
import type { ProxyFigures } from './proxy-probe.js';
import type { Records } from './records.js';
import type { ServerFigures } from './server-probe.js';

/** What the last look at something has given: figures, or why there are none. */
export interface Look<Figures> {
  readonly figures: Figures | null;
  readonly error: string;
}

export interface ClusterView {
  readonly totals: LiveTotals;
  readonly proxies: Record<string, LiveProxy>;
  readonly groups: Record<string, LiveGroup>;
  readonly servers: Record<string, LiveServer>;
  readonly slots: SlotRun[];
}

/** What a browser is shown of the cluster, from the records and the latest looks. */
export function viewOf(
  records: Records,
  serverLooks: ReadonlyMap<string, Look<ServerFigures>>,
  proxyLooks: ReadonlyMap<string, Look<ProxyFigures>>,
): ClusterView {
  const servers: Record<string, LiveServer> = {};
  for (const group of records.groups) {
    const master = masterOf(group);
    const masterOffset =
      master === null ? null : (serverLooks.get(master)?.figures?.offset ?? null);
    for (const server of group.servers ?? []) {
      servers[server.addr] = serverView(server, serverLooks.get(server.addr), masterOffset);
    }
  }
  const slots = slotRuns(records);
  const groups: Record<string, LiveGroup> = {};
  for (const group of records.groups) groups[group.id] = groupView(group, servers, slots);
  const proxies: Record<string, LiveProxy> = {};
  for (const proxy of records.proxies) {
    proxies[proxy.id] = proxyView(proxy, proxyLooks.get(proxy.id));
  }
  const spreads = [...proxyLooks.values()].flatMap(({ figures }) => figures?.spread ?? []);
  const masters = records.groups.flatMap((group) => serverLooks.get(masterOf(group) ?? '') ?? []);
  return {
    totals: totalsOf(proxies, masters, slots, sumSpreads(spreads)),
    ...{ proxies, groups, servers, slots },
  };
}

function serverView(
  { addr, group_id, type }: ServerRecord,
  look: Look<ServerFigures> | undefined,
  masterOffset: number | null,
): LiveServer {
  const figures = look?.figures ?? null;
  const rates = figures?.rates ?? null;
  const isReplica = figures?.role === 'replica';
  return {
    addr,
    group: group_id,
    type,
    state: stateOf(figures),
    error: figures ? '' : (look?.error ?? 'not looked at yet'),
    role: figures?.role ?? null,
    follows: figures?.follows ?? null,
    link: figures?.link ?? null,
    offset: figures?.offset ?? null,
    lag_bytes:
      isReplica && masterOffset !== null ? Math.max(0, masterOffset - figures.offset) : null,
    lag_seconds: figures?.lagSeconds ?? null,
    memory: figures?.memory ?? null,
    maxmemory: figures?.maxmemory ?? null,
    keys: figures?.keys ?? null,
    ops: rounded(rates?.ops),
    hit_rate: rates ? hitRate(rates.hits, rates.misses) : null,
    evicted: rounded(rates?.evicted),
    clients: figures?.clients ?? null,
    net_in: rounded(rates?.netIn),
    net_out: rounded(rates?.netOut),
    version: figures?.version ?? null,
    module: figures?.module ?? null,
    uptime_seconds: figures?.uptimeSeconds ?? null,
  };
}

function stateOf(figures: ServerFigures | null): LiveServer['state'] {
  if (!figures) return 'down';
  if (figures.isLoading) return 'loading';
  return figures.isSyncing ? 'syncing' : 'up';
}

function proxyView(proxy: ProxyRecord, look: Look<ProxyFigures> | undefined): LiveProxy {
  const figures = look?.figures ?? null;
  const { metrics = null, rates = null } = figures ?? {};
  return {
    id: proxy.id,
    addr: proxy.addr,
    admin_addr: proxy.debug_var_addr,
    pid: proxy.pid,
    start_at: proxy.start_at,
    state: proxy.state,
    answers: figures !== null,
    error: figures ? '' : (look?.error ?? 'not looked at yet'),
    version: metrics?.version ?? null,
    uptime_seconds: metrics?.uptimeSeconds ? Math.round(metrics.uptimeSeconds) : null,
    workers: metrics?.workers ?? null,
    clients: metrics?.clients ?? null,
    ops: rounded(rates?.ops),
    errors: rounded(rates?.errors),
    ...percentiles(figures?.spread ?? null),
    net_in: rounded(rates?.netIn),
    net_out: rounded(rates?.netOut),
    memory: metrics?.memory ?? null,
    coordinator: metrics?.coordinator ?? null,
    unreachable: [...(metrics?.unreachable ?? [])],
  };
}

function groupView(
  group: GroupRecord,
  servers: Readonly<Record<string, LiveServer>>,
  slots: readonly SlotRun[],
): LiveGroup {
  const master = masterOf(group);
  const present = master === null ? undefined : servers[master];
  const count = (isCounted: (run: SlotRun) => boolean) => slotsIn(slots.filter(isCounted));
  const addrs = (group.servers ?? []).map((server) => server.addr);
  return {
    id: group.id,
    master,
    servers: addrs.sort((one, other) => Number(other === master) - Number(one === master)),
    slots: count(([, , owner, status]) => owner === group.id && status !== 'migrate'),
    slots_leaving: count(([, , owner, status, other]) =>
      status === 'migrate' ? other === group.id : status === 'pre_migrate' && owner === group.id,
    ),
    slots_coming: count(([, , owner, status, other]) =>
      status === 'migrate' ? owner === group.id : status === 'pre_migrate' && other === group.id,
    ),
    keys: present?.keys ?? null,
    memory: present?.memory ?? null,
    ops: present?.ops ?? null,
  };
}

/** Neighbours that are alike, as one. */
function slotRuns({ slots, queue }: Records): SlotRun[] {
  const targets = new Map(queue.tasks.map((task) => [task.slot_id, task.new_group]));
  const runs: SlotRun[] = [];
  for (const { id, group_id, state } of slots) {
    const { status } = state;
    let other = -1;
    if (status === 'migrate') other = state.migrate_status.from;
    if (status === 'pre_migrate') other = targets.get(id) ?? -1;
    const last = runs.at(-1);
    const isSame = last?.[2] === group_id && last[3] === status && last[4] === other;
    if (last && isSame && last[1] === id - 1) last[1] = id;
    else runs.push([id, id, group_id, status, other]);
  }
  return runs;
}

function slotsIn(runs: readonly SlotRun[]): number {
  return runs.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

function totalsOf(
  proxies: Readonly<Record<string, LiveProxy>>,
  masters: readonly Look<ServerFigures>[],
  slots: readonly SlotRun[],
  spread: LatencySpread | null,
): LiveTotals {
  const all = Object.values(proxies);
  const sum = (figure: (proxy: LiveProxy) => number | null) =>
    all.reduce((total, proxy) => total + (figure(proxy) ?? 0), 0);
  const present = masters.flatMap(({ figures }) => figures ?? []);
  const sumMasters = (figure: (figures: ServerFigures) => number) =>
    present.reduce((total, figures) => total + figure(figures), 0);
  const isLimited = present.length > 0 && present.every(({ maxmemory }) => maxmemory > 0);
  return {
    ops: sum((proxy) => proxy.ops),
    errors: sum((proxy) => proxy.errors),
    ...percentiles(spread),
    clients: sum((proxy) => proxy.clients),
    net_in: sum((proxy) => proxy.net_in),
    net_out: sum((proxy) => proxy.net_out),
    keys: sumMasters((figures) => figures.keys),
    memory: sumMasters((figures) => figures.memory),
    hit_rate: hitRate(
      sumMasters(({ rates }) => rates?.hits ?? 0),
      sumMasters(({ rates }) => rates?.misses ?? 0),
    ),
    maxmemory: isLimited ? sumMasters(({ maxmemory }) => maxmemory) : null,
    slots_online: slotsIn(slots.filter(([, , , status]) => status === 'online')),
    slots_moving: slotsIn(slots.filter(([, , , s]) => s === 'migrate' || s === 'pre_migrate')),
    slots_offline: slotsIn(slots.filter(([, , , status]) => status === 'offline')),
  };
}

function hitRate(hits: number, misses: number): number | null {
  const looked = hits + misses;
  return looked > 0 ? Number((hits / looked).toFixed(4)) : null;
}

/** To a tenth while it is small: less is noise, and makes every message longer. */
function rounded(rate: number | undefined): number | null {
  if (rate === undefined) return null;
  return rate < 100 ? Math.round(rate * 10) / 10 : Math.round(rate);
}
