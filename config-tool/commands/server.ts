import { Argument, Command } from 'commander';
import type { GroupRecord, ServerRecord } from '../../cluster/model/group.js';
import { DashboardClient } from '../../dashboard/api/client.js';
import type { RedisStat } from '../../dashboard/api/contract.js';
import { groupIdArgument, serverArgument } from '../arguments.js';
import type { Context } from '../context.js';
import { describeHa } from '../ha-view.js';
import { example } from '../help.js';
import { colored, NOTHING, table } from '../render.js';

/** A server that is slower than this is not worth waiting for in a list. */
const STAT_TIMEOUT_MS = 3_000;

export function serverCommand(context: Context): Command {
  const command = new Command('server').description('groups and their Redis servers');

  command
    .command('list')
    .description('show all groups with their servers')
    .addHelpText('after', example('server list', 'server list --json'))
    .action(async () => {
      const groups = await context.client.listGroups();
      const stats = context.output.isForPeople ? await statsOf(groups, context) : new Map();
      context.output.show(groups, () => describeGroups(groups, stats));
    });

  command
    .command('add')
    .description('add a Redis server to a group that is there (add-group)')
    .addArgument(groupIdArgument())
    .addArgument(serverArgument())
    .addArgument(
      new Argument('<role>', "slave: it becomes a replica of the group's master").choices([
        'master',
        'slave',
      ]),
    )
    .addHelpText(
      'after',
      example('server add 1 127.0.0.1:6381 master', 'server add 1 127.0.0.1:6382 slave'),
    )
    .action(async (groupId: number, addr: string, role: 'master' | 'slave') => {
      await context.client.addServer(groupId, addr, role);
      context.output.done(`${addr} is a ${role} of group ${groupId}`);
    });

  command
    .command('remove')
    .description('take a Redis server out of its group')
    .addArgument(groupIdArgument())
    .addArgument(serverArgument())
    .addHelpText('after', example('server remove 1 127.0.0.1:6382'))
    .action(async (groupId: number, addr: string) => {
      await context.client.removeServer(groupId, addr);
      context.output.done(`${addr} is not in group ${groupId} any more`);
    });

  command
    .command('promote')
    .description('make a replica the master of its group')
    .addArgument(groupIdArgument())
    .addArgument(serverArgument())
    .addHelpText('after', example('server promote 1 127.0.0.1:6382'))
    .action(async (groupId: number, addr: string) => {
      await context.client.promote(groupId, addr);
      context.output.done(`${addr} is the master of group ${groupId}`);
    });

  command
    .command('ha-status')
    .description('show how masters are seen, what might replace them, and what was done')
    .addHelpText('after', example('server ha-status', 'server ha-status --json'))
    .action(async () => {
      const status = await context.client.haStatus();
      context.output.show(status, () => describeHa(status));
    });

  command
    .command('add-group')
    .description('make a group without servers')
    .addArgument(groupIdArgument())
    .addHelpText('after', example('server add-group 3'))
    .action(async (groupId: number) => {
      await context.client.addGroup(groupId);
      context.output.done(`group ${groupId} is there`);
    });

  command
    .command('remove-group')
    .description('remove a group that has no slots')
    .addArgument(groupIdArgument())
    .addHelpText('after', example('server remove-group 3'))
    .action(async (groupId: number) => {
      await context.client.removeGroup(groupId);
      context.output.done(`group ${groupId} is gone`);
    });

  return command;
}

/** INFO of every server that answers in time; null for the others. */
async function statsOf(
  groups: GroupRecord[],
  context: Context,
): Promise<Map<string, RedisStat | null>> {
  const client = new DashboardClient(context.client.addr, STAT_TIMEOUT_MS);
  const addrs = groups.flatMap(({ servers }) => servers ?? []).map(({ addr }) => addr);
  const stats = await Promise.all(
    // The list is of use without the live columns: whatever went wrong, they stay empty.
    addrs.map((addr) => client.redisStat(addr).catch(() => null)),
  );
  return new Map(addrs.map((addr, index) => [addr, stats[index] ?? null]));
}

function describeGroups(groups: GroupRecord[], stats: Map<string, RedisStat | null>): string {
  if (groups.length === 0) return 'no groups yet: codis-config server add <group_id> <addr> master';
  const rows = groups.flatMap((group) => {
    const servers = [...(group.servers ?? [])].sort(mastersFirst);
    if (servers.length === 0) return [[String(group.id), 'no servers', ...Array(4).fill(NOTHING)]];
    return servers.map((server, index) => [
      index === 0 ? String(group.id) : '',
      server.addr,
      colored(server.type),
      ...liveColumns(server, stats.get(server.addr) ?? null),
    ]);
  });
  return table(
    [
      { title: 'group' },
      { title: 'server' },
      { title: 'role' },
      { title: 'keys', align: 'right' },
      { title: 'memory', align: 'right' },
      { title: 'state' },
    ],
    rows,
  );
}

function liveColumns(server: ServerRecord, stat: RedisStat | null): string[] {
  if (!stat) return [NOTHING, NOTHING, colored('unreachable')];
  return [keysOf(stat), stat.used_memory_human ?? NOTHING, stateOf(server, stat)];
}

/** `db0:keys=131,expires=0,avg_ttl=0`; no such field if there are none. */
function keysOf(stat: RedisStat): string {
  return /keys=(\d+)/.exec(stat.db0 ?? '')?.[1] ?? '0';
}

/** What the server itself says, where it does not go without saying from its role on record. */
function stateOf(server: ServerRecord, stat: RedisStat): string {
  if (stat.loading === '1') return colored('loading');
  if (server.type === 'master') {
    return stat.role === 'slave'
      ? `says it is a replica of ${masterSeen(stat)}`
      : colored('online');
  }
  if (stat.role === 'master') return server.type === 'slave' ? 'says it is a master' : 'running';
  return stat.master_link_status === 'up'
    ? `in sync with ${masterSeen(stat)}`
    : `no link to ${masterSeen(stat)}`;
}

function masterSeen(stat: RedisStat): string {
  return `${stat.master_host}:${stat.master_port}`;
}

function mastersFirst(one: ServerRecord, other: ServerRecord): number {
  const rank = ({ type }: ServerRecord) => ['master', 'slave', 'offline'].indexOf(type);
  return rank(one) - rank(other) || (one.addr < other.addr ? -1 : 1);
}
