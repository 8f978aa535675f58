import type { LiveProxy } from '../../api/live-contract.js';
import { openRemoveFences } from '../changes/housekeeping-changes.js';
import { openProxyOffline, openProxyOnline } from '../changes/proxy-changes.js';
import { bytes, duration, latency, short, UNKNOWN, whole } from '../format.js';
import { fences, proxies } from '../live/state.js';
import { Message } from '../parts/message.js';
import { ProxyState } from '../parts/proxy-state.js';
import { ScrollTable } from '../parts/scroll-table.js';

/** The proxies that clients connect to. */
export function ProxiesPage() {
  return (
    <>
      <div class="page-head">
        <h1>Proxies</h1>
      </div>
      {fences.value.length > 0 && <Fences />}
      {proxies.value.length === 0 ? <NoProxies /> : <Table />}
    </>
  );
}

function Table() {
  return (
    <section class="card">
      <ScrollTable
        isStackable
        label="Proxies"
        head={
          <>
            <th>Proxy</th>
            <th>State</th>
            <th>Clients connect to</th>
            <th class="number">Clients</th>
            <th class="number">Ops/s</th>
            <th class="number">Errors/s</th>
            <th class="number">p99</th>
            <th class="number">Workers</th>
            <th class="number">Memory</th>
            <th>Version</th>
            <th class="number">Up for</th>
            <th>
              <span class="unseen">Actions</span>
            </th>
          </>
        }
      >
        {proxies.value.map((proxy) => (
          <Row key={proxy.id} proxy={proxy} />
        ))}
      </ScrollTable>
    </section>
  );
}

function Row({ proxy }: { readonly proxy: LiveProxy }) {
  const { id } = proxy;
  return (
    <tr class={proxy.answers ? '' : 'is-bad'} data-proxy={id}>
      <td>
        <strong class="nowrap">{id}</strong>
        {proxy.error !== '' && <p class="small bad wrap">{proxy.error}</p>}
        {proxy.unreachable.length > 0 && (
          <p class="small bad wrap">cannot reach {proxy.unreachable.join(', ')}</p>
        )}
        {proxy.coordinator !== null && proxy.coordinator !== 'connected' && (
          <p class="small warn">coordinator: {proxy.coordinator}</p>
        )}
      </td>
      <td data-label="State">
        <ProxyState proxy={proxy} />
      </td>
      <td
        class="nowrap mono"
        data-label="Clients connect to"
        title={`metrics at ${proxy.admin_addr}, process ${proxy.pid}`}
      >
        {proxy.addr}
      </td>
      <td class="number" data-label="Clients">
        {whole(proxy.clients)}
      </td>
      <td class="number" data-label="Ops/s">
        {short(proxy.ops)}
      </td>
      <td class={proxy.errors ? 'number bad' : 'number'} data-label="Errors/s">
        {short(proxy.errors)}
      </td>
      <td class="number" data-label="p99">
        {latency(proxy.p99)}
      </td>
      <td class="number" data-label="Workers">
        {whole(proxy.workers)}
      </td>
      <td class="number" data-label="Memory">
        {bytes(proxy.memory)}
      </td>
      <td class="nowrap" data-label="Version">
        {proxy.version ?? UNKNOWN}
      </td>
      <td class="number" data-label="Up for">
        {duration(proxy.uptime_seconds)}
      </td>
      <td class="end">
        <div class="row">
          {proxy.state === 'online' ? (
            <button
              type="button"
              class="button small"
              aria-label={`Take offline: ${id}`}
              onClick={() => openProxyOffline(id)}
            >
              Take offline…
            </button>
          ) : (
            <button
              type="button"
              class="button small"
              aria-label={`Set online: ${id}`}
              onClick={() => openProxyOnline(id)}
            >
              Set online…
            </button>
          )}
        </div>
      </td>
    </tr>
  );
}

function Fences() {
  return (
    <Message tone="warn">
      <p>
        Proxies that are not registered and may still serve clients: {fences.value.join(', ')}.
        Changes wait until they are back, or are known to be gone.
      </p>
      <p>
        <button type="button" class="button small" onClick={openRemoveFences}>
          They are gone: remove their fences…
        </button>
      </p>
    </Message>
  );
}

function NoProxies() {
  return (
    <div class="card empty">
      <h2>No proxy runs</h2>
      <p>
        Start one on any machine: <code>codis-proxy -c config.ini</code>. It appears here by itself.
      </p>
    </div>
  );
}
