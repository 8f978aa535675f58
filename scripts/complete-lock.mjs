/*
 * Adds to package-lock.json the packages for other platforms (optional dependencies such as
 * @biomejs/cli-darwin-arm64) that npm left out because the registry it asked does not have them:
 * `npm ci` refuses a lock file without them. Run it after a change of dependencies.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = new URL('../package-lock.json', import.meta.url);
const OS = /android|darwin|win32|linux|freebsd|openharmony/;
const CPU = /arm64|x64|ia32|arm|riscv64|s390x|ppc64|loong64|wasm32/;

const lock = JSON.parse(readFileSync(FILE, 'utf8'));
let added = 0;
for (const [path, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(optionalDependencies)) {
    if (lock.packages[`node_modules/${name}`] || lock.packages[`${path}/node_modules/${name}`]) {
      continue;
    }
    const os = OS.exec(name)?.[0];
    const cpu = CPU.exec(name)?.[0];
    lock.packages[`node_modules/${name}`] = {
      version: range.replace(/^[\^~]/, ''),
      ...(cpu && { cpu: [cpu] }),
      ...(dev && { dev }),
      optional: true,
      ...(os && { os: [os] }),
    };
    added++;
  }
}
const byPath = ([one], [other]) => (one < other ? -1 : 1);
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(byPath));
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`packages added to package-lock.json: ${added}`);
