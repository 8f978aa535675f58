import { expect, test } from 'vitest';
import {
  applyUpdate,
  type LiveState,
  type LiveUpdate,
} from '../../../dashboard/api/live-contract.js';
import { withUpdate } from '../../../dashboard/web/live/apply.js';

const group = (id: number) => ({ id, master: null, servers: [], slots: id }) as never;
const state = {
  at: 1,
  problems: [],
  slots: [[0, 1023, 1, 'online', -1]],
  groups: { 1: group(1), 2: group(2) },
  servers: {},
  proxies: {},
} as unknown as LiveState;

test.each<[string, LiveUpdate]>([
  ['nothing but the time', { type: 'update', at: 2 }],
  ['a whole list', { type: 'update', at: 2, slots: [[0, 1023, 2, 'online', -1]] }],
  ['an entry that is new', { type: 'update', at: 2, groups: { 3: group(3) } }],
  ['an entry that is gone', { type: 'update', at: 2, groups: { 1: null } }],
])('the pages read %s as the contract does', (_, update) => {
  const next = withUpdate(state, update);
  expect(next).toEqual(applyUpdate(state, update));
  // What has not changed is not drawn again.
  expect(next.problems).toBe(state.problems);
  expect(next.groups[2]).toBe(state.groups[2]);
  expect(state.at).toBe(1);
});
