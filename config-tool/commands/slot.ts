import { Argument, Command, Option } from 'commander';
import { type GroupRecord, masterOf } from '../../cluster/model/group.js';
import { NO_GROUP, type SlotRecord } from '../../cluster/model/slot.js';
import { groupIdArgument, slotId, slotIdArgument, statusArgument } from '../arguments.js';
import type { Context } from '../context.js';
import { example } from '../help.js';
import { colored, NOTHING, table } from '../render.js';
import { addMoveCommands, checkRange } from './slot-moves.js';
import { addSlotOf } from './slot-of.js';

export function slotCommand(context: Context): Command {
  const command = new Command('slot').description('the 1024 slots and the groups that have them');

  command
    .command('init')
    .description('make the slots, in no group yet')
    .option('-f, --force', 'also if there are slots: they lose their groups')
    .addHelpText('after', example('slot init'))
    .action(async (options: { force?: boolean }) => {
      await context.client.initSlots({ force: options.force === true });
      context.output.done('the slots are there, in no group');
    });

  command
    .command('info')
    .description('show a slot, or all of them')
    .addArgument(
      new Argument('[slot_id]', 'number of the slot; all slots if left out').argParser(slotId),
    )
    .addHelpText('after', example('slot info', 'slot info 579'))
    .action(async (id: number | undefined) => {
      if (id !== undefined) return showSlots(context, [await context.client.getSlot(id)], 'one');
      return showSlots(context, await context.client.listSlots(), 'all');
    });

  addSlotOf(command, context);

  command
    .command('set')
    .description('give one slot to a group, without moving any key')
    .addArgument(slotIdArgument())
    .addArgument(groupIdArgument())
    .addArgument(statusArgument())
    .addOption(forceOption())
    .addHelpText('after', example('slot set 579 2 online'))
    .action(async (id: number, groupId: number, status: string, { force }: ForceOption) => {
      await context.client.setSlots({ from: id, to: id, new_group: groupId, status, force });
      context.output.done(`slot ${id} is ${status} in group ${groupId}`);
    });

  command
    .command('range-set')
    .description('give the slots <from> to <to> to a group in one step, without moving any key')
    .addArgument(slotIdArgument('from', 'first slot'))
    .addArgument(slotIdArgument('to', 'last slot'))
    .addArgument(groupIdArgument())
    .addArgument(statusArgument())
    .addOption(forceOption())
    .addHelpText('after', example('slot range-set 0 511 1 online'))
    .action(
      async (from: number, to: number, groupId: number, status: string, { force }: ForceOption) => {
        checkRange(from, to);
        await context.client.setSlots({ from, to, new_group: groupId, status, force });
        context.output.done(`slots ${from} to ${to} are ${status} in group ${groupId}`);
      },
    );

  addMoveCommands(command, context);
  return command;
}

interface ForceOption {
  readonly force?: boolean;
}

function forceOption(): Option {
  return new Option('-f, --force', 'also if its group holds keys of it, which are not found then');
}

async function showSlots(
  context: Context,
  slots: SlotRecord[],
  which: 'one' | 'all',
): Promise<void> {
  const groups = context.output.isForPeople ? await context.client.listGroups() : [];
  const sorted = [...slots].sort((one, other) => one.id - other.id);
  context.output.show(which === 'one' ? slots[0] : slots, () => describeSlots(sorted, groups));
}

/** Neighbours of the same group and state share a row. */
function describeSlots(slots: SlotRecord[], groups: GroupRecord[]): string {
  if (slots.length === 0) return 'no slots yet: codis-config slot init';
  const ranges: { first: SlotRecord; last: SlotRecord }[] = [];
  for (const slot of slots) {
    const range = ranges.at(-1);
    if (range && range.last.id === slot.id - 1 && isAlike(range.last, slot)) range.last = slot;
    else ranges.push({ first: slot, last: slot });
  }
  const masters = new Map(groups.map((group) => [group.id, masterOf(group)]));
  return table(
    [
      { title: slots.length > 1 ? 'slots' : 'slot' },
      { title: 'number', align: 'right' },
      { title: 'group' },
      { title: 'master' },
      { title: 'status' },
    ],
    ranges.map(({ first, last }) => [
      first === last ? String(first.id) : `${first.id}-${last.id}`,
      String(last.id - first.id + 1),
      first.group_id === NO_GROUP ? NOTHING : String(first.group_id),
      first.group_id === NO_GROUP ? NOTHING : (masters.get(first.group_id) ?? 'no master'),
      describeStatus(first),
    ]),
  );
}

function describeStatus({ state }: SlotRecord): string {
  const { from, to } = state.migrate_status;
  const move = from === NO_GROUP ? '' : ` (from group ${from} to ${to})`;
  return `${colored(state.status)}${move}`;
}

function isAlike(one: SlotRecord, other: SlotRecord): boolean {
  return (
    one.group_id === other.group_id &&
    one.state.status === other.state.status &&
    one.state.migrate_status.from === other.state.migrate_status.from &&
    one.state.migrate_status.to === other.state.migrate_status.to
  );
}
