import type { Context } from 'koa';
import { messageOf, OperatorError } from '../../base/errors.js';
import type { Store } from '../../cluster/store.js';
import type { Access } from '../access/access.js';
import { identityOf } from '../access/guard.js';
import { senderOf } from '../api/forward.js';
import { bodyText } from '../api/http.js';
import type { AnyRouteName } from '../api/route-table.js';
import { SilentProxyError } from '../errors.js';
import type { AuditLog } from './audit-log.js';
import { wordsOf } from './change-words.js';
import { textOf } from './subject-text.js';

/** Writes changes down: who asked for what, how it was before and after, and what came of it. */
export class Auditor {
  readonly #store: Store;
  readonly #log: AuditLog;
  readonly #access: Access;

  constructor(store: Store, log: AuditLog, access: Access) {
    this.#store = store;
    this.#log = log;
    this.#access = access;
  }

  /** Carries the change out. @throws what `change` throws */
  async record(ctx: Context, route: AnyRouteName, change: () => Promise<void>): Promise<void> {
    const identity = identityOf(ctx);
    const params = (ctx.params ?? {}) as Record<string, string>;
    const body = readJson(await bodyText(ctx));
    const { what, subject } = wordsOf({ route, params, query: ctx.query, body });
    const at = Date.now();
    const before = await textOf(this.#store, subject);
    let failure: unknown = null;
    try {
      await change();
    } catch (error) {
      failure = error;
    }
    await this.#log.add({
      at,
      who: identity?.name ?? '-',
      role: identity?.role ?? null,
      from: senderOf(ctx, this.#access),
      what,
      outcome: outcomeOf(failure),
      error: failure === null ? '' : messageOf(failure),
      before,
      after: await textOf(this.#store, subject),
    });
    if (failure !== null) throw failure;
  }
}

/** A proxy that was silent may have left the change half made. */
function outcomeOf(failure: unknown): 'done' | 'refused' | 'failed' {
  if (failure === null) return 'done';
  const isRefusal = failure instanceof OperatorError && !(failure instanceof SilentProxyError);
  return isRefusal ? 'refused' : 'failed';
}

function readJson(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    // The route says so itself.
    return null;
  }
}
