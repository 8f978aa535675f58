/*
 * What docs/commands.md says of single commands, in the notation of Markdown. The script that
 * writes the page sees to it that the names are those of the command table, and that nothing that
 * needs an explanation is without one.
 */

import { CLUSTER_SUBCOMMANDS } from '../../proxy/command/command-routes.js';

const SAME = 'As in Redis.';
const SLOT_0 = 'Answered by the group of slot 0.';
const SUM = "The sum of the groups' replies. Not atomic over groups.";
const SORT =
  'The patterns of `BY` and `GET` need a hash tag that keeps them in the slot of the key: the rule of Redis in a cluster. `BY nosort` and `GET #` are free.';
const WAITS =
  'Waits on a connection to the server of its own, in the order in which Redis wakes those who wait. If the slot moves, it goes on waiting where the key is, with the time that is left. If the connection to the server is lost meanwhile, the error says that the outcome is unknown.';
const WAITS_ANYWHERE = `${WAITS} The keys may be anywhere: those of several groups are asked in their order, then the groups are waited at in turns of 50 to 200 ms, so clients are woken in no certain order.`;
const SCRIPT =
  'All declared keys in one slot; without keys, the group of slot 0. Keys that a script makes up are not checked: they should have the hash tag of those declared. Scripts go by connections of their own: while one runs for longer than `busy-reply-threshold` its group answers other commands with `BUSY`, as a Redis does, and its client waits however long it takes. In a pipeline, a script after other commands, and other commands after a script, wait for the replies of those before.';
const FUNCTION = `${SCRIPT} A group that lacks the function is given the libraries of the others, and asked again; if later commands of the client are under way already, it answers \`Function not found\`, and has the function the next time.`;
const NOTED = 'Noted for `CLIENT LIST`';
const ATOMIC =
  'All keys in one slot: the command with a key elsewhere is answered `CROSSSLOT` and `EXEC` then `EXECABORT`. The proxy keeps the commands and sends them at `EXEC`, all at once, to the group of the slot, which executes them as one, also while the slot moves. What only a server can refuse (`OOM`) is told to a client that waits for `QUEUED`, else by `EXEC`. Those that are not about keys (`PING`, `INFO`, `PUBLISH`, `SCRIPT LOAD`, …) are carried out after the others, and not if those are aborted. `FLUSHALL`, `FLUSHDB` cannot be queued with commands on keys (why, `FLUSHALL` says), nor `DBSIZE`, `KEYS`, `RANDOMKEY`, `SCAN` between them, nor commands on keys of two databases, nor `SUBSCRIBE` and its like.';

const NO_CLUSTER =
  'Answered as by a Redis that is no cluster: `ERR This instance has cluster support disabled`.';
const TRACKING =
  'Every option, over all groups. The client has connections of its own to the servers that it reads from (in RESP2 with `REDIRECT` two each), by which they track what it reads, also in scripts and transactions, and tell of changes in the order of its replies; `tracking_max_clients` bounds them. What no server can tell comes as "all may have changed" (null): a connection was lost, a group has another master, a slot that the client has read of has moved. With `BCAST` the masters of all groups are listened to. What a transaction with `WATCH`, or an `XREAD` that waits, has read counts as changed at once.';
const PART_SCAN =
  'The cursor is that of the server: begin anew if the key has moved to another group, or its group has another master. So it is with one Redis and its replicas, too. With `read_from` it goes to the master all the same.';
const REPORTS = 'The texts of all masters, one after the other.';

/** By the row's name; for commands that are served. */
export const REMARKS: { readonly [name: string]: string } = {
  mget: 'The values in the order of the keys. Each group reads its own at a moment of its own.',
  mset: 'Not atomic over groups: a reader may see some of the new values before the others.',
  msetnx: 'In one slot it is atomic, as in Redis; over several it could not be.',
  del: SUM,
  unlink: SUM,
  exists: SUM,
  touch: SUM,
  dbsize: 'The sum over all groups. While slots move a key may be counted twice.',
  flushall:
    'Every group, at about the same time; not atomic over groups. In a transaction it cannot stand beside commands on keys: groups would be emptied before or after the one that executes the transaction, clients would see it, and if `WATCH` aborts it, nothing brings the keys of the other groups back.',
  keys: 'Of all groups.',
  randomkey: 'Of a group chosen by its share of the keys.',
  scan: 'Group after group; the cursor says where, and any proxy can go on with it. A key that exists throughout is returned at least once, also while slots move and when a group gets another master: a server has its keys in an order of its own, so the cursor tells which server gave it, and after a promotion or a failover the group is begun anew (keys are returned twice then; what the failover has lost does not exist). Not noticed is a server that was started anew at the same address, as with one Redis. While a master is away `SCAN` waits for it or its successor (`backend_wait`).',
  hscan: PART_SCAN,
  sscan: PART_SCAN,
  zscan: PART_SCAN,
  flushdb: 'As `FLUSHALL`, for the database that the client has selected.',
  copy: 'Refused with `DB n` for another database than that of the connection.',
  sort: SORT,
  sort_ro: SORT,
  'object|help': SLOT_0,
  'module|help': SLOT_0,
  'module|list': SLOT_0,
  'xgroup|help': SLOT_0,
  'xinfo|help': SLOT_0,
  lolwut: SLOT_0,
  pfselftest: SLOT_0,
  xread: `All streams in one slot. With \`BLOCK\`: ${WAITS.charAt(0).toLowerCase()}${WAITS.slice(1)}`,
  xreadgroup: 'As `XREAD`.',

  blpop: WAITS_ANYWHERE,
  brpop: 'As `BLPOP`.',
  blmpop: 'As `BLPOP`.',
  bzpopmin: 'As `BLPOP`.',
  bzpopmax: 'As `BLPOP`.',
  bzmpop: 'As `BLPOP`.',
  blmove: `Both keys in one slot. ${WAITS}`,
  brpoplpush: 'As `BLMOVE`.',
  wait: 'Asks all groups, since the writes of a client may be anywhere; the least of their numbers. A group without replicas makes it 0.',
  waitaof: 'As `WAIT`: the least numbers of all groups.',
  monitor:
    'The commands of all clients of this proxy, as they are read: not those of other proxies, nor what scripts call. As in Redis passwords and commands of operators are not shown.',
  publish:
    'To the group of the slot of the channel. The number counts the clients of this proxy one by one, every worker of another proxy with listeners as one for each of their channels and patterns that match.',
  spublish: 'As `PUBLISH`: heard wherever a client listens.',
  subscribe:
    'Heard through any proxy, whichever server publishes: also what scripts and transactions publish, and events of keys, if the servers are set to tell of them. Nothing is lost, comes twice or out of order when a slot moves. In a promotion proxies hear of the new master within milliseconds of each other: what is published there before the proxy of a listener has heard of it may come after later messages. While a connection to a server is lost, what it publishes is not heard.',
  psubscribe: 'As `SUBSCRIBE`.',
  ssubscribe: 'As `SUBSCRIBE`; the channels may be in any slots.',
  unsubscribe: SAME,
  punsubscribe: SAME,
  sunsubscribe: SAME,
  'pubsub|channels': 'Of all groups.',
  'pubsub|shardchannels': 'Of all groups.',
  'pubsub|numpat': 'The number of different patterns, over all proxies.',
  'pubsub|numsub': 'Counts as `PUBLISH` does.',
  'pubsub|shardnumsub': 'Counts as `PUBLISH` does.',
  'pubsub|help': SLOT_0,
  'client|unblock': 'Of the clients of this proxy.',

  eval: SCRIPT,
  eval_ro: SCRIPT,
  evalsha: `${SCRIPT} A group that lacks the script, as after a move or a promotion, is given it by the proxy, if that has seen it in \`EVAL\` or \`SCRIPT LOAD\`; else the answer is \`NOSCRIPT\`, upon which clients send \`EVAL\`.`,
  evalsha_ro: 'As `EVALSHA`.',
  fcall: FUNCTION,
  fcall_ro: FUNCTION,

  'script|load':
    'On every master. The proxy keeps the text (16 MB of texts, those used last) for servers that turn out to lack it.',
  'script|exists':
    '1 for a script that every master has. One that only some have, and whose text the proxy knows, is given to the others.',
  'script|flush':
    'On every master, and the texts that this proxy knows. Other proxies may still give theirs to a server that `EVALSHA` finds without.',
  'script|kill':
    'On every master, past the script that holds it up. `NOTBUSY` if no group runs one; an error of one group, such as `UNKILLABLE`, is told even if a script of another was killed.',
  'script|help': SLOT_0,
  'function|load':
    'On every master, also of groups without slots. A server that lacks a library all the same, as that of a group made later, is given it when one of its functions is called.',
  'function|delete': 'On every master.',
  'function|flush': 'On every master.',
  'function|restore': 'On every master.',
  'function|dump': 'Of the group of slot 0.',
  'function|list':
    'Of all masters, each library once. One that is not the same everywhere is listed in each of its forms.',
  'function|stats': 'Of the first master that runs a function.',
  'function|kill': 'As `SCRIPT KILL`.',
  'function|help': SLOT_0,

  multi: ATOMIC,
  exec: 'See `MULTI` and `WATCH`. If the server is lost meanwhile, the error says that the outcome is unknown.',
  discard: SAME,
  watch:
    'All keys in one slot, which is that of the transaction, too. They are watched on a connection to the server of its own until `EXEC`, `DISCARD` or `UNWATCH`. If the slot begins or ends to move meanwhile, its group has a new master, or the server is lost, `EXEC` is answered with null as if a key had changed.',
  unwatch: SAME,

  auth: 'The user `default`: against `password` of the config.ini. Others are users of the access lists of the servers, which are asked. Their commands go by connections that are logged in as they are, so the servers see to their rights; what the proxy does itself it asks about with `ACL DRYRUN`, of Redis 7. A command that waits must have all its keys in one slot then, and keys cannot be tracked.',
  'acl|setuser':
    "On every master; replicas are not told, so users that are to outlast a promotion belong into the access list of each server. The user `default` is the proxy's own at the servers: it is set there.",
  'acl|deluser':
    'On every master; its clients at the same worker of this proxy are cut off, and those elsewhere cannot do anything any more.',
  'acl|list': 'Of the master of the first group: all are to have the same.',
  'acl|users': 'As `ACL LIST`.',
  'acl|getuser': 'As `ACL LIST`.',
  'acl|dryrun': 'As `ACL LIST`.',
  'acl|cat': SLOT_0,
  'acl|genpass': SLOT_0,
  'acl|help': SLOT_0,
  'acl|whoami': SAME,
  hello:
    'Protocols 2 and 3, `AUTH` as that. What the connection has sent before is answered in the protocol of then.',
  ping: 'Answered by the proxy. While a script of its clients holds a server up, that is asked, and `BUSY` is the answer if it says so; but a connection that has done nothing else, such as the health check of a load balancer, is answered `PONG`: the other groups are served.',
  echo: SAME,
  quit: SAME,
  reset: 'The connection is as it was when it was accepted, but for the name of the library.',
  select:
    'As many as `databases` of the config.ini says, 16 by default; the servers must have as many.',
  'client|getname': SAME,
  'client|setname': SAME,
  'client|setinfo': SAME,
  'client|id': 'Unique at this proxy, not over all of them.',
  'client|info': 'Buffer sizes are shown as 0.',
  'client|list': 'The clients of this proxy. Sizes are those of the proxy.',
  'client|kill': 'As `CLIENT LIST`: clients of this proxy.',
  'client|reply': SAME,
  'client|getredir': SAME,
  'client|caching': SAME,
  'client|tracking': TRACKING,
  'client|trackinginfo': SAME,
  'client|maint_notifications':
    'As in Redis Software, in RESP3: when the proxy drains it pushes `MOVING` with the address of another proxy, or with null to clients that asked for the type `none`. redis-py and node-redis ask by themselves.',
  'client|no-evict': `${NOTED}; the proxy evicts nobody.`,
  'client|no-touch': `${NOTED}, without effect on the servers, whose connections are shared.`,
  'client|help': 'Lists what is served.',

  command: 'Tells of the commands that this proxy serves.',
  'command|count': 'Counts the commands that this proxy serves.',
  'command|docs': 'Of the commands that this proxy serves.',
  'command|getkeys': 'By the table of the proxy: these are the keys that it routes by.',
  'command|getkeysandflags': 'As `COMMAND GETKEYS`.',
  'command|info': 'Null for a command that is refused, as for one that is not known.',
  'command|list': 'Of the commands that this proxy serves.',
  'command|help': 'Lists what is served.',
  info: 'Of the proxy process: the sections server and cpu, its clients and its traffic. Of the masters together, summed where a sum means something: memory, keyspace, hits and misses, statistics of commands and errors. `loading` is always 0: a group that loads holds up its own slots only. `groups_unreachable` counts groups that did not answer within a second; nothing of theirs is in the sums.',
  asking: NO_CLUSTER,
  readonly:
    "With `read_from` other than `master`: the client's reads may go to replicas, as they may from the beginning. Else answered as by a Redis that is no cluster.",
  readwrite:
    "With `read_from` other than `master`: all of the client's commands go to masters. Else answered as by a Redis that is no cluster.",
  ...Object.fromEntries(CLUSTER_SUBCOMMANDS.map((name) => [`cluster|${name}`, NO_CLUSTER])),
  'cluster|help': 'Lists what is served.',
  'slowlog|get':
    'The entries of all masters, the newest first; no more of them than `slowlog-max-len` of the first group. An id is unique, but not consecutive; the client is the proxy. What the proxy answers itself is not in it, and of `CONFIG` and `SLOWLOG`, which every group is sent, only the entry of the first group. How long clients waited is in the metrics of the proxy.',
  'slowlog|len': 'Of the log that `SLOWLOG GET` shows.',
  'slowlog|reset': 'On every master.',
  'slowlog|help': SLOT_0,
  'latency|latest': 'Of each event the newest of all masters, and the worst of all.',
  'latency|history': 'The samples of all masters by their time, the last 160 of them.',
  'latency|histogram': 'The calls of all masters together.',
  'latency|reset': 'On every master; the sum.',
  'latency|doctor': REPORTS,
  'latency|graph': REPORTS,
  'latency|help': SLOT_0,
  'memory|doctor': REPORTS,
  'memory|malloc-stats': REPORTS,
  'memory|purge': 'On every master.',
  'memory|help': SLOT_0,
  'config|get':
    'What the master of the first group has; `databases` and `port` are those of the proxy, and passwords of servers are left out.',
  'config|help': 'Lists what is served.',
  'config|resetstat': 'On every master. The counters of the proxy itself go on.',
  'config|rewrite': 'On every master; the configuration of the proxy is no part of it.',
  'config|set':
    'On every master, for settings of the data (`maxmemory*`, `notify-keyspace-events`, `hash-*`, `list-*`, `set-*`, `zset-*`, `stream-*`, `lfu-*`, `lazyfree-*`, `active-*`), of what is logged (`slowlog-*`, `latency-*`) and of its safety (`save`, `append*`, `aof-*`, `rdb-*`, `min-replicas-*`). Others are refused: set them on each server. Not atomic over groups, and replicas are not told: what is to last belongs into the configuration of each server.',
  role: 'Always `master`: replicas belong to the groups.',
  time: 'The clock of the machine of the proxy.',
};

export interface Refusal {
  readonly title: string;
  /** Names of rows; each refused row must be in exactly one list. */
  readonly commands: readonly string[];
  /** Why, and what to do instead. */
  readonly text: string;
}

export const NOT_SERVED: readonly Refusal[] = [
  {
    title: 'Younger than this proxy',
    commands: ['blmovem'],
    text: 'Of Redis 8.10. To come.',
  },
  {
    title: 'Exchange of databases',
    commands: ['swapdb'],
    text: 'Groups would exchange them one after another, and clients would see some of each meanwhile.',
  },
  {
    title: 'Debugging of scripts',
    commands: ['script|debug'],
    text: 'It stops a server for all its clients. Use a Redis of your own.',
  },
  {
    title: 'From database to database, from server to server',
    commands: ['move', 'migrate'],
    text: '`MOVE` has keys in two databases, and a command is executed, and its slot kept in order, in one.\n`MIGRATE` would take keys where no client finds them: the slot table says which server a key is on.',
  },
  {
    title: 'Other clients of the proxy',
    commands: ['client|pause', 'client|unpause'],
    text: 'It would have to hold the clients of all proxies, and come to an end at all of them. What it is used for,\na change of masters without lost writes, `codis-config server promote` does, and holds commands\nwhile it lasts.',
  },
  {
    title: 'Operating a server',
    commands: [
      ...[
        'acl|load',
        'acl|log',
        'acl|save',
        'bgrewriteaof',
        'bgsave',
        'debug',
        'failover',
        'lastsave',
      ],
      ...['memory|stats', 'module|load', 'module|loadex', 'module|unload', 'save', 'shutdown'],
    ],
    text: 'Meant for one server. Send them to the server itself.',
  },
  {
    title: 'Replication',
    commands: ['psync', 'replconf', 'replicaof', 'slaveof', 'sync'],
    text: 'Who replicates whom is recorded in the coordinator: `codis-config server add` and\n`server promote`.',
  },
  {
    title: "Redis's own cluster",
    commands: ['restore-asking'],
    text: 'Of no use to applications.',
  },
];
