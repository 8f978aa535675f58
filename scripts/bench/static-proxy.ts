import { parseAddress } from '../../base/address.js';
import { loadConfig } from '../../base/config.js';
import { openLog } from '../../base/log.js';
import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import type { TopologyChange } from '../../proxy/router/topology-change.js';
import { createDataPlane } from '../../proxy/worker.js';

/*
 * The proxy's data plane with a table given on the command line instead of a coordinator's:
 *
 *     node static-proxy.js <address> <redis address>...
 *
 * The slots are dealt out evenly. Ends on SIGTERM, cleanly, so that `--cpu-prof` leaves its file.
 */

/** One group a server, the slots in equal ranges. */
function staticTable(masters: readonly string[]): TopologyChange {
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

const [address, ...masters] = process.argv.slice(2);
if (!address || masters.length === 0) {
  console.error('usage: static-proxy <address> <redis address>...');
  process.exit(2);
}
const dataPlane = createDataPlane(loadConfig(null), openLog('static-proxy', 'warn'));
process.once('SIGTERM', () => {
  dataPlane.close();
  process.exit(0);
});
await dataPlane.apply(staticTable(masters));
await dataPlane.listen(parseAddress(address, 'address'));
