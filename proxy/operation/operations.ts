import { configEverywhere, configGet, configSet } from './config.js';
import { dbsize, flushall } from './keyspace.js';
import type { Operation } from './operation.js';

/** By the row's name; a test checks that there is one for every row with route `operation`. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['config|get', configGet],
  ['config|resetstat', configEverywhere],
  ['config|rewrite', configEverywhere],
  ['config|set', configSet],
  ['dbsize', dbsize],
  ['flushall', flushall],
  ['flushdb', flushall],
]);
