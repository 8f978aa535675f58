import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestCluster } from '../support/cluster.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { TestProcess, temporaryFolder } from '../support/process.js';
import { encodeCommand, RespClient } from '../support/resp-client.js';
import { ownedSlot } from '../support/stand-in-dashboard.js';
import { startZooKeeper } from '../support/zookeeper.js';

const PROGRAM = fileURLToPath(new URL('../../bin/codis-proxy', import.meta.url));

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}

describe('a codis-proxy process', () => {
  let cluster: TestCluster;

  beforeEach(async () => {
    cluster = await TestCluster.start();
  });
  afterEach(() => cluster.stop());

  test('serves clients, and shows it on its admin port', async () => {
    const client = await RespClient.connect(cluster.proxy.port);
    client.send(encodeCommand(['SET', 'fruit', 'pear']));
    expect((await client.reply()).toString()).toBe('+OK\r\n');
    client.send(encodeCommand(['GET', 'fruit']));
    expect((await client.reply()).toString()).toBe('$4\r\npear\r\n');

    const vars = await fetch(`${cluster.proxy.adminUrl}/debug/vars`);
    const { router } = (await vars.json()) as { router: { ops: number; info: object } };
    expect(router.ops).toBe(2);
    expect(router.info).toEqual(await cluster.store.loadProxy('proxy_1'));
    const metrics = await (await fetch(`${cluster.proxy.adminUrl}/metrics`)).text();
    expect(metrics).toContain('codis_proxy_commands_total{command="GET"} 1\n');
    expect(metrics).toContain('codis_proxy_clients 1\n');
    expect(metrics).toMatch(/codis_proxy_backend_connections\{.*state="ready"\} 1\n/);
    client.close();
  });

  test('accepts no clients before it is online', async () => {
    cluster.standIn.refuse();
    const proxy = await cluster.startProxy('proxy_2');
    await eventually('it is registered', () => cluster.store.loadProxy('proxy_2'));
    expect(await isRefused(proxy.port)).toBe(true);
    const { status, body } = await proxy.health();
    expect(status).toBe(503);
    expect(body).toMatchObject({ state: 'offline', coordinator: 'connected' });
    cluster.standIn.agree();
    await proxy.serves();
    expect(await isRefused(proxy.port)).toBe(false);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s: drains, removes node and fence, exits 0',
    async (signal) => {
      const { proxy, store } = cluster;
      expect(await store.loadFences()).toEqual([proxy.addr]);
      expect(await proxy.process.stop(signal)).toEqual({ code: 0, signal: null });
      expect(await store.loadProxy('proxy_1')).toBeNull();
      expect(await store.loadFences()).toEqual([]);
      expect(await store.coordinator.children('/jodis/test')).toEqual([]);
    },
  );

  test('SIGTERM under load: every command sent is answered, and none with an error', async () => {
    const { proxy, groups } = cluster;
    const commands = Array.from({ length: 200 }, (_, index) => ['INCR', `counter:${index}`]);
    let answered = 0;
    const load = Array.from({ length: 4 }, async () => {
      const client = await RespClient.connect(proxy.port);
      for (;;) {
        try {
          const replies = await client.pipeline(commands);
          for (const reply of replies) expect(reply.toString()).toMatch(/^:\d+\r\n$/);
          answered += replies.length;
        } catch (error) {
          // Closed between two commands; what had come of the last pipeline's replies counts.
          const closed = /closed after (\d+) of 200 replies/.exec(String(error));
          expect(closed).not.toBeNull();
          answered += Number(closed?.[1]);
          return;
        }
      }
    });
    await eventually('load is on', () => answered > 10_000);
    expect(await proxy.process.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    await Promise.all(load);
    // Nothing was done that was not answered.
    let sum = 0;
    for (const group of groups) {
      const direct = await RespClient.connect(group.port);
      const keys = commands.map(([, key]) => key ?? '');
      const values = (await direct.call('MGET', ...keys)).toString().matchAll(/\r\n(\d+)/g);
      for (const [, value] of values) sum += Number(value);
      direct.close();
    }
    expect(sum).toBe(answered);
  });

  test('its terminal is closed: it drains as by SIGTERM, with nowhere to log to', async () => {
    const { proxy, store, groups } = cluster;
    await proxy.process.stop('SIGTERM');
    const folder = temporaryFolder();
    const pidFile = join(folder, 'pid');
    const argv = ['sh', '-c', `echo $$ > ${pidFile}; exec "$@"`, 'sh', ...proxy.commandLine];
    const command = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const terminal = new TestProcess('script', ['-qc', command, '/dev/null']);
    proxy.process = terminal;
    await proxy.serves();
    const client = await RespClient.connect(proxy.port);
    expect(await client.text('SET', 'fruit', 'pear')).toBe('+OK\r\n');
    for (const group of groups) process.kill(group.process.pid, 'SIGSTOP');
    const reply = client.text('GET', 'fruit');
    await terminal.stop('SIGKILL');
    await eventually('no client is let in any more', () => isRefused(proxy.port));
    for (const group of groups) process.kill(group.process.pid, 'SIGCONT');
    expect(await reply).toBe('$4\r\npear\r\n');
    client.close();
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await eventually('it has ended', () => !existsSync(`/proc/${pid}`));
    expect(await store.loadFences()).toEqual([]);
  });

  test('marked offline: ends as by SIGTERM', async () => {
    const { proxy, store, standIn } = cluster;
    await standIn.setState('proxy_1', 'mark_offline');
    expect(await proxy.process.exited).toEqual({ code: 0, signal: null });
    expect(await store.loadProxy('proxy_1')).toBeNull();
    expect(await store.loadFences()).toEqual([]);
  });

  test('offline and online again: clients are served again, by the table of then', async () => {
    const { proxy, standIn, store, groups } = cluster;
    await standIn.setState('proxy_1', 'offline');
    await eventually('refused', () => isRefused(proxy.port));
    // All in group 2, where it was in two: told to nobody.
    const slots = (await store.loadSlots()).map((slot) => ownedSlot(slot.id, 2));
    await store.saveSlots(slots);
    await standIn.setState('proxy_1', 'online');
    await proxy.serves();
    const client = await RespClient.connect(proxy.port);
    for (let index = 0; index < 20; index++) {
      client.send(encodeCommand(['SET', `key:${index}`, 'value']));
      expect((await client.reply()).toString()).toBe('+OK\r\n');
    }
    client.close();
    const direct = await RespClient.connect(groups[1]?.port ?? 0);
    direct.send(encodeCommand(['DBSIZE']));
    expect((await direct.reply()).toString()).toBe(':20\r\n');
    direct.close();
  });

  test('killed with -9 and started again: takes its fence over and serves', async () => {
    const { proxy, store } = cluster;
    const former = await store.loadProxy('proxy_1');
    await proxy.process.stop('SIGKILL');
    expect(await store.loadFences()).toEqual([proxy.addr]);
    proxy.spawn();
    await proxy.serves();
    const record = await store.loadProxy('proxy_1');
    expect(record?.pid).toBe(proxy.process.pid);
    expect(record?.start_at).not.toBe(former?.start_at);
    expect(await store.loadFences()).toEqual([proxy.addr]);
  });

  test('a second process of the same id ends at once, with one line, and harms nothing', async () => {
    const second = await cluster.startProxy('proxy_1');
    expect(await second.process.exited).toEqual({ code: 1, signal: null });
    expect(second.process.stderr).toContain(
      'codis-proxy: the proxy id proxy_1 is in use by another process',
    );
    expect(second.process.stderr).toContain(`pid ${cluster.proxy.process.pid}`);
    expect((await cluster.proxy.health()).status).toBe(200);
    expect(await cluster.store.loadFences()).toEqual([cluster.proxy.addr]);
    expect((await cluster.store.loadProxy('proxy_1'))?.state).toBe('online');
  });
});

test('with a real dashboard: set online, told of changes, set offline', async () => {
  const cluster = await TestCluster.start({ dashboard: 'process', proxies: 2 });
  const { proxy, store, groups } = cluster;
  const { client } = cluster.dashboard;
  expect((await client.listProxies()).map(({ id, state }) => [id, state])).toEqual([
    ['proxy_1', 'online'],
    ['proxy_2', 'online'],
  ]);
  // Answered only when both proxies have acknowledged it.
  await client.setSlots({ from: 0, to: 511, new_group: 2, status: 'online' });
  const user = await RespClient.connect(proxy.port);
  for (let index = 0; index < 20; index++) {
    expect(await user.text('SET', `key:${index}`, 'value')).toBe('+OK\r\n');
  }
  user.close();
  const direct = await RespClient.connect(groups[1]!.port);
  expect(await direct.text('DBSIZE')).toBe(':20\r\n');
  direct.close();

  await client.setProxyState('proxy_2', 'offline');
  expect(await cluster.proxies[1]!.process.exited).toEqual({ code: 0, signal: null });
  expect(await store.loadFences()).toEqual([proxy.addr]);
  await client.setSlots({ from: 0, to: 511, new_group: 1, status: 'online' });
  await cluster.stop();
});

test('on ZooKeeper: it dies and comes back, and clients notice nothing', async () => {
  const zookeeper = await startZooKeeper();
  const cluster = await TestCluster.start({ zk: zookeeper.addr });
  const { proxy, store, standIn } = cluster;
  const client = await RespClient.connect(proxy.port);
  await zookeeper.stop();
  await eventually('the loss is noticed', async () => {
    return (await proxy.health()).body.coordinator !== 'connected';
  });
  expect((await proxy.health()).status).toBe(200);
  expect(await client.text('SET', 'fruit', 'pear')).toBe('+OK\r\n');
  const newcomer = await RespClient.connect(proxy.port);
  expect(await newcomer.text('GET', 'fruit')).toBe('$4\r\npear\r\n');
  await zookeeper.restart();
  await eventually('the proxy is back', async () => {
    return (await proxy.health()).body.coordinator === 'connected' && store.loadProxy('proxy_1');
  });
  const seq = await standIn.changeSlot(ownedSlot(7, 2));
  await standIn.acknowledged(seq, 'proxy_1');
  expect(await client.text('GET', 'fruit')).toBe('$4\r\npear\r\n');
  for (const user of [client, newcomer]) user.close();
  await cluster.stop();
  await zookeeper.stop();
});

test('on ZooKeeper: kill -9 and start again, while the old node is still there', async () => {
  const zookeeper = await startZooKeeper();
  const cluster = await TestCluster.start({ zk: zookeeper.addr, groups: 1 });
  const { proxy, store } = cluster;
  await proxy.process.stop('SIGKILL');
  expect(await store.loadProxy('proxy_1')).not.toBeNull();
  proxy.spawn();
  await proxy.serves();
  expect((await store.loadProxy('proxy_1'))?.pid).toBe(proxy.process.pid);
  expect(proxy.process.stderr).toContain('waiting for it to expire');
  expect(await proxy.process.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(await store.loadFences()).toEqual([]);
  await cluster.stop();
  await zookeeper.stop();
});

describe('a codis-proxy that cannot start', () => {
  /** `stderr` without the lines of the log that come before the end. */
  async function ends(...args: string[]): Promise<{ code: number | null; stderr: string }> {
    const child = new TestProcess(process.execPath, [PROGRAM, ...args]);
    const { code } = await child.exited;
    const isOfTheEnd = (line: string) =>
      !line.startsWith('{') || JSON.parse(line).level === 'fatal';
    return { code, stderr: child.stderr.split('\n').filter(isOfTheEnd).join('\n') };
  }

  test('bad usage: status 2', async () => {
    const { code, stderr } = await ends('--prot=tcp');
    expect(code).toBe(2);
    expect(stderr).toContain("codis-proxy: unknown option '--prot=tcp'");
  });

  test('a bad config file: status 1; file, line and key are named', async () => {
    const file = join(temporaryFolder(), 'config.ini');
    writeFileSync(file, 'product=test\nproto=udp\n');
    const { code, stderr } = await ends('-c', file);
    expect(code).toBe(1);
    expect(stderr).toBe(`codis-proxy: ${file}:2: proto: "udp" is not one of tcp, tcp4, tcp6\n`);
  });

  test.each(['--addr', '--http-addr'])(
    'a port in use for %s: status 1 and the way out',
    async (option) => {
      const holder = await TestCluster.start({ groups: 1, proxies: 1 });
      const file = join(temporaryFolder(), 'config.ini');
      writeFileSync(file, 'coordinator=embedded\nembedded_path=never-made\n');
      const other = option === '--addr' ? '--http-addr' : '--addr';
      const { code, stderr } = await ends(
        ...['-c', file, `${option}=${holder.proxy.addr}`, `${other}=127.0.0.1:${await freePort()}`],
      );
      await holder.stop();
      expect(code).toBe(1);
      expect(stderr).toBe(
        `codis-proxy: cannot listen on ${holder.proxy.addr}: the port is in use by another process\n` +
          `  hint: choose another address with ${option}=host:port\n`,
      );
    },
  );

  test('a log of its own keeps the record of it', async () => {
    const folder = temporaryFolder();
    const log = join(folder, 'proxy.log');
    const port = await freePort();
    const addrs = [`--addr=127.0.0.1:${port}`, `--http-addr=127.0.0.1:${port}`];
    const config = join(folder, 'config.ini');
    writeFileSync(config, `coordinator=embedded\nembedded_path=${folder}/coordinator\n`);
    const holder = createServer().listen(port, '127.0.0.1');
    const { code, stderr } = await ends('-c', config, '-L', log, ...addrs);
    holder.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^codis-proxy: cannot listen on .*\n {2}hint: .*\n$/);
    const last = JSON.parse(readFileSync(log, 'utf8').trimEnd().split('\n').at(-1)!);
    expect(last).toMatchObject({ level: 'fatal', msg: 'codis-proxy ends' });
  });

  test('no coordinator: waits, tells so, and ends by SIGTERM', async () => {
    const file = join(temporaryFolder(), 'config.ini');
    const admin = await freePort();
    writeFileSync(file, `zk=127.0.0.1:${await freePort()}\n`);
    const child = new TestProcess(process.execPath, [
      ...[PROGRAM, '-c', file, '--cpu=2'],
      ...[`--addr=127.0.0.1:${await freePort()}`, `--http-addr=127.0.0.1:${admin}`],
    ]);
    const answer = await eventually('the admin port answers', () =>
      fetch(`http://127.0.0.1:${admin}/healthz`),
    );
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ state: 'starting', coordinator: 'connecting' });
    expect(await child.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  });
});
