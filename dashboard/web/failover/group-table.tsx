import type { HaStatusReply } from '../../api/contract-ha.js';
import { bytes, clock, UNKNOWN } from '../format.js';
import { Badge } from '../parts/badge.js';
import { GroupMark } from '../parts/group-mark.js';
import { ScrollTable } from '../parts/scroll-table.js';

type HaGroup = HaStatusReply['groups'][number];

/** Below it a master has just answered. */
const FRESH_MS = 1000;

/** Each group: how its master is seen, and who would follow it. */
export function GroupTable({ groups }: { readonly groups: readonly HaGroup[] }) {
  if (groups.length === 0) {
    return <p class="faint">No group is watched by this dashboard at the moment.</p>;
  }
  return (
    <section class="card">
      <ScrollTable
        isStackable
        label="Masters and who would follow them"
        head={
          <>
            <th>Group</th>
            <th>Master</th>
            <th>Seen as</th>
            <th>Last answer</th>
            <th>Who would follow</th>
            <th>Last failover</th>
          </>
        }
      >
        {groups.map((group) => (
          <Row key={group.group_id} group={group} />
        ))}
      </ScrollTable>
    </section>
  );
}

function Row({ group }: { readonly group: HaGroup }) {
  const isBad = group.master === null || group.health === 'down';
  return (
    <tr class={isBad ? 'is-bad' : ''} data-ha-group={group.group_id}>
      <td>
        <GroupMark group={group.group_id} />
      </td>
      <td class="nowrap mono" data-label="Master">
        {group.master ?? 'none'}
      </td>
      <td data-label="Seen as">
        <Health group={group} />
      </td>
      <td class="small" data-label="Last answer">
        {Object.entries(group.silent_ms).map(([observer, ms]) => (
          <div key={observer} class="nowrap">
            <span class="faint">{observer}:</span> {silence(ms)}
          </div>
        ))}
      </td>
      <td class="small" data-label="Who would follow">
        <Followers group={group} />
      </td>
      <td class="nowrap" data-label="Last failover">
        {group.last_failover === null ? UNKNOWN : clock(group.last_failover)}
      </td>
    </tr>
  );
}

function Health({ group }: { readonly group: HaGroup }) {
  if (group.master === null) return <Badge tone="bad">no master</Badge>;
  if (group.health === 'healthy') return <Badge tone="good">healthy</Badge>;
  const words = `${group.against.length} of ${group.needed} voices: ${group.against.join(', ')}`;
  return (
    <>
      <Badge tone={group.health === 'down' ? 'bad' : 'warn'}>{group.health}</Badge>
      <p class="small wrap">{words}</p>
    </>
  );
}

function Followers({ group }: { readonly group: HaGroup }) {
  const { replicas, former_masters: former } = group;
  if (replicas.length === 0 && former.length === 0) {
    return <span class="warn">nobody: it has no replica</span>;
  }
  return (
    <>
      {replicas.map(({ addr, lag_bytes: lag, refusal }) => (
        <div key={addr}>
          <span class="nowrap mono">{addr}</span>{' '}
          {refusal === '' ? (
            <span class="faint">{lag === null ? '' : `${bytes(lag)} behind`}</span>
          ) : (
            <span class="warn">not now: {refusal}</span>
          )}
        </div>
      ))}
      {former.map(({ addr, since }) => (
        <div key={addr}>
          <span class="nowrap mono">{addr}</span>{' '}
          <span class="faint">the master until {clock(since)}; joins again when it is back</span>
        </div>
      ))}
    </>
  );
}

function silence(ms: number | null): string {
  if (ms === null) return 'not told';
  return ms < FRESH_MS ? 'now' : `${(ms / 1000).toFixed(1)} s ago`;
}
