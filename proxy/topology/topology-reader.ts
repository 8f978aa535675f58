import type { Action } from '../../cluster/model/action.js';
import { type GroupRecord, masterOf } from '../../cluster/model/group.js';
import { NO_GROUP, type SlotRecord } from '../../cluster/model/slot.js';
import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import type { Store } from '../../cluster/store.js';
import type { GroupRoute, SlotRoute, TopologyChange } from '../router/topology-change.js';

/** Reads the records that the router works by, and puts them as changes of its table. */
export class TopologyReader {
  readonly #store: Store;
  /** Every group the router was ever told of: those that are gone must be told as gone. */
  readonly #toldGroups = new Set<number>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** All 1,024 slots and all groups, as one change. @throws BadRecordError, CoordinatorError */
  async readAll(): Promise<TopologyChange> {
    const [slots, groups] = await Promise.all([
      this.#loadRoutes(0, SLOT_COUNT - 1),
      this.#store.loadGroups(),
    ]);
    const routes = groups.map(groupRoute);
    const present = new Set(routes.map((group) => group.groupId));
    for (const groupId of this.#toldGroups) {
      if (!present.has(groupId)) routes.push(goneGroup(groupId));
    }
    return this.#tell({ slots, groups: routes });
  }

  /**
   * The records that the action names, as they are now. Never the copy that the action carries:
   * the record may be newer (the change was rolled back, or a later one is already written), and
   * a table built from copies would end in a state that the tree never had.
   *
   * With slots come the groups they name, so that the router never sends a slot to a group it has
   * not heard of, whoever wrote that group.
   *
   * @throws BadRecordError, CoordinatorError
   */
  async readChange(action: Action): Promise<TopologyChange> {
    switch (action.type) {
      case 'slot_changed':
      case 'slot_premigrate':
      case 'slot_migrate':
        return this.#readSlots(action.target.id, action.target.id);
      case 'multi_slot_changed':
        return this.#readSlots(
          Math.max(0, action.target.from),
          Math.min(SLOT_COUNT - 1, action.target.to),
        );
      case 'group_changed':
      case 'group_remove':
        return this.readGroups([action.target.id]);
    }
  }

  /**
   * {@link readChange} of several actions in one. Every record is read after all of the actions
   * were: so each of them is taken note of.
   */
  async readChanges(actions: readonly Action[]): Promise<TopologyChange> {
    const changes = await Promise.all(actions.map((action) => this.readChange(action)));
    const slots = changes.flatMap((change) => change.slots);
    const groups = changes.flatMap((change) => change.groups);
    return {
      slots: [...new Map(slots.map((slot) => [slot.slotId, slot])).values()],
      groups: [...new Map(groups.map((group) => [group.groupId, group])).values()],
    };
  }

  async #readSlots(from: number, to: number): Promise<TopologyChange> {
    const slots = await this.#loadRoutes(from, to);
    const groupIds = new Set(slots.flatMap((slot) => [slot.groupId, slot.migrateFrom]));
    groupIds.delete(NO_GROUP);
    const groups = await Promise.all([...groupIds].map((groupId) => this.#readGroup(groupId)));
    return this.#tell({ slots, groups });
  }

  async #loadRoutes(from: number, to: number): Promise<SlotRoute[]> {
    const routes = slotRoutes(await this.#store.loadSlots(from, to), from, to);
    return Promise.all(
      routes.map(async (route) => {
        if (route.status !== 'migrate') return route;
        const records = await this.#store.loadLargeKeys(route.slotId);
        const largeKeys = records.map(({ db, key, phase }) => {
          return { database: db, key: Buffer.from(key, 'base64').toString('latin1'), phase };
        });
        return largeKeys.length > 0 ? { ...route, largeKeys } : route;
      }),
    );
  }

  /** The records of these groups. @throws BadRecordError, CoordinatorError */
  async readGroups(groupIds: readonly number[]): Promise<TopologyChange> {
    const groups = await Promise.all(groupIds.map((groupId) => this.#readGroup(groupId)));
    return this.#tell({ slots: [], groups });
  }

  async #readGroup(groupId: number): Promise<GroupRoute> {
    const group = await this.#store.loadGroup(groupId);
    return group ? groupRoute(group) : goneGroup(groupId);
  }

  #tell(change: TopologyChange): TopologyChange {
    for (const group of change.groups) this.#toldGroups.add(group.groupId);
    return change;
  }
}

/** One route for each slot of the range; a slot without a record is in no group. */
function slotRoutes(records: readonly SlotRecord[], from: number, to: number): SlotRoute[] {
  const bySlot = new Map(records.map((record) => [record.id, record]));
  const routes: SlotRoute[] = [];
  for (let slotId = from; slotId <= to; slotId++) {
    const record = bySlot.get(slotId);
    const status = record?.state.status ?? 'offline';
    const keepsTarget = record?.state.migrate_status.keep_target === true;
    routes.push({
      slotId,
      status,
      groupId: record?.group_id ?? NO_GROUP,
      migrateFrom: record && status === 'migrate' ? record.state.migrate_status.from : NO_GROUP,
      ...(keepsTarget && status === 'migrate' && { keepsTarget }),
    });
  }
  return routes;
}

function groupRoute(group: GroupRecord): GroupRoute {
  const replicas = group.servers?.filter((server) => server.type === 'slave') ?? [];
  return {
    groupId: group.id,
    master: masterOf(group),
    replicas: replicas.map((server) => server.addr),
  };
}

function goneGroup(groupId: number): GroupRoute {
  return { groupId, master: null, replicas: [] };
}
