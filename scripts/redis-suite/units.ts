/** Redis 7.0's tests that can be run against a server that they did not start themselves. */
export const UNITS: readonly string[] = [
  'type/string',
  'type/incr',
  'type/hash',
  'type/list',
  'type/list-2',
  'type/list-3',
  'type/set',
  'type/zset',
  'type/stream',
  'type/stream-cgroups',
  'keyspace',
  'scan',
  'expire',
  'sort',
  'bitops',
  'bitfield',
  'geo',
  'hyperloglog',
  'dump',
  'multi',
  'pubsub',
  'scripting',
  'functions',
  'protocol',
  'auth',
  'quit',
  'info-command',
  'introspection-2',
  'limits',
  'querybuf',
  'slowlog',
  'tracking',
];

/**
 * Tests that wait for ever if their keys are on more than one server: through a proxy they are left
 * out, and count as failed.
 */
export const ENDLESS_TESTS: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'tracking',
    // They count on one table of keys, and one limit of it, for all keys.
    [
      'Server is able to evacuate enough keys when num of keys surpasses limit by more than defined initial effort',
    ],
  ],
]);

/**
 * As Redis's documentation has it for servers that are like one: one database, keys of one command
 * in one slot (`{t}key`), and nothing about replicas, DEBUG or files, which are not the proxy's.
 */
export const UNIT_ARGUMENTS: readonly string[] = [
  ...['--singledb', '--ignore-encoding', '--ignore-digest', '--cluster-mode'],
  ...['--tags', '-needs:repl -needs:debug -needs:save'],
];
