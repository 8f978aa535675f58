import type { Middleware } from 'koa';
import type { Logger } from '../../base/log.js';

/** One line for each request, when its answer is ready. */
export function logAccess(log: Logger): Middleware {
  return async (ctx, next) => {
    const begin = performance.now();
    await next();
    log.info({
      client: ctx.ip,
      method: ctx.method,
      url: ctx.url,
      status: ctx.status,
      ms: Math.round(performance.now() - begin),
    });
  };
}
