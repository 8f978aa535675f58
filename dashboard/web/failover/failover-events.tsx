import type { HaStatusReply } from '../../api/contract-ha.js';
import { clock } from '../format.js';
import { Badge, type Tone } from '../parts/badge.js';
import { GroupMark } from '../parts/group-mark.js';
import { ScrollTable } from '../parts/scroll-table.js';

const KINDS: Readonly<Record<string, { readonly tone: Tone; readonly label: string }>> = {
  failover: { tone: 'warn', label: 'failed over' },
  refused: { tone: 'bad', label: 'not possible' },
  address_seen: { tone: 'warn', label: 'address seen' },
  address_changed: { tone: 'good', label: 'address changed' },
  would_fail_over: { tone: 'warn', label: 'would fail over' },
  returned: { tone: 'info', label: 'returned' },
  rejoined: { tone: 'good', label: 'caught up' },
  completed: { tone: 'info', label: 'completed' },
};

/** What was decided, the newest first, each with its evidence. */
export function FailoverEvents({ events }: { readonly events: HaStatusReply['events'] }) {
  return (
    <section class="card" aria-label="What was decided">
      <div class="card-head">
        <h2>What was decided</h2>
      </div>
      {events.length === 0 ? (
        <p class="empty">No master has failed yet.</p>
      ) : (
        <ScrollTable
          isStackable
          label="Decisions about failover"
          head={
            <>
              <th>Time</th>
              <th>Group</th>
              <th>Decision</th>
              <th>In words</th>
            </>
          }
        >
          {events.map((entry) => (
            <tr key={`${entry.at}/${entry.group_id}/${entry.event}`}>
              <td class="nowrap">{clock(entry.at)}</td>
              <td data-label="Group">
                <GroupMark group={entry.group_id} />
              </td>
              <td data-label="Decision">
                <Badge tone={KINDS[entry.event]?.tone ?? 'plain'}>
                  {KINDS[entry.event]?.label ?? entry.event}
                </Badge>
              </td>
              <td data-label="In words">
                {entry.words}
                {Object.keys(entry.evidence).length > 0 && (
                  <details class="more">
                    <summary>Evidence</summary>
                    <pre class="small evidence">{JSON.stringify(entry.evidence, null, 2)}</pre>
                  </details>
                )}
              </td>
            </tr>
          ))}
        </ScrollTable>
      )}
    </section>
  );
}
