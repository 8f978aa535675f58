import type { WaitingBudget } from './parked-commands.js';

/**
 * - `connecting`
 * - `ready`
 * - `waiting`: before the next attempt
 * - `closed`: by us, for good
 */
export type BackendState = 'connecting' | 'ready' | 'waiting' | 'closed';

export const LEGAL_TRANSITIONS: Record<BackendState, readonly BackendState[]> = {
  connecting: ['ready', 'waiting', 'closed'],
  ready: ['waiting', 'closed'],
  waiting: ['connecting', 'closed'],
  closed: [],
};

export interface BackendSettings {
  /** How the connections are named at the servers. */
  readonly name: string;
  /** Empty: no AUTH. */
  readonly password: string;
  /** A command not answered within this time ends the connection, and fails. */
  readonly timeoutMs: number;
  readonly pingPeriodMs: number;
  /** How often a server is asked whether it is there, for failover; 0: it is not. */
  readonly heartbeatMs: number;
  /** Unanswered commands beyond which sessions that send here are paused. */
  readonly maxInFlight: number;
  /** How long commands wait for a server that is away; 0: not at all. */
  readonly waitMs: number;
  /** Bounds those that wait; absent: no bound. */
  readonly waitingBudget?: WaitingBudget;
}

/** Whose connection it is. */
export interface BackendUser {
  /** The handshake has succeeded. */
  onReady(): void;
  /** Commands have not been answered in time: true if that proves nothing. */
  mayBeLate(): boolean;
}
