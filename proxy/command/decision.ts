import type { CommandRow } from './command-row.js';

/**
 * What to do with a command:
 * - `answer`: give this reply; `row` is null if there is no such command
 * - `send`: untouched to the owner of the slot
 * - `split`: by the slots of its keys, which stand at every `stride`th argument from the first on;
 *   `slotId` is the first key's
 * - `replace`: send these bytes instead, as one request; see Request.skippedReplies
 * - `operate`: have it carried out by the row's operation
 */
export type Decision =
  | { readonly type: 'answer'; readonly row: CommandRow | null; readonly reply: Buffer }
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
