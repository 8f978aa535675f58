/*
 * What `npm start`, `npm test` and `npm run build` do first in a fresh clone: install the npm
 * dependencies, compile. Plain JavaScript with Node's own modules only, as there is nothing else yet.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

const COMMONJS = join(root, 'dist', 'cjs');
const BUILD_STAMP = join(root, 'dist', '.built');
/** The dashboard's pages, which Vite makes: `dist/web`. */
const PAGES = join('dashboard', 'web');
const PAGES_STAMP = join(root, 'dist', '.built-pages');
const SHOWN_LINES = 12;

/** A step of the bootstrap failed; the message says all, a stack would not help. */
export class BootstrapError extends Error {}

/**
 * Runs `npm ci` if what is installed is not what package-lock.json says.
 *
 * @param {(line: string) => void} say told once if there is something to do
 */
export async function installDependencies(say) {
  if (isInstalled()) return;
  // `npm ci` would empty the folder that the link points at, which others use.
  if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) {
    throw new BootstrapError(
      'node_modules is a link, and what it points at is not what package-lock.json says: run npm ci there, or remove the link',
    );
  }
  say('installing the npm dependencies …');
  const npm = process.env.npm_execpath;
  const [program, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  // Development dependencies are needed to compile, whatever NODE_ENV says.
  await run('npm ci', program, [...first, 'ci', '--include=dev', '--no-audit', '--no-fund']);
}

/** npm leaves a copy of the lock file beside what it installed, written last. */
function isInstalled() {
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  const wanted = readPackages(join(root, 'package-lock.json'));
  if (!installed || !wanted) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    // Optional packages are those of other platforms.
    if (!found) return entry.optional === true || entry.peer === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? null;
  } catch {
    // Missing or cut off: install again.
    return null;
  }
}

/**
 * Compiles if the sources are not those that `dist` was made of.
 *
 * @param {(line: string) => void} say told if there is something to do
 */
export async function build(say) {
  await Promise.all([compile(say), buildPages(say)]);
}

async function compile(say) {
  const fingerprint = fingerprintOfSources();
  if (existsSync(BUILD_STAMP) && readFileSync(BUILD_STAMP, 'utf8') === fingerprint) return;
  say('compiling …');
  rmSync(BUILD_STAMP, { force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const compileBy = (config, buildInfo) =>
    run('the compiler', process.execPath, [
      tsc,
      ...['-p', join(root, config)],
      ...['--incremental', '--tsBuildInfoFile', join(root, 'dist', buildInfo)],
    ]);
  await compileBy('tsconfig.build.json', '.tsbuildinfo');
  removeOrphans(join(root, 'dist'), root);
  // The client library once more, for those who still `require` it.
  await compileBy('tsconfig.cjs.json', '.tsbuildinfo-cjs');
  removeOrphans(COMMONJS, root);
  writeFileSync(join(COMMONJS, 'package.json'), '{ "type": "commonjs" }\n');
  writeFileSync(BUILD_STAMP, fingerprint);
}

/** The dashboard's pages; of the sources elsewhere they import types alone. */
async function buildPages(say) {
  const fingerprint = fingerprintOf(['package-lock.json', ...filesBelow(PAGES)]);
  const page = join(root, 'dist', 'web', 'index.html');
  const isMade = existsSync(PAGES_STAMP) && existsSync(page);
  if (isMade && readFileSync(PAGES_STAMP, 'utf8') === fingerprint) return;
  say('making the pages of the dashboard …');
  rmSync(PAGES_STAMP, { force: true });
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const config = join(root, PAGES, 'vite.config.ts');
  await run('Vite', process.execPath, [vite, 'build', '--config', config, '--logLevel', 'warn']);
  writeFileSync(PAGES_STAMP, fingerprint);
}

/** By content, not by time: a checkout of an older commit is older and yet different. */
function fingerprintOfSources() {
  const settings = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8'));
  const files = ['tsconfig.json', 'tsconfig.build.json', 'tsconfig.cjs.json', 'package-lock.json'];
  const isPage = (file) => file.startsWith(PAGES);
  for (const folder of settings.include) {
    files.push(...filesBelow(folder).filter((file) => file.endsWith('.ts') && !isPage(file)));
  }
  return fingerprintOf(files);
}

function fingerprintOf(files) {
  const hash = createHash('sha256');
  for (const file of files.sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

function filesBelow(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** What a renamed or deleted source left in `dist` must not be run, nor packed. */
function removeOrphans(compiled, sources) {
  for (const entry of readdirSync(compiled, { withFileTypes: true })) {
    const path = join(compiled, entry.name);
    // Vite keeps its folder in order; CommonJS is looked through by itself.
    if (path === join(root, 'dist', 'web') || path === COMMONJS) continue;
    if (entry.isDirectory()) {
      removeOrphans(path, join(sources, entry.name));
      if (readdirSync(path).length === 0) rmSync(path, { recursive: true });
      continue;
    }
    const name = /^(.+?)(\.d\.ts|\.js|\.js\.map)$/.exec(entry.name)?.[1];
    if (name && !existsSync(join(sources, `${name}.ts`))) rmSync(path);
  }
}

/** Runs a program to its end; its output is shown, the end of it, only if it fails. */
function run(what, program, args) {
  return new Promise((resolve, reject) => {
    let output = '';
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const onSignal = (signal) => {
      child.kill(signal);
      process.exit(signal === 'SIGINT' ? 130 : 143);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, onSignal);
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (error) =>
      reject(new BootstrapError(`cannot run ${what}: ${error.message}`)),
    );
    child.once('close', (code, signal) => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, onSignal);
      if (code === 0) return resolve();
      const lines = output.trimEnd().split('\n');
      const shown = lines.slice(what === 'the compiler' ? 0 : -SHOWN_LINES).slice(0, SHOWN_LINES);
      const end = signal ? `was ended by ${signal}` : `failed (exit code ${code})`;
      reject(new BootstrapError([`${what} ${end}`, ...shown].join('\n')));
    });
  });
}
