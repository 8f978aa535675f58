import { z } from 'zod';
import { moveOptions } from '../../cluster/model/migrate-job.js';
import { groupId, largeKeyReply, planReply } from './contract.js';

/**
 * The routes beyond those of Codis 2 (`contract.ts`), for the browser and for scripts. A browser
 * bundle may import this file. Bodies and replies are JSON; errors are those of `contract.ts`: ask
 * with `Accept: application/json` to get a `FailureBody` {error, hint} and a fitting status.
 *
 * 401: not signed in; 403: the role does not allow it, or the CSRF token is missing; 429: too many
 * failed logins, see `Retry-After`; 503: nobody leads at the moment, or the coordinator is away.
 *
 * A browser is signed in by its cookie, and sends {@link CSRF_HEADER} with everything that is not
 * GET, and with the three GET routes of Codis that change something (gc, locks, fences): simply with
 * every request. Scripts send `Authorization: Bearer <token>` instead.
 */
export const WEB_ROUTES = {
  /** Who one is; never refused. */
  getSession: { method: 'GET', path: '/api/session' },
  login: { method: 'POST', path: '/api/session' },
  logout: { method: 'DELETE', path: '/api/session' },

  /** What a change would do, computed before anything is done. */
  plan: { method: 'POST', path: '/api/plan' },

  /** The state that `/ws` begins with. */
  live: { method: 'GET', path: '/api/live' },
  /** Query: `of=total`, `of=proxy:<id>` or `of=server:<addr>`; `range=hour` or `range=day`. */
  history: { method: 'GET', path: '/api/history' },
  /** Query: `server=<addr>` (else all), `limit=<number>` (else 100). */
  slowlog: { method: 'GET', path: '/api/slowlog' },
  /**
   * Keys and bytes by slot and the largest keys of a group's master. Kept for a minute, as it reads
   * through all keys; query: `max_age=<seconds>` wants a newer one (10 at least), or is content with
   * an older one.
   */
  survey: { method: 'GET', path: '/api/survey/:group' },
  slotDetail: { method: 'GET', path: '/api/slot/:slot/detail' },
  /** Query: `limit=<number>` (else 100), `before=<id>`: older than that one. */
  audit: { method: 'GET', path: '/api/audit' },
  openapi: { method: 'GET', path: '/api/openapi.json' },
} as const satisfies Record<string, { method: 'GET' | 'POST' | 'DELETE'; path: string }>;
export type WebRouteName = keyof typeof WEB_ROUTES;

/** The value is `csrf` of {@link sessionReply}; empty while no accounts are set. */
export const CSRF_HEADER = 'x-codis-csrf';

// -- sessions ---------------------------------------------------------------------------------

/** Each may do what those before it may. */
export const role = z.enum(['viewer', 'operator', 'admin']);
export type Role = z.infer<typeof role>;

export const loginBody = z.object({
  name: z.string().min(1).max(100),
  password: z.string().min(1).max(1000),
});

export const sessionReply = z.object({
  /** False: log in. True without accounts, too. */
  signed_in: z.boolean(),
  /** Accounts are set; else whoever reaches the port is `admin`. */
  accounts: z.boolean(),
  /** Empty if not signed in, or without accounts. */
  name: z.string(),
  role: role.nullable(),
  csrf: z.string(),
  product: z.string(),
  version: z.string(),
  /** Something the operator should know, such as that everybody may do everything; or empty. */
  notice: z.string(),
});
export type SessionReply = z.infer<typeof sessionReply>;

// -- plans ------------------------------------------------------------------------------------

const group = groupId;
const slot = z.number().int();
const addr = z.string().min(1);
const range = { from: slot, to: slot };

/** `plan`: every change that the dashboard makes. */
export const changeBody = z.discriminatedUnion('change', [
  z.object({ change: z.literal('add-group'), group }),
  z.object({ change: z.literal('remove-group'), group }),
  z.object({ change: z.literal('add-server'), group, addr, type: z.enum(['master', 'slave']) }),
  z.object({ change: z.literal('remove-server'), group, addr }),
  z.object({ change: z.literal('promote'), group, addr }),

  /** `force`: also if there are slots; they are taken from their groups. */
  z.object({ change: z.literal('init-slots'), force: z.boolean().default(false) }),
  /** Gives slots to a group without moving keys. `group` -1 with `offline`: to none. */
  z.object({
    change: z.literal('set-slots'),
    ...range,
    group: z.number().int(),
    status: z.enum(['online', 'offline']),
    force: z.boolean().default(false),
  }),
  z.object({
    change: z.literal('move-slots'),
    ...range,
    group,
    options: moveOptions.partial().optional(),
  }),
  z.object({
    change: z.literal('rebalance'),
    by: z.enum(['slots', 'keys', 'memory']).default('slots'),
    options: moveOptions.partial().optional(),
  }),
  z.object({
    change: z.literal('drain-group'),
    group,
    options: moveOptions.partial().optional(),
  }),
  /** `direction` is for `cancel`: where half-moved slots go. */
  z.object({
    change: z.literal('control-job'),
    job: z.string().min(1),
    action: z.enum(['pause', 'resume', 'cancel']),
    direction: z.enum(['back', 'forward']).optional(),
  }),

  z.object({
    change: z.literal('set-proxy'),
    id: z.string().min(1),
    state: z.enum(['online', 'offline']),
  }),

  /** One of them: all but the newest `keep`, or those older than `secs` seconds. */
  z.object({
    change: z.literal('gc-actions'),
    keep: z.number().int().min(0).optional(),
    secs: z.number().int().min(0).optional(),
  }),
  z.object({ change: z.literal('remove-locks') }),
  z.object({ change: z.literal('remove-fences') }),
]);
export type ChangeBody = z.infer<typeof changeBody>;
/** As a client writes it: what has a default may be left out. */
export type ChangeRequest = z.input<typeof changeBody>;

export const changePlanReply = z.object({
  /** One line: `promote 10.0.0.2:6379 to master of group 1`. */
  summary: z.string(),
  /** What will happen, in order; one line each. */
  steps: z.array(z.string()),
  /** What could go wrong, and what it costs; one line each. */
  warnings: z.array(z.string()),
  /** How to take it back; empty: there is no way. */
  undo: z.string(),
  /** The change that takes it back, to be planned in turn; null if it is not a single one. */
  undo_change: z.unknown().nullable(),
  /** Slots, keys and bytes that are touched; seconds it will take; null: not counted. */
  slots: z.number(),
  keys: z.number().nullable(),
  bytes: z.number().nullable(),
  seconds: z.number().nullable(),
  /** False: keys and bytes are extrapolated. */
  is_exact: z.boolean(),
  /** Dangerous: to be typed by the operator before it is done. Null: a click is enough. */
  confirm_name: z.string().nullable(),
  /** True: there is nothing to do, do not offer to. */
  is_nothing: z.boolean(),
  /** The role that it takes. */
  role: role,
  /** What carries it out: send exactly this. */
  request: z.object({
    method: z.enum(['GET', 'PUT', 'POST', 'DELETE']),
    path: z.string(),
    body: z.unknown().nullable(),
  }),
  /** Of moves, rebalance and drain: the whole plan, with ranges and the largest keys. */
  moves: planReply.nullable(),
});
export type ChangePlan = z.infer<typeof changePlanReply>;

// -- history ----------------------------------------------------------------------------------

/** The columns of each kind of series, in the order of `historyReply.columns`. */
export const HISTORY_COLUMNS = {
  total: [
    ...['ops', 'errors', 'p50', 'p99', 'p999', 'clients'],
    ...['net_in', 'net_out', 'keys', 'memory', 'hit_rate'],
  ],
  proxy: ['ops', 'errors', 'p50', 'p99', 'p999', 'clients', 'net_in', 'net_out'],
  server: ['ops', 'memory', 'keys', 'hit_rate', 'clients', 'net_in', 'net_out', 'lag_bytes'],
} as const satisfies Record<string, readonly string[]>;

/** `hour`: a point every 2 s; `day`: every 30 s, each the mean of its time (of p99, p999: the worst). */
export const historyReply = z.object({
  of: z.string(),
  range: z.enum(['hour', 'day']),
  step_ms: z.number(),
  /** Time of the first point; the others follow at `step_ms`. The last one is the newest. */
  from: z.number(),
  columns: z.array(z.string()),
  /** One array for each column, all equally long; null: not known. Units as in the live state. */
  values: z.array(z.array(z.number().nullable())),
});
export type HistoryReply = z.infer<typeof historyReply>;

// -- slow log, surveys, slots -------------------------------------------------------------------

export const slowlogEntry = z.object({
  server: z.string(),
  group: z.number(),
  /** Number that the server gave it. */
  id: z.number(),
  at: z.number(),
  microseconds: z.number(),
  /** Command and its first arguments, cut short. */
  command: z.string(),
  client: z.string(),
});
/** Newest first. `silent`: servers that did not answer. */
export const slowlogReply = z.object({
  entries: z.array(slowlogEntry),
  silent: z.array(z.string()),
});
export type SlowlogReply = z.infer<typeof slowlogReply>;

export const surveyReply = z.object({
  group: z.number(),
  server: z.string(),
  at: z.number(),
  /** False: the time was over before all keys were seen; the numbers are extrapolated. */
  is_exact: z.boolean(),
  keys: z.number(),
  bytes: z.number(),
  /** `[slot, keys, bytes]` of slots that are not empty, ascending. */
  slots: z.array(z.tuple([z.number(), z.number(), z.number()])),
  /** The largest keys, largest first. */
  largest: z.array(largeKeyReply),
});
export type SurveyReply = z.infer<typeof surveyReply>;

/** Keys and bytes are those of the newest survey that is there; null if there is none. */
export const slotDetailReply = z.object({
  slot: z.number(),
  group: z.number(),
  status: z.string(),
  /** As in `slotRun`. */
  other: z.number(),
  keys: z.number().nullable(),
  bytes: z.number().nullable(),
  is_exact: z.boolean(),
  surveyed_at: z.number().nullable(),
  /** The move that it is part of; null: none. */
  job: z.string().nullable(),
  /** Why it does not move; or empty. */
  error: z.string(),
});
export type SlotDetailReply = z.infer<typeof slotDetailReply>;

// -- audit --------------------------------------------------------------------------------------

export const auditEntry = z.object({
  id: z.string(),
  at: z.number(),
  /** Account or token; `-` without accounts. */
  who: z.string(),
  role: role.nullable(),
  /** Address that it came from. */
  from: z.string(),
  /** One line: `promote 10.0.0.2:6379 in group 1`. */
  what: z.string(),
  outcome: z.enum(['done', 'refused', 'failed']),
  /** Of one that was not done: why. */
  error: z.string(),
  /** What it was about, as it was before and after: lines of text; empty if that is not known. */
  before: z.string(),
  after: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntry>;
/** Newest first. */
export const auditReply = z.object({ entries: z.array(auditEntry), has_more: z.boolean() });
export type AuditReply = z.infer<typeof auditReply>;
