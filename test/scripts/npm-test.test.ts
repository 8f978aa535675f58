import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { TestProcess, temporaryFolder } from '../support/process.js';

const PROJECT = join(import.meta.dirname, '..', '..');

/** `npm test -- --root <folder>` with these test files in the folder. */
function npmTest(files: Record<string, string>): { run: TestProcess; folder: string } {
  const folder = temporaryFolder();
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), `import { expect, test } from 'vitest';\n${text}\n`);
  }
  const script = join(PROJECT, 'scripts', 'test.mjs');
  const run = new TestProcess(process.execPath, [script, '--root', folder], {
    env: { CODIS_TEST_GRACE_MS: '1000' },
  });
  return { run, folder };
}

const lastLine = (run: TestProcess) => run.stdout.trimEnd().split('\n').at(-1);

/** Processes whose arguments have the text. */
function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        // Gone.
        return '';
      }
    })
    .filter((line) => line.includes(text));
}

test('the last line counts, and the exit code is that of the tests', async () => {
  const good = npmTest({ 'a.test.mjs': "test('a', () => expect(1).toBe(1));" });
  expect((await good.run.exited).code).toBe(0);
  expect(lastLine(good.run)).toBe('1 passed, 0 failed');

  const bad = npmTest({
    'a.test.mjs': "test('a', () => expect(1).toBe(1)); test('b', () => expect(1).toBe(2));",
    'broken.test.mjs': "throw new Error('cannot be loaded');",
  });
  expect((await bad.run.exited).code).toBe(1);
  expect(lastLine(bad.run)).toBe('1 passed, 2 failed');
}, 120_000);

test('what a test leaves behind is ended and told', async () => {
  // A number of seconds that nobody else sleeps.
  const seconds = `9${process.pid}`;
  const leave = `
    import { spawn } from 'node:child_process';
    test('leaves a process', () => {
      spawn('sleep', ['${seconds}'], { detached: true, stdio: 'ignore' }).unref();
    });`;
  const { run } = npmTest({ 'a.test.mjs': leave });
  expect((await run.exited).code).toBe(0);
  expect(run.stderr).toMatch(/left behind, ended now: \d+ .*sleep/);
  expect(lastLine(run)).toBe('1 passed, 0 failed');
  expect(processesWith(seconds)).toEqual([]);
}, 120_000);

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  'interrupted by %s, it leaves no process',
  async (signal, code) => {
    const seconds = `8${process.pid}${code}`;
    const hang = `
    import { spawn } from 'node:child_process';
    test('hangs', async () => {
      spawn('sleep', ['${seconds}'], { detached: true, stdio: 'ignore' });
      spawn('sleep', ['${seconds}'], { stdio: 'ignore' });
      await new Promise(() => {});
    }, 600_000);`;
    const { run, folder } = npmTest({ 'a.test.mjs': hang });
    await eventually('both run', () => processesWith(seconds).length === 2, 60_000);
    expect((await run.stop(signal)).code).toBe(code);
    expect(processesWith(seconds)).toEqual([]);
    expect(processesWith(folder)).toEqual([]);
  },
  120_000,
);
