import { decodeReply, type Value } from '../../resp/decode.js';
import { laneOf } from '../backend/lane.js';
import type { Server } from '../backend/server.js';
import type { CommandRow } from '../command/command-row.js';
import type { ClusterAccess } from './cluster-access.js';
import { OperationError } from './operation-error.js';

/** What is about a server as a whole goes by the connection that every server has. */
const FIRST_LANE = laneOf(2, 0);

export interface GroupReply {
  readonly groupId: number;
  readonly value: Value;
}

/**
 * One command, which is about no key and no database, to the master of each group.
 *
 * @returns the replies in RESP2, by group; errors among them, as of a server that cannot be reached
 * @throws OperationError if a group has no master
 */
export function askEveryGroup(
  cluster: ClusterAccess,
  args: readonly (string | Uint8Array)[],
  row?: CommandRow,
): Promise<readonly GroupReply[]> {
  return Promise.all(
    cluster.servers().map(async ({ groupId, server }) => {
      return { groupId, value: await askServer(cluster, server, args, row) };
    }),
  );
}

/** As `askEveryGroup`. @throws OperationError with the first error that a server answers */
export async function tellEveryGroup(
  cluster: ClusterAccess,
  args: readonly (string | Uint8Array)[],
  row?: CommandRow,
): Promise<readonly GroupReply[]> {
  const replies = await askEveryGroup(cluster, args, row);
  const failed = replies.filter(({ value }) => value.type === 'error');
  if (failed.length > 0) throw new OperationError(describeFailure(failed, replies.length));
  return replies;
}

/** Of servers that are all the same, the one of the first group answers. */
export async function askAnyGroup(
  cluster: ClusterAccess,
  args: readonly (string | Uint8Array)[],
): Promise<Value> {
  const [first] = cluster.servers();
  if (!first) throw new OperationError('ERR no group has slots');
  const value = await askServer(cluster, first.server, args);
  if (value.type === 'error') throw new OperationError(value.value);
  return value;
}

/** As `askAnyGroup`. @returns the reply's frame, in the protocol of the lane; it may be an error's */
export function askAnyMaster(
  cluster: ClusterAccess,
  lane: number,
  args: readonly (string | Uint8Array)[],
): Promise<Buffer> {
  const [first] = cluster.servers();
  if (!first) throw new OperationError('ERR no group has slots');
  return cluster.ask(first.server, lane, args);
}

async function askServer(
  cluster: ClusterAccess,
  server: Server,
  args: readonly (string | Uint8Array)[],
  row?: CommandRow,
): Promise<Value> {
  return decodeReply(await cluster.ask(server, FIRST_LANE, args, row))!.value;
}

/** An error of all of them is Redis's own; of some it says of which, as the others have done it. */
function describeFailure(failed: readonly GroupReply[], groupCount: number): string {
  const [{ value }] = failed as [GroupReply];
  if (failed.length === groupCount) return String(value.value);
  const groups = failed.map(({ groupId }) => groupId).join(', ');
  return `${value.value} (group ${groups}; carried out by the others)`;
}
