/**
 * Where a proxy is in its life.
 *
 * - `starting`: the coordinator is not there yet, the table not loaded, or our node not made
 * - `offline`: registered, table loaded, no clients accepted
 * - `online`: clients are served; also while the coordinator is lost
 * - `draining`: no new clients; those there get the replies to what they have sent
 * - `stopped`: node and fence are gone, for good
 */
export type TopologyState = 'starting' | 'offline' | 'online' | 'draining' | 'stopped';

export const TOPOLOGY_STATES: readonly TopologyState[] = [
  'starting',
  'offline',
  'online',
  'draining',
  'stopped',
];

const TRANSITIONS: Record<TopologyState, readonly TopologyState[]> = {
  starting: ['offline', 'draining'],
  offline: ['online', 'draining'],
  online: ['draining'],
  // Back to offline when the operator set the proxy offline, and may set it online again.
  draining: ['offline', 'stopped'],
  stopped: [],
};

/** @throws Error if the table of legal transitions does not have this one: a fault of ours. */
export function assertTransition(from: TopologyState, to: TopologyState): void {
  if (!TRANSITIONS[from].includes(to)) {
    throw new Error(`topology: ${from} must not become ${to}`);
  }
}
