import { createHash } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { hostname, networkInterfaces } from 'node:os';
import { type Address, formatAddress, parseAddress } from '../../base/address.js';
import { withDeadline } from '../../base/deadline.js';
import type { ProxyRecord } from '../../cluster/model/proxy.js';

const LOOKUP_TIMEOUT_MS = 2_000;
const EVERY_INTERFACE = new Set(['', '0.0.0.0', '::']);

/** The record of a life of a proxy that begins now: offline until the dashboard says otherwise. */
export function newProxyRecord(
  id: string,
  addr: string,
  debugVarAddr: string,
  startAt: Date,
): ProxyRecord {
  return {
    id,
    addr,
    last_event: '',
    last_event_ts: 0,
    state: 'offline',
    description: '',
    debug_var_addr: debugVarAddr,
    pid: process.pid,
    start_at: goTime(startAt),
  };
}

/** As Codis 2 writes times: `2026-11-20 05:02:16.234 +0000 UTC`. */
function goTime(time: Date): string {
  return time.toISOString().replace('T', ' ').replace('Z', ' +0000 UTC');
}

/** What Codis 3 calls the token: 32 hexadecimal digits, different for every life of a proxy. */
export function jodisToken(product: string, record: ProxyRecord): string {
  return createHash('md5')
    .update([product, record.id, record.addr, record.pid, record.start_at].join('\n'))
    .digest('hex');
}

/** The record that Jodis clients of Codis 3 read. */
export function jodisRecord(product: string, record: ProxyRecord): string {
  return JSON.stringify({
    addr: record.addr,
    admin: record.debug_var_addr,
    start: record.start_at,
    token: jodisToken(product, record),
    state: record.state,
  });
}

/**
 * Where others reach a socket bound to `bound`.
 *
 * @param advertised the operator's word: host, host:port, or empty for none.
 * @returns host:port; for a socket bound to every interface and no word of the operator, with the
 * host name if it resolves to something else than this machine's loopback, else with the first
 * IPv4 address of a network.
 * @throws OperatorError if `advertised` is neither.
 */
export async function advertisedAddress(bound: Address, advertised: string): Promise<string> {
  if (advertised !== '') {
    const hasPort = /^(\[.*\]|[^:[]*):/.test(advertised);
    const text = hasPort ? advertised : `${advertised}:${bound.port}`;
    const given = parseAddress(text, 'advertise_addr');
    return formatAddress(given);
  }
  if (!EVERY_INTERFACE.has(bound.host)) return formatAddress(bound);
  return formatAddress({ host: await reachableHost(), port: bound.port });
}

async function reachableHost(): Promise<string> {
  const name = hostname();
  try {
    const found = await withDeadline(lookup(name), LOOKUP_TIMEOUT_MS, 'the name service');
    // Debian maps a machine's name to 127.0.1.1: of no use to others.
    if (!/^127\.|^::1$/.test(found.address)) return name;
  } catch {
    // A name that does not resolve here does not resolve elsewhere: an address will do.
  }
  const external = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find((address) => address.family === 'IPv4' && !address.internal);
  return external?.address ?? '127.0.0.1';
}
