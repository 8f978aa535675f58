import { isDeepStrictEqual } from 'node:util';
import type { LiveState, LiveUpdate } from '../api/live-contract.js';

const WHOLE = ['dashboard', 'problems', 'totals', 'slots', 'jobs', 'fences'] as const;
const BY_ID = ['proxies', 'groups', 'servers'] as const;

/** What makes `after` of `before`, and nothing else. */
export function updateBetween(before: LiveState, after: LiveState): LiveUpdate {
  const update: Record<string, unknown> = { type: 'update', at: after.at };
  for (const part of WHOLE) {
    if (!isDeepStrictEqual(before[part], after[part])) update[part] = after[part];
  }
  for (const part of BY_ID) {
    const changes = entryChanges<unknown>(before[part], after[part]);
    if (changes) update[part] = changes;
  }
  return update as LiveUpdate;
}

function entryChanges<T>(
  before: Readonly<Record<string, T>>,
  after: Readonly<Record<string, T>>,
): Record<string, T | null> | null {
  const changes: Record<string, T | null> = {};
  for (const [id, entry] of Object.entries(after)) {
    if (!isDeepStrictEqual(before[id], entry)) changes[id] = entry;
  }
  for (const id of Object.keys(before)) if (!Object.hasOwn(after, id)) changes[id] = null;
  return Object.keys(changes).length > 0 ? changes : null;
}
