import { ROUTES, type RouteName } from '../api/contract.js';
import { ROUTE_TABLE } from '../api/route-table.js';
import type { ChangePlan, ChangeRequest } from '../api/web-contract.js';

/** A plan before what follows from its route is filled in. */
export interface Draft {
  readonly summary: string;
  readonly steps: readonly string[];
  readonly warnings?: readonly string[];
  readonly undo?: string;
  readonly undoChange?: ChangeRequest;
  readonly slots?: number;
  readonly keys?: number | null;
  readonly bytes?: number | null;
  readonly seconds?: number | null;
  readonly isExact?: boolean;
  readonly confirmName?: string;
  readonly isNothing?: boolean;
  readonly route: RouteName;
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  readonly moves?: ChangePlan['moves'];
}

export function planOf(draft: Draft): ChangePlan {
  const { method } = ROUTES[draft.route];
  const { needs } = ROUTE_TABLE[draft.route];
  return {
    summary: draft.summary,
    steps: [...draft.steps],
    warnings: [...(draft.warnings ?? [])],
    undo: draft.undo ?? '',
    undo_change: draft.undoChange ?? null,
    slots: draft.slots ?? 0,
    keys: draft.keys ?? null,
    bytes: draft.bytes ?? null,
    seconds: draft.seconds ?? null,
    is_exact: draft.isExact ?? true,
    confirm_name: draft.confirmName ?? null,
    is_nothing: draft.isNothing ?? false,
    role: needs === 'nobody' ? 'viewer' : needs,
    request: { method, path: pathOf(draft), body: draft.body ?? null },
    moves: draft.moves ?? null,
  };
}

function pathOf({ route, params = {}, query = {} }: Draft): string {
  const path = ROUTES[route].path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(String(params[name])),
  );
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  return search.size > 0 ? `${path}?${search}` : path;
}
