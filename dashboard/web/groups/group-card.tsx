import type { LiveGroup } from '../../api/live-contract.js';
import { openAddServer, openRemoveGroup } from '../changes/group-changes.js';
import { openDrainGroup } from '../changes/job-changes.js';
import { bytes, count, short } from '../format.js';
import { problemsOf, servers } from '../live/state.js';
import { Badge } from '../parts/badge.js';
import { Swatch } from '../parts/group-mark.js';
import { Icon } from '../parts/icon.js';
import { ScrollTable } from '../parts/scroll-table.js';
import { ServerRow } from './server-row.js';

/** A group with its servers. */
export function GroupCard({ group }: { readonly group: LiveGroup }) {
  const { id } = group;
  return (
    <section class="card group" aria-label={`Group ${id}`}>
      <div class="card-head">
        <Swatch group={id} />
        <h2>Group {id}</h2>
        <span class="soft small">{figuresOf(group)}</span>
        {problemsOf('group', String(id)).map((problem) => (
          <Badge key={problem.id} tone={problem.severity === 'critical' ? 'bad' : 'warn'}>
            {problem.words}
          </Badge>
        ))}
        <div class="row spread">
          <button
            type="button"
            class="button small"
            aria-label={`Add a server to group ${id}`}
            onClick={() => openAddServer(id)}
          >
            <Icon name="plus" />
            Server…
          </button>
          {group.slots > 0 && (
            <button
              type="button"
              class="button small"
              aria-label={`Drain group ${id}`}
              title="Move all of its slots to the other groups"
              onClick={() => openDrainGroup(id)}
            >
              Drain…
            </button>
          )}
          <button
            type="button"
            class="button small quiet"
            aria-label={`Remove group ${id}`}
            onClick={() => openRemoveGroup(id)}
          >
            Remove…
          </button>
        </div>
      </div>
      {group.servers.length === 0 ? <NoServers id={id} /> : <Servers group={group} />}
    </section>
  );
}

function Servers({ group }: { readonly group: LiveGroup }) {
  return (
    <ScrollTable
      isStackable
      label={`Servers of group ${group.id}`}
      head={
        <>
          <th>Server</th>
          <th>Role</th>
          <th>State</th>
          <th>Replication</th>
          <th class="number">Memory</th>
          <th class="number">Keys</th>
          <th class="number">Ops/s</th>
          <th class="number">Clients</th>
          <th>
            <span class="unseen">Actions</span>
          </th>
        </>
      }
    >
      {group.servers.map((addr) => {
        const server = servers.value[addr];
        return server && <ServerRow key={addr} server={server} />;
      })}
    </ScrollTable>
  );
}

function NoServers({ id }: { readonly id: number }) {
  return (
    <div class="card-body soft">
      It has no server.{' '}
      <button type="button" class="button small" onClick={() => openAddServer(id)}>
        Add its master…
      </button>
    </div>
  );
}

function figuresOf(group: LiveGroup): string {
  const parts = [count(group.slots, 'slot')];
  if (group.slots_leaving > 0) parts.push(`${group.slots_leaving} leaving`);
  if (group.slots_coming > 0) parts.push(`${group.slots_coming} coming`);
  if (group.keys !== null) parts.push(`${short(group.keys)} keys`);
  if (group.memory !== null) parts.push(bytes(group.memory));
  if (group.ops !== null) parts.push(`${short(group.ops)} ops/s`);
  return parts.join(' · ');
}
