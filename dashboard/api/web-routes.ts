import type { Context } from 'koa';
import { VERSION } from '../../base/version.js';
import type { Access } from '../access/access.js';
import { AccessError } from '../access/errors.js';
import { identityOf } from '../access/guard.js';
import type { Identity } from '../access/identity.js';
import type { AuditLog } from '../audit/audit-log.js';
import { InvalidInputError, NotFoundError, UnavailableError } from '../errors.js';
import type { Collector } from '../live/collector.js';
import type { History } from '../live/history/history.js';
import type { Planning } from '../planning/planning.js';
import type { SlowLog } from '../service/slow-log.js';
import type { Surveys } from '../service/surveys.js';
import { senderOf } from './forward.js';
import { readBody, replyJson, wholeNumber } from './http.js';
import { openApiDocument } from './openapi.js';
import type { Handler } from './router.js';
import * as web from './web-contract.js';

const USUAL_LIMIT = 100;
const MAX_LIMIT = 1_000;
const USUAL_SURVEY_AGE_S = 60;

export interface WebSettings {
  readonly product: string;
  readonly access: Access;
  readonly collector: Collector;
  readonly history: History;
  readonly planning: Planning;
  readonly slowLog: SlowLog;
  readonly surveys: Surveys;
  readonly audit: AuditLog;
  /** What whoever logs in should know; or empty. */
  readonly notice: string;
  readonly logFailedLogin: (name: string, from: string, reason: string) => void;
}

/** What the routes beyond those of Codis 2 do. */
export function webHandlers(settings: WebSettings): Record<web.WebRouteName, Handler> {
  const { access, collector, history, planning, slowLog, surveys, audit, product } = settings;
  const document = openApiDocument(product);
  return {
    getSession: async (ctx) => replyJson(ctx, sessionOf(settings, identityOf(ctx))),
    login: (ctx) => login(ctx, settings),
    logout: async (ctx) => {
      ctx.set('set-cookie', access.logout(ctx.headers));
      replyJson(ctx, sessionOf(settings, access.isOpen ? access.identify({}) : null));
    },

    plan: async (ctx) => {
      const change = await readBody(ctx, web.changeBody);
      replyJson(ctx, await planning.plan(change, collector.state));
    },

    live: async (ctx) => {
      const state = await collector.fresh();
      if (!state) {
        throw new UnavailableError('the cluster has not been looked at yet', {
          hint: 'try again in a moment',
        });
      }
      replyJson(ctx, state);
    },
    history: async (ctx) => {
      const { of, range = 'hour' } = ctx.query;
      if (range !== 'hour' && range !== 'day') {
        throw new InvalidInputError('range: it is hour or day');
      }
      const reply = typeof of === 'string' ? history.read(of, range, Date.now()) : null;
      if (!reply) {
        throw new NotFoundError(`there is no history of "${String(of ?? '')}"`, {
          hint: 'of=total, of=proxy:<id> or of=server:<addr>',
        });
      }
      replyJson(ctx, reply);
    },
    slowlog: async (ctx) => {
      const { server } = ctx.query;
      const addr = typeof server === 'string' && server !== '' ? server : null;
      replyJson(ctx, await slowLog.list(addr, limitOf(ctx)));
    },
    survey: async (ctx) => {
      const group = wholeNumber(ctx.params.group, 'group');
      const { max_age: maxAge } = ctx.query;
      const seconds = maxAge === undefined ? USUAL_SURVEY_AGE_S : wholeNumber(maxAge, 'max_age');
      replyJson(ctx, await surveys.of(group, seconds * 1000));
    },
    slotDetail: async (ctx) => {
      const detail = await surveys.slot(wholeNumber(ctx.params.slot, 'slot'));
      if (!detail) {
        throw new NotFoundError('the slots are not initialised', {
          hint: 'run: codis-config slot init',
        });
      }
      replyJson(ctx, detail);
    },
    audit: async (ctx) => {
      const { before } = ctx.query;
      replyJson(ctx, await audit.list(limitOf(ctx), typeof before === 'string' ? before : null));
    },
    openapi: async (ctx) => replyJson(ctx, document),
  };
}

async function login(ctx: Context, settings: WebSettings): Promise<void> {
  const { access } = settings;
  const { name, password } = await readBody(ctx, web.loginBody);
  const from = senderOf(ctx, access);
  try {
    const cookie = await access.login(name, password, from);
    ctx.set('set-cookie', cookie);
    const identity = access.identify({ cookie: cookie.split(';')[0] });
    replyJson(ctx, sessionOf(settings, identity));
  } catch (error) {
    if (error instanceof AccessError) settings.logFailedLogin(name, from, error.message);
    throw error;
  }
}

function sessionOf(
  { access, product, notice }: WebSettings,
  identity: Identity | null,
): web.SessionReply {
  return {
    signed_in: identity !== null,
    accounts: !access.isOpen,
    name: identity === null || identity.via === 'open' ? '' : identity.name,
    role: identity?.role ?? null,
    csrf: identity?.csrf ?? '',
    product,
    version: VERSION,
    notice,
  };
}

function limitOf(ctx: Context): number {
  const { limit } = ctx.query;
  if (limit === undefined) return USUAL_LIMIT;
  const value = wholeNumber(limit, 'limit');
  if (value < 1) throw new InvalidInputError(`limit: ${value} is less than 1`);
  return Math.min(MAX_LIMIT, value);
}
