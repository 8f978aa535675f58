import { slotOfKey } from '../../cluster/slot-hash.js';
import { decodeReply, type Plain, toPlain } from '../../resp/decode.js';
import { laneOf } from '../backend/lane.js';
import { arityFits, type CommandRow } from '../command/command-row.js';
import { CROSSSLOT_ERROR, unknownCommandError, wrongArityError } from '../command/errors.js';
import { keysOfCommand } from '../command/keys-of-command.js';
import type { SessionMode } from '../command/local-context.js';
import { placesOf } from './argument-places.js';
import { Frames, type Operation, type OperationCall } from './operation.js';
import { OperationError } from './operation-error.js';

/** Where a command without any key is sent, as are those of Redis itself. */
const SLOT_OF_NO_KEY = 0;

/**
 * A command that no table of ours names: a server is asked what it is, and where its keys are.
 * Later ones of that name find the answer in the learned commands.
 */
export const unknownCommand: Operation = async (call) => {
  const row = await learn(call);
  const { mode } = call.client;
  const decided = mode === null ? null : decideAgain(mode, call);
  if (decided !== null) return new Frames(decided);
  if (row === 'unknown') throw new OperationError(unknownError(call));
  if (!arityFits(row, call.args.length)) throw new OperationError(wrongArityError(row.name));
  const keys =
    row.route === 'operation'
      ? await askKeys(call)
      : keysOfCommand(row, call.bytes, 0, call.bytes.length);
  const slots = new Set(keys.map((key) => slotOfKey(Buffer.from(key, 'latin1'), 0, key.length)));
  if (slots.size > 1) throw new OperationError(CROSSSLOT_ERROR);
  const slotId = [...slots][0] ?? SLOT_OF_NO_KEY;
  const { client, bytes } = call;
  return new Frames(await call.cluster.askSlot(slotId, client.lane, row, bytes, client, keys));
};

/** The client is in a state in which commands mean something else. @returns null: not this one */
function decideAgain(mode: SessionMode, { args, bytes, client }: OperationCall): Buffer | null {
  const { starts, ends } = placesOf(args, bytes);
  const decision = mode.decide(null, bytes, starts, ends, args.length, client);
  return decision.type === 'answer' ? decision.reply : null;
}

async function learn(call: OperationCall): Promise<CommandRow | 'unknown'> {
  const name = call.args[0]!.toString('latin1').toLowerCase();
  const { learnedCommands } = call.client;
  const known = learnedCommands.find(name);
  if (known !== 'asking') return known;
  const reply = await askAny(call, ['COMMAND', 'INFO', name]);
  return learnedCommands.learn(name, Array.isArray(reply) ? reply[0]! : null);
}

/** The keys of the command, by a server that knows it. @throws OperationError as it refuses */
async function askKeys(call: OperationCall): Promise<readonly string[]> {
  const reply = await askAny(call, ['COMMAND', 'GETKEYS', ...call.args]);
  return Array.isArray(reply) ? reply.map(String) : [];
}

async function askAny(
  { cluster }: OperationCall,
  args: readonly (string | Buffer)[],
): Promise<Plain> {
  const [first] = cluster.servers();
  if (first === undefined) throw new OperationError('ERR no slot is assigned to a group');
  const { value } = decodeReply(await cluster.ask(first.server, laneOf(2, 0), args))!;
  if (value.type === 'error') throw new OperationError(value.value);
  return toPlain(value);
}

function unknownError({ args, bytes }: OperationCall): string {
  const { starts, ends } = placesOf(args, bytes);
  return unknownCommandError(bytes, starts, ends, args.length);
}
