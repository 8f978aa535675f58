import { encodeMultibulk } from '../../../resp/inline-command.js';
import type { CommandRow } from '../../command/command-row.js';
import { lookup } from '../../command/command-table.js';
import type { OperationCall } from '../operation.js';
import { type BlockingCommand, slotOfByteString } from './blocking-command.js';
import type { Parking } from './parking.js';

const EXISTS = Buffer.from('exists');
/** Not taken for a read: those of a large key still go to where it comes from. */
const GATE_ROW: CommandRow = { ...lookup(EXISTS, 0, EXISTS.length)!, isReadOnly: false, index: -1 };

/**
 * Waits until the keys of the command are where `cluster.destinationOf` says, as any other command
 * on them would. They stay there until an observer of the slot is told otherwise.
 *
 * - `passed`
 * - `woken`: the wait was ended before
 * - an error's frame: the keys cannot be had
 */
export async function passGates(
  { cluster, client }: OperationCall,
  command: BlockingCommand,
  parking: Parking,
): Promise<'passed' | 'woken' | Buffer> {
  for (const slotId of command.slotIds) {
    const isMoving = cluster.moves().some((move) => move.slotId === slotId);
    if (!isMoving && cluster.destinationOf(slotId) !== null) continue;
    const keys = command.keys.filter((key) => slotOfByteString(key) === slotId);
    const bytes = encodeMultibulk(['EXISTS', ...keys]);
    const asked = cluster.askSlot(slotId, client.lane, GATE_ROW, bytes, client);
    const reply = await parking.wait(asked);
    if (reply === null) return 'woken';
    if (reply[0] === MINUS) return reply;
  }
  return 'passed';
}

const MINUS = 0x2d;
