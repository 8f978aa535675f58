import { expect, test } from 'vitest';
import { onlineProxies, readRegistration } from '../../jodis/proxy-records.js';

const codis2 =
  '{"id":"proxy_1","addr":"10.0.0.1:19000","last_event":"","last_event_ts":0,"state":"online",' +
  '"description":"","debug_var_addr":"10.0.0.1:11000","pid":7,"start_at":"2026-11-20"}';
const codis3 =
  '{"addr":"10.0.0.2:19000","admin":"10.0.0.2:11080","start":"2026-11-20","token":"5f","state":"online"}';

function registered(...pairs: [addr: string, state: string][]) {
  return pairs.map(([addr, state]) => ({ addr, state }));
}

test('a registration is read in either layout', () => {
  expect(readRegistration(codis2)).toEqual({ addr: '10.0.0.1:19000', state: 'online' });
  expect(readRegistration(codis3)).toEqual({ addr: '10.0.0.2:19000', state: 'online' });
  for (const data of ['', '{', 'null', '{"addr":"","state":"online"}', '{"addr":"a:1"}']) {
    expect(readRegistration(data), data).toBeNull();
  }
});

test('those that are online are used, sorted, and each once', () => {
  const two = registered(['b:1', 'online'], ['a:1', 'online'], ['c:1', 'offline']);
  expect(onlineProxies(two, registered(['a:1', 'online'], ['d:1', 'online']), [])).toEqual([
    'a:1',
    'b:1',
    'd:1',
  ]);
});

test('where both layouts have a proxy, that of Codis 2 says what it is', () => {
  const leaving = registered(['a:1', 'mark_offline'], ['b:1', 'online']);
  expect(onlineProxies(leaving, registered(['a:1', 'online']), ['a:1', 'b:1'])).toEqual(['b:1']);
});

test('when all nodes are gone those of before are used on', () => {
  expect(onlineProxies([], [], ['a:1', 'b:1'])).toEqual(['a:1', 'b:1']);
});

test('but not one that says that it goes', () => {
  const leaving = registered(['a:1', 'mark_offline']);
  expect(onlineProxies(leaving, [], ['a:1', 'b:1'])).toEqual(['b:1']);
  expect(onlineProxies(leaving, [], ['a:1'])).toEqual([]);
});
