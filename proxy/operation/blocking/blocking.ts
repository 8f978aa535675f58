import { decodeReply, type Value } from '../../../resp/decode.js';
import { encodeMultibulk } from '../../../resp/inline-command.js';
import type { CommandRow } from '../../command/command-row.js';
import { lookup, lookupSub } from '../../command/command-table.js';
import { Frames, type Operation, type OperationCall } from '../operation.js';
import { BlockedClient } from './blocked-client.js';
import { blockedClientsOf } from './blocked-clients.js';
import { BlockingCommand, slotOfByteString } from './blocking-command.js';

/** Of a command whose arguments cannot be read: any server has the words for it. */
const SLOT_OF_NO_KEY = 0;
const XINFO = lookupSub(rowOf('xinfo'), Buffer.from('stream'), 0, 6)!;

/** BLPOP, BRPOP, BLMOVE, BRPOPLPUSH, BLMPOP, BZPOPMIN, BZPOPMAX, BZMPOP. */
export const block: Operation = (call) => run(call, byteStrings(call));

/** XREAD and XREADGROUP with BLOCK. */
export const blockForStreams: Operation = async (call) => {
  const begun = await withoutDollars(call);
  return begun === null ? run(call, byteStrings(call)) : run(call, begun, 'begun');
};

/** @param phase `begun`: the keys have been looked at already, and are of the right type */
async function run(
  call: OperationCall,
  args: readonly string[],
  phase: 'new' | 'begun' = 'new',
): Promise<Frames> {
  const command = new BlockingCommand(call, args);
  if (command.isMalformed) return new Frames(await passOn(call, command));
  const blocked = new BlockedClient(call, command, phase);
  const end = blockedClientsOf(call.cluster).add(call.client.clientId, blocked);
  try {
    return await blocked.run();
  } finally {
    end();
  }
}

/** On a connection of its own: if we misread it, and it waits, then for nobody else. */
async function passOn(
  { cluster, client, gone }: OperationCall,
  command: BlockingCommand,
): Promise<Buffer> {
  const server = cluster.destinationOf(command.slotIds[0] ?? SLOT_OF_NO_KEY);
  if (server === null) return Buffer.from('-TRYAGAIN the slot is being moved\r\n');
  const connection = await cluster.dedicated(server, client.lane);
  const leave = (): void => connection.close();
  gone.addEventListener('abort', leave, { once: true });
  try {
    return await connection.send(command.original);
  } finally {
    gone.removeEventListener('abort', leave);
    server.pool.release(connection);
  }
}

/**
 * XREAD's `$` is the last entry at the time of the command: found out once, or entries would be
 * missed that are added while the command is issued again.
 *
 * @returns the arguments; null: there is no `$`, or a server has something to say of a key
 */
async function withoutDollars(call: OperationCall): Promise<readonly string[] | null> {
  const args = byteStrings(call);
  const streams = args.findIndex((arg, index) => index > 0 && arg.toLowerCase() === 'streams');
  const count = (args.length - streams - 1) / 2;
  if (call.row.name !== 'xread' || streams < 0 || !Number.isInteger(count)) return null;
  const isDollar = args.map((arg, index) => index > streams + count && arg === '$');
  if (!isDollar.includes(true)) return null;
  const begun = await Promise.all(
    args.map((arg, index) => (isDollar[index] ? lastEntry(call, args[index - count]!) : arg)),
  );
  return begun.includes('$', streams + count + 1) ? null : begun;
}

/** @returns `$` if the key is no stream, or cannot be asked about */
async function lastEntry({ cluster, client }: OperationCall, key: string): Promise<string> {
  const bytes = encodeMultibulk(['XINFO', 'STREAM', key]);
  const frame = await cluster.askSlot(slotOfByteString(key), client.lane, XINFO, bytes, client);
  const reply = decodeReply(frame)!.value;
  if (reply.type === 'error') return reply.value.startsWith('ERR no such key') ? '0-0' : '$';
  const fields = reply.type === 'map' ? reply.value.flat() : ((reply.value ?? []) as Value[]);
  const at = fields.findIndex((field) => String(field.value) === 'last-generated-id');
  return at < 0 ? '$' : String(fields[at + 1]!.value);
}

function rowOf(name: string): CommandRow {
  return lookup(Buffer.from(name), 0, name.length)!;
}

function byteStrings({ args }: OperationCall): string[] {
  return args.map((arg) => arg.toString('latin1'));
}
