import { slotOfKey } from '../../../cluster/slot-hash.js';
import { ErrorReply, encodeReply, type Reply } from '../../../resp/encode.js';
import { FrameProgress } from '../../../resp/frame-progress.js';
import { RequestFramer } from '../../../resp/request-framer.js';
import { laneInDatabase } from '../../backend/lane.js';
import { asBuffer } from '../../command/admission.js';
import type { CommandRow } from '../../command/command-row.js';
import { answerLocal } from '../../command/local/answer-local.js';
import { SLOT_OF_NO_KEY } from '../../command/slot-of-no-key.js';
import { isAboutKeyspace } from '../../command/transaction/queue-rules.js';
import type { QueuedCommand } from '../../command/transaction/transaction.js';
import { EXECABORT_ERROR, TransactionMode } from '../../command/transaction/transaction-mode.js';
import { checkPermission } from '../access/permission.js';
import { placesOf } from '../argument-places.js';
import { abortedBecause } from '../burst-call.js';
import { busyError } from '../busy.js';
import { Frames, type Operation, type OperationCall } from '../operation.js';
import { OperationError } from '../operation-error.js';
import { Publication } from '../pubsub/publication.js';
import { librariesOf } from '../scripting/libraries.js';
import { isArray, splice } from './splice.js';

/** By name; given by operations.ts, which this operation is one of. */
type OperationsByName = ReadonlyMap<string, Operation>;

const framer = new RequestFramer();
const OUT_OF_MEMORY = /^-EXECABORT .* OOM /;
const ONE_ELEMENT = Buffer.from('*1\r\n');
const NOTHING = Buffer.from('*0\r\n');

/**
 * EXEC of what is more than commands for one server: keys are watched, or some commands are not for
 * a server. Those are carried out by themselves, and their replies put among the others:
 *
 * 1. what reads the whole keyspace and stands before all that a server executes;
 * 2. what the server executes, as one transaction; if that is aborted nothing else happens;
 * 3. the rest, in its order.
 */
export function execWith(operations: () => OperationsByName): Operation {
  return async (call) => {
    const { client } = call;
    const { mode } = client;
    if (!(mode instanceof TransactionMode)) throw new OperationError('ERR EXEC without MULTI');
    client.mode = null;
    const { commands, isFaulty } = mode.transaction;
    if (isFaulty) {
      mode.end();
      const error = await busyError(call.cluster);
      throw new OperationError(error === null ? EXECABORT_ERROR : abortedBecause(error));
    }
    const own = new Map<QueuedCommand, Buffer>();
    const carryOut = async (command: QueuedCommand): Promise<void> => {
      if (!own.has(command)) own.set(command, await answerTo(command, call, operations()));
    };
    const first = commands.findIndex(({ place }) => place === 'server');
    for (const command of commands.slice(0, Math.max(0, first))) {
      if (isAboutKeyspace(command.row)) await carryOut(command);
    }
    const reply = await execute(mode, call);
    if (!isArray(reply)) return new Frames(reply);
    for (const command of commands) {
      if (command.place !== 'server') await carryOut(command);
    }
    return new Frames(
      splice(
        reply,
        commands.map((command) => own.get(command) ?? null),
      ),
    );
  };
}

/** @returns EXEC's reply to what a server executes */
async function execute(mode: TransactionMode, call: OperationCall): Promise<Buffer> {
  const { transaction, watched } = mode;
  const { client, cluster } = call;
  const burst = transaction.burst();
  if (transaction.callsFunctions) {
    const server = cluster.destinationOf(transaction.slotId ?? SLOT_OF_NO_KEY);
    if (server !== null) await librariesOf(cluster).ensure(server);
  }
  if (watched !== null) {
    const reply = await watched.execute(burst, transaction.database);
    // By a connection that tracks nothing.
    client.tracking?.readUntracked(burst.keys);
    return reply;
  }
  if (transaction.commands.every(({ place }) => place !== 'server')) return NOTHING;
  const slotId = transaction.slotId ?? SLOT_OF_NO_KEY;
  const lane = laneInDatabase(client.lane, transaction.database);
  const way = transaction.callsScripts ? cluster.scriptLaneOf(slotId, lane) : lane;
  const reply = await cluster.askBurst(slotId, way, burst, client);
  const { onlyRead } = transaction;
  if (onlyRead === null || !OUT_OF_MEMORY.test(reply.toString('latin1'))) return reply;
  // A server without memory queues nothing, and reads all the same: it was queued here.
  const { row, bytes } = onlyRead;
  const read = await cluster.askSlot(slotId, lane, row, bytes, client);
  return Buffer.concat([ONE_ELEMENT, read]);
}

/** Carries out a command that is not for a server. @returns its reply's frames; never throws */
async function answerTo(
  { row, bytes }: QueuedCommand,
  call: OperationCall,
  operations: OperationsByName,
): Promise<Buffer> {
  const { client } = call;
  framer.frame(bytes, 0, bytes.length, new FrameProgress(), true);
  const { argStarts, argEnds, argCount } = framer;
  const args = Array.from({ length: argCount }, (_, index) =>
    bytes.subarray(argStarts[index], argEnds[index]),
  );
  if (row.route === 'publish') return publish(row, bytes, args[1]!, call);
  const operation = operations.get(row.name);
  let reply: Reply | Frames;
  try {
    await checkPermission({ ...call, row, args, bytes });
    if (operation === undefined) {
      const { starts, ends } = placesOf(args, bytes);
      return asBuffer(answerLocal(row, bytes, starts, ends, args.length, client));
    }
    reply = await operation({ ...call, row, args, bytes });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    reply = new ErrorReply(error instanceof OperationError ? text : `ERR ${text}`);
  }
  return reply instanceof Frames ? reply.bytes : asBuffer(encodeReply(reply, client.protocol));
}

/** A message goes to its channel's home, wherever the transaction's keys are. */
function publish(
  row: CommandRow,
  bytes: Buffer,
  channel: Buffer,
  { client, cluster }: OperationCall,
): Promise<Buffer> {
  const slotId = slotOfKey(channel, 0, channel.length);
  return cluster.askBy(slotId, client.lane, row, client, (request, router) => {
    const name = channel.toString('latin1');
    Publication.send(request, name, bytes, 0, bytes.length, true, cluster, router);
  });
}
