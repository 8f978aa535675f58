import { UNKNOWN_ROW } from '../command/learned-commands.js';
import { ACCESS_OPERATIONS } from './access/access-operations.js';
import { BLOCKING_OPERATIONS } from './blocking/blocking-operations.js';
import { pingBusyServers } from './busy.js';
import { dbsize, flushall, keys, randomkey } from './keyspace.js';
import { monitor } from './monitor.js';
import type { Operation } from './operation.js';
import { clientKillOfAll, clientListOfAll } from './peers/client-commands.js';
import { PUBSUB_OPERATIONS } from './pubsub/pubsub-operations.js';
import { scan } from './scan.js';
import { SCRIPTING_OPERATIONS } from './scripting/scripting-operations.js';
import { SERVER_OPERATIONS } from './server-operations.js';
import { clientTracking } from './tracking/client-tracking.js';
import { execWith } from './transaction/exec.js';
import { watch } from './transaction/watch.js';
import { unknownCommand } from './unknown-command.js';

/** By the row's name; a test checks that there is one for every row with route `operation`. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ...ACCESS_OPERATIONS,
  ...BLOCKING_OPERATIONS,
  ...PUBSUB_OPERATIONS,
  ...SCRIPTING_OPERATIONS,
  ...SERVER_OPERATIONS,
  ['client|tracking', clientTracking],
  ['dbsize', dbsize],
  ['exec', execWith(() => OPERATIONS)],
  ['flushall', flushall],
  ['flushdb', flushall],
  ['keys', keys],
  ['monitor', monitor],
  ['ping', pingBusyServers],
  ['randomkey', randomkey],
  ['scan', scan],
  ['watch', watch],
  [UNKNOWN_ROW.name, unknownCommand],
]);

/** Of rows that are `local` while the proxy has one worker; see decide.ts. */
export const OPERATIONS_OF_PEERS: ReadonlyMap<string, Operation> = new Map([
  ['client|kill', clientKillOfAll],
  ['client|list', clientListOfAll],
]);
