import type { HandshakeStep } from './handshake.js';
import type { LaneOwners } from './lane-owners.js';
import type { WaitingBudget } from './parked-commands.js';
import type { RepeatedReads } from './repeated-reads.js';

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
  /** Which reads are sent once more when a server is lost; absent, or where nothing waits: none. */
  readonly repeats?: RepeatedReads;
  /** Who has connections of his own; absent: nobody. */
  readonly laneOwners?: LaneOwners;
}

/** Whose connection it is. */
export interface BackendUser {
  /** The handshake has succeeded. */
  onReady(): void;
  /** Commands have not been answered in time: true if that proves nothing. */
  mayBeLate(): boolean;
  /** The connection has ended; what was in flight fails after this. */
  onLost?(): void;
  /** A RESP3 push, whole. */
  onPush?(frame: Buffer): void;
  /** More that a new connection says, after the handshake and before any command. */
  greeting?(): readonly HandshakeStep[];
}
