import type { RedisOptions } from 'ioredis';

/** What Jodis decides of ioredis's options: where to connect to, and what is done about a loss. */
type Decided =
  | 'host'
  | 'port'
  | 'path'
  | 'sentinels'
  | 'Connector'
  | 'lazyConnect'
  | 'autoResendUnfulfilledCommands'
  | 'monitor'
  | 'replyMapping';

/** ioredis's options for every connection to a proxy: password, db, keyPrefix, protocol, … */
export type ProxyRedisOptions = Omit<RedisOptions, Decided>;

export interface JodisOptions {
  /** As `product` in config.ini. */
  readonly product: string;
  /** Where the proxies register. */
  readonly coordinator?: 'zookeeper' | 'embedded';
  /** ZooKeeper servers: host:port, several separated by commas. */
  readonly zk?: string;
  /** The folder of an embedded coordinator on this machine, as `embedded_path` in config.ini. */
  readonly embeddedPath?: string;
  readonly zkSessionTimeoutMs?: number;
  /**
   * Which registrations are followed: those of Codis 2 (`/zk/codis/db_<product>/proxy`), those of
   * Codis 3 (`/jodis/<product>`), or both; a proxy that is in both is judged by the former.
   */
  readonly layout?: 'codis2' | 'codis3' | 'both';
  /**
   * What to do if the coordinator or every proxy is away at the start: `wait`, and use them when
   * they come, or `fail`: after `startDeadlineMs` the client has ended, and says why.
   */
  readonly unreachable?: 'wait' | 'fail';
  readonly startDeadlineMs?: number;
  /** How long a command waits for a proxy that can be reached, before it fails unsent. */
  readonly proxyDeadlineMs?: number;
  /** Connect with the first command and not before. */
  readonly lazyConnect?: boolean;
  readonly redis?: ProxyRedisOptions;
}

export type Settings = Required<JodisOptions>;

const DEFAULTS = {
  coordinator: 'zookeeper',
  zk: 'localhost:2181',
  embeddedPath: 'data/coordinator',
  zkSessionTimeoutMs: 30_000,
  layout: 'both',
  // Whoever starts at night while ZooKeeper is down serves when it is back.
  unreachable: 'wait',
  // Long enough for a server of several to be down and the next to be tried.
  startDeadlineMs: 5_000,
  // Longer than the restart of the only proxy takes.
  proxyDeadlineMs: 10_000,
  lazyConnect: false,
  redis: {},
} as const;

/** @throws TypeError if the product is missing: a mistake in JavaScript, where no type says so. */
export function settingsOf(options: JodisOptions): Settings {
  if (typeof options?.product !== 'string' || options.product === '') {
    throw new TypeError('Jodis: give it { product, zk }: as in the config.ini of the proxies');
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...DEFAULTS, ...Object.fromEntries(given), product: options.product };
}
