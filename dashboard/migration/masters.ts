import { masterOf } from '../../cluster/model/group.js';
import type { Store } from '../../cluster/store.js';
import { ConflictError } from '../errors.js';
import { existingGroup } from '../service/groups.js';

/** A group's master, as the tree has it now. */
export interface GroupMaster {
  readonly addr: string;
  /** There are replicas on record, which may become the master when this one fails. */
  readonly hasReplicas: boolean;
}

/** @throws NotFoundError, ConflictError for none */
export async function groupMaster(store: Store, groupId: number): Promise<GroupMaster> {
  const group = await existingGroup(store, groupId);
  const addr = masterOf(group);
  if (addr !== null) {
    return { addr, hasReplicas: group.servers!.some(({ type }) => type === 'slave') };
  }
  throw new ConflictError(`group ${groupId} has no master`, {
    hint: `add one first: codis-config server add ${groupId} <redis_addr> master`,
  });
}

/** The address of {@link groupMaster}. */
export async function masterAddr(store: Store, groupId: number): Promise<string> {
  return (await groupMaster(store, groupId)).addr;
}
