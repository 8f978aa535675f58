import { slotOfKey } from '../../../cluster/slot-hash.js';
import { OK } from '../../../resp/encode.js';
import { CROSSSLOT_ERROR } from '../../command/errors.js';
import type { Operation } from '../operation.js';
import { OperationError } from '../operation-error.js';
import { WatchedSlot } from './watched-slot.js';
import { WatchingMode } from './watching-mode.js';

/** WATCH key …: all keys that a client watches are in one slot. */
export const watch: Operation = async (call) => {
  const { client, args } = call;
  const keys = args.slice(1);
  const mode = client.mode instanceof WatchingMode ? client.mode : null;
  const slotId = mode?.watched.slotId ?? slotOf(keys[0]!);
  if (keys.some((key) => slotOf(key) !== slotId)) throw new OperationError(CROSSSLOT_ERROR);
  if (mode !== null) {
    await mode.watched.watch(call, keys);
    return OK;
  }
  const watched = new WatchedSlot(slotId, call.cluster, client);
  try {
    await watched.watch(call, keys);
  } catch (error) {
    watched.forget();
    throw error;
  }
  // The client has gone meanwhile: nobody would end the watching.
  if (call.gone.aborted) watched.forget();
  else client.mode = new WatchingMode(watched);
  return OK;
};

function slotOf(key: Buffer): number {
  return slotOfKey(key, 0, key.length);
}
