import { decodeReply } from '../../resp/decode.js';
import { SimpleString } from '../../resp/encode.js';
import { laneOf } from '../backend/lane.js';
import { wrongArityError } from '../command/errors.js';
import type { ClusterAccess } from './cluster-access.js';
import type { Operation } from './operation.js';
import { OperationError } from './operation-error.js';

const FIRST_LANE = laneOf(2, 0);

/**
 * Asks those servers that a script may be keeping from all else. One that executes a script listens to
 * nobody before that has taken long, so it may take them some time to answer.
 *
 * @returns the BUSY error of one of them; null: none is busy
 */
export async function busyError(cluster: ClusterAccess): Promise<string | null> {
  const replies = await Promise.all(
    cluster.busyServers().map((server) => cluster.ask(server, FIRST_LANE, ['PING'])),
  );
  for (const reply of replies) {
    const { value } = decodeReply(reply)!;
    if (value.type === 'error' && value.value.startsWith('BUSY ')) return value.value;
  }
  return null;
}

/** PING [message] while servers may be busy: a BUSY of one of them, as of a single Redis. */
export const pingBusyServers: Operation = async ({ args, cluster }) => {
  if (args.length > 2) throw new OperationError(wrongArityError('ping'));
  const error = await busyError(cluster);
  if (error !== null) throw new OperationError(error);
  return args[1] ?? new SimpleString('PONG');
};
