import { configEverywhere, configGet, configSet } from './config.js';
import { info } from './info/info.js';
import { latencyHistogram, latencyHistory, latencyLatest, latencyReset } from './latency.js';
import type { Operation } from './operation.js';
import { memoryPurge, reportsOfGroups } from './reports.js';
import { slowlogGet, slowlogLen, slowlogReset } from './slow-log.js';

/** What is about the servers, not about keys. */
export const SERVER_OPERATIONS: readonly (readonly [name: string, operation: Operation])[] = [
  ['config|get', configGet],
  ['config|resetstat', configEverywhere],
  ['config|rewrite', configEverywhere],
  ['config|set', configSet],
  ['info', info],
  ['latency|doctor', reportsOfGroups],
  ['latency|graph', reportsOfGroups],
  ['latency|histogram', latencyHistogram],
  ['latency|history', latencyHistory],
  ['latency|latest', latencyLatest],
  ['latency|reset', latencyReset],
  ['memory|doctor', reportsOfGroups],
  ['memory|malloc-stats', reportsOfGroups],
  ['memory|purge', memoryPurge],
  ['slowlog|get', slowlogGet],
  ['slowlog|len', slowlogLen],
  ['slowlog|reset', slowlogReset],
];
