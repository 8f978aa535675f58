import type { CommandRow } from './command-row.js';
import type { KnownScript } from './script/known-scripts.js';
import type { Burst } from './transaction/burst.js';
import type { QueueCheck } from './transaction/queue-check.js';

/** The command is answered by the proxy; `row` is null if there is no such command. */
export interface Answer {
  readonly type: 'answer';
  readonly row: CommandRow | null;
  readonly reply: Buffer;
}

/**
 * What to do with a command:
 * - `answer`: give this reply
 * - `send`: untouched to the owner of the slot
 * - `split`: by the slots of its keys, which stand at every `stride`th argument from the first on;
 *   `slotId` is the first key's
 * - `replace`: send this burst instead, as one request
 * - `ask-queueing`: to be queued in a transaction, if the server says so
 * - `call-script`: as `send`; the command calls this script by its sha
 * - `call-function`: as `send`; the command calls a function, which the server may lack
 * - `publish`: as `send`; the reply is to count the clients of this proxy one by one
 * - `operate`: have it carried out by the row's operation
 */
export type Decision =
  | Answer
  | { readonly type: 'send'; readonly row: CommandRow; readonly slotId: number }
  | { readonly type: 'call-function'; readonly row: CommandRow; readonly slotId: number }
  | { readonly type: 'publish'; readonly row: CommandRow; readonly slotId: number }
  | {
      readonly type: 'split';
      readonly row: CommandRow;
      readonly slotId: number;
      readonly stride: number;
    }
  | {
      readonly type: 'replace';
      readonly row: CommandRow;
      readonly slotId: number;
      readonly burst: Burst;
    }
  | {
      readonly type: 'ask-queueing';
      readonly row: CommandRow;
      readonly slotId: number;
      readonly check: QueueCheck;
    }
  | {
      readonly type: 'call-script';
      readonly row: CommandRow;
      readonly slotId: number;
      readonly script: KnownScript;
    }
  | { readonly type: 'operate'; readonly row: CommandRow };
