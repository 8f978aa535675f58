import type { Middleware } from 'koa';

/**
 * Refuses what a page of another site makes a browser send here: the API has no password, and its
 * address can be guessed. Tools send neither of these headers.
 */
export function sameSiteOnly(): Middleware {
  return async (ctx, next) => {
    const origin = ctx.get('origin');
    const isForeign =
      ctx.get('sec-fetch-site') === 'cross-site' || (origin !== '' && hostOf(origin) !== ctx.host);
    if (isForeign) {
      ctx.status = 403;
      ctx.body = 'requests from pages of other sites are refused';
      return;
    }
    await next();
  };
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : '';
}
