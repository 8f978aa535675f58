import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, OperatorError } from '../../base/errors.js';
import { cacheFolder } from '../support/cache-folder.js';
import { findDebianMirror } from '../support/debian-mirror.js';

/** Debian 12 has it. */
export const REDIS_VERSION = '7.0.15';
const SUITE = 'bookworm';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** Debian's list of source packages is 9 MB, Redis 3 MB. */
const DOWNLOAD_TIMEOUT_MS = 120_000;

/** Where what was downloaded stays. */
export const CACHE_FOLDER = cacheFolder('redis-suite');

const exec = promisify(execFile);

/**
 * The folder of Redis's sources, with its tests in `tests`. They are downloaded once, as Debian's
 * source package, from the mirror that this machine installs from; neither root nor a `deb-src`
 * line is needed.
 *
 * @param given the folder to use instead, or its `tests`
 * @throws OperatorError if there is none and it cannot be had
 */
export async function findTests(
  given: string | null,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  if (given !== null) {
    const folder = [given, join(given, '..')].find(hasTests);
    if (folder !== undefined) return folder;
    throw new OperatorError(`--tests: there is no tests/test_helper.tcl in ${given}`, {
      hint: "give the folder of Redis's sources",
    });
  }
  const folder = join(CACHE_FOLDER, `redis-${REDIS_VERSION}`);
  if (!hasTests(folder)) {
    say(`getting the tests of Redis ${REDIS_VERSION} from Debian's source package …`);
    await download(folder, signal);
  }
  return folder;
}

/** The program of a folder made by `copyTests`. */
export const TEST_PROGRAM = 'run-tests.tcl';

/** A folder of its own for a run, as the tests write beside themselves. */
export function copyTests(folder: string, to: string): void {
  mkdirSync(to, { recursive: true });
  cpSync(join(folder, 'tests'), join(to, 'tests'), { recursive: true });
  // Into a pipe Tcl would write by the page: what a hung unit had to say would be lost.
  const lines = ['fconfigure stdout -buffering line', 'source tests/test_helper.tcl'];
  writeFileSync(join(to, TEST_PROGRAM), `${lines.join('\n')}\n`);
}

function hasTests(folder: string): boolean {
  return existsSync(join(folder, 'tests', 'test_helper.tcl'));
}

async function download(folder: string, signal: AbortSignal): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'codis-redis-tests-'));
  try {
    await downloadSource(work, signal);
    const archive = readdirSync(work).find((name) => /^redis_.*\.orig\.tar\.gz$/.test(name));
    if (!archive?.includes(REDIS_VERSION)) throw new Error(`found ${archive ?? 'none'}`);
    const unpack = ['-xzf', archive, '--wildcards', '*/tests/*'];
    await exec('tar', unpack, { cwd: work, signal });
    const unpacked = readdirSync(work).find((name) => hasTests(join(work, name)));
    if (unpacked === undefined) throw new Error(`${archive} has no tests`);
    mkdirSync(CACHE_FOLDER, { recursive: true });
    // Two runs may do so at the same time: the folder appears at once and whole.
    const nearby = mkdtempSync(join(CACHE_FOLDER, 'new-'));
    cpSync(join(work, unpacked), nearby, { recursive: true });
    try {
      renameSync(nearby, folder);
    } catch (error) {
      rmSync(nearby, { recursive: true, force: true });
      if (!hasTests(folder)) throw error;
    }
  } catch (error) {
    throw new OperatorError(`cannot get Debian's source package of Redis: ${lastLine(error)}`, {
      hint: `unpack Redis ${REDIS_VERSION} somewhere and give its folder with --tests`,
      cause: error,
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** apt with lists and a source line of its own: the machine's are neither needed nor touched. */
async function downloadSource(work: string, signal: AbortSignal): Promise<void> {
  for (const folder of ['parts', 'lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(work, folder), { recursive: true });
  }
  const signedBy = existsSync(KEYRING) ? [`Signed-By: ${KEYRING}`] : [];
  const source = [
    'Types: deb-src',
    `URIs: ${await findDebianMirror(signal)}`,
    `Suites: ${SUITE}`,
    'Components: main',
    ...signedBy,
  ];
  writeFileSync(join(work, 'parts', 'debian.sources'), `${source.join('\n')}\n`);
  const settings = {
    'Dir::Etc::SourceList': '/dev/null',
    'Dir::Etc::SourceParts': join(work, 'parts'),
    'Dir::State::Lists': join(work, 'lists'),
    'Dir::Cache': join(work, 'cache'),
    // The folder is ours; apt's own user could not write into it.
    'APT::Sandbox::User': '',
    'Acquire::Retries': '2',
  };
  const own = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const options = { cwd: work, signal, timeout: DOWNLOAD_TIMEOUT_MS };
  await exec('apt-get', [...own, '--error-on=any', 'update'], options);
  await exec(
    'apt-get',
    [...own, 'source', '--download-only', '--tar-only', `redis/${SUITE}`],
    options,
  );
}

function lastLine(error: unknown): string {
  const said = (error as { stderr?: unknown }).stderr;
  const text = typeof said === 'string' && said.trim() !== '' ? said : messageOf(error);
  return text.trim().split('\n').at(-1)!;
}
