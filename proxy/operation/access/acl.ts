import { OK } from '../../../resp/encode.js';
import { DEFAULT_USER } from '../../backend/users.js';
import { INTERNAL_WRITE_ROW } from '../../request.js';
import { askAnyMaster, tellEveryGroup } from '../every-group.js';
import { Frames, type Operation } from '../operation.js';
import { OperationError } from '../operation-error.js';

/** ACL SETUSER name [rule …]: on every master. */
export const aclSetUser: Operation = async ({ args, cluster }) => {
  refuseDefault([args[2]!]);
  await tellEveryGroup(cluster, args, INTERNAL_WRITE_ROW);
  return OK;
};

/** ACL DELUSER name …: on every master, and its clients of this worker are cut off. */
export const aclDelUser: Operation = async ({ args, client, cluster }) => {
  const names = args.slice(2);
  refuseDefault(names);
  const replies = await tellEveryGroup(cluster, args, INTERNAL_WRITE_ROW);
  const gone = new Set(names.map((name) => name.toString('latin1')));
  for (const other of [...client.clients()]) {
    if (!gone.has(other.user)) continue;
    if (other.clientId === client.clientId) client.closeAfterReply();
    else other.destroy();
  }
  return Math.max(...replies.map(({ value }) => Number(value.value)));
};

/** ACL LIST, USERS, GETUSER, DRYRUN: as the first group has it; all are to have the same. */
export const aclOfAny: Operation = async ({ args, client, cluster }) =>
  new Frames(await askAnyMaster(cluster, client.lane, args));

/** The proxy's own user at the servers: a slip would cut it off from all of them. */
function refuseDefault(names: readonly Buffer[]): void {
  if (!names.some((name) => name.toString('latin1') === DEFAULT_USER)) return;
  throw new OperationError(
    `ERR the user '${DEFAULT_USER}' is the proxy's own: it is set on each server`,
  );
}
