import type { Operation } from '../operation.js';
import { channels, numpat, numsub } from './introspection.js';
import { subscribe, unsubscribe } from './subscribe.js';

/** By the row's name. PUBLISH and SPUBLISH are sent by the session: see publication.ts. */
export const PUBSUB_OPERATIONS: readonly (readonly [string, Operation])[] = [
  ['psubscribe', subscribe('pattern')],
  ['pubsub|channels', channels],
  ['pubsub|numpat', numpat],
  ['pubsub|numsub', numsub('channel')],
  ['pubsub|shardchannels', channels],
  ['pubsub|shardnumsub', numsub('shard')],
  ['punsubscribe', unsubscribe('pattern')],
  ['ssubscribe', subscribe('shard')],
  ['subscribe', subscribe('channel')],
  ['sunsubscribe', unsubscribe('shard')],
  ['unsubscribe', unsubscribe('channel')],
];
