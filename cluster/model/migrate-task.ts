import { z } from 'zod';
import { SLOT_COUNT } from '../slot-hash.js';

/** `P/migrate_tasks/<seq>`: one slot to be moved. */
export const migrateTask = z.object({
  slot_id: z
    .number()
    .int()
    .min(0)
    .max(SLOT_COUNT - 1),
  new_group: z.number().int(),
  /** Milliseconds to wait between keys, from `--delay`. */
  delay: z.number().int().min(0),
  /** Unix seconds as text. */
  create_at: z.string(),
  percent: z.number(),
  status: z.string(),
});

export type MigrateTask = z.infer<typeof migrateTask>;
