import { relative } from 'node:path';
import { colors } from './colors.js';
import { configFile, type Plan, shownFolder } from './plan.js';
import { HOST } from './ports.js';

/** Where codis-config looks if nothing else is said. */
const USUAL_DASHBOARD_PORT = 18087;

/** What to know and what to try once the cluster serves. */
export function summaryOf(plan: Plan, projectFolder: string, tookMs: number): string {
  const [first] = plan.proxies;
  const last = plan.proxies.at(-1);
  const bin = relative(process.cwd(), `${projectFolder}/bin/codis-config`);
  const isUsual = plan.dashboardPort === USUAL_DASHBOARD_PORT;
  const tool = isUsual ? bin : `${bin} -c ${shownFolder(configFile(plan.data))}`;
  const addrs = plan.proxies.map(({ port }) => `${HOST}:${port}`).join(' or ');
  const commands: [command: string, meaning: string][] = [
    [`redis-cli -p ${first?.port} set greeting hello`, 'through one proxy,'],
    [`redis-cli -p ${last?.port} get greeting`, 'and back through the other'],
    [`${tool} server list`, 'groups and their servers'],
    [`${tool} slot info`, 'which group has which slots'],
    [`${tool} proxy list`, 'the proxies'],
    [`curl -s http://${HOST}:${first?.adminPort}/debug/vars`, 'what a proxy counts'],
  ];
  const width = Math.max(...commands.map(([command]) => command.length));
  const data = shownFolder(plan.data);
  return [
    '',
    `${colors.bold('Ready')} in ${(tookMs / 1000).toFixed(1)} s. Redis clients connect to ${colors.bold(addrs)}.`,
    '',
    'Try in another terminal:',
    ...commands.map(
      ([command, meaning]) =>
        `  ${colors.cyan(command)}${' '.repeat(width - command.length + 2)}${colors.dim(meaning)}`,
    ),
    '',
    `Data is in ${data}, logs in ${data}/logs. Ctrl-C stops everything; npm start goes on from there.`,
  ].join('\n');
}
