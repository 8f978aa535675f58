import Router from '@koa/router';
import type { Context } from 'koa';
import type { Access } from '../access/access.js';
import { assertAllowed } from '../access/guard.js';
import type { Auditor } from '../audit/auditor.js';
import { UnavailableError } from '../errors.js';
import { type Leader, passOn } from './forward.js';
import { ALL_ROUTES, type AnyRouteName, ROUTE_TABLE } from './route-table.js';

export type Handler = (ctx: Context) => Promise<void>;

export interface RouterSettings {
  readonly handlers: Readonly<Record<AnyRouteName, Handler>>;
  readonly access: Access;
  readonly auditor: Auditor;
  /** Null: we lead. */
  readonly leader: () => Leader | null;
}

/** Every route there is: who may use it, whether it is passed on, whether it is written down. */
export function makeRouter(settings: RouterSettings): Router {
  const router = new Router();
  for (const name of Object.keys(ALL_ROUTES) as AnyRouteName[]) {
    const { method, path } = ALL_ROUTES[name];
    router.register(path, [method], (ctx) => serve(name, ctx, settings));
  }
  return router;
}

async function serve(
  name: AnyRouteName,
  ctx: Context,
  { handlers, access, auditor, leader }: RouterSettings,
): Promise<void> {
  const info = ROUTE_TABLE[name];
  assertAllowed(ctx, info, access);
  const handler = handlers[name];
  const other = leader();
  if (info.kind === 'change') {
    if (other) await passOn(ctx, other, access);
    else await auditor.record(ctx, name, () => handler(ctx));
    return;
  }
  if (info.kind === 'leader' && other) {
    try {
      await passOn(ctx, other, access);
      return;
    } catch (error) {
      // What the records say is better than nothing.
      if (!(error instanceof UnavailableError)) throw error;
    }
  }
  await handler(ctx);
}
