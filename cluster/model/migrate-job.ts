import { z } from 'zod';

/**
 * What to do with a key so large that its one MIGRATE would stall both servers:
 * - `chunk`: copy it in pieces, while commands that write to it wait
 * - `hold`: leave its slot where it is, and say so
 * - `block`: move it as it is
 */
export const largeKeyPolicy = z.enum(['chunk', 'hold', 'block']);

/** How the keys of a job are moved. */
export const moveOptions = z.object({
  /** Milliseconds to wait between keys; 0: none. */
  delay: z.number().int().min(0).default(0),
  /** 0: no limit. */
  max_keys_per_second: z.number().int().min(0).default(0),
  /** How long one call may keep a server busy, in milliseconds; 0: as its default is. */
  max_stall: z.number().int().min(0).default(0),
  large_keys: largeKeyPolicy.default('chunk'),
});
export type MoveOptions = z.infer<typeof moveOptions>;

/**
 * - `running`: its tasks wait for their turn or are moving
 * - `paused`: by the operator; slots that are half moved stay so, and are served
 * - `cancelling`: by the operator; only slots that are half moved are moved, to one side
 * - `failed`: the tasks that are left have errors, and wait for the operator
 * - `done`, `cancelled`: no task is left
 */
export const jobState = z.enum(['running', 'paused', 'cancelling', 'failed', 'done', 'cancelled']);

/** `P/migrate_jobs/<seq>`, not in Codis: one command of the operator, of one or more tasks. */
export const migrateJob = z.object({
  /** For people: `slots 0-511 to group 2`. */
  what: z.string(),
  state: jobState,
  options: moveOptions,
  /** Slots that it had at the beginning. */
  slots: z.number().int(),
  /** Unix seconds as text; `end_at` is empty until it has ended. */
  create_at: z.string(),
  end_at: z.string(),
  /** How it ended, or what is in its way; one line. */
  message: z.string(),
});
export type MigrateJob = z.infer<typeof migrateJob>;
