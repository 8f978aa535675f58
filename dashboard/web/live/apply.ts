import type { LiveState, LiveUpdate } from '../../api/live-contract.js';

/**
 * The state after an update. What has not changed is the same object as before, so whatever shows
 * it is not drawn again. (As `applyUpdate` of the contract, which would bring its schemas along.)
 */
export function withUpdate(state: LiveState, update: LiveUpdate): LiveState {
  const { type: _, proxies, groups, servers, ...whole } = update;
  const next: LiveState = { ...state };
  Object.assign(next, whole);
  if (proxies) next.proxies = patched(state.proxies, proxies);
  if (groups) next.groups = patched(state.groups, groups);
  if (servers) next.servers = patched(state.servers, servers);
  return next;
}

function patched<T>(
  entries: Readonly<Record<string, T>>,
  changes: Readonly<Record<string, T | null>>,
): Record<string, T> {
  const next = { ...entries };
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) delete next[key];
    else next[key] = value;
  }
  return next;
}
