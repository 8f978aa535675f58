import { withDeadline } from '../../../base/deadline.js';
import { encodeMultibulk } from '../../../resp/inline-command.js';
import { laneOf } from '../../backend/lane.js';
import { type User, users } from '../../backend/users.js';
import { asBuffer } from '../../command/admission.js';
import { answerLocal } from '../../command/local/answer-local.js';
import { otherUser } from '../../command/local/auth.js';
import { placesOf } from '../argument-places.js';
import type { ClusterAccess } from '../cluster-access.js';
import { Frames, type Operation } from '../operation.js';
import { OperationError } from '../operation-error.js';

const FIRST_LANE = laneOf(2, 0);
const MINUS = 0x2d;

/** AUTH and HELLO with a user of the servers' access lists: it logs in at one of them. */
export const logIn: Operation = async ({ row, args, bytes, client, cluster }) => {
  const { starts, ends } = placesOf(args, bytes);
  const credentials = otherUser(row, bytes, starts, ends, args.length);
  if (credentials !== null) {
    if (client.tracking !== null) {
      throw new OperationError("ERR a client that tracks keys stays the user 'default'");
    }
    const [name, password] = credentials;
    await verify(cluster, { name, password });
  }
  return new Frames(asBuffer(answerLocal(row, bytes, starts, ends, args.length, client)));
};

/** @throws OperationError if the user is not let in */
async function verify(cluster: ClusterAccess, user: User): Promise<void> {
  const [first] = cluster.servers();
  if (first === undefined) throw new OperationError('ERR no group has slots');
  const { server, groupId } = first;
  try {
    const connection = await server.pool.openDetached(FIRST_LANE);
    try {
      const asked = connection.send(encodeMultibulk(['AUTH', user.name, user.password]));
      const reply = await withDeadline(asked, server.timeoutMs, `server ${server.addr}`);
      if (reply[0] === MINUS) {
        throw new OperationError(reply.toString('latin1', 1, reply.length - 2));
      }
    } finally {
      connection.close();
    }
  } catch (error) {
    if (error instanceof OperationError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new OperationError(`ERR group ${groupId}: ${reason}`);
  }
  if (users.note(user) === null) throw new OperationError('ERR too many users have logged in');
}
