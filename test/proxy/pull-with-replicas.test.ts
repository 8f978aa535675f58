import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { slotOf } from '../../cluster/slot-hash.js';
import type { GroupRoute, SlotRoute } from '../../proxy/router/topology-change.js';
import { encodeMultibulk } from '../../resp/inline-command.js';
import { hasCompiler, make } from '../server-patch/module-server.js';
import { onlineSlot, startDataPlane, type TestDataPlane } from '../support/data-plane.js';
import { eventually } from '../support/eventually.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { RespClient } from '../support/resp-client.js';
import { TcpLink } from '../support/tcp-link.js';

const TAG = '{move}';
const SLOT = slotOf(TAG);
const moving: SlotRoute = { slotId: SLOT, status: 'migrate', groupId: 2, migrateFrom: 1 };
const held: SlotRoute = { slotId: SLOT, status: 'pre_migrate', groupId: 1, migrateFrom: -1 };

/** A master, its replica, and what lies between them. */
interface Pair {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly link: TcpLink;
  readonly onMaster: RespClient;
  readonly onReplica: RespClient;
}

const MODULE_FILE = join(import.meta.dirname, '../../server-patch/codis_slots.so');

let serverArgs: readonly string[] = [];
let source: Pair;
let target: Pair;
let proxy: TestDataPlane;
let client: RespClient;

async function startPair(): Promise<Pair> {
  const [master, replica] = await Promise.all([
    startRedis(['--repl-diskless-sync-delay', '0', ...serverArgs]),
    startRedis([...serverArgs]),
  ]);
  const link = await TcpLink.to(master.port);
  const [onMaster, onReplica] = await Promise.all(
    [master, replica].map(({ port }) => RespClient.connect(port)),
  );
  await onReplica!.call('REPLICAOF', '127.0.0.1', link.port);
  await eventually('the replica is in touch', async () =>
    (await onMaster!.text('INFO', 'replication')).includes('state=online'),
  );
  return { master, replica, link, onMaster: onMaster!, onReplica: onReplica! };
}

async function stopPair({ master, replica, link, onMaster, onReplica }: Pair): Promise<void> {
  onMaster.close();
  onReplica.close();
  link.close();
  await Promise.all([master.stop(), replica.stop()]);
}

function group(groupId: number, pair: Pair): GroupRoute {
  return { groupId, master: pair.master.addr, replicas: [pair.replica.addr] };
}

/** The replica has taken its master's place. */
async function failOver(groupId: number, pair: Pair, ...slots: SlotRoute[]): Promise<void> {
  await pair.master.stop();
  pair.link.cut();
  await pair.onReplica.call('REPLICAOF', 'NO', 'ONE');
  const next = { groupId, master: pair.replica.addr, replicas: [] };
  await proxy.plane.apply({ slots, groups: [next] });
}

function apply(...slots: SlotRoute[]): Promise<void> {
  return proxy.plane.apply({ slots, groups: [] });
}

beforeEach(async () => {
  [source, target] = await Promise.all([startPair(), startPair()]);
  proxy = await startDataPlane([source.master.addr, target.master.addr], {
    ini: 'backend_timeout=2000',
  });
  await proxy.plane.apply({
    slots: [onlineSlot(SLOT, 1)],
    groups: [group(1, source), group(2, target)],
  });
  client = await RespClient.connect(proxy.port);
});

afterEach(async () => {
  client.close();
  proxy.close();
  await Promise.all([source, target].map(stopPair));
});

describe('a key that a command pulls', () => {
  it('is deleted at the source when a replica of the target has it', async () => {
    await client.call('SET', `${TAG}a`, '1');
    await apply(held);
    await apply(moving);
    target.link.stall();
    client.send(`INCR ${TAG}a\r\n`);
    await eventually('the target has a copy', async () => {
      return (await target.onMaster.text('EXISTS', `${TAG}a`)) === ':1\r\n';
    });
    expect(await source.onMaster.text('EXISTS', `${TAG}a`)).toBe(':1\r\n');
    expect(await target.onMaster.text('GET', `${TAG}a`)).toBe('$1\r\n1\r\n');

    // The target dies with it; what the source has is pulled to its successor.
    await failOver(2, target);
    expect((await client.reply()).toString()).toBe(':2\r\n');
    expect(await target.onReplica.text('GET', `${TAG}a`)).toBe('$1\r\n2\r\n');
    expect(await source.onMaster.text('EXISTS', `${TAG}a`)).toBe(':0\r\n');
  });

  it('is not written to before a replica of the source knows that it has gone', async () => {
    await client.call('SET', `${TAG}a`, '1');
    await eventually('it is replicated', async () => {
      return (await source.onReplica.text('EXISTS', `${TAG}a`)) === ':1\r\n';
    });
    await apply(held);
    await apply(moving);
    source.link.stall();
    client.send(`DEL ${TAG}a\r\n`);
    await eventually('the key has gone', async () => {
      return (await source.onMaster.text('EXISTS', `${TAG}a`)) === ':0\r\n';
    });
    await failOver(1, source);
    // The successor still had it, and it is pulled again: then it is deleted for good.
    expect((await client.reply()).toString()).toBe(':1\r\n');
    expect(await client.text('EXISTS', `${TAG}a`)).toBe(':0\r\n');
    expect(await source.onReplica.text('EXISTS', `${TAG}a`)).toBe(':0\r\n');
  });

  it('waits for replicas that lag for a second, and not for ever', async () => {
    await client.call('MSET', `${TAG}a`, '1', `${TAG}b`, '1');
    await apply(held);
    await apply(moving);
    target.link.stall();
    expect(await client.text('INCR', `${TAG}a`)).toBe(':2\r\n');
    // From then on they are not waited for at each key.
    const begin = performance.now();
    expect(await client.text('INCR', `${TAG}b`)).toBe(':2\r\n');
    expect(performance.now() - begin).toBeLessThan(900);
    target.link.mend();
    await eventually('the replica has caught up', async () => {
      return (await target.onReplica.text('GET', `${TAG}b`)) === '$1\r\n2\r\n';
    });
  });
});

describe('a key that both servers have', () => {
  it('is the source’s', async () => {
    await client.call('SET', `${TAG}a`, 'source');
    await target.onMaster.call('SET', `${TAG}a`, 'stray');
    await apply(held);
    await apply(moving);
    expect(await client.text('GET', `${TAG}a`)).toBe('$6\r\nsource\r\n');
    expect(await source.onMaster.text('EXISTS', `${TAG}a`)).toBe(':0\r\n');
  });

  it('is the target’s once the source has failed over', async () => {
    const keys = ['a', 'b', 'c'].map((name) => `${TAG}${name}`);
    for (const key of keys) await client.call('SET', key, 'old');
    await eventually('they are replicated', async () => {
      return (await source.onReplica.text('EXISTS', ...keys)) === ':3\r\n';
    });
    await apply(held);
    await apply(moving);
    // The replica hears nothing any more; a second later the proxy goes on without it.
    source.link.stall();
    expect(await client.text('SET', keys[0]!, 'new')).toBe('+OK\r\n');
    expect(await client.text('APPEND', keys[1]!, '!')).toBe(':4\r\n');
    await failOver(1, source, { ...moving, keepsTarget: true });
    expect(await source.onReplica.text('EXISTS', ...keys)).toBe(':3\r\n');

    // One who knows nothing of what has been pulled.
    const other = await startDataPlane([source.replica.addr, target.master.addr]);
    await other.plane.apply({ slots: [{ ...moving, keepsTarget: true }], groups: [] });
    const second = await RespClient.connect(other.port);
    expect(await second.text('MGET', ...keys)).toBe(
      '*3\r\n$3\r\nnew\r\n$4\r\nold!\r\n$3\r\nold\r\n',
    );
    expect(await source.onReplica.text('EXISTS', ...keys)).toBe(':0\r\n');
    second.close();
    other.close();
  });
});

describe('a source that was replaced while it hung', () => {
  it('does not replace what the target got from its successor', async () => {
    const key = `${TAG}a`;
    await client.call('SET', key, 'old');
    await eventually('it is replicated', async () => {
      return (await source.onReplica.text('EXISTS', key)) === ':1\r\n';
    });
    const masters = [source.master.addr, target.master.addr];
    const other = await startDataPlane(masters, { ini: 'backend_timeout=2000' });
    const groups = [group(1, source), group(2, target)];
    await other.plane.apply({ slots: [moving], groups });
    const second = await RespClient.connect(other.port);
    await apply(held);
    await apply(moving);

    source.link.cut();
    await source.onReplica.call('REPLICAOF', 'NO', 'ONE');
    const slots = [{ ...moving, keepsTarget: true }];
    const next = { groupId: 1, master: source.replica.addr, replicas: [] };
    await proxy.plane.apply({ slots, groups: [next] });
    expect(await client.text('SET', key, 'new')).toBe('+OK\r\n');

    // One who has not heard of it asks the old master, which is there again.
    second.send(encodeMultibulk(['APPEND', key, '!']));
    await eventually('it has tried twice', async () => {
      const stats = await source.onMaster.text('INFO', 'commandstats');
      return /cmdstat_migrate:calls=(?!1,)/.test(stats);
    });
    expect(await target.onMaster.text('GET', key)).toBe('$3\r\nnew\r\n');
    await other.plane.apply({ slots, groups: [next] });
    expect((await second.reply()).toString()).toBe(':4\r\n');
    expect(await client.text('GET', key)).toBe('$4\r\nnew!\r\n');
    second.close();
    other.close();
  });
});

describe.runIf(hasCompiler())('keys of a tag that go together, by the slots module', () => {
  const [declared, other] = [`${TAG}declared`, `${TAG}other`] as const;
  const script = `return redis.call('APPEND', '${other}', '!')`;
  beforeAll(() => {
    make();
    serverArgs = ['--loadmodule', MODULE_FILE];
  });
  afterAll(() => {
    serverArgs = [];
  });

  it('are deleted at the source when a replica of the target has them', async () => {
    // More than go at once.
    const rest = Array.from({ length: 50 }, (_, index) => `${TAG}${index}`);
    const all = [declared, other, ...rest];
    await client.call('MSET', ...all.flatMap((key) => [key, 'old']));
    await apply(held);
    await apply(moving);
    target.link.stall();
    client.send(encodeMultibulk(['EVAL', script, '1', declared]));
    await eventually('the target has copies', async () => {
      return (await target.onMaster.text('EXISTS', ...all)) === `:${all.length}\r\n`;
    });
    expect(await source.onMaster.text('EXISTS', ...all)).toBe(`:${all.length}\r\n`);
    expect(await target.onMaster.text('GET', other)).toBe('$3\r\nold\r\n');

    await failOver(2, target);
    expect((await client.reply()).toString()).toBe(':4\r\n');
    expect(await target.onReplica.text('GET', other)).toBe('$4\r\nold!\r\n');
    expect(await target.onReplica.text('EXISTS', ...all)).toBe(`:${all.length}\r\n`);
    expect(await source.onMaster.text('EXISTS', ...all)).toBe(':0\r\n');
  });

  it('are the target’s once the source has failed over', async () => {
    await client.call('MSET', declared, 'old', other, 'old');
    await eventually('they are replicated', async () => {
      return (await source.onReplica.text('EXISTS', declared, other)) === ':2\r\n';
    });
    await apply(held);
    await apply(moving);
    source.link.stall();
    expect(await client.text('EVAL', script, 1, declared)).toBe(':4\r\n');
    await failOver(1, source, { ...moving, keepsTarget: true });

    const second = await startDataPlane([source.replica.addr, target.master.addr]);
    const elsewhere = '{elsewhere}';
    const slots = [{ ...moving, keepsTarget: true }, onlineSlot(slotOf(elsewhere), 1)];
    await second.plane.apply({ slots, groups: [] });
    const asking = await RespClient.connect(second.port);
    // The source has told by then that it has the module.
    await asking.call('GET', elsewhere);
    expect(await asking.text('EVAL', script, 1, declared)).toBe(':5\r\n');
    expect(await source.onReplica.text('EXISTS', declared, other)).toBe(':0\r\n');
    asking.close();
    second.close();
  });
});
