import { decodeReply } from '../../../resp/decode.js';
import type { Server } from '../../backend/server.js';
import { knownScripts } from '../../command/script/known-scripts.js';
import type { Operation, OperationCall } from '../operation.js';
import { OperationError } from '../operation-error.js';
import { peersOf } from '../peers/peers.js';
import { firstError, isError, onEveryMaster, outcomeOfKills, pastTheBusy } from './masters.js';

/** SCRIPT LOAD script: on every master. */
export const scriptLoad: Operation = async (call) => {
  const frames = await onEveryMaster(call);
  const script = call.args[2]!;
  if (!frames.some(isError)) knownScripts.note(script, 0, script.length);
  return firstError(frames);
};

/**
 * SCRIPT EXISTS sha …: 1 for a script that every master has. One that only some have, and whose
 * text we know, is given to the others first.
 */
export const scriptExists: Operation = async (call) => {
  const { args, cluster, client } = call;
  const servers = cluster.servers().map(({ server }) => server);
  const replies = await Promise.all(
    servers.map(async (server) => {
      const reply = decodeReply(await cluster.ask(server, client.lane, args))!.value;
      if (reply.type === 'error') throw new OperationError(reply.value);
      return reply.type === 'array' ? reply.value.map(({ value }) => Number(value)) : [];
    }),
  );
  return Promise.all(
    args.slice(2).map(async (sha, index) => {
      const lacking = servers.filter((_, place) => replies[place]![index] !== 1);
      if (lacking.length === 0) return 1;
      if (lacking.length === servers.length) return 0;
      return (await give(call, sha.toString('latin1'), lacking)) ? 1 : 0;
    }),
  );
};

/** SCRIPT FLUSH [ASYNC | SYNC]: on every master, and what the workers know. */
export const scriptFlush: Operation = async (call) => {
  const frames = await onEveryMaster(call);
  if (!frames.some(isError)) {
    knownScripts.clear();
    await peersOf(call.cluster).ask('forget-scripts', null);
  }
  return firstError(frames);
};

/** SCRIPT KILL: wherever one runs. */
export const scriptKill: Operation = async (call) => outcomeOfKills(await pastTheBusy(call));

/** @returns true if all servers have the script now */
async function give(
  { cluster, client }: OperationCall,
  sha: string,
  servers: readonly Server[],
): Promise<boolean> {
  const script = knownScripts.get(sha.toLowerCase());
  if (script === null) return false;
  const frames = await Promise.all(
    servers.map((server) => cluster.ask(server, client.lane, ['SCRIPT', 'LOAD', script.body])),
  );
  return !frames.some(isError);
}
