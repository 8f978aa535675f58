import type { LiveServer } from '../../api/live-contract.js';
import { openAddAgain, openPromote, openRemoveServer } from '../changes/group-changes.js';
import { bytes, duration, short, UNKNOWN, whole } from '../format.js';
import { Badge } from '../parts/badge.js';

/** A server of a group, what it says of itself, and what may be done with it. */
export function ServerRow({ server }: { readonly server: LiveServer }) {
  const { addr, group, type } = server;
  return (
    <tr class={server.state === 'down' ? 'is-bad' : ''} data-server={addr}>
      <td>
        <span class="mono nowrap">{addr}</span>
        {server.error === '' ? (
          <span class="small faint block">{madeOf(server)}</span>
        ) : (
          <p class="small bad wrap">{server.error}</p>
        )}
      </td>
      <td data-label="Role">
        <RoleBadge server={server} />
      </td>
      <td data-label="State">
        <StateBadge server={server} />
      </td>
      <td class="nowrap" data-label="Replication">
        <Replication server={server} />
      </td>
      <td class="number" data-label="Memory">
        <Memory server={server} />
      </td>
      <td class="number" data-label="Keys">
        {short(server.keys)}
      </td>
      <td class="number" data-label="Ops/s">
        {short(server.ops)}
      </td>
      <td class="number" data-label="Clients">
        {whole(server.clients)}
      </td>
      <td class="end">
        <div class="row">
          {type === 'slave' && (
            <button
              type="button"
              class="button small"
              aria-label={`Promote ${addr}`}
              onClick={() => openPromote(group, addr)}
            >
              Promote…
            </button>
          )}
          {type === 'offline' && (
            <button
              type="button"
              class="button small"
              aria-label={`Add as replica: ${addr}`}
              onClick={() => openAddAgain(group, addr)}
            >
              Add as replica…
            </button>
          )}
          <button
            type="button"
            class="button small quiet"
            aria-label={`Remove ${addr}`}
            onClick={() => openRemoveServer(group, addr)}
          >
            Remove…
          </button>
        </div>
      </td>
    </tr>
  );
}

/** `7.2.4, slots 1.0, up 12 d 3 h` */
function madeOf({ version, module, uptime_seconds }: LiveServer): string {
  if (version === null) return '';
  const parts = [`Redis ${version}`];
  if (module !== null) parts.push(`slots module ${module}`);
  if (uptime_seconds !== null) parts.push(`up ${duration(uptime_seconds)}`);
  return parts.join(', ');
}

function RoleBadge({ server }: { readonly server: LiveServer }) {
  if (server.type === 'offline') {
    return (
      <Badge tone="warn" title="It was the master once, and takes no part until it is added again">
        former master
      </Badge>
    );
  }
  const recorded = server.type === 'master' ? 'master' : 'replica';
  if (server.role !== null && server.role !== recorded) {
    return (
      <Badge tone="bad" title={`The records say ${recorded}, the server says ${server.role}`}>
        {recorded}, is {server.role}
      </Badge>
    );
  }
  return <Badge tone={recorded === 'master' ? 'info' : 'plain'}>{recorded}</Badge>;
}

function StateBadge({ server }: { readonly server: LiveServer }) {
  switch (server.state) {
    case 'up':
      return (
        <Badge tone="good" dot="still">
          up
        </Badge>
      );
    case 'down':
      return (
        <Badge tone="bad" dot="still">
          down
        </Badge>
      );
    default:
      return (
        <Badge tone="warn" dot="pulse">
          {server.state}
        </Badge>
      );
  }
}

function Replication({ server }: { readonly server: LiveServer }) {
  if (server.offset === null) return <span class="faint">{UNKNOWN}</span>;
  const offset = <span class="small faint block">offset {whole(server.offset)}</span>;
  if (server.type === 'master') return offset;
  if (server.link === 'down') {
    return (
      <>
        <Badge tone="bad">link down</Badge>
        {offset}
      </>
    );
  }
  const behind = server.lag_bytes ?? 0;
  const heard = server.lag_seconds ?? 0;
  return (
    <span title={`follows ${server.follows ?? 'nobody'}`}>
      {behind === 0 ? 'in step' : `${bytes(behind)} behind`}
      {heard > 1 && <span class="faint">, heard {duration(heard)} ago</span>}
      {offset}
    </span>
  );
}

function Memory({ server }: { readonly server: LiveServer }) {
  const { memory, maxmemory } = server;
  if (memory === null || !maxmemory) return <>{bytes(memory)}</>;
  const percent = Math.min(100, (100 * memory) / maxmemory);
  return (
    <div class="memory" title={`${percent.toFixed(0)} % of ${bytes(maxmemory)}`}>
      {bytes(memory)}
      <div class="meter">
        <span style={{ width: `${percent}%` }} data-full={percent > 90 ? '' : undefined} />
      </div>
    </div>
  );
}
