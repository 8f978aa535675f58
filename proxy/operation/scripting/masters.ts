import { withDeadline } from '../../../base/deadline.js';
import { encodeError } from '../../../resp/encode.js';
import { laneOf } from '../../backend/lane.js';
import type { Server } from '../../backend/server.js';
import { asBuffer } from '../../command/admission.js';
import { Frames, type OperationCall } from '../operation.js';
import { OperationError } from '../operation-error.js';

const MINUS = 0x2d;
const CHANGES = /^(function|script)\|(delete|flush|load|restore)$/;
const NOTBUSY = /^-NOTBUSY /;

interface GroupFrame {
  readonly groupId: number;
  readonly frame: Buffer;
}

/**
 * The command as it came to the master of every group.
 *
 * @returns the replies' frames of those that have slots. Others may get some: they are told what
 * changes, and not waited for.
 */
export async function onEveryMaster(call: OperationCall): Promise<readonly Buffer[]> {
  const { client, cluster, args, row } = call;
  const servers = cluster.servers().map(({ server }) => server);
  const spare = cluster.allMasters().filter((server) => !servers.includes(server));
  const ask = (server: Server) => cluster.ask(server, client.lane, args, row);
  if (CHANGES.test(row.name)) for (const server of spare) void ask(server);
  return Promise.all(servers.map(ask));
}

/**
 * As `onEveryMaster`, past the connections that all share: a script that runs for too long holds
 * those up, and a server that is busy with it listens to few commands on others.
 */
export async function pastTheBusy(call: OperationCall): Promise<readonly GroupFrame[]> {
  const { client, cluster, bytes } = call;
  const lane = laneOf(client.protocol, 0);
  const masters = cluster.masters().filter(({ server }) => server !== null);
  if (masters.length === 0) throw new OperationError('ERR no group has a master');
  return Promise.all(
    masters.map(async ({ groupId, server }) => {
      try {
        return { groupId, frame: await askAlone(server!, lane, bytes) };
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return { groupId, frame: asBuffer(encodeError(`ERR group ${groupId}: ${reason}`)) };
      }
    }),
  );
}

async function askAlone(server: Server, lane: number, command: Buffer): Promise<Buffer> {
  const connection = await server.pool.acquire(lane);
  try {
    return await withDeadline(
      connection.send(command),
      server.timeoutMs,
      `server ${connection.addr}`,
    );
  } finally {
    server.pool.release(connection);
  }
}

export function isError(frame: Buffer): boolean {
  return frame[0] === MINUS;
}

/**
 * What SCRIPT KILL and FUNCTION KILL of all groups come to: OK if one was killed, NOTBUSY if none runs.
 * A script that could not be killed (UNKILLABLE) goes on, so that is told whatever happened elsewhere.
 */
export function outcomeOfKills(replies: readonly GroupFrame[]): Frames {
  const idle = replies.filter(({ frame }) => NOTBUSY.test(frame.toString('latin1')));
  const killed = replies.filter(({ frame }) => !isError(frame));
  const [failed] = replies.filter((reply) => !idle.includes(reply) && !killed.includes(reply));
  if (failed === undefined) return new Frames((killed[0] ?? idle[0])!.frame);
  if (killed.length === 0) return new Frames(failed.frame);
  const error = failed.frame.toString('latin1', 1, failed.frame.length - 2);
  const groups = killed.map(({ groupId }) => groupId).join(', ');
  return new Frames(
    asBuffer(encodeError(`${error} (group ${failed.groupId}; killed in group ${groups})`)),
  );
}

/** The first error, or else the first reply: for replies that are all the same. */
export function firstError(frames: readonly Buffer[]): Frames {
  return new Frames(frames.find(isError) ?? frames[0]!);
}

/** The first reply that is no error; of errors the first that is not the ordinary one. */
export function firstSuccess(frames: readonly Buffer[], ordinary: RegExp): Frames {
  const success = frames.find((frame) => !isError(frame));
  const remarkable = frames.find((frame) => !ordinary.test(frame.toString('latin1')));
  return new Frames(success ?? remarkable ?? frames[0]!);
}
