import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { everyCommand, fullName, makeProgram } from '../../config-tool/program.js';
import { freePort } from '../support/ports.js';
import { TestProcess, temporaryFolder } from '../support/process.js';
import { codisConfig } from './codis-config.js';

/** Counts what reaches it: arguments are to be checked before any request. */
let requests = 0;
let counter: Server;
let counterAddr: string;

beforeAll(async () => {
  counter = createServer((_request, response) => {
    requests++;
    response.writeHead(500).end('no group 9\nat some.go:17\n');
  });
  await new Promise<void>((resolve) => counter.listen(0, '127.0.0.1', resolve));
  counterAddr = `127.0.0.1:${(counter.address() as AddressInfo).port}`;
});
afterAll(() => counter.close());

test.each([
  ['server lst', "unknown command 'lst'", '(Did you mean list?)'],
  ['sever list', "unknown command 'sever'", '(Did you mean server?)'],
  ['server list --jsn', "unknown option '--jsn'", '(Did you mean --json?)'],
  ['server list more', 'too many arguments'],
  ['server add 1', "missing required argument 'redis_addr'"],
  ['server add 0 127.0.0.1:6379 master', "'0' is not a group_id"],
  ['server add one 127.0.0.1:6379 master', "'one' is not a group_id"],
  ['server add 1 6379 master', "'6379' is not a redis_addr"],
  ['server add 1 :6379 master', "':6379' is not a redis_addr"],
  ['server add 1 127.0.0.1:70000 master', "'127.0.0.1:70000' is not a redis_addr"],
  ['server add 1 127.0.0.1:6379 replica', "'replica' is not a role", 'master, slave'],
  ['server promote 1 nobody', "'nobody' is not a redis_addr"],
  ['slot info 1024', "'1024' is not a slot_id"],
  ['slot info -1', "'-1' is not a slot_id"],
  ['slot set 5 1 migrate', "'migrate' is not a status", 'online, offline'],
  ['slot range-set 0 x 1 online', "'x' is not a to"],
  ['slot migrate 0 1 2 --delay=-5', 'invalid', 'milliseconds'],
  ['action gc -n 1 -s 2', 'cannot be used with'],
  ['completion tcsh', "'tcsh' is not a shell", 'bash, zsh, fish'],
  ['--log-level=loud server list', 'invalid', 'debug, info'],
])('wrong usage: %s', async (line, ...expected) => {
  const before = requests;
  const { code, stdout, stderr } = await codisConfig([
    `--dashboard=${counterAddr}`,
    ...line.split(' '),
  ]);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^codis-config: /);
  expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(3);
  for (const part of expected) expect(stderr).toContain(part);
  expect(stderr).toMatch(/see: codis-config.* --help/);
  expect(requests).toBe(before);
});

test.each([['slot range-set 9 3 1 online'], ['slot migrate 9 3 1'], ['action gc']])(
  'refused before any request: %s',
  async (line) => {
    const before = requests;
    const { code, stderr } = await codisConfig([`--dashboard=${counterAddr}`, ...line.split(' ')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^codis-config: /);
    expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(3);
    expect(requests).toBe(before);
  },
);

test("an original dashboard's plain text error is told in one line, with exit code 1", async () => {
  const { code, stdout, stderr } = await codisConfig(
    `--dashboard=${counterAddr} server add-group 9`.split(' '),
  );
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: '',
    stderr: 'codis-config: no group 9\n',
  });
});

test('nobody at the address: two lines, and the stack in the log', async () => {
  const port = await freePort();
  const log = join(temporaryFolder(), 'tool.log');
  const args = [`--dashboard=127.0.0.1:${port}`, '-L', log, 'proxy', 'list'];
  const { code, stderr } = await codisConfig(args);
  expect(code).toBe(1);
  expect(stderr.trimEnd().split('\n')).toEqual([
    expect.stringContaining(`codis-config: no dashboard answers at 127.0.0.1:${port}`),
    expect.stringContaining('codis-config dashboard'),
  ]);
  expect(JSON.parse(readFileSync(log, 'utf8')).err.stack).toContain('DashboardUnreachableError');
});

test('-c names the settings; config.ini of the folder is taken without it', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'other.ini'), 'dashboard_addr=127.0.0.1:1\n');
  writeFileSync(join(folder, 'config.ini'), 'dashboard_addr=127.0.0.1:2\n');
  const named = await codisConfig(['-c', 'other.ini', 'proxy', 'list'], { cwd: folder });
  expect(named.stderr).toContain('127.0.0.1:1');
  const found = await codisConfig(['proxy', 'list'], { cwd: folder });
  expect(found.stderr).toContain('127.0.0.1:2');
  const neither = await codisConfig(['-c', 'missing.ini', 'proxy', 'list'], { cwd: folder });
  expect(neither).toMatchObject({ code: 1, stderr: expect.stringContaining('missing.ini') });
});

test('a wrong key of the config file is named with its line', async () => {
  const file = join(temporaryFolder(), 'wrong.ini');
  writeFileSync(file, 'product=test\ndashbord_addr=127.0.0.1:1\n');
  const { code, stderr } = await codisConfig(['-c', file, 'server', 'list']);
  expect(code).toBe(1);
  expect(stderr).toContain(`${file}:2: unknown key "dashbord_addr"`);
});

test('every verb has help with an example that can be parsed', async () => {
  const { command } = makeProgram('0');
  for (const each of everyCommand(command)) {
    let help = '';
    each.configureOutput({
      writeOut: (text) => {
        help += text;
      },
    });
    each.outputHelp();
    expect(help).toContain(`Usage: ${fullName(each)}`);
    if (each.commands.length > 0) continue;
    const examples = help.split('\n').filter((line) => line.startsWith('  codis-config '));
    expect(examples.join('\n')).toContain(fullName(each).replace('codis-config ', ''));
  }
});

test('--version, --help, and a noun alone', async () => {
  expect((await codisConfig(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const help = await codisConfig(['--help']);
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toContain('Usage: codis-config');
  const noun = await codisConfig(['server']);
  expect(noun).toMatchObject({ code: 2, stderr: '' });
  expect(noun.stdout).toContain('promote <group_id> <redis_addr>');
});

test('a reader that goes away early is no error', async () => {
  const bin = join(import.meta.dirname, '..', '..', 'bin', 'codis-config');
  const shell = new TestProcess('bash', [
    ...['-c', 'set -o pipefail; "$0" "$1" completion bash | head -c 1', process.execPath, bin],
  ]);
  expect(await shell.exited).toEqual({ code: 0, signal: null });
  expect(shell.stdout).toBe('#');
  expect(shell.stderr).toBe('');
});

test('an end by Ctrl-C leaves nothing on the screen', async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const asked = new Promise((resolve) => silent.once('request', resolve));
  const addr = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const bin = join(import.meta.dirname, '..', '..', 'bin', 'codis-config');
  const tool = new TestProcess(process.execPath, [bin, `--dashboard=${addr}`, 'server', 'list']);
  await asked;
  expect(await tool.stop('SIGINT')).toEqual({ code: null, signal: 'SIGINT' });
  expect(tool.stdout + tool.stderr).toBe('');
  silent.closeAllConnections();
  silent.close();
});
