import { z } from 'zod';

/** The answer of `haStatus`. Names as everywhere in the API; times are Unix milliseconds. */
export const haStatusReply = z.object({
  /** `ha` of the dashboard's config. */
  mode: z.enum(['on', 'off', 'observe']),
  /** True while this dashboard watches: it leads, and the mode is not `off`. */
  watching: z.boolean(),
  down_after_ms: z.number(),
  min_interval_ms: z.number(),
  min_replicas_to_write: z.number(),
  /** Who watches: the dashboard and the online proxies. `error` is empty for one that reports. */
  observers: z.array(z.object({ id: z.string(), error: z.string() })),
  groups: z.array(
    z.object({
      group_id: z.number(),
      /** Null: it has none. */
      master: z.string().nullable(),
      health: z.enum(['healthy', 'suspect', 'down']),
      /** Observers that miss the master for `down_after_ms` and more, and how many it takes. */
      against: z.array(z.string()),
      needed: z.number(),
      /** By observer: for how many milliseconds the master has owed an answer; null: not told. */
      silent_ms: z.record(z.string(), z.number().nullable()),
      /** Bytes of the replication stream; null: it does not answer. */
      offset: z.number().nullable(),
      replicas: z.array(
        z.object({
          addr: z.string(),
          /** Null: it does not answer. */
          offset: z.number().nullable(),
          /** Bytes behind the master; null: one of the two does not answer. */
          lag_bytes: z.number().nullable(),
          /** Why it would not be made the master; empty: it might. */
          refusal: z.string(),
        }),
      ),
      last_failover: z.number().nullable(),
      /** Former masters that are to become replicas when they are there, or have caught up. */
      former_masters: z.array(z.object({ addr: z.string(), since: z.number() })),
    }),
  ),
  /** The newest first. */
  events: z.array(
    z.object({
      at: z.number(),
      group_id: z.number(),
      event: z.string(),
      words: z.string(),
      evidence: z.record(z.string(), z.unknown()),
    }),
  ),
});
export type HaStatusReply = z.infer<typeof haStatusReply>;
