import { z } from 'zod';
import { SLOT_COUNT } from '../slot-hash.js';

const slotId = z
  .number()
  .int()
  .min(0)
  .max(SLOT_COUNT - 1);

/**
 * `P/migrate_tasks/<seq>`: one slot to be moved. First the fields of Codis 2 in its order; those
 * after them are ours, and absent from tasks that an original dashboard has left.
 *
 * A task ends with its node: it is deleted in the step that makes its slot online in `new_group`.
 */
export const migrateTask = z.object({
  slot_id: slotId,
  new_group: z.number().int(),
  /** Milliseconds to wait between keys, from `--delay`. */
  delay: z.number().int().min(0),
  /** Unix seconds as text. */
  create_at: z.string(),
  percent: z.number(),
  /** Of Codis: pending, migrating, finished, error. Ours: held. */
  status: z.string(),
  /** The operator's command that it came from: a node of `P/migrate_jobs`. */
  job: z.string().optional(),
  /** The group that the keys come from. */
  from_group: z.number().int().optional(),
  /** `back`: a move that was cancelled goes back to where it began. */
  direction: z.enum(['forward', 'back']).optional(),
  /**
   * The slot may have keys in both groups whatever its record says: it was on its way the other
   * way round, or still is. In `pre_migrate` its record names only one of them.
   */
  half_moved: z.boolean().optional(),
  /** Why it is not moving, one line; empty if it is, or if nothing has gone wrong. */
  error: z.string().optional(),
});

export type MigrateTask = z.infer<typeof migrateTask>;
