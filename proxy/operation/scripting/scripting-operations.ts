import type { Operation } from '../operation.js';
import {
  functionDelete,
  functionEverywhere,
  functionKill,
  functionList,
  functionStats,
} from './function.js';
import { scriptExists, scriptFlush, scriptKill, scriptLoad } from './script.js';

/** By the row's name. */
export const SCRIPTING_OPERATIONS: readonly (readonly [name: string, operation: Operation])[] = [
  ['function|delete', functionDelete],
  ['function|flush', functionEverywhere],
  ['function|kill', functionKill],
  ['function|list', functionList],
  ['function|load', functionEverywhere],
  ['function|restore', functionEverywhere],
  ['function|stats', functionStats],
  ['script|exists', scriptExists],
  ['script|flush', scriptFlush],
  ['script|kill', scriptKill],
  ['script|load', scriptLoad],
];
