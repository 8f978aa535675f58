// Run as a process of its own, to be killed or stopped: a dashboard on the given config.ini,
// which prints its address when it serves.
import { loadConfig } from '../../base/config.js';
import { openLog } from '../../base/log.js';
import { runDashboard } from '../../dashboard/main.js';

const [configFile, listen] = process.argv.slice(2);
const dashboard = await runDashboard({
  config: loadConfig(configFile!),
  listen: listen ?? '127.0.0.1:0',
  log: openLog('dashboard', 'info'),
});
process.once('SIGTERM', () => {
  void dashboard.close().then(() => process.exit(0));
});
console.log(dashboard.addr);
