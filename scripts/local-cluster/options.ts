import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseAddress } from '../../base/address.js';

/** What was asked for. Undefined: as the data folder has it, else the default. */
export interface Options {
  readonly groups: number | undefined;
  /** Replicas of each group. */
  readonly replicas: number | undefined;
  readonly proxies: number;
  readonly proxyPort: number;
  readonly adminPort: number;
  readonly dashboardPort: number;
  readonly redisPort: number | undefined;
  /** Absolute path. */
  readonly data: string;
  readonly coordinator: 'embedded' | 'zookeeper' | undefined;
  readonly zookeeperPort: number | undefined;
  /** host:port of a ZooKeeper that runs already. */
  readonly zk: string | undefined;
  readonly product: string | undefined;
  /** Load our module into the Redis servers. Of this run only: it leaves nothing in the data. */
  readonly module: boolean;
}

export const DEFAULTS = {
  groups: 2,
  replicas: 1,
  redisPort: 6381,
  coordinator: 'embedded',
  zookeeperPort: 2181,
  product: 'test',
} as const;

const AFTER_HELP = `
The cluster stays in the data folder: a later run finds it again, with its groups, its masters and
its keys. More groups or replicas may be asked for then; a new group has no slots at first.

Examples:
  npm start
  npm start -- --groups 3 --replicas 2
  npm start -- --data /var/tmp/codis --proxy-port 29000 --admin-port 21000 --dashboard-port 28087 --redis-port 26381
  npm start -- --coordinator zookeeper
  npm start -- --module
  npm start -- --zk 127.0.0.1:2181`;

/**
 * Reads the options after `npm start --`. `--help` and errors are written by commander, which
 * then throws its CommanderError.
 */
export function parseOptions(argv: readonly string[], projectFolder: string): Options {
  const command = new Command('npm start --')
    .description('Start a whole cluster on this machine; Ctrl-C stops it.')
    .exitOverride()
    .allowExcessArguments(false)
    .addOption(number('--groups', 'groups of Redis servers (default: 2)', 1, 128))
    .addOption(number('--replicas', 'replicas of each group (default: 1)', 0, 16))
    .addOption(number('--proxies', 'proxies', 1, 64).default(2))
    .addOption(port('--proxy-port', 'port of the first proxy; the others follow').default(19000))
    .addOption(port('--admin-port', "port of the first proxy's metrics").default(11000))
    .addOption(port('--dashboard-port', "port of the dashboard's REST API").default(18087))
    .addOption(port('--redis-port', 'port of the first Redis server (default: 6381)'))
    .addOption(new Option('--data <folder>', 'where everything is kept').default('data'))
    .addOption(
      new Option('--coordinator <kind>', 'where the metadata is kept (default: embedded)').choices([
        'embedded',
        'zookeeper',
      ]),
    )
    .addOption(port('--zookeeper-port', 'port of the ZooKeeper that is started (default: 2181)'))
    .addOption(
      new Option('--zk <host:port>', 'use the ZooKeeper that runs there').argParser((text) => {
        return addressOf(text);
      }),
    )
    .addOption(new Option('--product <name>', 'name of the cluster (default: test)'))
    .addOption(new Option('--module', 'build server-patch and load it into the Redis servers'))
    .addHelpText('after', AFTER_HELP)
    .parse(argv, { from: 'user' });
  const given = command.opts();
  return {
    groups: given.groups,
    replicas: given.replicas,
    proxies: given.proxies,
    proxyPort: given.proxyPort,
    adminPort: given.adminPort,
    dashboardPort: given.dashboardPort,
    redisPort: given.redisPort,
    data: resolve(projectFolder, given.data),
    coordinator: given.coordinator,
    zookeeperPort: given.zookeeperPort,
    zk: given.zk,
    product: given.product,
    module: given.module === true,
  };
}

function number(flag: string, description: string, least: number, most: number): Option {
  return new Option(`${flag} <number>`, description).argParser((text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It is not a whole number from ${least} to ${most}.`);
    }
    return value;
  });
}

function port(flag: string, description: string): Option {
  return number(flag, description, 1, 65535);
}

function addressOf(text: string): string {
  try {
    for (const part of text.split(',')) parseAddress(part, '--zk');
  } catch {
    throw new InvalidArgumentError('It is not host:port.');
  }
  return text;
}
