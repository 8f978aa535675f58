import { byteRate, latency, short, whole } from '../format.js';
import { proxies } from '../live/state.js';
import { ProxyState } from '../parts/proxy-state.js';
import { ScrollTable } from '../parts/scroll-table.js';
import { linkTo } from '../router.js';

/** What each proxy does at the moment. */
export function ProxyFigures() {
  if (proxies.value.length === 0) return null;
  return (
    <section class="card" aria-label="Proxies now">
      <div class="card-head">
        <h2>Proxies</h2>
        <a class="spread small" href={linkTo('proxies')}>
          All proxies
        </a>
      </div>
      <ScrollTable
        isCapped
        label="Proxies"
        head={
          <>
            <th>Proxy</th>
            <th>State</th>
            <th class="number">Ops/s</th>
            <th class="number">Errors/s</th>
            <th class="number">p50</th>
            <th class="number">p99</th>
            <th class="number">p99.9</th>
            <th class="number">Clients</th>
            <th class="number">In</th>
            <th class="number">Out</th>
          </>
        }
      >
        {proxies.value.map((proxy) => (
          <tr key={proxy.id} class={proxy.answers ? '' : 'is-bad'}>
            <td class="nowrap">
              <strong>{proxy.id}</strong>
            </td>
            <td>
              <ProxyState proxy={proxy} />
            </td>
            <td class="number">{short(proxy.ops)}</td>
            <td class={proxy.errors ? 'number bad' : 'number'}>{short(proxy.errors)}</td>
            <td class="number">{latency(proxy.p50)}</td>
            <td class="number">{latency(proxy.p99)}</td>
            <td class="number">{latency(proxy.p999)}</td>
            <td class="number">{whole(proxy.clients)}</td>
            <td class="number">{byteRate(proxy.net_in)}</td>
            <td class="number">{byteRate(proxy.net_out)}</td>
          </tr>
        ))}
      </ScrollTable>
    </section>
  );
}
