import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { messageOf } from '../../base/errors.js';
import { findNewerRedisPy } from '../../scripts/support/newer-redis-py.js';
import { TestCluster } from '../support/cluster.js';
import { temporaryFolder } from '../support/process.js';
import { restart } from './restart.js';

const PROGRAMS = fileURLToPath(new URL('./programs/', import.meta.url));
const COMPILER_TIMEOUT_MS = 300_000;
const TIMEOUT_MS = 60_000;
const DOWNLOAD_TIMEOUT_MS = 120_000;
/** What each of the programs does, and says when it is done; `ready`: the proxy may restart. */
const STEPS = [
  ...['connect', 'pipeline', 'transaction', 'pubsub', 'blocking', 'scan', 'script'],
  ...['ready', 'reconnect'],
];

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start({
    config: { password: 'secret' },
    redisArgs: ['--requirepass', 'secret'],
  });
});

afterAll(() => cluster.stop());

/**
 * Runs a program against the proxy. When it is ready the proxy ends and starts again, and the program
 * is told.
 *
 * @returns the program's steps
 */
async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const child = execa(command, args, { timeout: TIMEOUT_MS, env });
  let printed = '';
  let restarted = Promise.resolve();
  child.stdout.on('data', (chunk) => {
    const before = printed;
    printed += chunk;
    if (before.includes('ready\n') || !printed.includes('ready\n')) return;
    restarted = restart(cluster.proxy).then(
      () => void child.stdin.write('\n'),
      (error: unknown) => {
        child.kill();
        throw error;
      },
    );
  });
  // The program's failure says more than that of a restart that it did not wait for.
  await Promise.all([child, child.catch(() => {}).then(() => restarted)]);
  return printed.trim().split('\n');
}

/** @throws naming Debian's package, which `npm test` installs if it may */
function needs(file: string, debianPackage: string): void {
  if (!existsSync(file)) {
    throw new Error(`${file} is missing: install Debian's package ${debianPackage}`);
  }
}

describe('clients of other languages with default options', () => {
  test('C: hiredis', { timeout: COMPILER_TIMEOUT_MS }, async () => {
    needs('/usr/include/hiredis/hiredis.h', 'libhiredis-dev');
    const program = join(temporaryFolder(), 'client');
    await execa('/usr/bin/cc', ['-Wall', '-o', program, join(PROGRAMS, 'client.c'), '-lhiredis']);
    expect(await run(program, [String(cluster.proxy.port)])).toEqual(STEPS);
  });

  test('Ruby: redis', { timeout: TIMEOUT_MS }, async () => {
    needs('/usr/share/rubygems-integration/all/gems/redis-4.8.0/lib/redis.rb', 'ruby-redis');
    const args = [join(PROGRAMS, 'client.rb'), String(cluster.proxy.port)];
    expect(await run('/usr/bin/ruby', args)).toEqual(STEPS);
  });

  test('Perl: Redis', { timeout: TIMEOUT_MS }, async () => {
    needs('/usr/share/perl5/Redis.pm', 'libredis-perl');
    const args = [join(PROGRAMS, 'client.pl'), String(cluster.proxy.port)];
    expect(await run('/usr/bin/perl', args)).toEqual(STEPS);
  });

  test('Go: redigo', { timeout: COMPILER_TIMEOUT_MS }, async () => {
    needs('/usr/bin/go', 'golang-go');
    const sources = '/usr/share/gocode/src/github.com/gomodule/redigo';
    needs(sources, 'golang-github-gomodule-redigo-dev');
    const folder = temporaryFolder();
    const program = join(folder, 'client');
    // Debian's libraries are found by a GOPATH, not as modules; nothing is fetched.
    const env = {
      GOPATH: '/usr/share/gocode',
      GO111MODULE: 'off',
      CGO_ENABLED: '0',
      GOCACHE: join(folder, 'cache'),
    };
    await execa('/usr/bin/go', ['build', '-o', program, join(PROGRAMS, 'redigo', 'main.go')], {
      env,
    });
    expect(await run(program, [String(cluster.proxy.port)])).toEqual(STEPS);
  });

  // Debian 12's is of version 4, which speaks RESP2 alone.
  test('Python: redis', { timeout: TIMEOUT_MS }, async () => {
    needs('/usr/lib/python3/dist-packages/redis', 'python3-redis');
    const args = [join(PROGRAMS, 'client.py'), String(cluster.proxy.port)];
    expect(await run('/usr/bin/python3', args)).toEqual(STEPS);
  });

  test('Python: redis of Debian 13, in RESP3', { timeout: COMPILER_TIMEOUT_MS }, async ({
    skip,
  }) => {
    needs('/usr/lib/python3/dist-packages/async_timeout', 'python3-redis');
    let library: string;
    try {
      const signal = AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS);
      library = await findNewerRedisPy((line) => console.log(line), signal);
    } catch (error) {
      // A machine without a mirror that has it.
      return skip(messageOf(error));
    }
    const args = [join(PROGRAMS, 'client.py'), String(cluster.proxy.port), '3'];
    const env = { PYTHONPATH: library };
    expect(await run('/usr/bin/python3', args, env)).toEqual(STEPS);
  });
});
