import type { CommandRow } from './command-row.js';

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
 * - `replace`: send these bytes instead, as one request; see Request.skippedReplies
 * - `operate`: have it carried out by the row's operation
 */
export type Decision =
  | Answer
  | { readonly type: 'send'; readonly row: CommandRow; readonly slotId: number }
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
      readonly bytes: Buffer;
      readonly skippedReplies: number;
    }
  | { readonly type: 'operate'; readonly row: CommandRow };
