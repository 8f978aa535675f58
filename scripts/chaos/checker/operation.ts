import type { Outcome, Times } from './outcome.js';

/** A command that a worker is to send, and what is to be done about its outcome. */
export interface Operation {
  /** Byte strings. */
  readonly args: readonly string[];
  /** Called once, in the order in which the operations of a batch were sent. */
  settle(outcome: Outcome, times: Times): void;
}

/** Keys with a model, used by one worker. */
export interface Subject {
  readonly database: number;
  /**
   * False while an outcome is not known: the command may still come to be executed, so that
   * whatever a read shows may not be the last of it.
   */
  readonly isCertain: boolean;
  /** The reads that find out what is there; for a subject that is not certain. */
  recover(): readonly Operation[];
  /** All operations of a batch have been settled. */
  conclude(): void;
}
