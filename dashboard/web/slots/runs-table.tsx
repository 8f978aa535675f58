import { useSignal } from '@preact/signals';
import { count, span, whole } from '../format.js';
import { slotRuns } from '../live/state.js';
import { Badge } from '../parts/badge.js';
import { GroupMark } from '../parts/group-mark.js';
import { ScrollTable } from '../parts/scroll-table.js';
import { select } from './selection.js';

const SHOWN = 24;

/** The same as the map, in words: ranges of slots that are alike. */
export function RunsTable() {
  const isWhole = useSignal(false);
  const runs = slotRuns.value;
  const shown = isWhole.value ? runs : runs.slice(0, SHOWN);
  return (
    <section class="card">
      <div class="card-head">
        <h2>Ranges</h2>
        <span class="faint small">{count(runs.length, 'range')}</span>
      </div>
      <ScrollTable
        label="Ranges of slots"
        head={
          <>
            <th class="fit">Slots</th>
            <th class="number fit">Number</th>
            <th class="fit">Group</th>
            <th>State</th>
            <th>
              <span class="unseen">Actions</span>
            </th>
          </>
        }
      >
        {shown.map(([first, last, group, status, other]) => (
          <tr key={first}>
            <td class="nowrap">{span(first, last)}</td>
            <td class="number">{whole(last - first + 1)}</td>
            <td>
              <GroupMark group={group} />
            </td>
            <td>
              <RunState status={status} other={other} />
            </td>
            <td class="end">
              <button
                type="button"
                class="button small"
                aria-label={`Select slots ${span(first, last)}`}
                onClick={() => {
                  select(first, last);
                  document.getElementById('slot-0')?.parentElement?.focus();
                }}
              >
                Select
              </button>
            </td>
          </tr>
        ))}
      </ScrollTable>
      {runs.length > shown.length && (
        <button
          type="button"
          class="button quiet more-rows"
          onClick={() => {
            isWhole.value = true;
          }}
        >
          Show all {runs.length}
        </button>
      )}
    </section>
  );
}

function RunState(props: { readonly status: string; readonly other: number }) {
  if (props.status === 'online') return <Badge tone="good">online</Badge>;
  if (props.status === 'offline') return <Badge tone="warn">offline</Badge>;
  if (props.status === 'migrate') {
    return (
      <Badge tone="info" dot="pulse">
        moving here from group {props.other}
      </Badge>
    );
  }
  return (
    <Badge tone="info" dot="pulse">
      about to move{props.other > 0 ? ` to group ${props.other}` : ''}
    </Badge>
  );
}
