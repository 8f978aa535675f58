import { decodeReply, toPlain } from '../../../resp/decode.js';
import { laneOf } from '../../backend/lane.js';
import { DEFAULT_USER } from '../../backend/users.js';
import { UNKNOWN_ROW } from '../../command/learned-commands.js';
import type { ClusterAccess } from '../cluster-access.js';
import type { OperationCall } from '../operation.js';
import { OperationError } from '../operation-error.js';

const FIRST_LANE = laneOf(2, 0);

/**
 * What is sent by the connections of a client's user, the servers allow or refuse. What the proxy does
 * itself they are asked about, if the user is not the proxy's own: by ACL DRYRUN, of Redis 7.
 *
 * @throws OperationError if the user may not have it done
 */
export async function checkPermission({
  row,
  args,
  client,
  cluster,
}: OperationCall): Promise<void> {
  // An unknown command is sent by the user's connection in the end.
  if (client.user === DEFAULT_USER || row.needsNoAuth || row === UNKNOWN_ROW) return;
  await ask(cluster, client.user, args);
  // Without it the commands between would be executed one by one.
  if (row.name === 'exec') await ask(cluster, client.user, ['MULTI']);
}

async function ask(
  cluster: ClusterAccess,
  user: string,
  args: readonly (string | Buffer)[],
): Promise<void> {
  const [first] = cluster.servers();
  if (first === undefined) throw new OperationError('ERR no group has slots');
  const question = ['ACL', 'DRYRUN', user, ...args];
  const { value } = decodeReply(await cluster.ask(first.server, FIRST_LANE, question))!;
  if (value.type === 'simple') return;
  const text = String(toPlain(value));
  // `This user has no permissions to run the 'x' command`, or an error: the user is gone.
  if (value.type === 'error') throw new OperationError(`NOPERM ${text.replace(/^ERR /, '')}`);
  throw new OperationError(`NOPERM ${text.charAt(0).toLowerCase()}${text.slice(1)}`);
}
