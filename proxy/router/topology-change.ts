import type { SlotStatus } from '../../cluster/model/slot.js';

/** What the router must know of a slot. Plain data: it is also sent to worker processes. */
export interface SlotRoute {
  readonly slotId: number;
  readonly status: SlotStatus;
  /** The owner, and during `migrate` the group the slot moves to; -1: none. */
  readonly groupId: number;
  /** During `migrate` the group the keys come from; else -1. */
  readonly migrateFrom: number;
  /** During `migrate`: the source has failed over since, so what the target has is not replaced. */
  readonly keepsTarget?: boolean;
  /** During `migrate` the keys that are copied in pieces; see cluster/model/large-key.ts. */
  readonly largeKeys?: readonly LargeKeyRoute[];
}

export interface LargeKeyRoute {
  readonly database: number;
  /** A byte string: one character a byte. */
  readonly key: string;
  readonly phase: 'copying' | 'switching';
}

/** What the router must know of a group. */
export interface GroupRoute {
  readonly groupId: number;
  /** host:port, or null if the group has no master or was removed. */
  readonly master: string | null;
  readonly replicas: readonly string[];
}

/** Slots and groups that are new or different; those not named stay as they are. */
export interface TopologyChange {
  readonly slots: readonly SlotRoute[];
  readonly groups: readonly GroupRoute[];
  /** All groups whose commands are to be held back; absent: those of before. */
  readonly gates?: readonly number[];
  /** The number of the action that announced it, or of the last one before the table was loaded. */
  readonly seq?: number;
  /** The whole table has been loaded: changes before may have been missed. */
  readonly isWhole?: boolean;
}

/** Who takes changes: the router of one worker, or the primary on behalf of all workers. */
export interface TopologySink {
  /**
   * Takes the change over. Calls are applied in the order made.
   *
   * @returns resolves when the change may be acknowledged: every command sent under the old table
   * to a server that is no longer its slot's has been answered or has failed, and none will be
   * sent any more.
   * @throws DeadlineError if that cannot be said of a server that is frozen; the change has been
   * applied all the same, and applying it again waits again.
   */
  apply(change: TopologyChange): Promise<void>;
}
