import type { AdminSource } from './admin-source.js';

/**
 * `/debug/servers`: what the dashboard counts as this proxy's voice when it decides whether a master
 * is down. A server that one worker reaches is reached.
 */
export function debugServers(source: AdminSource): object {
  const { record } = source.topology();
  const servers = source.dataPlane().backends.map(({ addr, state, silentMs, lastError }) => {
    const silent = silentMs === null ? null : Math.round(silentMs);
    return [addr, { state, silent_ms: silent, last_error: lastError }] as const;
  });
  return {
    id: record.id,
    pid: record.pid,
    start_at: record.start_at,
    servers: Object.fromEntries(servers),
  };
}
