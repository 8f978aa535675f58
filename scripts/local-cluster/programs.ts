import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { OperatorError } from '../../base/errors.js';

/** Something that is not of npm and has to be installed on the machine. */
export interface Requirement {
  /** Said in messages. */
  readonly name: string;
  readonly isPresent: () => boolean;
  /** Debian's packages that bring it. */
  readonly packages: readonly string[];
  /** For machines that we cannot install on. */
  readonly hint: string;
}

const ZOOKEEPER_JAR = '/usr/share/java/zookeeper.jar';

export const REDIS: Requirement = {
  name: 'redis-server',
  isPresent: () => findRedis() !== null,
  packages: ['redis-server'],
  hint: 'install it: apt-get install redis-server, dnf install redis, or brew install redis',
};
export const REDIS_TOOLS: Requirement = {
  name: 'redis-cli',
  isPresent: () => findProgram('redis-cli') !== null,
  packages: ['redis-tools'],
  hint: 'install it: apt-get install redis-tools, dnf install redis, or brew install redis',
};
export const JAVA: Requirement = {
  name: 'java',
  isPresent: () => findProgram('java') !== null,
  packages: ['default-jre-headless'],
  hint: 'install it: apt-get install default-jre-headless',
};
export const ZOOKEEPER: Requirement = {
  name: 'zookeeper',
  isPresent: () => existsSync(ZOOKEEPER_JAR),
  packages: ['zookeeper'],
  hint: "install Debian's package (apt-get install zookeeper), or use one that runs with --zk",
};
/** @public for scripts/test.mjs, which imports what was compiled */
export const PYTHON_REDIS: Requirement = {
  name: 'python3-redis',
  isPresent: () => existsSync('/usr/lib/python3/dist-packages/redis'),
  packages: ['python3-redis'],
  hint: 'install it: apt-get install python3-redis',
};

/** @public for scripts/test.mjs: clients of other languages */
export const CLIENT_LIBRARIES: Requirement = {
  name: 'client libraries of C, Ruby, Perl and Go',
  isPresent: () =>
    [
      ...['/usr/include/hiredis/hiredis.h', '/usr/bin/ruby', '/usr/share/perl5/Redis.pm'],
      ...['/usr/bin/go', '/usr/share/gocode/src/github.com/gomodule/redigo'],
      '/usr/share/rubygems-integration/all/gems/redis-4.8.0/lib/redis.rb',
    ].every((file) => existsSync(file)),
  packages: [
    ...['libhiredis-dev', 'ruby-redis', 'libredis-perl'],
    ...['golang-go', 'golang-github-gomodule-redigo-dev'],
  ],
  hint: 'install them: apt-get install libhiredis-dev ruby-redis libredis-perl golang-go golang-github-gomodule-redigo-dev',
};

/** @public for scripts/test.mjs: the dashboard's pages are tested in a real browser */
export const CHROMIUM: Requirement = {
  name: 'chromium',
  isPresent: () => existsSync('/usr/bin/chromium'),
  packages: ['chromium'],
  hint: 'install it: apt-get install chromium',
};

/** Redis's own tests are written in it. */
export const TCL: Requirement = {
  name: 'tclsh8.6',
  isPresent: () => findProgram('tclsh8.6') !== null,
  packages: ['tcl8.6'],
  hint: 'install it: apt-get install tcl8.6',
};
/** @public for scripts/test.mjs */
export const SPIN: Requirement = {
  name: 'spin',
  isPresent: () => findProgram('spin') !== null,
  packages: ['spin'],
  hint: 'install it: apt-get install spin, or from https://spinroot.com',
};
export const COMPILER: Requirement = {
  name: 'gcc',
  isPresent: () => findProgram('gcc') !== null && existsSync('/usr/include/stdio.h'),
  // The headers are only recommended by gcc.
  packages: ['gcc', 'libc6-dev'],
  hint: 'install it: apt-get install gcc libc6-dev, or dnf install gcc',
};

export const MAKE: Requirement = {
  name: 'make',
  isPresent: () => findProgram('make') !== null,
  packages: ['make'],
  hint: 'install it: apt-get install make, or dnf install make',
};

/** The path of Redis, or of its successor Valkey, or null. */
export function findRedis(): string | null {
  return findProgram('redis-server') ?? findProgram('valkey-server');
}

/** The path of a program of PATH, or null. */
export function findProgram(name: string): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/**
 * Resolves once everything is there; what is missing is installed where that can be done without
 * asking: as root, with apt-get.
 *
 * @param say told before something is installed.
 * @throws OperatorError naming what is missing and how to get it.
 */
export async function ensurePrograms(
  required: readonly Requirement[],
  say: (line: string) => void,
): Promise<void> {
  const missing = required.filter((requirement) => !requirement.isPresent());
  if (missing.length === 0) return;
  const canInstall = process.getuid?.() === 0 && findProgram('apt-get') !== null;
  if (canInstall) {
    const packages = missing.flatMap((requirement) => requirement.packages);
    say(`installing ${packages.join(', ')} with apt-get …`);
    const failure = await aptInstall(packages);
    const still = missing.find((requirement) => !requirement.isPresent());
    if (!still) return;
    throw new OperatorError(`apt-get could not install ${still.name}: ${failure}`, {
      hint: still.hint,
    });
  }
  const [first] = missing;
  throw new OperatorError(`${first!.name} is not installed`, { hint: first!.hint });
}

/** A machine that is new has no package lists, one that is old has lists of long ago. */
async function aptInstall(packages: readonly string[]): Promise<string> {
  const install = ['install', '--yes', '--no-install-recommends', ...packages];
  if ((await apt(install)) === '') return '';
  await apt(['update']);
  return apt(install);
}

/** The last line of what it said if it failed, else nothing. */
function apt(args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    // RUNLEVEL=1 keeps the packages from starting services of their own.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    const child = spawn('apt-get', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => {
      resolve(code === 0 ? '' : (output.trim().split('\n').at(-1) ?? `exit code ${code}`));
    });
  });
}
