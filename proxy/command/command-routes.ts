import type { Guard, KeyFinder, Route } from './command-row.js';

/**
 * Which of Redis's commands the proxy serves, and how, where that does not follow from their keys.
 * Not named here:
 * - commands that block, and commands without keys: `refused`;
 * - commands with one key at a fixed place: `key`; with other keys: `keys`.
 */
export interface Policy {
  readonly route?: Route;
  readonly keyFinder?: KeyFinder;
  readonly guard?: Guard;
  /** For commands that Redis does not mark as such. */
  readonly isWrite?: true;
}

const LOCAL = { route: 'local' } as const;
const LOGIN = { route: 'local', guard: 'logs-in' } as const;
const OPERATION = { route: 'operation' } as const;
const REFUSED = { route: 'refused' } as const;
const SCRIPT = { route: 'keys', isWrite: true, guard: 'script' } as const;
const SCRIPT_RO = { route: 'keys', guard: 'script' } as const;
/** Without keys, and the same on every server: slot 0's answers. */
const ANYWHERE = { route: 'keys' } as const;

/** Answered as by a Redis that is no cluster. */
export const CLUSTER_SUBCOMMANDS = [
  ...['addslots', 'addslotsrange', 'bumpepoch', 'count-failure-reports', 'countkeysinslot'],
  ...['delslots', 'delslotsrange', 'failover', 'flushslots', 'forget'],
  ...['getkeysinslot', 'help', 'info', 'keyslot', 'links'],
  ...['meet', 'myid', 'nodes', 'replicas', 'replicate'],
  ...['reset', 'saveconfig', 'set-config-epoch', 'setslot', 'shards'],
  ...['slaves', 'slots'],
] as const;

export const POLICIES: { readonly [name: string]: Policy } = {
  // Split by slot.
  mget: { route: 'split-mget' },
  mset: { route: 'split-mset' },
  del: { route: 'split-sum' },
  unlink: { route: 'split-sum' },
  exists: { route: 'split-sum' },
  touch: { route: 'split-sum' },

  // The connection and the proxy itself.
  'acl|cat': ANYWHERE,
  'acl|deluser': OPERATION,
  'acl|dryrun': OPERATION,
  'acl|genpass': ANYWHERE,
  'acl|getuser': OPERATION,
  'acl|help': ANYWHERE,
  'acl|list': OPERATION,
  'acl|setuser': OPERATION,
  'acl|users': OPERATION,
  'acl|whoami': LOCAL,
  auth: LOGIN,
  'client|caching': LOCAL,
  'client|getname': LOCAL,
  'client|getredir': LOCAL,
  'client|help': LOCAL,
  'client|id': LOCAL,
  'client|info': LOCAL,
  'client|kill': LOCAL,
  'client|list': LOCAL,
  'client|maint_notifications': LOCAL,
  'client|no-evict': LOCAL,
  'client|no-touch': LOCAL,
  'client|reply': LOCAL,
  'client|setinfo': LOCAL,
  'client|setname': LOCAL,
  'client|tracking': OPERATION,
  'client|trackinginfo': LOCAL,
  asking: LOCAL,
  readonly: LOCAL,
  readwrite: LOCAL,
  ...Object.fromEntries(CLUSTER_SUBCOMMANDS.map((name) => [`cluster|${name}`, LOCAL])),
  command: LOCAL,
  'command|count': LOCAL,
  'command|docs': LOCAL,
  'command|getkeys': LOCAL,
  'command|getkeysandflags': LOCAL,
  'command|help': LOCAL,
  'command|info': LOCAL,
  'command|list': LOCAL,
  echo: LOCAL,
  hello: LOGIN,
  ping: { route: 'local', guard: 'while-busy' },
  quit: LOCAL,
  reset: LOCAL,
  role: LOCAL,
  select: LOCAL,
  time: LOCAL,

  // The whole keyspace.
  dbsize: OPERATION,
  flushall: OPERATION,
  flushdb: OPERATION,
  keys: OPERATION,
  randomkey: OPERATION,
  scan: OPERATION,

  // The servers' settings and facts.
  info: OPERATION,
  'config|get': OPERATION,
  'config|help': LOCAL,
  'config|resetstat': OPERATION,
  'config|rewrite': OPERATION,
  'config|set': OPERATION,
  'latency|doctor': OPERATION,
  'latency|graph': OPERATION,
  'latency|help': ANYWHERE,
  'latency|histogram': OPERATION,
  'latency|history': OPERATION,
  'latency|latest': OPERATION,
  'latency|reset': OPERATION,
  'memory|doctor': OPERATION,
  'memory|help': ANYWHERE,
  'memory|malloc-stats': OPERATION,
  'memory|purge': OPERATION,
  'module|help': ANYWHERE,
  'module|list': ANYWHERE,
  'slowlog|get': OPERATION,
  'slowlog|help': ANYWHERE,
  'slowlog|len': OPERATION,
  'slowlog|reset': OPERATION,

  // Those that wait.
  blmove: OPERATION,
  blmpop: OPERATION,
  blpop: OPERATION,
  brpop: OPERATION,
  brpoplpush: OPERATION,
  bzmpop: OPERATION,
  bzpopmax: OPERATION,
  bzpopmin: OPERATION,
  'client|unblock': OPERATION,
  wait: OPERATION,
  waitaof: OPERATION,

  // Messages.
  monitor: OPERATION,
  psubscribe: OPERATION,
  publish: { route: 'publish' },
  'pubsub|channels': OPERATION,
  'pubsub|help': ANYWHERE,
  'pubsub|numpat': OPERATION,
  'pubsub|numsub': OPERATION,
  'pubsub|shardchannels': OPERATION,
  'pubsub|shardnumsub': OPERATION,
  punsubscribe: OPERATION,
  spublish: { route: 'publish' },
  ssubscribe: OPERATION,
  subscribe: OPERATION,
  sunsubscribe: OPERATION,
  unsubscribe: OPERATION,

  lolwut: ANYWHERE,
  // Redis tests itself with them.
  pfdebug: { route: 'key' },
  pfselftest: ANYWHERE,
  'object|help': ANYWHERE,
  'xgroup|help': ANYWHERE,
  'xinfo|help': ANYWHERE,

  // Keys that only reading the arguments as the command does tells.
  georadius: { keyFinder: 'georadius' },
  georadiusbymember: { keyFinder: 'georadius' },
  sort: { keyFinder: 'sort', guard: 'no-foreign-patterns' },
  sort_ro: { keyFinder: 'sort', guard: 'no-foreign-patterns' },
  // Without BLOCK they do not block.
  xread: { route: 'keys', keyFinder: 'xread', guard: 'no-block' },
  xreadgroup: { route: 'keys', keyFinder: 'xread', guard: 'no-block' },

  copy: { guard: 'no-other-db' },

  // What a script does, only its author knows.
  eval: SCRIPT,
  eval_ro: SCRIPT_RO,
  evalsha: SCRIPT,
  evalsha_ro: SCRIPT_RO,
  fcall: SCRIPT,
  fcall_ro: SCRIPT_RO,

  // Scripts and functions are on every server.
  'function|delete': OPERATION,
  'function|dump': ANYWHERE,
  'function|flush': OPERATION,
  'function|help': ANYWHERE,
  'function|kill': OPERATION,
  'function|list': OPERATION,
  'function|load': OPERATION,
  'function|restore': OPERATION,
  'function|stats': OPERATION,
  'script|exists': OPERATION,
  'script|flush': OPERATION,
  'script|help': ANYWHERE,
  'script|kill': OPERATION,
  'script|load': OPERATION,

  // Their keys would go to another server or database behind the proxy's back.
  migrate: { route: 'refused', keyFinder: 'migrate' },
  move: REFUSED,

  // Transactions. The proxy keeps the commands until EXEC.
  multi: LOCAL,
  discard: LOCAL,
  exec: { route: 'operation', isWrite: true },
  unwatch: LOCAL,
  watch: OPERATION,

  // For Redis's own cluster.
  'restore-asking': REFUSED,
};
