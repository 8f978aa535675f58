import { dbsize, flushall } from './keyspace.js';
import type { Operation } from './operation.js';

/** By the row's name; a test checks that there is one for every row with route `operation`. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['dbsize', dbsize],
  ['flushall', flushall],
  ['flushdb', flushall],
]);
