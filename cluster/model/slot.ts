import { z } from 'zod';
import { SLOT_COUNT } from '../slot-hash.js';

/** `P/slots/slot_N`, the record and its key order as Codis 2 writes it. */
export const slotRecord = z.object({
  product_name: z.string(),
  id: z
    .number()
    .int()
    .min(0)
    .max(SLOT_COUNT - 1),
  /** The group that owns the slot, and after `migrate` the group it moves to; -1: none. */
  group_id: z.number().int(),
  state: z.object({
    status: z.enum(['online', 'offline', 'pre_migrate', 'migrate']),
    migrate_status: z.object({
      from: z.number().int(),
      to: z.number().int(),
      /**
       * Of ours, and there only if it is true: the group `from` has failed over since keys began to
       * move. Its new master may have keys again that had been moved: those of the target are newer.
       */
      keep_target: z.literal(true).optional(),
    }),
    last_op_ts: z.string(),
  }),
});

export type SlotRecord = z.infer<typeof slotRecord>;
export type SlotStatus = SlotRecord['state']['status'];

/** No group: the group id of a slot nobody owns, and `from` and `to` of a slot that rests. */
export const NO_GROUP = -1;

/** A slot as `slot init` leaves it: offline, in no group. */
export function initialSlot(product: string, slotId: number): SlotRecord {
  return {
    product_name: product,
    id: slotId,
    group_id: NO_GROUP,
    state: {
      status: 'offline',
      migrate_status: { from: NO_GROUP, to: NO_GROUP },
      last_op_ts: '0',
    },
  };
}
