import type { Context, Middleware } from 'koa';
import { DeadlineError, messageOf, OperatorError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { CoordinatorError } from '../../cluster/coordinator/coordinator.js';
import { BadRecordError } from '../../cluster/store.js';
import { AccessError } from '../access/errors.js';
import {
  ConflictError,
  InvalidInputError,
  NotFoundError,
  NotRedisError,
  NotSupportedError,
  RedisPasswordError,
  RedisReplyError,
  RedisUnreachableError,
  SilentProxyError,
  UnavailableError,
  UnresolvedFenceError,
} from '../errors.js';
import type { FailureBody } from './contract.js';
import { BadBodyError } from './http.js';

const STATUS: readonly [type: new (...args: never[]) => Error, status: number][] = [
  [InvalidInputError, 400],
  [NotFoundError, 404],
  [ConflictError, 409],
  [UnresolvedFenceError, 409],
  [NotRedisError, 422],
  [RedisPasswordError, 422],
  [NotSupportedError, 501],
  [RedisReplyError, 502],
  [RedisUnreachableError, 502],
  [UnavailableError, 503],
  [SilentProxyError, 504],
];

interface Failure extends FailureBody {
  status: number;
}

/**
 * Turns what a route throws into its answer: for clients that accept JSON a fitting status and
 * {@link FailureBody}, for others status 500 and the message as text, as Codis does.
 */
export function answerFailures(log: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      const failure = describe(thrown);
      const fields = { method: ctx.method, path: ctx.path, status: failure.status };
      if (failure.status === 500) log.error({ ...fields, err: thrown }, 'request failed');
      else log.info({ ...fields, reason: failure.error }, 'request refused');
      // Not HTTP of Codis's making: no tool can depend on status 500 there.
      const isOurs = thrown instanceof BadBodyError || thrown instanceof AccessError;
      if (thrown instanceof AccessError && thrown.retryAfter !== null) {
        ctx.set('retry-after', String(thrown.retryAfter));
      }
      answer(ctx, failure, acceptsJson(ctx) || isOurs ? failure.status : 500);
    }
    if (ctx.status === 404 && ctx.body === undefined) {
      const error = `there is no ${ctx.method} ${ctx.path}`;
      answer(ctx, { error, hint: 'the routes are listed at /', status: 404 }, 404);
    }
  };
}

function answer(ctx: Context, { error, hint }: Failure, status: number): void {
  ctx.status = status;
  if (acceptsJson(ctx)) {
    ctx.type = 'application/json; charset=utf-8';
    ctx.body = JSON.stringify({ error, hint } satisfies FailureBody);
  } else {
    ctx.type = 'text/plain; charset=utf-8';
    // In Codis's words where Codis has words; who is not let in has to know what to do.
    ctx.body = [401, 403, 429].includes(status) && hint !== '' ? `${error}: ${hint}` : error;
  }
}

/** Asked for by name: a mere `*` + `/*` is what tools written for Codis send. */
function acceptsJson(ctx: Context): boolean {
  return ctx.get('accept').includes('application/json');
}

function describe(thrown: unknown): Failure {
  if (thrown instanceof BadBodyError || thrown instanceof AccessError) {
    return { error: thrown.message, hint: thrown.hint, status: thrown.status };
  }
  if (thrown instanceof OperatorError) {
    const status = STATUS.find(([type]) => thrown instanceof type)?.[1] ?? 500;
    return { error: thrown.message, hint: thrown.hint, status };
  }
  if (thrown instanceof BadRecordError) {
    const hint = 'look at the node, and put its record right by hand';
    return { error: thrown.message, hint, status: 500 };
  }
  if (thrown instanceof CoordinatorError || thrown instanceof DeadlineError) {
    return {
      error: `the coordinator failed: ${messageOf(thrown)}`,
      hint: 'it is not known whether a change was made: look, then repeat it',
      status: 503,
    };
  }
  return { error: `internal error: ${messageOf(thrown)}`, hint: 'see the log', status: 500 };
}
