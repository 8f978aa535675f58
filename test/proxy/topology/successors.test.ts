import { expect, test } from 'vitest';
import { newProxyRecord } from '../../../proxy/topology/identity.js';
import { successorsOf } from '../../../proxy/topology/successors.js';

const own = '10.0.0.1:19000';

function proxiesAt(...addrs: string[]) {
  return addrs.map((addr) => newProxyRecord(addr, addr, '', new Date()));
}

test.each([
  ['the same port elsewhere', ['10.0.0.2:19000', '10.0.0.1:19001'], ['10.0.0.2:19000']],
  ['else another port of this host', ['10.0.0.2:7000', '10.0.0.1:19001'], ['10.0.0.1:19001']],
  ['nothing that would mislead', ['10.0.0.2:7000'], []],
  ['not the one that goes', [own], []],
])('%s', (_name, others, expected) => {
  expect(successorsOf(own, proxiesAt(...others))).toEqual(expected);
});
