import type { Operation } from '../operation.js';
import { block, blockForStreams } from './blocking.js';
import { clientUnblock } from './unblock.js';
import { wait } from './wait.js';

/** By the row's name. */
export const BLOCKING_OPERATIONS: readonly (readonly [string, Operation])[] = [
  ...['blmove', 'blmpop', 'blpop', 'brpop', 'brpoplpush', 'bzmpop', 'bzpopmax', 'bzpopmin'].map(
    (name) => [name, block] as const,
  ),
  ['client|unblock', clientUnblock],
  ['wait', wait],
  ['waitaof', wait],
  ['xread', blockForStreams],
  ['xreadgroup', blockForStreams],
];
