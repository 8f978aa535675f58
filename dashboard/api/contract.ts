import { z } from 'zod';
import { type GroupRecord, serverRecord, serverType } from '../../cluster/model/group.js';
import { migrateJob, moveOptions } from '../../cluster/model/migrate-job.js';
import { migrateTask } from '../../cluster/model/migrate-task.js';
import { proxyRecord } from '../../cluster/model/proxy.js';
import { slotRecord } from '../../cluster/model/slot.js';

/**
 * The dashboard's REST API, route for route that of Codis 2. A body may be a whole record: fields
 * that are not named here are ignored, as tools post back what they were given.
 *
 * Success is a JSON body with status 200; changes answer {@link OK}. An error is one line of plain
 * text with status 500, as in Codis, or, where the client accepts `application/json`, a
 * {@link FailureBody} with a fitting 4xx or 5xx status.
 */
export const ROUTES = {
  listGroups: { method: 'GET', path: '/api/server_groups' },
  addGroup: { method: 'PUT', path: '/api/server_groups' },
  getGroup: { method: 'GET', path: '/api/server_group/:group' },
  removeGroup: { method: 'DELETE', path: '/api/server_group/:group' },
  addServer: { method: 'PUT', path: '/api/server_group/:group/addServer' },
  removeServer: { method: 'PUT', path: '/api/server_group/:group/removeServer' },
  promote: { method: 'POST', path: '/api/server_group/:group/promote' },

  listSlots: { method: 'GET', path: '/api/slots' },
  /** The same as `listSlots`, under its other name. */
  listSlotsToo: { method: 'GET', path: '/api/slot/list' },
  getSlot: { method: 'GET', path: '/api/slot/:slot' },
  /** Query: `is_force=1` resets slots that exist. */
  initSlots: { method: 'POST', path: '/api/slots/init' },
  setSlots: { method: 'POST', path: '/api/slot' },
  migrate: { method: 'POST', path: '/api/migrate' },
  /** Query: `delay=<ms>`. By slots, and started at once, as in Codis. */
  rebalance: { method: 'POST', path: '/api/rebalance' },
  migrateStatus: { method: 'GET', path: '/api/migrate/status' },
  migrateTasks: { method: 'GET', path: '/api/migrate/tasks' },
  /** Not in Codis, as are the next four: what would move, computed before anything does. */
  planMoves: { method: 'POST', path: '/api/migrate/plan' },
  startMoves: { method: 'POST', path: '/api/migrate/jobs' },
  listJobs: { method: 'GET', path: '/api/migrate/jobs' },
  getJob: { method: 'GET', path: '/api/migrate/jobs/:job' },
  controlJob: { method: 'POST', path: '/api/migrate/jobs/:job' },

  listProxies: { method: 'GET', path: '/api/proxy/list' },
  setProxyState: { method: 'POST', path: '/api/proxy' },
  proxyVars: { method: 'GET', path: '/api/proxy/debug/vars' },

  overview: { method: 'GET', path: '/api/overview' },
  redisStat: { method: 'GET', path: '/api/redis/:addr/stat' },
  redisSlotInfo: { method: 'GET', path: '/api/redis/:addr/:slot/slotinfo' },
  groupSlotInfo: { method: 'GET', path: '/api/redis/group/:group/:slot/slotinfo' },

  /** Query: `keep=<number>` or `secs=<seconds>`. */
  gcActions: { method: 'GET', path: '/api/action/gc' },
  removeLocks: { method: 'GET', path: '/api/force_remove_locks' },
  removeFences: { method: 'GET', path: '/api/remove_fence' },

  health: { method: 'GET', path: '/healthz' },
  /** Not in Codis: what is known of masters and their replicas, and what was done about it. */
  haStatus: { method: 'GET', path: '/api/ha' },
  /** Not in Codis: figures for Prometheus. */
  metrics: { method: 'GET', path: '/metrics' },
} as const satisfies Record<string, Route>;

export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** `:name` stands for one part of the path, percent-encoded. */
  readonly path: string;
}
export type RouteName = keyof typeof ROUTES;

// -- request bodies -------------------------------------------------------------------------

/** Group ids start at 1: 0 and -1 mean "no group" in Codis's records and tools. */
export const groupId = z
  .number()
  .int()
  .min(1)
  .max(2 ** 31 - 1);

export const addGroupBody = z.object({ id: groupId });

/** `addServer`; the group is that of the path. `type`: master or slave. */
export const addServerBody = z.object({ addr: z.string().min(1), type: serverType });

/** `removeServer` and `promote`. */
export const serverBody = z.object({ addr: z.string().min(1) });

/**
 * `setSlots`: slots `from` to `to` inclusive; `status` is online or offline. `force`: also if the
 * group that has a slot now holds keys of it, which stay there and are not found any more.
 */
export const setSlotsBody = z.object({
  from: z.number().int(),
  to: z.number().int(),
  new_group: z.number().int(),
  status: z.string(),
  force: z.boolean().optional(),
});
export type SetSlotsBody = z.infer<typeof setSlotsBody>;

/** `delay`: milliseconds to wait between keys. */
export const migrateBody = z.object({
  from: z.number().int(),
  to: z.number().int(),
  new_group: z.number().int(),
  delay: z.number().int().min(0).default(0),
});
export type MigrateBody = z.infer<typeof migrateBody>;

/** `planMoves` */
export const planBody = z
  .discriminatedUnion('kind', [
    /** Slots `from` to `to` inclusive to one group. */
    z.object({
      kind: z.literal('move'),
      from: z.number().int(),
      to: z.number().int(),
      new_group: z.number().int(),
    }),
    /** Slots until every group has its share, by its weight: its `maxmemory` where that is set. */
    z.object({ kind: z.literal('rebalance'), by: z.enum(['slots', 'keys', 'memory']) }),
    /** All slots of a group to the others. */
    z.object({ kind: z.literal('drain'), group: z.number().int() }),
  ])
  .and(z.object({ options: moveOptions.optional() }));
export type PlanBody = z.infer<typeof planBody>;

/** Slots on their way from one group to another: ranges of numbers, both ends included. */
export const plannedMove = z.object({
  from_group: z.number().int(),
  to_group: z.number().int(),
  slots: z.array(z.tuple([z.number().int(), z.number().int()])),
});
export type PlannedMove = z.infer<typeof plannedMove>;

/** `startMoves`: what a plan says. */
export const startMovesBody = z.object({
  what: z.string().min(1).max(200),
  moves: z.array(plannedMove),
  options: moveOptions.optional(),
});
export type StartMovesBody = z.infer<typeof startMovesBody>;

/** `controlJob`; `direction` is for `cancel` where slots are half moved. */
export const controlJobBody = z.object({
  action: z.enum(['pause', 'resume', 'cancel']),
  direction: z.enum(['back', 'forward']).optional(),
});
export type ControlJobBody = z.infer<typeof controlJobBody>;

/** `setProxyState`; `state` is `online`, or `offline` (also `mark_offline`): drain and exit. */
export const setProxyStateBody = z.object({ id: z.string().min(1), state: z.string() });

// -- replies --------------------------------------------------------------------------------

export const okReply = z.object({ msg: z.string(), ret: z.number() });
export type OkReply = z.infer<typeof okReply>;
/** The answer to every change that was made. */
export const OK: OkReply = { msg: 'OK', ret: 0 };

export const groupReply: z.ZodType<GroupRecord> = z.object({
  id: z.number().int(),
  product_name: z.string(),
  servers: z.array(serverRecord).nullable(),
});
export const groupsReply = z.array(groupReply);
export const slotsReply = z.array(slotRecord);
export const proxiesReply = z.array(proxyRecord);

/** The fields of a Redis server's INFO, all of them text. */
export const redisStatReply = z.record(z.string(), z.string());
export type RedisStat = z.infer<typeof redisStatReply>;

export const overviewReply = z.object({
  /** Commands a second through all proxies since the last request; 0 at the first. */
  ops: z.number(),
  product: z.string(),
  /** INFO of every master that answers. */
  redis_infos: z.array(redisStatReply),
});
export type OverviewReply = z.infer<typeof overviewReply>;

export const slotInfoReply = z.object({ keys: z.number(), slot_id: z.number() });
export type SlotInfoReply = z.infer<typeof slotInfoReply>;

export const groupSlotInfoReply = z.object({
  addr: z.string(),
  group_id: z.number(),
  keys: z.number(),
  slot_id: z.number(),
});
export type GroupSlotInfoReply = z.infer<typeof groupSlotInfoReply>;

export const migrateTasksReply = z.array(migrateTask);
export const migrateStatusReply = z.object({
  migrate_slots: z.array(slotRecord),
  migrate_task: migrateTask.nullable(),
});
export type MigrateStatusReply = z.infer<typeof migrateStatusReply>;

export const largeKeyReply = z.object({
  slot_id: z.number(),
  group_id: z.number(),
  database: z.number(),
  /** As people write it: bytes that are no text as `\\x00`; long ones are cut short. */
  key: z.string(),
  bytes: z.number(),
  /** For so many milliseconds neither server would do anything else. */
  stall_ms: z.number(),
});
export type LargeKeyReply = z.infer<typeof largeKeyReply>;

/** What would move. Numbers of keys and bytes are estimates if `is_exact` is false. */
export const planReply = z.object({
  what: z.string(),
  moves: z.array(plannedMove),
  slots: z.number(),
  keys: z.number(),
  bytes: z.number(),
  is_exact: z.boolean(),
  seconds: z.number(),
  /** The largest, whatever their size. */
  largest_keys: z.array(largeKeyReply),
  /** Those that `large_keys` is about. */
  large_keys: z.array(largeKeyReply),
  options: moveOptions,
  /** Lines for the operator. */
  notes: z.array(z.string()),
});
export type PlanReply = z.infer<typeof planReply>;

/** `job` is null if there was nothing to be moved. */
export const startMovesReply = z.object({ job: z.string().nullable() });

/** A job: its record, and how far it has come. */
export const jobReply = migrateJob.extend({
  id: z.string(),
  slots_left: z.number(),
  /** Of those left: half moved. */
  slots_moving: z.number(),
  /** Of those left: waiting for the operator's word, with an error or for a large key. */
  slots_stopped: z.number(),
  /** Moved since the dashboard started, and to be moved, as far as counted. */
  keys_moved: z.number(),
  keys_total: z.number(),
  keys_per_second: z.number(),
  seconds_left: z.number().nullable(),
  current_slot: z.number().nullable(),
  /** The newest error of a task that is left, or empty. */
  last_error: z.string(),
});
export type JobReply = z.infer<typeof jobReply>;
export const jobsReply = z.array(jobReply);

/** `/debug/vars` of each proxy by proxy id; null for one that does not answer. */
export const proxyVarsReply = z.record(z.string(), z.unknown());
export type ProxyVarsReply = z.infer<typeof proxyVarsReply>;

/**
 * `lease`: whether this dashboard leads (`held`) or stands by (`standby`); `coordinator`: the state
 * of its session. Status 200 if changes can be made, here or by the one that leads, else 503.
 */
export const healthReply = z.object({ lease: z.string(), coordinator: z.string() });
export type HealthReply = z.infer<typeof healthReply>;

/** The body of an error for clients that accept `application/json`. */
export const failureBody = z.object({ error: z.string(), hint: z.string() });
export type FailureBody = z.infer<typeof failureBody>;
