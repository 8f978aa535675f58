import { bytes, share, short, whole } from '../format.js';
import { groups, totals } from '../live/state.js';
import { GroupMark, groupColor } from '../parts/group-mark.js';
import { ScrollTable } from '../parts/scroll-table.js';
import { linkTo } from '../router.js';

const SLOTS = 1024;

/** How slots, keys, memory and work are shared between the groups. */
export function Shares() {
  const all = groups.value;
  if (all.length === 0) return null;
  const offline = totals.value?.slots_offline ?? 0;
  return (
    <section class="card" aria-label="Shares of the groups">
      <div class="card-head">
        <h2>Groups</h2>
        <a class="spread small" href={linkTo('groups')}>
          All servers
        </a>
      </div>
      <div class="card-body">
        <div
          class="shares"
          role="img"
          aria-label={all.map(({ id, slots }) => `group ${id}: ${slots} slots`).join(', ')}
        >
          {all.map(({ id, slots }) =>
            slots > 0 ? (
              <span key={id} class="fill" {...groupColor(id)} style={{ flex: String(slots) }} />
            ) : null,
          )}
          {offline > 0 && <span class="none" style={{ flex: String(offline) }} />}
        </div>
      </div>
      <ScrollTable
        isCapped
        label="Groups"
        head={
          <>
            <th>Group</th>
            <th class="number">Slots</th>
            <th class="number">Share</th>
            <th class="number">Keys</th>
            <th class="number">Memory</th>
            <th class="number">Ops/s</th>
          </>
        }
      >
        {all.map((group) => (
          <tr key={group.id}>
            <td>
              <GroupMark group={group.id} />
            </td>
            <td class="number">{whole(group.slots)}</td>
            <td class="number">{share(group.slots / SLOTS)}</td>
            <td class="number">{short(group.keys)}</td>
            <td class="number">{bytes(group.memory)}</td>
            <td class="number">{short(group.ops)}</td>
          </tr>
        ))}
      </ScrollTable>
    </section>
  );
}
