import { computed, signal } from '@preact/signals';
import { groups } from '../live/state.js';
import { SelectField, TextField } from '../parts/field.js';
import { openChange, openFixedChange } from './open-change.js';

/** `10.0.0.1:6379`, `redis-1:6379`, `[::1]:6379` */
const ADDRESS = /^(\[[0-9a-f:.]+\]|[^\s:[\]]+):\d{1,5}$/i;

/** Asks for the number of a new group, and adds it. */
export function openAddGroup(): void {
  const highest = Math.max(0, ...groups.peek().map(({ id }) => id));
  const id = signal(String(highest + 1));
  const request = computed(() =>
    /^\d+$/.test(id.value)
      ? { change: 'add-group' as const, group: Number(id.value) }
      : 'A group has a number: 1, 2, 3…',
  );
  const Fields = () => <TextField label="Number of the group" value={id} mode="numeric" />;
  openChange({ title: 'Add a group', verb: 'Add group', request, Fields });
}

/** Asks for a server's address and role, and adds it to a group. */
export function openAddServer(groupId: number): void {
  const group = groups.peek().find(({ id }) => id === groupId);
  const addr = signal('');
  const type = signal(group?.master ? 'slave' : 'master');
  const request = computed(() => {
    const text = addr.value.trim();
    if (!ADDRESS.test(text)) return 'Where the server listens: a host and a port.';
    const role = type.value === 'master' ? ('master' as const) : ('slave' as const);
    return { change: 'add-server' as const, group: groupId, addr: text, type: role };
  });
  const Fields = () => (
    <div class="fields">
      <TextField label="Address" value={addr} placeholder="10.0.0.1:6379" />
      <SelectField
        label="Role"
        value={type}
        options={[
          { value: 'master', label: 'Master' },
          { value: 'slave', label: 'Replica' },
        ]}
      />
    </div>
  );
  openChange({ title: `Add a server to group ${groupId}`, verb: 'Add server', request, Fields });
}

/** Adds a server that was the group's master once, as a replica. */
export function openAddAgain(group: number, addr: string): void {
  openFixedChange(`Add ${addr} again`, 'Add as replica', {
    change: 'add-server',
    group,
    addr,
    type: 'slave',
  });
}

/** Takes a server out of its group. */
export function openRemoveServer(group: number, addr: string): void {
  openFixedChange(`Remove ${addr}`, 'Remove server', { change: 'remove-server', group, addr });
}

/** Makes a replica the master of its group. */
export function openPromote(group: number, addr: string): void {
  openFixedChange(`Promote ${addr}`, 'Promote', { change: 'promote', group, addr });
}

/** Removes a group. */
export function openRemoveGroup(group: number): void {
  openFixedChange(`Remove group ${group}`, 'Remove group', { change: 'remove-group', group });
}
