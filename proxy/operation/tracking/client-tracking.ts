import { OK } from '../../../resp/encode.js';
import { DEFAULT_USER } from '../../backend/users.js';
import type { ConnectedClient } from '../../command/local-context.js';
import type { Operation, OperationCall } from '../operation.js';
import { OperationError } from '../operation-error.js';
import { type ChangedKeys, invalidationMessage, invalidationPush } from './invalidation.js';
import { KeyTracking, type Redirect } from './key-tracking.js';
import { trackersOf } from './trackers.js';
import { checkChange, checkPrefixes, parseTracking } from './tracking-options.js';

const ONLY_DEFAULT_ERROR =
  "ERR through this proxy only clients of the user 'default' can track keys";

/** CLIENT TRACKING ON|OFF [REDIRECT id] [PREFIX prefix …] [BCAST] [OPTIN] [OPTOUT] [NOLOOP] */
export const clientTracking: Operation = async (call) => {
  const { args, client, cluster, gone } = call;
  // Its connections would be those of the proxy's own user.
  if (client.user !== DEFAULT_USER) throw new OperationError(ONLY_DEFAULT_ERROR);
  const options = parseTracking(args);
  const known = client.tracking instanceof KeyTracking ? client.tracking : null;
  if (options === null) {
    known?.end();
    client.tracking = null;
    client.isNextMarked = false;
    return OK;
  }
  const redirect = options.redirect === 0 ? null : redirectTo(call, options.redirect);
  if (known !== null) checkChange(known.mode, options.mode);
  if (options.mode === 'bcast') checkPrefixes(known?.prefixes ?? [], options.prefixes);
  if (known !== null) {
    await known.change(options, redirect);
    return OK;
  }
  const tracking = trackersOf(cluster).start(client, options, redirect);
  await tracking.prepare();
  if (gone.aborted) tracking.end();
  else client.tracking = tracking;
  return OK;
};

/** @throws OperationError if there is no such client */
function redirectTo({ client }: OperationCall, clientId: number): Redirect {
  for (const target of client.clients()) {
    if (target.clientId === clientId && target.isOpen) return (keys) => tell(target, keys);
  }
  throw new OperationError('ERR The client ID you want redirect to does not exist');
}

/** @returns false if the client is gone */
function tell(target: ConnectedClient, keys: ChangedKeys): boolean {
  if (!target.isOpen) return false;
  if (target.protocol === 3) target.push(invalidationPush(keys));
  else if ((target.subscriptions?.total ?? 0) > 0) target.push(invalidationMessage(keys));
  return true;
}
