import { z } from 'zod';
import { slotRecord } from '../../cluster/model/slot.js';
import * as contract from './contract.js';
import { ROUTES, type RouteName } from './contract.js';
import { haStatusReply } from './contract-ha.js';
import { liveState } from './live-contract.js';
import * as web from './web-contract.js';
import { type Role, WEB_ROUTES, type WebRouteName } from './web-contract.js';

/** What there is to know of a route, beside method and path. */
export interface RouteInfo {
  /** The least role that may use it; `nobody`: no need to be known. */
  readonly needs: Role | 'nobody';
  /**
   * - `show`: changes nothing
   * - `compute`: changes nothing, and takes a while
   * - `change`: is written down in the audit log, and done by the dashboard that leads
   * - `leader`: changes nothing, but only the dashboard that leads knows all of it
   */
  readonly kind: 'show' | 'compute' | 'change' | 'leader';
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Null: no JSON. */
  readonly reply: z.ZodType | null;
}

const shows = (summary: string, reply: z.ZodType): RouteInfo => ({
  ...{ needs: 'viewer', kind: 'show', summary, reply },
});
const changes = (needs: Role, summary: string, body?: z.ZodType): RouteInfo => ({
  ...{ needs, kind: 'change', summary, reply: contract.okReply },
  ...(body && { body }),
});
const digits = z.string().regex(/^\d+$/);

/** Every route there is. */
export const ROUTE_TABLE: Readonly<Record<RouteName | WebRouteName, RouteInfo>> = {
  listGroups: shows('All groups with their servers', contract.groupsReply),
  getGroup: shows('A group with its servers', contract.groupReply),
  addGroup: changes('operator', 'Makes an empty group', contract.addGroupBody),
  removeGroup: changes('admin', 'Removes a group that has no slots'),
  addServer: changes('operator', 'Adds a server to a group', contract.addServerBody),
  removeServer: changes('operator', 'Takes a server out of its group', contract.serverBody),
  promote: changes('operator', 'Makes a replica the master of its group', contract.serverBody),

  listSlots: shows('All slots', contract.slotsReply),
  listSlotsToo: shows('All slots, by the other name of the route', contract.slotsReply),
  getSlot: shows('A slot', slotRecord),
  initSlots: {
    ...changes('admin', 'Makes all slots, offline and in no group'),
    query: z.object({ is_force: z.string().optional() }),
  },
  setSlots: changes('admin', 'Gives slots to a group, and moves no key', contract.setSlotsBody),
  migrate: changes('operator', 'Moves slots with their keys to a group', contract.migrateBody),
  rebalance: {
    ...changes('operator', 'Moves slots until every group has its share'),
    query: z.object({ delay: digits.optional() }),
  },
  migrateStatus: shows('Slots on the move', contract.migrateStatusReply),
  migrateTasks: shows('What is left to be moved', contract.migrateTasksReply),
  planMoves: {
    ...shows('What would move', contract.planReply),
    ...{ kind: 'compute', needs: 'operator', body: contract.planBody },
  },
  startMoves: {
    ...changes('operator', 'Carries out a plan of moves', contract.startMovesBody),
    reply: contract.startMovesReply,
  },
  listJobs: { ...shows('Moves that there are and were', contract.jobsReply), kind: 'leader' },
  getJob: { ...shows('A move', contract.jobReply), kind: 'leader' },
  controlJob: changes('operator', 'Pauses, resumes or cancels a move', contract.controlJobBody),

  listProxies: shows('All proxies that are registered', contract.proxiesReply),
  setProxyState: changes(
    'operator',
    'Sets a proxy online, or has it drain and end',
    contract.setProxyStateBody,
  ),
  proxyVars: shows('/debug/vars of each proxy', contract.proxyVarsReply),

  overview: shows('Operations a second, and INFO of all masters', contract.overviewReply),
  redisStat: shows('INFO of a server', contract.redisStatReply),
  redisSlotInfo: shows('How many keys of a slot a server has', contract.slotInfoReply),
  groupSlotInfo: shows("How many keys of a slot a group's master has", contract.groupSlotInfoReply),

  gcActions: {
    ...changes('operator', 'Deletes old actions'),
    query: z.object({ keep: digits.optional(), secs: digits.optional() }),
  },
  removeLocks: changes('admin', 'Removes locks that an original Codis has left'),
  removeFences: changes('admin', 'Removes fences of proxies that are not registered'),

  haStatus: {
    ...shows('How masters are seen, what might replace them, what was done', haStatusReply),
    kind: 'leader',
  },
  metrics: {
    ...{ needs: 'viewer', kind: 'show', summary: 'Figures for Prometheus', reply: null },
  },

  health: {
    ...shows('Whether changes can be made', contract.healthReply),
    needs: 'nobody',
  },

  getSession: { ...shows('Who one is', web.sessionReply), needs: 'nobody' },
  login: {
    ...shows('Logs in: sets the cookie', web.sessionReply),
    ...{ kind: 'compute', needs: 'nobody', body: web.loginBody },
  },
  logout: { ...shows('Logs out', web.sessionReply), kind: 'compute', needs: 'nobody' },
  plan: {
    ...shows('What a change would do', web.changePlanReply),
    // Also for those who may not do it: they see what it would be, and who may.
    ...{ kind: 'compute', body: web.changeBody },
  },
  live: shows('All that a browser shows live', liveState),
  history: {
    ...shows('Figures of the last hour or day', web.historyReply),
    query: z.object({ of: z.string(), range: z.enum(['hour', 'day']).optional() }),
  },
  slowlog: {
    ...shows('Slow commands of the servers', web.slowlogReply),
    query: z.object({ server: z.string().optional(), limit: digits.optional() }),
  },
  survey: {
    ...shows('Keys and bytes by slot of a group, and its largest keys', web.surveyReply),
    query: z.object({ max_age: digits.optional() }),
  },
  slotDetail: shows('A slot, its keys and its move', web.slotDetailReply),
  audit: {
    ...shows('Who changed what, and when', web.auditReply),
    query: z.object({ limit: digits.optional(), before: z.string().optional() }),
  },
  openapi: {
    ...shows('This document', z.record(z.string(), z.unknown())),
    needs: 'nobody',
  },
};

/** Method and path of every route. */
export const ALL_ROUTES = { ...ROUTES, ...WEB_ROUTES };
export type AnyRouteName = keyof typeof ALL_ROUTES;
