import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { withDeadline } from '../../../base/deadline.js';
import {
  BadVersionError,
  ClosedError,
  type Coordinator,
  CoordinatorError,
  NodeExistsError,
  NoNodeError,
  NotEmptyError,
  type SessionState,
} from '../../../cluster/coordinator/coordinator.js';
import { eventually } from '../../support/eventually.js';

/** What a driver's test provides: clients of one empty tree. */
export interface Clients {
  open(): Promise<Coordinator>;
  end(): Promise<void>;
}

/** The behaviour that every driver has, as coordinator.ts promises it. */
export function describeCoordinator(driver: string, start: () => Promise<Clients>): void {
  describe(`a coordinator on ${driver}`, () => {
    let clients: Clients;
    let one: Coordinator;
    let other: Coordinator;
    const opened: Coordinator[] = [];
    let count = 0;
    let root = '';

    const open = async (): Promise<Coordinator> => {
      const coordinator = await clients.open();
      opened.push(coordinator);
      return coordinator;
    };

    beforeAll(async () => {
      clients = await start();
      one = await clients.open();
      other = await clients.open();
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((coordinator) => coordinator.close()));
    });
    afterAll(async () => {
      await one?.close();
      await other?.close();
      await clients?.end();
    });
    /** A folder of its own for each test. */
    const folder = (): string => {
      root = `/test-${driver}-${++count}`;
      return root;
    };

    test('a node is made with its parents, read, and seen by others', async () => {
      const path = `${folder()}/deep/er/node`;
      expect(await one.create(path, '{"é":1}')).toBe(path);
      expect(await other.get(path)).toEqual({ data: '{"é":1}', version: 0, ephemeral: false });
      expect(await other.get(`${root}/deep`)).toEqual({ data: '', version: 0, ephemeral: false });
      expect(await other.get(`${root}/none`)).toBeNull();
      expect(await other.children(`${root}/deep`)).toEqual(['er']);
      expect(await other.children(`${root}/none`)).toEqual([]);
      await expect(one.create(path, '')).rejects.toThrow(NodeExistsError);
      await expect(one.create(path, '')).rejects.toMatchObject({ path });
    });

    test('children come sorted, without grandchildren', async () => {
      folder();
      for (const name of ['b', 'a0', 'a', 'a/below', 'A', 'ä'])
        await one.create(`${root}/${name}`, '');
      expect(await other.children(root)).toEqual(['A', 'a', 'a0', 'b', 'ä']);
      await one.delete(`${root}/b`);
      expect(await other.children(root)).toEqual(['A', 'a', 'a0', 'ä']);
      expect(await one.children('/')).toContain(root.slice(1));
    });

    test('a set counts the version and is refused with another', async () => {
      const path = `${folder()}/node`;
      await expect(one.set(path, 'x')).rejects.toThrow(NoNodeError);
      await one.create(path, 'a');
      expect(await one.set(path, 'b', 0)).toBe(1);
      expect(await other.set(path, 'c')).toBe(2);
      await expect(one.set(path, 'd', 0)).rejects.toThrow(BadVersionError);
      await expect(one.set(path, 'd', 1)).rejects.toMatchObject({ path });
      expect(await one.get(path)).toEqual({ data: 'c', version: 2, ephemeral: false });
    });

    test('a delete is refused with another version, and for a node with children', async () => {
      const path = `${folder()}/node`;
      await one.create(`${path}/child`, '');
      await expect(one.delete(path)).rejects.toThrow(NotEmptyError);
      await expect(one.delete(`${path}/child`, 1)).rejects.toThrow(BadVersionError);
      await one.delete(`${path}/child`, 0);
      await one.delete(path);
      await expect(one.delete(path)).rejects.toThrow(NoNodeError);
      expect(await other.get(path)).toBeNull();
      await one.create(path, 'again');
      expect(await other.get(path)).toMatchObject({ data: 'again', version: 0 });
    });

    test('sequential nodes are numbered by all creations in the parent, for ever', async () => {
      folder();
      expect(await one.create(`${root}/`, 'a', { sequential: true })).toBe(`${root}/0000000000`);
      expect(await other.create(`${root}/n-`, 'b', { sequential: true })).toBe(
        `${root}/n-0000000001`,
      );
      await one.create(`${root}/plain`, '');
      await one.delete(`${root}/0000000000`);
      expect(await one.create(`${root}/`, 'c', { sequential: true })).toBe(`${root}/0000000003`);
      await expect(
        one.multi([
          { type: 'create', path: `${root}/unmade`, data: '' },
          { type: 'check', path: root, version: 7 },
        ]),
      ).rejects.toThrow(BadVersionError);
      expect(await one.create(`${root}/`, 'd', { sequential: true })).toBe(`${root}/0000000004`);
    });

    test('sequential nodes made at once by two clients are all different', async () => {
      folder();
      await one.create(root, '');
      const made = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          (index % 2 ? one : other).create(`${root}/`, '', { sequential: true }),
        ),
      );
      expect(new Set(made).size).toBe(50);
      expect(await one.children(root)).toHaveLength(50);
    });

    test('multi does all of its operations', async () => {
      folder();
      await one.create(`${root}/set`, 'old');
      await one.create(`${root}/gone`, '');
      await one.create(`${root}/checked`, '');
      await one.multi([
        { type: 'check', path: `${root}/checked`, version: 0 },
        { type: 'create', path: `${root}/made`, data: 'new' },
        { type: 'create', path: `${root}/made/below`, data: 'x' },
        { type: 'set', path: `${root}/set`, data: 'new', version: 0 },
        { type: 'set', path: `${root}/made`, data: 'newer', version: 0 },
        { type: 'delete', path: `${root}/gone`, version: 0 },
      ]);
      expect(await other.children(root)).toEqual(['checked', 'made', 'set']);
      expect(await other.get(`${root}/made`)).toEqual({
        data: 'newer',
        version: 1,
        ephemeral: false,
      });
      expect(await other.get(`${root}/made/below`)).toMatchObject({ data: 'x' });
      expect(await other.get(`${root}/set`)).toMatchObject({ data: 'new', version: 1 });
      await one.multi([]);
    });

    test('multi does nothing if one operation cannot be done, and names it', async () => {
      folder();
      await one.create(`${root}/a/child`, 'a');
      const first = { type: 'set', path: `${root}/a`, data: 'changed' } as const;
      const refusals = [
        [{ type: 'create', path: `${root}/a/child`, data: '' }, NodeExistsError],
        [{ type: 'create', path: `${root}/no/parent`, data: '' }, NoNodeError],
        [{ type: 'set', path: `${root}/none`, data: '' }, NoNodeError],
        [{ type: 'set', path: `${root}/a`, data: '', version: 5 }, BadVersionError],
        [{ type: 'delete', path: `${root}/none` }, NoNodeError],
        [{ type: 'delete', path: `${root}/a` }, NotEmptyError],
        [{ type: 'check', path: `${root}/none`, version: 0 }, NoNodeError],
      ] as const;
      for (const [operation, error] of refusals) {
        const attempt = one.multi([first, operation, { type: 'delete', path: `${root}/none` }]);
        await expect(attempt).rejects.toThrow(error);
        await expect(attempt).rejects.toMatchObject({ path: operation.path });
      }
      expect(await other.get(`${root}/a`)).toMatchObject({ data: '', version: 0 });
    });

    // node-zookeeper-client takes version 0 for "any" in a transaction.
    test('version 0 in a multi is a version like any other', async () => {
      const path = `${folder()}/node`;
      await one.create(path, 'a');
      await one.set(path, 'b');
      for (const operation of [
        { type: 'check', path, version: 0 },
        { type: 'set', path, data: 'lost', version: 0 },
        { type: 'delete', path, version: 0 },
      ] as const) {
        await expect(one.multi([operation])).rejects.toThrow(BadVersionError);
      }
      expect(await one.get(path)).toMatchObject({ data: 'b', version: 1 });
    });

    test('compare-and-set increments of two clients are never lost', async () => {
      const path = `${folder()}/counter`;
      await one.create(path, '0');
      const increment = async (client: Coordinator): Promise<void> => {
        for (let done = 0; done < 50; ) {
          const node = await client.get(path);
          if (!node) throw new Error('the counter is gone');
          try {
            await client.set(path, String(Number(node.data) + 1), node.version);
            done++;
          } catch (error) {
            if (!(error instanceof BadVersionError)) throw error;
          }
        }
      };
      await Promise.all([increment(one), increment(other)]);
      expect(await one.get(path)).toMatchObject({ data: '100', version: 100 });
    });

    test('1,024 nodes are written in one step and read in bulk, in order', async () => {
      folder();
      await one.create(root, '');
      const paths = Array.from({ length: 1024 }, (_, index) => `${root}/slot_${index}`);
      const data = (path: string): string => JSON.stringify({ path, filler: 'x'.repeat(150) });
      await one.multi(paths.map((path) => ({ type: 'create', path, data: data(path) })));
      const asked = [...paths, `${root}/none`];
      const nodes = await other.getAll(asked);
      expect(nodes).toHaveLength(1025);
      expect(nodes[1024]).toBeNull();
      expect(nodes.slice(0, 1024).map((node) => node?.data)).toEqual(paths.map(data));
      expect(await other.getAll([])).toEqual([]);
    });

    test('an ephemeral node goes with its session, and others are told', async () => {
      folder();
      const owner = await open();
      await one.create(root, '');
      await owner.create(`${root}/e`, 'mine', { ephemeral: 'session' });
      await owner.create(`${root}/r`, 'mine', { ephemeral: 'restored' });
      await owner.multi([{ type: 'create', path: `${root}/m`, data: '', ephemeral: 'session' }]);
      const numbered = await owner.create(`${root}/s-`, '', {
        ephemeral: 'session',
        sequential: true,
      });
      expect(numbered).toMatch(/s-\d{10}$/);
      expect(await one.get(`${root}/e`)).toEqual({ data: 'mine', version: 0, ephemeral: true });
      expect((await one.children(root)).length).toBe(4);
      await expect(one.create(`${root}/e/child`, '')).rejects.toThrow(CoordinatorError);
      let calls = 0;
      await one.watchChildren(root, () => calls++);
      await owner.close();
      expect(await one.children(root)).toEqual([]);
      await eventually('the watch is called', () => calls > 0);
    });

    test('a watch on a node tells every change until it is closed', async () => {
      const path = `${folder()}/node`;
      const seen: (string | null)[] = [];
      const handle = await one.watchNode(path, () => {
        one.get(path).then((node) => seen.push(node?.data ?? null));
      });
      for (const change of [
        () => other.create(path, 'a'),
        () => other.set(path, 'b'),
        () => other.set(path, 'c'),
        () => one.set(path, 'd'),
        () => other.delete(path),
        () => other.create(path, 'e'),
      ]) {
        const before = seen.length;
        await change();
        const expected = (await other.get(path))?.data ?? null;
        await eventually('the change is told', () => seen.length > before);
        await eventually('the change is seen', () => seen.at(-1) === expected);
      }
      handle.close();
      const before = seen.length;
      let told = 0;
      await one.watchNode(path, () => told++);
      await other.set(path, 'f');
      await eventually('the other watch is called', () => told > 0);
      expect(seen.length).toBe(before);
    });

    test('a watch on children tells creations and deletions, also before the node is', async () => {
      const path = `${folder()}/folder`;
      let calls = 0;
      await one.watchChildren(path, () => calls++);
      const told = async (change: () => Promise<unknown>): Promise<void> => {
        const before = calls;
        await change();
        await eventually('the watch is called', () => calls > before);
      };
      await told(() => other.create(path, ''));
      await told(() => other.create(`${path}/a`, ''));
      await told(() => other.create(`${path}/b`, ''));
      await told(() => other.delete(`${path}/a`));
      await told(() => other.delete(`${path}/b`));
      await told(() => other.delete(path));
      await told(() => other.create(`${path}/c`, ''));
    });

    test('what a watch announces can be read at once', async () => {
      const path = `${folder()}/node`;
      await other.create(path, '0');
      const read: number[] = [];
      await one.watchNode(path, () => {
        one.get(path).then((node) => read.push(Number(node?.data)));
      });
      for (let value = 1; value <= 200; value++) await other.set(path, String(value));
      await eventually('the last value is read', () => read.at(-1) === 200);
      expect(read).toEqual([...read].sort((a, b) => a - b));
    });

    test('every change is followed by a call, also one made as soon as the last was told', async () => {
      const path = `${folder()}/node`;
      await other.create(path, '');
      let tell: () => void = () => undefined;
      await one.watchNode(path, () => tell());
      let changes = 0;
      for (; changes < 300; changes++) {
        const told = new Promise<void>((resolve) => {
          tell = resolve;
        });
        const setting = other.set(path, String(changes));
        await withDeadline(told, 20_000, `the watch (change ${changes})`);
        await setting;
      }
      expect(await one.get(path)).toMatchObject({ version: changes });
    });

    test('a listener that throws does not keep the others from being called', async () => {
      const path = `${folder()}/node`;
      let calls = 0;
      await one.watchNode(path, () => {
        throw new Error('a fault of the listener');
      });
      await one.watchNode(path, () => calls++);
      await other.create(path, '');
      await eventually('the second listener is called', () => calls > 0);
    });

    test('paths and sizes that cannot be are refused before they are sent', async () => {
      for (const path of ['', 'a', '/a/', '//', '/a//b', '/a/./b', '/a/../b', '/a\u0000']) {
        await expect(one.create(path, '')).rejects.toThrow(CoordinatorError);
        await expect(one.get(path)).rejects.toThrow(CoordinatorError);
      }
      const path = `${folder()}/large`;
      await expect(one.create(path, 'x'.repeat(1_000_001))).rejects.toThrow(/over the limit/);
      await one.create(path, 'x'.repeat(900_000));
      expect((await other.get(path))?.data).toHaveLength(900_000);
    });

    test('after close the state is closed and every call says so', async () => {
      const path = folder();
      const client = await open();
      const states: SessionState[] = [];
      client.onState((state) => states.push(state));
      expect(client.state).toBe('connected');
      const unanswered = client.get('/');
      unanswered.catch(() => undefined);
      await client.close();
      await client.close();
      await unanswered.catch((error) => expect(error).toBeInstanceOf(ClosedError));
      expect(states).toEqual(['closed']);
      expect(client.state).toBe('closed');
      for (const call of [
        () => client.get(path),
        () => client.getAll([path]),
        () => client.children(path),
        () => client.create(path, ''),
        () => client.set(path, ''),
        () => client.delete(path),
        () => client.multi([{ type: 'delete', path }]),
        () => client.watchNode(path, () => undefined),
        () => client.watchChildren(path, () => undefined),
      ]) {
        await expect(call()).rejects.toThrow(ClosedError);
      }
    });
  });
}
