import { z } from 'zod';

/** `P/proxy/<id>`, ephemeral; key order as Codis 2 writes it. */
export const proxyRecord = z.object({
  id: z.string().min(1),
  /** Where clients connect: host:port, also the name of the proxy's fence. */
  addr: z.string(),
  last_event: z.string(),
  last_event_ts: z.number(),
  state: z.enum(['online', 'offline', 'mark_offline']),
  description: z.string(),
  /** Where `/debug/vars`, `/metrics` and `/healthz` are served: host:port. */
  debug_var_addr: z.string(),
  pid: z.number().int(),
  /** Together with id and pid, what tells one life of a proxy from the next. */
  start_at: z.string(),
});

export type ProxyRecord = z.infer<typeof proxyRecord>;
export type ProxyState = ProxyRecord['state'];

/** True if both records are of the same life of the same proxy: id, pid and start_at are equal. */
export function isSameProxy(one: ProxyRecord, other: ProxyRecord): boolean {
  return one.id === other.id && one.pid === other.pid && one.start_at === other.start_at;
}

const CONNECTION_PREFIX = 'codis-proxy-';

/** True for what {@link connectionName} gives. */
export function isConnectionName(name: string): boolean {
  return name.startsWith(CONNECTION_PREFIX);
}

/**
 * How a proxy names its connections to Redis servers: by this, what is left at a server of a proxy
 * that died can be told from what belongs to a living one.
 *
 * @param pid as in the proxy's record
 */
export function connectionName(proxyId: string, pid: number): string {
  // CLIENT SETNAME takes no spaces nor anything that is not printable ASCII.
  return `${CONNECTION_PREFIX}${proxyId.replaceAll(/[^!-~]/g, '_')}-${pid}`;
}
