import { parseAddress } from '../../base/address.js';
import { loadConfig } from '../../base/config.js';
import { openLog } from '../../base/log.js';
import { createDataPlane } from '../../proxy/worker.js';
import { staticTable } from './static-table.js';

/*
 * The proxy's data plane with a table given on the command line instead of a coordinator's:
 *
 *     node static-proxy.js <address> <redis address>...
 *
 * The slots are dealt out evenly. Ends on SIGTERM, cleanly, so that `--cpu-prof` leaves its file.
 */

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
