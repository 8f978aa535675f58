import type { Operation } from '../../cluster/coordinator/coordinator.js';
import type { GroupRecord, ServerRecord } from '../../cluster/model/group.js';
import type { SlotRecord } from '../../cluster/model/slot.js';
import type { Store } from '../../cluster/store.js';
import type { Announcement } from '../broadcast.js';
import type { Changes } from '../changes.js';
import { ConflictError, NotFoundError } from '../errors.js';
import { MigrationQueue } from '../migration/queue.js';

/** Groups: what is in them is the business of `servers.ts`. */
export class Groups {
  readonly #store: Store;
  readonly #changes: Changes;

  constructor(store: Store, changes: Changes) {
    this.#store = store;
    this.#changes = changes;
  }

  list(): Promise<GroupRecord[]> {
    return this.#store.loadGroups();
  }

  get(groupId: number): Promise<GroupRecord> {
    return existingGroup(this.#store, groupId);
  }

  /** @throws ConflictError if it exists */
  add(groupId: number): Promise<void> {
    return this.#changes.run(async () => {
      if (await this.#store.loadGroup(groupId)) throw new ConflictError('group already exists');
      await this.#makeParent();
      const group = { id: groupId, product_name: this.#store.paths.product, servers: null };
      await this.#changes.apply({
        what: `new group ${groupId}`,
        writes: [{ type: 'create', path: this.#store.paths.group(groupId), data: '' }],
        announcements: [groupChanged(group)],
        confirm: 'unconfirmed',
      });
    });
  }

  /**
   * Removes the group with its servers, as Codis does; the servers themselves are left alone.
   *
   * @throws NotFoundError; ConflictError while a slot is in the group, or on its way out of it
   */
  remove(groupId: number): Promise<void> {
    return this.#changes.run(async () => {
      const group = await existingGroup(this.#store, groupId);
      await assertWithoutSlots(this.#store, groupId, `group ${groupId} cannot be removed`);
      const removals = (group.servers ?? []).map((server) => this.#store.serverRemoval(server));
      const writes: Operation[] = [
        ...removals,
        { type: 'delete', path: this.#store.paths.group(groupId) },
      ];
      await this.#changes.apply({
        what: `removal of group ${groupId}`,
        writes,
        announcements: [{ type: 'group_remove', target: group }],
        confirm: 'unconfirmed',
      });
    });
  }

  /** The parent of the first group ever, which a `multi` does not make. */
  async #makeParent(): Promise<void> {
    const { coordinator, paths } = this.#store;
    if (!(await coordinator.get(paths.servers))) await coordinator.create(paths.servers, '');
  }
}

/** @throws NotFoundError in Codis's words */
export async function existingGroup(store: Store, groupId: number): Promise<GroupRecord> {
  const group = await store.loadGroup(groupId);
  if (!group) throw new NotFoundError(`group ${groupId} is not found`);
  return group;
}

/** The group's server at `addr`. @throws NotFoundError */
export function existingServer(group: GroupRecord, addr: string): ServerRecord {
  const server = group.servers?.find((candidate) => candidate.addr === addr);
  if (!server) throw new NotFoundError(`group ${group.id} has no server ${addr}`);
  return server;
}

/**
 * @throws ConflictError beginning with `refusal` if the group owns slots, hands some over, or is
 * to get some
 */
export async function assertWithoutSlots(
  store: Store,
  groupId: number,
  refusal: string,
): Promise<void> {
  const slots = await store.loadSlots();
  const used = slots.filter((slot) => belongsTo(slot, groupId));
  if (used.length > 0) {
    throw new ConflictError(`${refusal}: group ${groupId} still has ${slotCount(used)}`, {
      hint: `move them to the other groups first: codis-config slot drain-group ${groupId}`,
    });
  }
  const { tasks, orphans } = await new MigrationQueue(store).load();
  const toCome = [...tasks, ...orphans].filter((task) =>
    [task.new_group, task.from_group].includes(groupId),
  );
  if (toCome.length > 0) {
    throw new ConflictError(
      `${refusal}: slot ${toCome[0]!.slot_id} is to be moved ` +
        `${toCome[0]!.new_group === groupId ? 'to' : 'from'} group ${groupId}`,
      { hint: 'wait until that has ended, or end it: codis-config slot cancel' },
    );
  }
}

export function groupChanged(group: GroupRecord): Announcement {
  return { type: 'group_changed', target: group };
}

/** The same group with other servers, sorted by address as the coordinator lists them. */
export function withServers(group: GroupRecord, servers: readonly ServerRecord[]): GroupRecord {
  const sorted = [...servers].sort((one, other) => (one.addr < other.addr ? -1 : 1));
  return { ...group, servers: sorted.length > 0 ? sorted : null };
}

function belongsTo(slot: SlotRecord, groupId: number): boolean {
  return slot.group_id === groupId || slot.state.migrate_status.from === groupId;
}

function slotCount(slots: readonly SlotRecord[]): string {
  const first = slots[0]!.id;
  return slots.length === 1 ? `slot ${first}` : `${slots.length} slots, the first is ${first}`;
}
