import { type ReadonlySignal, useSignal, useSignalEffect } from '@preact/signals';
import type { ChangePlan, ChangeRequest } from '../../api/web-contract.js';
import { calls } from '../api/calls.js';

/** While somebody types, the dashboard is not asked for each letter. */
const SETTLE_MS = 250;

/**
 * - `incomplete`: something has to be filled in first
 * - `working`: asked for; `plan` is that of the request before
 * - `ready`, `failed`: of the request as it is now
 */
export type PlanState =
  | { readonly name: 'incomplete'; readonly words: string; readonly plan: null }
  | { readonly name: 'working'; readonly plan: ChangePlan | null }
  | { readonly name: 'ready'; readonly plan: ChangePlan }
  | { readonly name: 'failed'; readonly error: unknown; readonly plan: null };

/** The plan of a request that may change while it is looked at. */
export function usePlan(request: ReadonlySignal<ChangeRequest | string>) {
  const state = useSignal<PlanState>({ name: 'working', plan: null });
  useSignalEffect(() => {
    const wanted = request.value;
    if (typeof wanted === 'string') {
      state.value = { name: 'incomplete', words: wanted, plan: null };
      return;
    }
    const { plan } = state.peek();
    state.value = { name: 'working', plan };
    let isWanted = true;
    const ask = async () => {
      try {
        const answer = await calls.plan(wanted);
        if (isWanted) state.value = { name: 'ready', plan: answer };
      } catch (error) {
        if (isWanted) state.value = { name: 'failed', error, plan: null };
      }
    };
    const timer = setTimeout(ask, plan === null ? 0 : SETTLE_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  });
  return state;
}
