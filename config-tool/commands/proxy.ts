import { Command } from 'commander';
import type { ProxyRecord } from '../../cluster/model/proxy.js';
import type { Context } from '../context.js';
import { example } from '../help.js';
import { colored, NOTHING, table } from '../render.js';

export function proxyCommand(context: Context): Command {
  const command = new Command('proxy').description('the proxies that clients connect to');

  command
    .command('list')
    .description('show all registered proxies')
    .addHelpText('after', example('proxy list'))
    .action(async () => {
      const proxies = await context.client.listProxies();
      context.output.show(proxies, () => describeProxies(proxies));
    });

  command
    .command('online')
    .description('let a proxy serve')
    .argument('<proxy_name>', 'its proxy_id')
    .addHelpText('after', example('proxy online proxy_1'))
    .action(async (id: string) => {
      await context.client.setProxyState(id, 'online');
      context.output.done(`${id} is online`);
    });

  command
    .command('offline')
    .description('let a proxy finish what its clients have asked for, and end')
    .argument('<proxy_name>', 'its proxy_id')
    .addHelpText('after', example('proxy offline proxy_1'))
    .action(async (id: string) => {
      await context.client.setProxyState(id, 'offline');
      context.output.done(`${id} is gone`);
    });

  return command;
}

function describeProxies(proxies: ProxyRecord[]): string {
  if (proxies.length === 0) return 'no proxies yet: start one with codis-proxy';
  return table(
    [
      { title: 'proxy' },
      { title: 'clients at' },
      { title: 'metrics at' },
      { title: 'state' },
      { title: 'pid', align: 'right' },
      { title: 'started' },
    ],
    proxies.map((proxy) => [
      proxy.id,
      proxy.addr,
      proxy.debug_var_addr || NOTHING,
      colored(proxy.state),
      String(proxy.pid),
      // Go's and our own form begin alike; fractions of a second and zone are for the JSON.
      proxy.start_at.slice(0, 19).replace('T', ' '),
    ]),
  );
}
