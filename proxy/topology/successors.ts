import { parseAddress } from '../../base/address.js';
import type { ProxyRecord } from '../../cluster/model/proxy.js';

/**
 * Where clients of a proxy that goes may go: proxies at the same port of other hosts, or else at
 * other ports of the same host. redis-py takes over the host alone of what it is told, so another
 * port on another host would send it astray.
 *
 * @param addr host:port of the proxy that goes
 */
export function successorsOf(addr: string, online: readonly ProxyRecord[]): readonly string[] {
  const { host, port } = parseAddress(addr, 'proxy');
  const others = online
    .filter((each) => each.addr !== addr)
    .map((each) => ({ addr: each.addr, ...parseAddress(each.addr, 'proxy') }));
  const atSamePort = others.filter((each) => each.port === port);
  const chosen = atSamePort.length > 0 ? atSamePort : others.filter((each) => each.host === host);
  return chosen.map((each) => each.addr);
}
