import type { Context, Middleware } from 'koa';
import { AccessError } from '../access/errors.js';

/**
 * Refuses what a page of another site makes a browser send here: its address can be guessed. Tools
 * send neither of these headers.
 *
 * @param isOwnHost whether the Host header names this machine
 */
export function sameSiteOnly(isOwnHost: (host: string) => boolean): Middleware {
  return async (ctx, next) => {
    if (isForeign(ctx)) {
      throw new AccessError(403, 'requests from pages of other sites are refused', {
        hint: 'open the dashboard by its own address',
      });
    }
    if (!isOwnHost(ctx.get('host'))) {
      throw new AccessError(403, `${ctx.host} is not a name of this machine`, {
        hint: 'use its address, or make an account: codis-config dashboard passwd <name>',
      });
    }
    await next();
  };
}

function isForeign(ctx: Context): boolean {
  const origin = ctx.get('origin');
  return (
    ctx.get('sec-fetch-site') === 'cross-site' || (origin !== '' && hostOf(origin) !== ctx.host)
  );
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : '';
}
