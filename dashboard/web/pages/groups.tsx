import { useSignal } from '@preact/signals';
import type { LiveGroup } from '../../api/live-contract.js';
import { openAddGroup } from '../changes/group-changes.js';
import { openRebalance } from '../changes/job-changes.js';
import { GroupCard } from '../groups/group-card.js';
import { groups } from '../live/state.js';
import { Icon } from '../parts/icon.js';

/** With fewer one sees what one looks for. */
const FILTER_FROM = 6;

/** The groups and their servers. */
export function GroupsPage() {
  const filter = useSignal('');
  const shown = groups.value.filter((group) => matches(group, filter.value.trim().toLowerCase()));
  return (
    <>
      <div class="page-head">
        <h1>Groups</h1>
        <div class="row actions">
          {groups.value.length >= FILTER_FROM && (
            <input
              class="input filter"
              type="search"
              aria-label="Filter by group or address"
              placeholder="Group or address"
              value={filter.value}
              onInput={(event) => {
                filter.value = event.currentTarget.value;
              }}
            />
          )}
          <button type="button" class="button" onClick={openRebalance}>
            Rebalance…
          </button>
          <button type="button" class="button primary" onClick={openAddGroup}>
            <Icon name="plus" />
            Add group…
          </button>
        </div>
      </div>
      {shown.map((group) => (
        <GroupCard key={group.id} group={group} />
      ))}
      {groups.value.length === 0 && (
        <div class="card empty">
          <h2>There are no groups yet</h2>
          <p>A group is a master with its replicas; each serves a share of the slots.</p>
        </div>
      )}
      {groups.value.length > 0 && shown.length === 0 && (
        <p class="faint">No group matches “{filter.value}”.</p>
      )}
    </>
  );
}

function matches(group: LiveGroup, text: string): boolean {
  if (text === '' || `group ${group.id}` === text || String(group.id) === text) return true;
  return group.servers.some((addr) => addr.toLowerCase().includes(text));
}
