import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper.js';
import { TestCluster } from './test-cluster.js';

/** What an original Codis wrote, from the same commands: path -> data. */
const CAPTURE = new Map(
  readFileSync('test/fixtures/codis2/zk-tree.txt', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('/'))
    .map((line) => {
      const [path, data] = line.split(/ \(ephemeral\) {2}| {2}/, 2);
      return [path!, data ?? ''] as const;
    }),
);
const ROOT = '/zk/codis/db_test';

let zookeeper: ZooKeeperServer;
beforeAll(async () => {
  zookeeper = await startZooKeeper();
});
afterAll(() => zookeeper.stop());

/** Beyond Codis: who changed what, which dashboards there are, and how often one began to lead. */
const OURS = ['audit', 'dashboards', 'dashboard_epoch'];

describe.each(['embedded', 'zookeeper'])(
  'the tree after the commands of the capture on %s',
  (kind) => {
    let cluster: TestCluster;
    /** Our addresses in the place of the captured ones. */
    const names = new Map<string, string>();

    beforeAll(async () => {
      const settings = kind === 'zookeeper' ? { coordinator: kind, zk: zookeeper.addr } : {};
      cluster = await TestCluster.start(settings);
      const { client } = cluster;
      await client.initSlots();
      const one = await cluster.group(1);
      const two = await cluster.group(2);
      await client.setSlots({ from: 0, to: 511, new_group: 1, status: 'online' });
      await client.setSlots({ from: 512, to: 1023, new_group: 2, status: 'online' });
      const proxy = await cluster.proxy('proxy_1', { state: 'offline' });
      await client.setProxyState('proxy_1', 'online');
      const promoted = await cluster.redis();
      await client.addServer(1, promoted.addr, 'slave');
      await client.promote(1, promoted.addr);
      names.set(one.addr, '127.0.0.1:29211');
      names.set(two.addr, '127.0.0.1:29212');
      names.set(promoted.addr, '127.0.0.1:29213');
      names.set(proxy.record.addr, 'vm:29200');
    });
    afterAll(() => cluster.stop());

    async function ours(): Promise<Map<string, string>> {
      const found = new Map<string, string>();
      const walk = async (path: string): Promise<void> => {
        const node = await cluster.coordinator.get(path);
        found.set(renamed(path), renamed(node?.data ?? ''));
        for (const name of await cluster.coordinator.children(path)) await walk(`${path}/${name}`);
      };
      await walk(ROOT);
      return found;
    }

    function renamed(text: string): string {
      return [...names].reduce((result, [from, to]) => result.replaceAll(from, to), text);
    }

    it('has the same folders, records, fences and servers', async () => {
      const tree = await ours();
      const same = [
        ...['servers', 'servers/group_1', 'servers/group_2', 'slots', 'slots/slot_0'],
        ...['servers/group_1/127.0.0.1:29211', 'servers/group_1/127.0.0.1:29213'],
        ...['servers/group_2/127.0.0.1:29212', 'fence', 'fence/vm:29200', 'proxy', 'actions'],
        'ActionResponse',
      ];
      for (const path of same) {
        expect(CAPTURE.has(`${ROOT}/${path}`), `${path} is in the capture`).toBe(true);
        expect(tree.get(`${ROOT}/${path}`), path).toBe(CAPTURE.get(`${ROOT}/${path}`));
      }
      expect([...tree.keys()].filter((path) => path.startsWith(`${ROOT}/slots/`))).toHaveLength(
        1024,
      );
      const lease = tree.get(`${ROOT}/dashboard`)!;
      const captured = CAPTURE.get(`${ROOT}/dashboard`)!;
      expect(lease.replaceAll(/\d+/g, '0')).toBe(captured.replaceAll(/\d+/g, '0'));
      // Nothing else than Codis has.
      const folders = [...tree.keys()].map((path) => path.split('/')[4]).filter(Boolean);
      const known = new Set([...CAPTURE.keys()].map((path) => path.split('/')[4]));
      expect(folders.filter((name) => !known.has(name) && !OURS.includes(name!))).toEqual([]);
    });

    it('has the same actions in the same words, and their acknowledgements', async () => {
      const tree = await ours();
      const actionsOf = (nodes: Map<string, string>, folder: string) =>
        [...nodes]
          .filter(([path]) => new RegExp(`^${ROOT}/${folder}/\\d{10}$`).test(path))
          .map(([, data]) => data.replace(/"ts":"\d+"/, '"ts":""'));
      const own = actionsOf(tree, 'actions');
      expect(actionsOf(tree, 'ActionResponse')).toEqual(own);
      const captured = actionsOf(CAPTURE, 'actions');
      // Ours has one action for the slots' initialisation, where Codis has 1,024.
      expect(captured[0]).toContain('"slot_changed"');
      expect(own.slice(0, 7)).toEqual([
        expect.stringContaining('"target":{"from":0,"to":1023,"status":"offline","group_id":-1}'),
        ...captured.slice(1, 7),
      ]);
      const promotion = JSON.parse(own.at(-1)!);
      const expected = JSON.parse(captured[7]!);
      expect(Object.keys(promotion)).toEqual(Object.keys(expected));
      expect(promotion.type).toBe(expected.type);
      expect(new Set(promotion.target.servers)).toEqual(new Set(expected.target.servers));
      expect(Object.keys(JSON.parse(promotion.receivers[0]))).toEqual(
        Object.keys(JSON.parse(expected.receivers[0])),
      );
      const seq = (await cluster.actions()).at(-1)!.seq;
      expect(tree.get(`${ROOT}/ActionResponse/${seq}/proxy_1`)).toBe(promotion.receivers[0]);
    });
  },
);
