/**
 * - `connecting`
 * - `ready`
 * - `waiting`: before the next attempt
 * - `closed`: by us, for good
 */
export type BackendState = 'connecting' | 'ready' | 'waiting' | 'closed';

const LEGAL_TRANSITIONS: Record<BackendState, readonly BackendState[]> = {
  connecting: ['ready', 'waiting', 'closed'],
  ready: ['waiting', 'closed'],
  waiting: ['connecting', 'closed'],
  closed: [],
};

/** @throws Error if a connection cannot come from the one state to the other */
export function checkTransition(addr: string, from: BackendState, to: BackendState): void {
  if (!LEGAL_TRANSITIONS[from].includes(to)) {
    throw new Error(`backend ${addr}: ${from} -> ${to} is not legal`);
  }
}
