import { OK } from '../../../resp/encode.js';
import { DEFAULT_USER } from '../../backend/users.js';
import type { Operation, OperationCall } from '../operation.js';
import { OperationError } from '../operation-error.js';
import { clientById } from '../peers/client-commands.js';
import { peersOf } from '../peers/peers.js';
import { tellOfKeys } from './invalidation.js';
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
  const redirect = options.redirect === 0 ? null : await redirectTo(call, options.redirect);
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

/** To a client of any worker. @throws OperationError if there is no such client */
async function redirectTo({ client, cluster }: OperationCall, clientId: number): Promise<Redirect> {
  const target = clientById(client.clients(), clientId);
  if (target !== null) return (keys) => tellOfKeys(target, keys);
  const peers = peersOf(cluster);
  const answers = await peers.ask('has-client', clientId);
  if (!answers.some(({ answer }) => answer)) {
    throw new OperationError('ERR The client ID you want redirect to does not exist');
  }
  return async (keys) => {
    const asked = { clientId, keys: keys === null ? null : keys.toString('latin1') };
    return (await peers.ask('changed', asked)).some(({ answer }) => answer);
  };
}
