import { masterOf } from '../../cluster/model/group.js';
import type { Store } from '../../cluster/store.js';
import { ConflictError } from '../errors.js';
import { existingGroup } from '../service/groups.js';

/** The master's address as the tree has it now. @throws NotFoundError, ConflictError for none */
export async function masterAddr(store: Store, groupId: number): Promise<string> {
  const addr = masterOf(await existingGroup(store, groupId));
  if (addr !== null) return addr;
  throw new ConflictError(`group ${groupId} has no master`, {
    hint: `add one first: codis-config server add ${groupId} <redis_addr> master`,
  });
}
