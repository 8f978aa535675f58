import { z } from 'zod';

/**
 * `P/large_keys/slot_N`, of ours, while the slot is in `migrate`: its keys that are copied to the
 * target in pieces, because one MIGRATE would stop both servers for too long.
 *
 * - `copying`: nobody writes to the key; it is read at the source
 * - `switching`: nobody touches it
 *
 * A key that is not in the list is moved like any other.
 */
export const largeKeys = z.array(
  z.object({
    /** Number of the database. */
    db: z.number().int().min(0),
    /** The key's bytes in base64. */
    key: z.string(),
    phase: z.enum(['copying', 'switching']),
  }),
);

export type LargeKeyRecord = z.infer<typeof largeKeys>[number];
