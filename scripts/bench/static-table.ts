import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import type { TopologyChange } from '../../proxy/router/topology-change.js';

/** One group a server, the slots in equal ranges. @param masters host:port */
export function staticTable(masters: readonly string[]): TopologyChange {
  return {
    groups: masters.map((master, index) => ({ groupId: index + 1, master, replicas: [] })),
    slots: Array.from({ length: SLOT_COUNT }, (_, slotId) => ({
      slotId,
      status: 'online',
      groupId: Math.floor((slotId * masters.length) / SLOT_COUNT) + 1,
      migrateFrom: -1,
    })),
  };
}
