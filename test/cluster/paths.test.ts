import { expect, test } from 'vitest';
import { Paths } from '../../cluster/paths.js';
import { readCodis2Tree } from '../support/codis2-capture.js';

const paths = new Paths('test');

test('every node of an original cluster is where we look for it', () => {
  const seqs = readCodis2Tree().flatMap(({ path }) => /\/actions\/(\d+)$/.exec(path)?.[1] ?? []);
  const proxied = readCodis2Tree().flatMap(
    ({ path }) => /\/ActionResponse\/(\d+)\/proxy_1$/.exec(path)?.[1] ?? [],
  );
  expect(seqs.length).toBeGreaterThan(5);
  expect(proxied.length).toBeGreaterThan(3);
  const ours = [
    '/zk',
    '/zk/codis',
    paths.root,
    paths.responses,
    ...seqs.map((seq) => paths.response(seq)),
    ...proxied.map((seq) => paths.responseOf(seq, 'proxy_1')),
    paths.lock,
    paths.actions,
    ...seqs.map((seq) => paths.action(seq)),
    paths.dashboard,
    paths.fences,
    paths.fence('vm:29200'),
    paths.migrateTasks,
    paths.proxies,
    paths.proxy('proxy_1'),
    paths.servers,
    paths.group(1),
    paths.server(1, '127.0.0.1:29211'),
    paths.server(1, '127.0.0.1:29213'),
    paths.group(2),
    paths.server(2, '127.0.0.1:29212'),
    paths.slots,
    paths.slot(0),
    paths.slot(579),
  ];
  expect(ours.sort()).toEqual(
    readCodis2Tree()
      .map(({ path }) => path)
      .sort(),
  );
});

test('the id of a group is read from the name of its node and from nothing else', () => {
  expect(paths.groupIdOf('group_12')).toBe(12);
  for (const name of ['group_', 'group_1x', 'xgroup_1', 'group_-1', '1']) {
    expect(paths.groupIdOf(name)).toBeNull();
  }
});

test('clients of Codis 3 find proxies under their product', () => {
  expect(paths.jodis).toBe('/jodis/test');
  expect(paths.jodisProxy('token')).toBe('/jodis/test/proxy-token');
});
