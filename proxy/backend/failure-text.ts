import { NO_SLOT, type Request } from '../request.js';

/** A server as errors name it. */
interface Place {
  readonly addr: string;
  readonly groupId: number;
}

/** Of a command that was sent and not answered. @param hasArrived it may have reached the server */
export function lostError(
  request: Request,
  place: Place,
  reason: string,
  hasArrived: boolean,
): string {
  const isInDoubt = request.row.isWrite && hasArrived;
  const outcome = isInDoubt ? '; whether the command was executed is unknown' : '';
  return describe(request, place, `lost (${reason})${outcome}`);
}

/** Of a command that was not sent. @param place empty `lastError`: there was no connection yet */
export function unreachableError(
  request: Request,
  place: Place & { readonly lastError: string },
): string {
  const reason = place.lastError === '' ? 'not connected yet' : place.lastError;
  return describe(request, place, `cannot be reached (${reason})`);
}

function describe({ slotId }: Request, { groupId, addr }: Place, what: string): string {
  const slot = slotId === NO_SLOT ? '' : `slot ${slotId} `;
  return `ERR ${slot}group ${groupId}: server ${addr} ${what}`;
}
