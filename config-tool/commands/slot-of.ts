import type { Command } from 'commander';
import { masterOf } from '../../cluster/model/group.js';
import { NO_GROUP } from '../../cluster/model/slot.js';
import { slotOf } from '../../cluster/slot-hash.js';
import type { Context } from '../context.js';
import { example } from '../help.js';
import { colored, NOTHING, table } from '../render.js';

/** `slot of <key>`: where a key is to be found. */
export function addSlotOf(command: Command, context: Context): void {
  command
    .command('of')
    .description('show where a key is: its slot, the group that has it, and its master')
    .argument('<key>', 'the key; with {braces} in it, what they enclose decides')
    .addHelpText('after', example('slot of user:1000', "slot of '{user:1000}:cart'"))
    .action(async (key: string) => {
      const [slot, groups] = await Promise.all([
        context.client.getSlot(slotOf(Buffer.from(key))),
        context.client.listGroups(),
      ]);
      const { status } = slot.state;
      const group = groups.find(({ id }) => id === slot.group_id);
      const master = group ? masterOf(group) : null;
      const found = { key, slot: slot.id, group_id: slot.group_id, master, status };
      context.output.show(found, () =>
        table(
          ['key', 'slot', 'group', 'master', 'status'].map((title) => ({ title })),
          [
            [
              key,
              String(slot.id),
              slot.group_id === NO_GROUP ? NOTHING : String(slot.group_id),
              master ?? NOTHING,
              colored(status),
            ],
          ],
        ),
      );
    });
}
