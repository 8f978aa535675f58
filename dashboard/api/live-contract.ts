import { z } from 'zod';
import { jobReply } from './contract.js';

/**
 * What the dashboard tells a browser over its one WebSocket, `/ws`. A browser bundle may import
 * this file: zod and types, nothing of Node.
 *
 * The server sends a {@link snapshotMessage} first and an {@link updateMessage} about once a second
 * from then on; {@link applyUpdate} makes the next state of the last one. The client sends nothing:
 * what it wants to know or change is asked for over REST (`contract.ts`, `web-contract.ts`). The
 * server pings; a client that reads nothing for a while is closed.
 *
 * Times are Unix milliseconds, sizes bytes, latencies microseconds, rates a second. `null` is "not
 * known", never zero.
 */
export const LIVE_PATH = '/ws';

/** Why the server has closed the socket, beyond the usual codes. */
export const LIVE_CLOSE = {
  /** Sign in (again): the session is over. */
  unauthorized: 4401,
  /** It did not read fast enough; come back at once. */
  tooSlow: 4408,
  /** As many browsers as this dashboard serves; try again later. */
  tooMany: 4429,
  /** The dashboard ends; come back, there will be another one. */
  ending: 1001,
} as const;

// -- what there is ----------------------------------------------------------------------------

/** About the dashboard that one is connected to. */
export const liveDashboard = z.object({
  product: z.string(),
  version: z.string(),
  /** host:port of this dashboard, as others reach it. */
  addr: z.string(),
  started_at: z.number(),
  /** True: changes are made here. False: here they are passed on to the one that leads. */
  leads: z.boolean(),
  /** host:port of the one that leads; null: none at the moment, nothing can be changed. */
  leader: z.string().nullable(),
  /** Where the other dashboards of this product are, as URLs: for when this one is gone. */
  others: z.array(z.string()),
  /** `connected`, else `connecting`, `suspended`, `expired`: then what is shown is old. */
  coordinator: z.string(),
});
export type LiveDashboard = z.infer<typeof liveDashboard>;

export const liveSeverity = z.enum(['critical', 'warning', 'info']);
export type LiveSeverity = z.infer<typeof liveSeverity>;

/** Something is not as it should be. The list is sorted: worst first, then oldest. */
export const liveProblem = z.object({
  /** The same as long as the problem is there. */
  id: z.string(),
  severity: liveSeverity,
  /** What it is about, so that it can be shown there, too; `id`: group, address, proxy, job… */
  subject: z.object({
    kind: z.enum(['group', 'server', 'proxy', 'slots', 'job', 'fence', 'coordinator', 'dashboard']),
    id: z.string(),
  }),
  /** One line: what is wrong. */
  words: z.string(),
  /** One line: what to do. May be empty. */
  todo: z.string(),
  since: z.number(),
});
export type LiveProblem = z.infer<typeof liveProblem>;

/** The whole cluster at a glance. Also a point of its history. */
export const liveTotals = z.object({
  ops: z.number(),
  errors: z.number(),
  /** Of all proxies' commands since the last look; null: there were none. */
  p50: z.number().nullable(),
  p99: z.number().nullable(),
  p999: z.number().nullable(),
  clients: z.number(),
  net_in: z.number(),
  net_out: z.number(),
  /** Of the masters that answer. */
  keys: z.number(),
  memory: z.number(),
  /** 0 to 1; null: no key was looked up. */
  hit_rate: z.number().nullable(),
  /** Sum over masters; null if it is not set at every one. */
  maxmemory: z.number().nullable(),
  slots_online: z.number(),
  /** On their way between two groups. */
  slots_moving: z.number(),
  slots_offline: z.number(),
});
export type LiveTotals = z.infer<typeof liveTotals>;

export const liveProxy = z.object({
  id: z.string(),
  /** Where clients connect. */
  addr: z.string(),
  /** Its `/metrics`, `/debug/vars`, `/healthz`. */
  admin_addr: z.string(),
  pid: z.number(),
  start_at: z.string(),
  /** Its record: `mark_offline` is draining. */
  state: z.enum(['online', 'offline', 'mark_offline']),
  /** Of its admin port. The figures below are null while it is silent. */
  answers: z.boolean(),
  /** Why it does not answer; empty if it does. */
  error: z.string(),
  version: z.string().nullable(),
  uptime_seconds: z.number().nullable(),
  workers: z.number().nullable(),
  clients: z.number().nullable(),
  ops: z.number().nullable(),
  errors: z.number().nullable(),
  p50: z.number().nullable(),
  p99: z.number().nullable(),
  p999: z.number().nullable(),
  net_in: z.number().nullable(),
  net_out: z.number().nullable(),
  memory: z.number().nullable(),
  /** The proxy's own session with the coordinator. */
  coordinator: z.string().nullable(),
  /** Servers that it cannot reach. */
  unreachable: z.array(z.string()),
});
export type LiveProxy = z.infer<typeof liveProxy>;

export const liveServer = z.object({
  addr: z.string(),
  group: z.number(),
  /** Its record. `offline` is a former master: it takes no part until it is added as slave again. */
  type: z.enum(['master', 'slave', 'offline']),
  /** `down`: does not answer; `loading`: reads its data; `syncing`: gets its first copy. */
  state: z.enum(['up', 'down', 'loading', 'syncing']),
  /** Why it is down; empty if it is not. */
  error: z.string(),
  /** What it says it is; null while it is down. */
  role: z.enum(['master', 'replica']).nullable(),
  /** host:port that it follows; null for a master. */
  follows: z.string().nullable(),
  link: z.enum(['up', 'down']).nullable(),
  offset: z.number().nullable(),
  /** Bytes behind its master, and seconds since it has heard from it; null for a master. */
  lag_bytes: z.number().nullable(),
  lag_seconds: z.number().nullable(),
  memory: z.number().nullable(),
  /** 0: no limit. */
  maxmemory: z.number().nullable(),
  keys: z.number().nullable(),
  ops: z.number().nullable(),
  hit_rate: z.number().nullable(),
  evicted: z.number().nullable(),
  clients: z.number().nullable(),
  net_in: z.number().nullable(),
  net_out: z.number().nullable(),
  version: z.string().nullable(),
  /** Version of the slots module; null: not loaded (or down). */
  module: z.string().nullable(),
  uptime_seconds: z.number().nullable(),
});
export type LiveServer = z.infer<typeof liveServer>;

export const liveGroup = z.object({
  id: z.number(),
  /** By the records; null: there is none. */
  master: z.string().nullable(),
  /** Addresses, master first; keys of `servers`. */
  servers: z.array(z.string()),
  /** Slots that are its own, and those on their way from it and to it. */
  slots: z.number(),
  slots_leaving: z.number(),
  slots_coming: z.number(),
  /** Its master's; null while that is down. */
  keys: z.number().nullable(),
  memory: z.number().nullable(),
  ops: z.number().nullable(),
});
export type LiveGroup = z.infer<typeof liveGroup>;

export const slotStatus = z.enum(['online', 'offline', 'pre_migrate', 'migrate']);

/**
 * Neighbouring slots that are alike: `[first, last, group, status, other]`, both ends included.
 * `group`: the one that has them, or, in `migrate`, that gets them; -1: none. `other`: in `migrate`
 * the group that their keys come from, in `pre_migrate` the one they are about to go to (-1: not
 * known), else -1. Ascending; all 1,024 slots, or an empty list before `slot init`.
 */
export const slotRun = z.tuple([z.number(), z.number(), z.number(), slotStatus, z.number()]);
export type SlotRun = z.infer<typeof slotRun>;

/** A move: the record and its progress, as `GET /api/migrate/jobs` has it, and what is stuck. */
export const liveJob = jobReply.extend({
  /** The slots it still has to move, as ranges `[first, last, from_group, to_group]`. */
  left: z.array(z.tuple([z.number(), z.number(), z.number(), z.number()])),
  /** Slots that wait for the operator, a few of them. */
  stuck: z.array(z.object({ slot: z.number(), status: z.string(), error: z.string() })),
});
export type LiveJob = z.infer<typeof liveJob>;

/** Everything that a browser shows live. */
export const liveState = z.object({
  at: z.number(),
  dashboard: liveDashboard,
  problems: z.array(liveProblem),
  totals: liveTotals,
  /** By id. */
  proxies: z.record(z.string(), liveProxy),
  /** By id as text. */
  groups: z.record(z.string(), liveGroup),
  /** By address. */
  servers: z.record(z.string(), liveServer),
  slots: z.array(slotRun),
  /** Newest first: all that are under way, and the last ones that have ended. */
  jobs: z.array(liveJob),
  /** Addresses of proxies that are not registered and may still serve. */
  fences: z.array(z.string()),
});
export type LiveState = z.infer<typeof liveState>;

// -- messages ---------------------------------------------------------------------------------

export const snapshotMessage = z.object({ type: z.literal('snapshot'), state: liveState });

/** Only what has changed. Of the three records each entry by itself; null: it is gone. */
export const updateMessage = z.object({
  type: z.literal('update'),
  at: z.number(),
  dashboard: liveDashboard.optional(),
  problems: z.array(liveProblem).optional(),
  totals: liveTotals.optional(),
  proxies: z.record(z.string(), liveProxy.nullable()).optional(),
  groups: z.record(z.string(), liveGroup.nullable()).optional(),
  servers: z.record(z.string(), liveServer.nullable()).optional(),
  slots: z.array(slotRun).optional(),
  jobs: z.array(liveJob).optional(),
  fences: z.array(z.string()).optional(),
});
export type LiveUpdate = z.infer<typeof updateMessage>;

export const liveMessage = z.discriminatedUnion('type', [snapshotMessage, updateMessage]);
export type LiveMessage = z.infer<typeof liveMessage>;

/** The state after an update. What has not changed is the same object as before. */
export function applyUpdate(state: LiveState, update: LiveUpdate): LiveState {
  const { type: _, proxies, groups, servers, ...whole } = update;
  const next: LiveState = { ...state };
  Object.assign(next, whole);
  if (proxies) next.proxies = patched(state.proxies, proxies);
  if (groups) next.groups = patched(state.groups, groups);
  if (servers) next.servers = patched(state.servers, servers);
  return next;
}

function patched<T>(
  entries: Readonly<Record<string, T>>,
  changes: Readonly<Record<string, T | null>>,
): Record<string, T> {
  const next = { ...entries };
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) delete next[key];
    else next[key] = value;
  }
  return next;
}
