import { OperatorError } from '../../base/errors.js';
import { type GroupRecord, masterOf } from '../../cluster/model/group.js';
import type { RecordedCluster, RecordedServer } from './plan.js';
import { HOST } from './ports.js';

export const addrOf = ({ port }: RecordedServer): string => `${HOST}:${port}`;

export interface Reconciled {
  readonly cluster: RecordedCluster;
  /** Groups that servers were planned for and that somebody else has made: left as they are. */
  readonly foreign: readonly GroupRecord[];
}

/**
 * Brings what the data folder says into line with what the coordinator has on record, before any
 * Redis server is started. Nothing on record at all: the metadata was removed, and all of it is to
 * be set up again.
 */
export function reconcile(cluster: RecordedCluster, groups: readonly GroupRecord[]): Reconciled {
  if (groups.length === 0) {
    const servers = cluster.servers
      .filter(({ state }) => state !== 'given up')
      .map((server) => ({ ...server, state: 'planned' as const }));
    return { cluster: { ...cluster, servers, slotsAssigned: false }, foreign: [] };
  }
  const onRecord = new Set(groups.flatMap(addrsOf));
  const ours = new Set(cluster.servers.map(addrOf));
  const isForeign = (group: GroupRecord) => {
    const addrs = addrsOf(group);
    return addrs.length > 0 && addrs.every((addr) => !ours.has(addr));
  };
  const foreign = groups.filter(
    (group) =>
      isForeign(group) &&
      cluster.servers.some(({ group: id, state }) => id === group.id && state === 'planned'),
  );
  const servers = cluster.servers.flatMap((server): RecordedServer[] => {
    if (server.state === 'added') return [server];
    if (onRecord.has(addrOf(server))) return [{ ...server, state: 'added' }];
    const isUnwanted = server.state === 'given up' || foreign.some(({ id }) => id === server.group);
    return isUnwanted ? [] : [server];
  });
  return { cluster: { ...cluster, servers }, foreign };
}

/**
 * After a start that failed: a cluster that serves without the servers that it still lacks is not
 * to fail by them again. One whose first set-up is not done yet goes on with it.
 */
export function giveUp(cluster: RecordedCluster): RecordedCluster {
  if (!cluster.slotsAssigned) return cluster;
  const servers = cluster.servers.map((server) =>
    server.state === 'planned' ? { ...server, state: 'given up' as const } : server,
  );
  return { ...cluster, servers };
}

/**
 * A product that somebody else has set up is not ours to add to.
 *
 * @throws OperatorError
 */
export function refuseForeignCluster(
  cluster: RecordedCluster,
  groups: readonly GroupRecord[],
): void {
  if (cluster.servers.some(({ state }) => state === 'added')) return;
  const ours = new Set(cluster.servers.map(addrOf));
  const foreign = groups
    .flatMap((group) => group.servers ?? [])
    .find(({ addr }) => !ours.has(addr));
  if (!foreign) return;
  throw new OperatorError(
    `the product ${cluster.product} has groups already, with ${foreign.addr} in group ${foreign.group_id}`,
    { hint: 'give this cluster a name of its own with --product' },
  );
}

/**
 * The master that a server has to follow from its start, or null. One that is still to be added
 * follows as well: a start that was cut short may have left it with keys of its master.
 */
export function masterToFollow(
  server: RecordedServer,
  groups: readonly GroupRecord[],
): string | null {
  const addr = addrOf(server);
  const group =
    groups.find((one) => addrsOf(one).includes(addr)) ??
    (server.state === 'planned' ? groups.find(({ id }) => id === server.group) : undefined);
  const master = group ? masterOf(group) : null;
  // An offline one, a former master, follows as well: so it was left by the promotion.
  return master === addr ? null : master;
}

function addrsOf(group: GroupRecord): string[] {
  return (group.servers ?? []).map(({ addr }) => addr);
}
