import type { AdminSource } from './admin-source.js';

export interface Health {
  /** True if clients are well served here: also while the coordinator is lost. */
  readonly healthy: boolean;
  readonly body: {
    status: 'ok' | 'unavailable';
    /** id, pid and start_at tell who answers: a proxy that finds its id taken asks here. */
    id: string;
    pid: number;
    start_at: string;
    addr: string;
    state: string;
    coordinator: string;
    table_loaded_at: string | null;
    /** What is not as it should be, a line each; also when `status` is ok. */
    reasons: string[];
  };
}

export function health(source: AdminSource): Health {
  const { state, coordinator, record, tableLoadedAt, lastFailure } = source.topology();
  const healthy = state === 'online';
  const loadedAt = tableLoadedAt?.toISOString() ?? null;
  const reasons: string[] = [];
  if (!healthy) reasons.push(`the proxy is ${state}: it accepts no clients`);
  if (coordinator !== 'connected') {
    const serving = healthy ? `: serving by the table of ${loadedAt}` : '';
    reasons.push(`the coordinator is ${coordinator}${serving}`);
  }
  if (!loadedAt) reasons.push('the slot table is not loaded yet');
  if (lastFailure !== '') reasons.push(`following the tree failed: ${lastFailure}`);
  return {
    healthy,
    body: {
      status: healthy ? 'ok' : 'unavailable',
      id: record.id,
      pid: record.pid,
      start_at: record.start_at,
      addr: record.addr,
      state,
      coordinator,
      table_loaded_at: loadedAt,
      reasons,
    },
  };
}
