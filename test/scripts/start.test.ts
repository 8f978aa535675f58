import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { DashboardClient } from '../../dashboard/api/client.js';
import { probe } from '../../scripts/local-cluster/probe.js';
import { COMPILER, findRedis, MAKE } from '../../scripts/local-cluster/programs.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { TestProcess, temporaryFolder } from '../support/process.js';
import { startRedis } from '../support/redis-server.js';
import { choosePorts, LocalClusterRun, type Ports, PROJECT } from './local-cluster.js';

/** Processes of the one proxy of a cluster, besides the proxy itself: one a core. */
const WORKERS = availableParallelism() > 1 ? availableParallelism() : 0;

const runs: LocalClusterRun[] = [];
afterEach(async () => {
  await Promise.all(runs.splice(0).map((run) => run.cleanUp()));
});

function start(
  data: string,
  ports: Ports,
  more?: ConstructorParameters<typeof LocalClusterRun>[2],
) {
  const run = new LocalClusterRun(data, ports, more);
  runs.push(run);
  return run;
}

/** One line to the proxy or server at the port, and the first line of the answer. */
async function ask(port: number, line: string): Promise<string> {
  const isWhole = (reply: string) => reply.endsWith('\r\n') && !/^\$\d+\r\n$/.test(reply);
  return (await probe(port, `${line}\r\n`, isWhole)) ?? 'no answer';
}

const clientOf = (ports: Ports) => new DashboardClient(`127.0.0.1:${ports.dashboard}`, 20_000);

describe('a cluster', () => {
  test('from nothing to serving; stopped in order; found again with keys and masters', async () => {
    const [data, ports] = [join(temporaryFolder(), 'data'), await choosePorts()];
    const first = start(data, ports);
    await first.ready();
    expect(await ask(ports.proxy, 'SET greeting hello')).toBe('+OK\r\n');
    expect(await ask(ports.proxy + 1, 'GET greeting')).toBe('$5\r\nhello\r\n');
    expect(first.output).toContain('0-511 → group 1, 512-1023 → group 2');
    expect(first.output).toContain(`redis-cli -p ${ports.proxy} set greeting hello`);

    const client = clientOf(ports);
    const promoted = `127.0.0.1:${ports.redis + 1}`;
    await client.promote(1, promoted);
    expect(await first.stop('SIGINT')).toEqual({ code: 0, signal: null });
    expect(first.process.stderr).toBe('');
    expect([...first.children().values()]).toEqual([]);

    const second = start(data, ports);
    await second.ready();
    expect(await ask(ports.proxy, 'GET greeting')).toBe('$5\r\nhello\r\n');
    const groups = await client.listGroups();
    expect(groups.map(({ id }) => id)).toEqual([1, 2]);
    expect(groups[0]!.servers).toContainEqual({ type: 'master', group_id: 1, addr: promoted });
    expect(await ask(ports.redis + 1, 'ROLE')).toContain('master');
    expect(await ask(ports.redis, 'ROLE')).toContain('slave');
    expect(await second.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect([...second.children().values()]).toEqual([]);
  });

  test('what dies is started again; a proxy that is taken offline stays away', async () => {
    const [data, ports] = [temporaryFolder(), await choosePorts()];
    const run = start(data, ports, { args: ['--replicas', '0'] });
    await run.ready();
    expect(await ask(ports.proxy, 'SET key value')).toBe('+OK\r\n');
    const masters = [ports.redis, ports.redis + 1];
    for (const port of masters) process.kill(run.childWith(`--port ${port}`), 'SIGKILL');
    process.kill(run.childWith('proxy_1.ini'), 'SIGKILL');
    for (const name of [...masters.map((port) => `redis-${port}`), 'proxy_1']) {
      await run.says(new RegExp(`${name} ended \\(SIGKILL\\): starting it again`));
      await run.says(new RegExp(`${name} is back`));
    }
    await eventually('the key is served again', async () => {
      return (await ask(ports.proxy, 'GET key')) === '$5\r\nvalue\r\n';
    });
    await clientOf(ports).setProxyState('proxy_2', 'offline');
    await run.says(/proxy_2 was taken offline/);
    expect([...run.children().values()].filter((line) => line.includes('proxy_2.ini'))).toEqual([]);
    expect(await run.stop()).toEqual({ code: 0, signal: null });
  });

  test('killed, it takes everything with it, and can be started again', async () => {
    const [data, ports] = [temporaryFolder(), await choosePorts()];
    const args = ['--replicas', '0', '--proxies', '1'];
    const killed = start(data, ports, { args });
    await killed.ready();
    expect(await ask(ports.proxy, 'SET key value')).toBe('+OK\r\n');
    expect(killed.children().size).toBe(4 + WORKERS);
    await killed.stop('SIGKILL');
    const next = start(data, ports, { args });
    await next.ready();
    expect(await ask(ports.proxy, 'GET key')).toBe('$5\r\nvalue\r\n');
    expect([...killed.children().values()]).toEqual([]);
    expect(await next.stop()).toEqual({ code: 0, signal: null });
  });

  test('a group made by hand is left alone, and its servers may be away', async () => {
    const [data, ports] = [temporaryFolder(), await choosePorts()];
    const args = ['--replicas', '0', '--proxies', '1'];
    const first = start(data, ports, { args });
    await first.ready();
    const client = clientOf(ports);
    const byHand = await startRedis();
    await client.addGroup(3);
    await client.addServer(3, byHand.addr, 'master');
    await client.setSlots({ from: 0, to: 9, new_group: 3, status: 'online' });
    await first.stop();
    await byHand.stop();

    const grown = start(data, ports, {
      args: ['--groups', '3', '--replicas', '1', '--proxies', '1'],
    });
    await grown.ready();
    expect(grown.output).toContain(
      `group 3 was made by hand (master ${byHand.addr}): nothing is added to it`,
    );
    expect(grown.output).toContain(`group 3: its master ${byHand.addr} does not answer`);
    expect((await client.listGroups()).map(({ servers }) => servers?.length)).toEqual([2, 2, 1]);
    expect(grown.children().size).toBe(6 + WORKERS);
    await grown.stop();

    const plain = start(data, ports, { args: ['--proxies', '1'] });
    await plain.ready();
    expect(plain.children().size).toBe(6 + WORKERS);
    expect(await plain.stop()).toEqual({ code: 0, signal: null });
  });

  test('servers that could not be added are forgotten again', async () => {
    const [data, ports] = [temporaryFolder(), await choosePorts()];
    const args = ['--groups', '1', '--proxies', '1'];
    const first = start(data, ports, { args });
    await first.ready();
    const client = clientOf(ports);
    const byHand = await startRedis();
    await client.addServer(1, byHand.addr, 'slave');
    await client.promote(1, byHand.addr);
    await first.stop();
    await byHand.stop();

    const grown = start(data, ports, { args: ['--replicas', '2', '--proxies', '1'] });
    expect((await grown.process.exited).code).toBe(1);
    expect(grown.process.stderr).toMatch(
      new RegExp(`the server ${byHand.addr} cannot be reached[^]* npm start without`),
    );
    expect([...grown.children().values()]).toEqual([]);

    const plain = start(data, ports, { args: ['--proxies', '1'] });
    await plain.ready();
    expect(plain.output).toContain(`group 1: its master ${byHand.addr} does not answer`);
    // The operator can put things right while the cluster runs.
    const again = await startRedis([], byHand.port);
    await eventually('the group is served again', async () => {
      return (await ask(ports.proxy, 'SET key value')) === '+OK\r\n';
    });
    expect(await plain.stop()).toEqual({ code: 0, signal: null });
    await again.stop();
  });

  test('on a ZooKeeper of its own', async () => {
    const [data, ports] = [temporaryFolder(), await choosePorts()];
    const zookeeperPort = await freePort();
    const args = ['--coordinator', 'zookeeper', '--zookeeper-port', String(zookeeperPort)];
    const run = start(data, ports, { args: [...args, '--replicas', '0'] });
    await run.ready();
    expect(await ask(ports.proxy, 'SET key value')).toBe('+OK\r\n');
    expect(await probe(zookeeperPort, 'ruok', (reply) => reply.length === 4)).toBe('imok');

    // The same ZooKeeper for a second cluster, which is not to mix with the first.
    const others = await choosePorts();
    const other = start(temporaryFolder(), others, {
      args: ['--zk', `127.0.0.1:${zookeeperPort}`],
    });
    expect((await other.process.exited).code).toBe(1);
    expect(other.process.stderr).toContain('another dashboard');
    expect([...other.children().values()]).toEqual([]);
    expect(await run.stop()).toEqual({ code: 0, signal: null });
    expect([...run.children().values()]).toEqual([]);
  });

  const canBuild = [COMPILER, MAKE].every(({ isPresent }) => isPresent());
  test.skipIf(!canBuild)('with the module, and on the same data without it', async () => {
    const [data, ports] = [temporaryFolder(), await choosePorts()];
    const args = ['--replicas', '0', '--proxies', '1'];
    const first = start(data, ports, { args: [...args, '--module'] });
    await first.ready();
    expect(first.output).toMatch(/✓ module +server-patch\/codis_slots\.so/);
    const masters = [ports.redis, ports.redis + 1] as const;
    for (const port of masters) expect(await ask(port, 'SLOTSVERSION')).toMatch(/^\*/);
    expect(await ask(ports.proxy, 'SET b kept')).toBe('+OK\r\n');
    // Slot 1017, of the second group. Moves by the module are in the append-only files, too.
    const [one, other] = masters;
    const move = (port: number) => `SLOTSMGRTTAGONE 127.0.0.1 ${port} 1000 b`;
    expect(await ask(other, move(one))).toBe(':1\r\n');
    expect(await ask(one, move(other))).toBe(':1\r\n');
    await first.stop();

    const second = start(data, ports, { args });
    await second.ready();
    for (const port of masters) expect(await ask(port, 'SLOTSVERSION')).toMatch(/^-ERR unknown/);
    expect(await ask(ports.proxy, 'GET b')).toBe('$4\r\nkept\r\n');
    expect(await second.stop()).toEqual({ code: 0, signal: null });
  });

  test('Ctrl-C in the middle of the start leaves nothing', async () => {
    const [data, ports] = [temporaryFolder(), await choosePorts()];
    const run = start(data, ports);
    await eventually('the first server is started', () => run.children().size > 0);
    expect(await run.stop()).toEqual({ code: 0, signal: null });
    expect(run.process.stderr).toBe('');
    expect([...run.children().values()]).toEqual([]);
    // What was begun is gone on with.
    const next = start(data, ports);
    await next.ready();
    expect(await ask(ports.proxy, 'SET key value')).toBe('+OK\r\n');
    await next.stop();
  });
});

describe('what cannot be started is told in one line and a hint', () => {
  async function complaint(run: LocalClusterRun): Promise<string[]> {
    const { code } = await run.process.exited;
    expect(code).toBe(1);
    expect([...run.children().values()]).toEqual([]);
    return run.process.stderr.trimEnd().split('\n');
  }

  test('a port in use', async () => {
    const ports = await choosePorts();
    const stranger = createServer().listen(ports.proxy + 1, '127.0.0.1');
    try {
      expect(await complaint(start(temporaryFolder(), ports))).toEqual([
        `✗ port ${ports.proxy + 1} for proxy_2 is in use by another program`,
        '  choose another one with --proxy-port',
      ]);
    } finally {
      stranger.close();
    }
  });

  test('a data folder in use by another run', async () => {
    const [data, ports] = [temporaryFolder(), await choosePorts()];
    const holder = start(data, ports, { args: ['--replicas', '0'] });
    await holder.ready();
    expect(await complaint(start(data, await choosePorts()))).toEqual([
      `✗ the data folder ${data} is in use by another run (process ${holder.process.pid})`,
      '  stop that one, or choose another folder with --data',
    ]);
    expect(await ask(ports.proxy, 'PING')).toBe('+PONG\r\n');
  });

  test('a data folder that cannot be one', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const [line] = await complaint(start(file, await choosePorts()));
    expect(line).toContain('cannot write to the data folder');
  });

  test('no redis-server, and no apt-get to install it with', async () => {
    const bin = folderWithNode();
    const run = start(temporaryFolder(), await choosePorts(), { env: { PATH: bin } });
    expect(await complaint(run)).toEqual([
      '✗ redis-server is not installed',
      '  install it: apt-get install redis-server, dnf install redis, or brew install redis',
    ]);
  });

  test('the module without a compiler', async () => {
    const bin = folderWithNode();
    symlinkSync(findRedis()!, join(bin, 'redis-server'));
    const run = start(temporaryFolder(), await choosePorts(), {
      args: ['--module'],
      env: { PATH: bin },
    });
    expect(await complaint(run)).toEqual([
      '✗ gcc is not installed',
      '  install it: apt-get install gcc libc6-dev, or dnf install gcc',
    ]);
  });

  test.runIf(process.getuid?.() === 0)('as root, apt-get is asked for redis-server', async () => {
    const bin = folderWithNode();
    const aptLog = join(bin, 'apt.log');
    // Refuses until the lists are fresh, as on a new machine, and then brings a server that fails.
    script(bin, 'apt-get', [
      `echo "$@" >> ${aptLog}`,
      `if [ "$1" = update ]; then : > ${bin}/lists; exit 0; fi`,
      `if [ ! -e ${bin}/lists ]; then echo 'E: Unable to locate package redis-server'; exit 100; fi`,
      `echo '#!/bin/sh' > ${bin}/redis-server`,
      `echo 'echo "Fatal error, no luck today"; exit 3' >> ${bin}/redis-server`,
      `/bin/chmod +x ${bin}/redis-server`,
    ]);
    const run = start(temporaryFolder(), await choosePorts(), { env: { PATH: bin } });
    const lines = await complaint(run);
    expect(run.output).toContain('installing redis-server with apt-get …');
    const install = 'install --yes --no-install-recommends redis-server';
    expect(readFileSync(aptLog, 'utf8')).toBe(`${install}\nupdate\n${install}\n`);
    // A child that dies at its start: the end of its log, and all that ran before it is stopped.
    expect(lines[0]).toMatch(/^✗ redis-\d+ ended at its start \(exit code 3\)$/);
    expect(lines[1]).toBe('  Fatal error, no luck today');
    expect(lines[2]).toMatch(/its log: .*redis-\d+\.log$/);
  });

  test.each([
    ['--grups 3', "unknown option '--grups'"],
    ['--groups 0', 'It is not a whole number from 1 to 128'],
    ['--coordinator etcd', 'Allowed choices are embedded, zookeeper'],
    ['--zk nowhere', 'It is not host:port'],
    ['more', 'too many arguments'],
  ])('options: %s', async (line, expected) => {
    const run = start(temporaryFolder(), await choosePorts(), { args: line.split(' ') });
    expect((await run.process.exited).code).toBe(2);
    expect(run.process.stderr).toContain(expected);
  });

  test('a Node that is too old', async () => {
    const check = join(PROJECT, 'scripts', 'node-version.mjs');
    const old = new TestProcess(process.execPath, [
      ...['--input-type=module', '--eval'],
      `Object.defineProperty(process, 'versions', { value: { node: '18.19.1' } });
       await import(${JSON.stringify(check)});
       console.log('went on');`,
    ]);
    expect((await old.exited).code).toBe(1);
    expect(old.stdout).toBe('');
    expect(old.stderr).toMatch(/^codis-ts needs Node\.js [\d.]+ or newer; this is 18\.19\.1/);
  });
});

/** A PATH with nothing but node, and what a test puts beside it. */
function folderWithNode(): string {
  const folder = join(temporaryFolder(), 'bin');
  mkdirSync(folder);
  symlinkSync(process.execPath, join(folder, 'node'));
  return folder;
}

function script(folder: string, name: string, lines: readonly string[]): void {
  const file = join(folder, name);
  writeFileSync(file, ['#!/bin/sh', ...lines, ''].join('\n'));
  chmodSync(file, 0o755);
}
