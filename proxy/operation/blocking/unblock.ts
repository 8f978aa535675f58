import { wholeNumber } from '../../command/arguments.js';
import type { Operation } from '../operation.js';
import { OperationError } from '../operation-error.js';
import { peersOf } from '../peers/peers.js';
import { blockedClientsOf } from './blocked-clients.js';

/** CLIENT UNBLOCK client-id [TIMEOUT | ERROR] */
export const clientUnblock: Operation = async ({ args, cluster }) => {
  const id = args[2]!;
  const how = (args[3]?.toString('latin1') ?? 'TIMEOUT').toUpperCase();
  if (args.length > 4 || (how !== 'TIMEOUT' && how !== 'ERROR')) {
    throw new OperationError('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR');
  }
  const clientId = wholeNumber(id, 0, id.length);
  if (clientId === null) throw new OperationError('ERR value is not an integer or out of range');
  if (blockedClientsOf(cluster).unblock(clientId, how)) return 1;
  const answers = await peersOf(cluster).ask('unblock', { clientId, how });
  return answers.some(({ answer }) => answer) ? 1 : 0;
};
