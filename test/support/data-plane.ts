import { parseConfig } from '../../base/config.js';
import { silentLog } from '../../base/log.js';
import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import type { DataPlane } from '../../proxy/data-plane.js';
import type { SlotRoute } from '../../proxy/router/topology-change.js';
import { createDataPlane } from '../../proxy/worker.js';
import { eventually } from './eventually.js';

/** A proxy's data plane in the test's own process, over a table given by hand. */
export interface TestDataPlane {
  readonly plane: DataPlane;
  readonly port: number;
  close(): void;
}

/**
 * Serves the slots in equal shares from the masters: group 1 the first share, and so on.
 *
 * @param masters host:port, one a group
 * @param options `ini`: settings as in config.ini; `sockets`: see Listener
 */
export async function startDataPlane(
  masters: readonly string[],
  options: { ini?: string; sockets?: 'adopted' | 'plain' } = {},
): Promise<TestDataPlane> {
  const plane = createDataPlane(
    parseConfig(options.ini ?? '', 'test.ini'),
    silentLog(),
    options.sockets === undefined ? {} : { sockets: options.sockets },
  );
  await plane.apply({
    groups: masters.map((master, index) => ({ groupId: index + 1, master, replicas: [] })),
    slots: Array.from({ length: SLOT_COUNT }, (_, slotId) =>
      onlineSlot(slotId, 1 + Math.floor((slotId * masters.length) / SLOT_COUNT)),
    ),
  });
  const { port } = await plane.listen({ host: '127.0.0.1', port: 0 });
  return { plane, port, close: () => plane.close() };
}

/** Waits until every server is connected and nothing is in flight, not even of the proxy's own. */
export async function quiet({ plane }: TestDataPlane): Promise<void> {
  await eventually('the proxy is connected and quiet', () =>
    plane.stats().backends.every(({ state, inFlight }) => state === 'ready' && inFlight === 0),
  );
}

export function onlineSlot(slotId: number, groupId: number): SlotRoute {
  return { slotId, status: 'online', groupId, migrateFrom: -1 };
}
