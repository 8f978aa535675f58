import { masterOf } from '../../cluster/model/group.js';
import { NO_GROUP, type SlotRecord } from '../../cluster/model/slot.js';
import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import type { DashboardClient } from '../../dashboard/api/client.js';
import type { RecordedCluster } from './plan.js';
import { addrOf } from './reconcile.js';

/** What of the set-up is done, kept after each step so that a start cut short is gone on with. */
export interface Progress {
  cluster: RecordedCluster;
  save(cluster: RecordedCluster): void;
}

/** Makes the groups that are missing and adds the servers that were never added. */
export async function setUpGroups(client: DashboardClient, progress: Progress): Promise<void> {
  for (const server of progress.cluster.servers) {
    if (server.state === 'added') continue;
    const groups = await client.listGroups();
    const recorded = groups.some((group) =>
      group.servers?.some(({ addr }) => addr === addrOf(server)),
    );
    if (!recorded) {
      const group = groups.find(({ id }) => id === server.group);
      if (!group) await client.addGroup(server.group);
      const hasMaster = group !== undefined && masterOf(group) !== null;
      await client.addServer(server.group, addrOf(server), hasMaster ? 'slave' : 'master');
    }
    const servers = progress.cluster.servers.map((other) =>
      other.port === server.port ? { ...other, state: 'added' as const } : other,
    );
    progress.save({ ...progress.cluster, servers });
  }
}

/**
 * Makes the slots if there are none and gives those in no group to the groups, in equal ranges:
 * once; afterwards they are the operator's.
 */
export async function setUpSlots(client: DashboardClient, progress: Progress): Promise<void> {
  if (progress.cluster.slotsAssigned) return;
  if ((await client.listSlots()).length < SLOT_COUNT) await client.initSlots();
  const groupIds = [...new Set(progress.cluster.servers.map(({ group }) => group))];
  for (const range of rangesWithoutGroup(await client.listSlots(), groupIds)) {
    await client.setSlots({
      from: range.from,
      to: range.to,
      new_group: range.group,
      status: 'online',
    });
  }
  progress.save({ ...progress.cluster, slotsAssigned: true });
}

export interface SlotRange {
  readonly from: number;
  readonly to: number;
  readonly group: number;
}

/** Equal shares of all slots for the groups in turn, less the slots that have a group. */
export function rangesWithoutGroup(slots: SlotRecord[], groupIds: readonly number[]): SlotRange[] {
  const wanted = slots
    .filter((slot) => slot.group_id === NO_GROUP)
    .map(({ id }) => ({ id, group: groupIds[Math.floor((id * groupIds.length) / SLOT_COUNT)]! }));
  return joinRanges(wanted);
}

/** Who has which slots, as ranges; slots of no group are left out. */
export function rangesOf(slots: SlotRecord[]): SlotRange[] {
  const owned = slots.filter((slot) => slot.group_id !== NO_GROUP);
  return joinRanges(owned.map((slot) => ({ id: slot.id, group: slot.group_id })));
}

function joinRanges(slots: { id: number; group: number }[]): SlotRange[] {
  const ranges: SlotRange[] = [];
  for (const { id, group } of slots.sort((one, other) => one.id - other.id)) {
    const last = ranges.at(-1);
    if (last && last.to === id - 1 && last.group === group)
      ranges.splice(-1, 1, { ...last, to: id });
    else ranges.push({ from: id, to: id, group });
  }
  return ranges;
}
