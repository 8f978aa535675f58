import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** The mirror of Debian that this machine installs its packages from. */
export async function findDebianMirror(signal: AbortSignal): Promise<string> {
  const format = ['--format', '$(CREATED_BY) $(REPO_URI)', 'indextargets'];
  const { stdout } = await exec('apt-get', format, { signal });
  const uris = stdout
    .split('\n')
    .filter((line) => line.startsWith('Packages '))
    .map((line) => line.split(' ').at(-1)!.replace(/\/$/, ''));
  const mirror = uris.find((uri) => /\/debian$/.test(uri));
  return mirror ?? 'http://deb.debian.org/debian';
}
