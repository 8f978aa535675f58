import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf, OperatorError } from '../../base/errors.js';
import { cacheFolder } from './cache-folder.js';
import { findDebianMirror } from './debian-mirror.js';

/** Debian 13 has it; it is Python alone, and needs nothing that Debian 12 does not have. */
const VERSION = '6.1.0-2';
const SHA256 = '85b4ab406ee9dc03a0474cf6b9c0b178d0124a9196e2d8ad7fc4c3a988e924e4';
const FILE = `python3-redis_${VERSION}_all.deb`;
const APT_HELPER = '/usr/lib/apt/apt-helper';
/** For a quarter of a megabyte. */
const DOWNLOAD_TIMEOUT_MS = 60_000;

const exec = promisify(execFile);

/**
 * A redis-py that speaks RESP3, which that of Debian 12 does not: the folder to name in PYTHONPATH. It
 * is downloaded once, from the mirror that this machine installs from, checked and unpacked beside the
 * system's packages, which stay as they are.
 *
 * @throws OperatorError if it is not there and cannot be had
 */
export async function findNewerRedisPy(
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const cache = cacheFolder('redis-py');
  const folder = join(cache, VERSION);
  const library = join(folder, 'usr/lib/python3/dist-packages');
  if (existsSync(library)) return library;
  say(`getting redis-py ${VERSION} from Debian's mirror …`);
  mkdirSync(cache, { recursive: true });
  // Two runs may do so at the same time: the folder appears at once and whole.
  const nearby = mkdtempSync(join(cache, 'new-'));
  const options = { signal, timeout: DOWNLOAD_TIMEOUT_MS };
  try {
    const url = `${await findDebianMirror(signal)}/pool/main/p/python-redis/${FILE}`;
    const archive = join(nearby, FILE);
    const asOurselves = ['-o', 'APT::Sandbox::User=', '-o', 'Acquire::Retries=2'];
    await exec(
      APT_HELPER,
      [...asOurselves, 'download-file', url, archive, `SHA256:${SHA256}`],
      options,
    );
    await exec('dpkg-deb', ['-x', archive, join(nearby, 'files')], options);
    renameSync(join(nearby, 'files'), folder);
  } catch (error) {
    if (!existsSync(library)) {
      throw new OperatorError(`cannot get redis-py ${VERSION}: ${lastLine(error)}`, {
        hint: "its mirror must have Debian 13's python3-redis; redis-py with RESP3 is not tested without",
        cause: error,
      });
    }
  } finally {
    rmSync(nearby, { recursive: true, force: true });
  }
  return library;
}

function lastLine(error: unknown): string {
  const said = (error as { stderr?: unknown }).stderr;
  const text = typeof said === 'string' && said.trim() !== '' ? said : messageOf(error);
  return text.trim().split('\n').at(-1)!;
}
