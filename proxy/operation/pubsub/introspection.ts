import { decodeReply, type Value } from '../../../resp/decode.js';
import type { Reply } from '../../../resp/encode.js';
import type { Server } from '../../backend/server.js';
import type { Operation, OperationCall } from '../operation.js';
import { OperationError } from '../operation-error.js';
import { subscriptionsOf } from './subscriptions.js';

/** PUBSUB CHANNELS [pattern], PUBSUB SHARDCHANNELS [pattern]: those of any group, each once. */
export const channels: Operation = async (call) => {
  const names = new Set<string>();
  for (const { value } of await askAll(call)) {
    if (value.type !== 'array') continue;
    for (const name of value.value) names.add(text(name));
  }
  return [...names];
};

/** PUBSUB NUMPAT: all workers of all proxies listen at all groups. */
export const numpat: Operation = async (call) => {
  const counts = (await askAll(call)).map(({ value }) => Number(value.value));
  return Math.max(0, ...counts);
};

/**
 * PUBSUB NUMSUB [channel …], PUBSUB SHARDNUMSUB [channel …]: of the clients of this proxy each
 * counts, of every worker of another proxy one for all of theirs.
 */
export function numsub(kind: 'channel' | 'shard'): Operation {
  return async (call) => {
    const subscriptions = subscriptionsOf(call.cluster);
    const counts = new Map<string, number>();
    for (const { value, server } of await askAll(call)) {
      if (value.type !== 'array') continue;
      for (let at = 0; at + 1 < value.value.length; at += 2) {
        const name = text(value.value[at]!);
        const own = subscriptions.isConfirmed(server.addr, kind, name) ? 1 : 0;
        const others = Number(value.value[at + 1]!.value) - own;
        counts.set(name, Math.max(others, counts.get(name) ?? 0));
      }
    }
    return call.args.slice(2).flatMap((arg): Reply[] => {
      const name = arg.toString('latin1');
      const others = (counts.get(name) ?? 0) + subscriptions.peerListenersBeyondOne(kind, name);
      return [name, others + subscriptions.listeners(kind, name)];
    });
  };
}

/** @throws OperationError the first error answered */
function askAll(call: OperationCall): Promise<readonly { server: Server; value: Value }[]> {
  const { args, client, cluster, row } = call;
  return Promise.all(
    cluster.servers().map(async ({ server }) => {
      const { value } = decodeReply(await cluster.ask(server, client.lane, args, row))!;
      if (value.type === 'error') throw new OperationError(value.value);
      return { server, value };
    }),
  );
}

function text(value: Value): string {
  return value.type === 'bulk' ? value.value.toString('latin1') : String(value.value);
}
