import type { HaStatusReply } from '../../api/contract-ha.js';
import type {
  AuditReply,
  ChangePlan,
  ChangeRequest,
  HistoryReply,
  SessionReply,
  SlotDetailReply,
  SlowlogReply,
  SurveyReply,
} from '../../api/web-contract.js';
import { request } from './request.js';

/** The routes of `web-contract.ts` that the pages use. All throw RequestError. */
export const calls = {
  session: () => request<SessionReply>({ method: 'GET', path: '/api/session' }),
  login: (name: string, password: string) =>
    request<SessionReply>({ method: 'POST', path: '/api/session', body: { name, password } }),
  logout: () => request<unknown>({ method: 'DELETE', path: '/api/session' }),

  plan: (change: ChangeRequest) =>
    request<ChangePlan>({ method: 'POST', path: '/api/plan', body: change }),
  /** Does what a plan says. */
  carryOut: (plan: ChangePlan) => request<unknown>(plan.request),

  history: (of: string, range: HistoryReply['range']) =>
    request<HistoryReply>({
      method: 'GET',
      path: `/api/history?${new URLSearchParams({ of, range })}`,
    }),
  /** How masters are seen, and what was done when they failed. */
  haStatus: () => request<HaStatusReply>({ method: 'GET', path: '/api/ha' }),
  slowlog: (limit: number) =>
    request<SlowlogReply>({ method: 'GET', path: `/api/slowlog?limit=${limit}` }),
  /** @param maxAgeSeconds the keys are read through again only if the last survey is older */
  survey: (group: number, maxAgeSeconds: number) =>
    request<SurveyReply>({
      method: 'GET',
      path: `/api/survey/${group}?max_age=${maxAgeSeconds}`,
    }),
  slotDetail: (slot: number) =>
    request<SlotDetailReply>({ method: 'GET', path: `/api/slot/${slot}/detail` }),
  audit: (limit: number, before: string | null) =>
    request<AuditReply>({
      method: 'GET',
      path: `/api/audit?limit=${limit}${before === null ? '' : `&before=${encodeURIComponent(before)}`}`,
    }),
};
