import { decodeReply } from '../../resp/decode.js';
import { OK } from '../../resp/encode.js';
import type { Server } from '../backend/server.js';
import type { Operation, OperationCall } from './operation.js';
import { OperationError } from './operation-error.js';

/** FLUSHALL, FLUSHDB [ASYNC | SYNC]: every group; those that slots are moving to once more. */
export const flushall: Operation = async (call) => {
  await onAll(call);
  // A key on its way may have left its source before that was flushed, and have reached its target
  // after that was.
  const targets = new Set(call.cluster.moves().map(({ to }) => to));
  await Promise.all([...targets].map((server) => askServer(call, server)));
  return OK;
};

/** DBSIZE: the sum over all groups. */
export const dbsize: Operation = async (call) => {
  const replies = await onAll(call);
  let sum = 0;
  for (const frame of replies) {
    const reply = decodeReply(frame)!.value;
    if (reply.type === 'integer') sum += Number(reply.value);
  }
  return sum;
};

/** Sends the command as it is to every group. @throws OperationError the first error answered */
async function onAll(call: OperationCall): Promise<readonly Buffer[]> {
  const { cluster } = call;
  return Promise.all(cluster.servers().map(({ server }) => askServer(call, server)));
}

async function askServer({ cluster, client, args, row }: OperationCall, server: Server) {
  const frame = await cluster.ask(server, client.lane, args, row);
  const reply = decodeReply(frame)!.value;
  if (reply.type === 'error') throw new OperationError(reply.value);
  return frame;
}
