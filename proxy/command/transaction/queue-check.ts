import type { Burst } from './burst.js';

/** The question to a server whether it would queue a command. */
export interface QueueCheck {
  readonly burst: Burst;
  /** It would not. */
  refused(): void;
}
