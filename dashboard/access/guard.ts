import type { Context } from 'koa';
import type { RouteInfo } from '../api/route-table.js';
import { CSRF_HEADER } from '../api/web-contract.js';
import type { Access } from './access.js';
import { AccessError } from './errors.js';
import { type Identity, mayDo } from './identity.js';
import { isSame } from './sessions.js';

const IDENTITIES = new WeakMap<Context['req'], Identity>();

/** Who sends the request, as {@link assertAllowed} has found out; null for nobody we know. */
export function identityOf(ctx: Context): Identity | null {
  return IDENTITIES.get(ctx.req) ?? null;
}

/** @throws AccessError if who sends it may not use the route */
export function assertAllowed(ctx: Context, info: RouteInfo, access: Access): void {
  const identity = access.identify(ctx.headers);
  if (identity) IDENTITIES.set(ctx.req, identity);
  if (info.needs === 'nobody') return;
  if (!identity) throw unknown(ctx);
  if (!mayDo(identity.role, info.needs)) {
    throw new AccessError(
      403,
      `${identity.name} is ${article(identity.role)}, and this takes ${article(info.needs)}`,
      { hint: `ask somebody with the role ${info.needs}` },
    );
  }
  const isHarmless = ctx.method === 'GET' && info.kind !== 'change';
  if (identity.via === 'session' && !isHarmless && !isSame(ctx.get(CSRF_HEADER), identity.csrf)) {
    throw new AccessError(
      403,
      `the request does not have the header ${CSRF_HEADER} of its session`,
      {
        hint: 'load the page again; scripts use a token instead',
      },
    );
  }
}

/** For browsers and for scripts, which need to do different things. */
function unknown(ctx: Context): AccessError {
  if (ctx.get('authorization') !== '') {
    return new AccessError(401, 'the dashboard does not know this token', {
      hint: 'set dashboard_token in config.ini to what the dashboard has',
    });
  }
  return new AccessError(401, 'the dashboard wants to know who you are: log in, or send a token', {
    hint: 'browser: log in at /; programs: set dashboard_token in config.ini as the dashboard has it',
  });
}

function article(role: string): string {
  return /^[aeiou]/.test(role) ? `an ${role}` : `a ${role}`;
}
