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

/** KEYS pattern, of all groups. A key on its way is at one of both; sources are asked first. */
export const keys: Operation = async (call) => {
  const { cluster } = call;
  const targets = new Set(cluster.moves().map(({ to }) => to));
  const servers = cluster.servers().map(({ server }) => server);
  const found = new Map<string, Buffer>();
  for (const part of [
    servers.filter((server) => !targets.has(server)),
    servers.filter((server) => targets.has(server)),
  ]) {
    for (const frame of await Promise.all(part.map((server) => askServer(call, server)))) {
      const reply = decodeReply(frame)!.value;
      if (reply.type !== 'array') continue;
      for (const key of reply.value) {
        if (key.type === 'bulk') found.set(key.value.toString('latin1'), key.value);
      }
    }
  }
  return [...found.values()];
};

/** RANDOMKEY: of a group chosen by its share of the keys. */
export const randomkey: Operation = async (call) => {
  const { cluster, client } = call;
  const servers = cluster.servers().map(({ server }) => server);
  const sizes = await Promise.all(
    servers.map(async (server) => {
      const size = decodeReply(await cluster.ask(server, client.lane, ['DBSIZE']))!.value;
      return size.type === 'integer' ? Number(size.value) : 0;
    }),
  );
  let place = Math.random() * sizes.reduce((sum, size) => sum + size, 0);
  const chosen = sizes.findIndex((size) => (place -= size) < 0);
  // The others are for a group whose keys all turn out to have expired.
  const order = [...servers.slice(Math.max(0, chosen)), ...servers.slice(0, Math.max(0, chosen))];
  for (const server of order) {
    const reply = decodeReply(await askServer(call, server))!.value;
    if (reply.type === 'bulk') return reply.value;
  }
  return null;
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
