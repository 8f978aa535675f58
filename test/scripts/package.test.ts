import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type ExitStatus, TestProcess, temporaryFolder } from '../support/process.js';

const PROJECT = join(import.meta.dirname, '..', '..');

/** The package as `npm install` lays it out, beside the dependencies that are here already. */
let installed: string;
let files: string[];

beforeAll(async () => {
  const folder = temporaryFolder();
  await run('npm', ['pack', '--silent', '--pack-destination', folder], PROJECT);
  const [tarball] = readdirSync(folder);
  expect(tarball).toMatch(/^codis-ts-\d+\.\d+\.\d+\.tgz$/);
  await run('tar', ['-xzf', tarball!], folder);
  installed = join(folder, 'package');
  symlinkSync(join(PROJECT, 'node_modules'), join(installed, 'node_modules'));
  files = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !name.startsWith('node_modules'),
  );
}, 120_000);

async function run(program: string, args: string[], cwd: string): Promise<TestProcess> {
  const child = new TestProcess(program, args, { cwd });
  const { code }: ExitStatus = await child.exited;
  if (code !== 0) throw new Error(`${program} failed: ${child.stdout}${child.stderr}`);
  return child;
}

test.each(['codis-config', 'codis-proxy'])('%s runs from the package', async (name) => {
  const { bin } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  // As npm does: a link in a folder of PATH.
  const path = join(temporaryFolder(), 'bin');
  mkdirSync(path);
  symlinkSync(join(installed, bin[name]), join(path, name));
  const help = await run(join(path, name), ['--help'], path);
  expect(help.stdout).toContain(name);
  const version = await run(join(path, name), ['--version'], path);
  expect(version.stdout).toMatch(/\d+\.\d+\.\d+/);
});

test('its documents point to nothing that it lacks', () => {
  const documents = files.filter((name) => name.endsWith('.md'));
  expect(documents).toEqual(
    expect.arrayContaining(['README.md', 'CHANGELOG.md', 'docs/operations.md']),
  );
  for (const document of documents) {
    const text = readFileSync(join(installed, document), 'utf8');
    for (const [, link] of text.matchAll(/(?:\]\(|(?:src|href)=")(?!https?:|#)([^)"#]+)/g)) {
      const target = join(installed, dirname(document), link!);
      expect(existsSync(target), `${document}: ${link}`).toBe(true);
    }
  }
});

test('it has the sources of the slots module, and not what was built of them', () => {
  const module = files.filter((name) => /^server-patch\/.*\.\w+$|Makefile/.test(name));
  expect(module).toEqual(
    expect.arrayContaining(['server-patch/Makefile', 'server-patch/src/module.c']),
  );
  const tracked = execFileSync('git', ['ls-files', 'server-patch'], {
    cwd: PROJECT,
    encoding: 'utf8',
  }).split('\n');
  expect(module.filter((name) => !tracked.includes(name))).toEqual([]);
});

test('it has what is needed to run, with types, and nothing else', () => {
  expect(files).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'conf/config.ini',
      'dist/cluster/slot-hash.js',
      'dist/cluster/slot-hash.d.ts',
      'dist/dashboard/main.js',
      'dist/web/index.html',
    ]),
  );
  const strangers = files.filter((name) =>
    /^(test|scripts|data|dist\/(test|scripts))\b|\.test\.|\.built|\.tsbuildinfo|\.map$/.test(name),
  );
  expect(strangers).toEqual([]);
  const sources = files.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
  expect(sources).toEqual([]);
});
