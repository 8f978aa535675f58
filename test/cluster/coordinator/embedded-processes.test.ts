import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { DeadlineError, OperatorError } from '../../../base/errors.js';
import { silentLog } from '../../../base/log.js';
import { EmbeddedCoordinator } from '../../../cluster/coordinator/embedded.js';
import { eventually } from '../../support/eventually.js';
import { TestProcess, temporaryFolder } from '../../support/process.js';

const opened: EmbeddedCoordinator[] = [];
const children: TestProcess[] = [];
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.stop('SIGKILL')));
  await Promise.all(opened.splice(0).map((coordinator) => coordinator.close()));
});

async function open(folder: string): Promise<EmbeddedCoordinator> {
  const log = silentLog();
  const coordinator = await EmbeddedCoordinator.open({ folder, sessionTimeoutMs: 60_000, log });
  opened.push(coordinator);
  return coordinator;
}

function startChild(folder: string, task: string, path: string, sessionTimeoutMs = 60_000) {
  const program = new URL('./embedded-child.mjs', import.meta.url);
  const args = [fileURLToPath(program), folder, String(sessionTimeoutMs), task, path];
  const child = new TestProcess(process.execPath, args);
  children.push(child);
  return child;
}

function says(child: TestProcess, line: string): Promise<boolean> {
  return eventually(`the child says ${line}`, () => {
    if (!child.isRunning) throw new Error(`the child ended: ${child.stderr}`);
    return child.stdout.split('\n').includes(line);
  });
}

test('a process killed with -9 loses its ephemeral nodes, and others are told', async () => {
  const folder = temporaryFolder();
  const one = await open(folder);
  const child = startChild(folder, 'register', '/nodes');
  await says(child, 'registered');
  expect(await one.children('/nodes')).toEqual(['restored', 'session']);
  let calls = 0;
  await one.watchChildren('/nodes', () => calls++);
  child.kill('SIGKILL');
  // The 60 s of its session do not matter: its process is seen to be gone.
  await eventually('the watch is called', () => calls > 0, 20_000);
  expect(await one.children('/nodes')).toEqual([]);
});

test('what a killed process left is gone when the next one has opened the folder', async () => {
  const folder = temporaryFolder();
  const child = startChild(folder, 'register', '/nodes');
  await says(child, 'registered');
  await child.stop('SIGKILL');
  const one = await open(folder);
  expect(await one.children('/nodes')).toEqual([]);
  await one.create('/nodes/restored', 'mine', { ephemeral: 'session' });
});

test('a stopped process keeps its nodes until its session timeout, and comes back', async () => {
  const folder = temporaryFolder();
  const one = await open(folder);
  const patient = startChild(folder, 'register', '/patient');
  const hasty = startChild(folder, 'register', '/hasty', 2000);
  await says(patient, 'registered');
  await says(hasty, 'registered');
  patient.kill('SIGSTOP');
  hasty.kill('SIGSTOP');
  await eventually('the hasty session ends', async () => {
    return (await one.children('/hasty')).length === 0;
  });
  // Of two stopped processes the one with the longer session is still there.
  expect(await one.children('/patient')).toEqual(['restored', 'session']);

  hasty.kill('SIGCONT');
  await says(hasty, 'new session');
  expect(await one.children('/hasty')).toEqual(['restored']);
  expect(await one.get('/hasty/restored')).toMatchObject({ data: 'from the child' });
  expect(hasty.stdout).toContain('expired\nconnected\n');
  patient.kill('SIGCONT');
});

test('kill -9 in the midst of writes loses nothing that was acknowledged', async () => {
  const folder = temporaryFolder();
  const one = await open(folder);
  for (let round = 0; round < 3; round++) {
    const writers = [startChild(folder, 'write', '/w'), startChild(folder, 'write', '/w')];
    await eventually('both have written', () =>
      writers.every(({ stdout }) => stdout.split('\n').length > 40),
    );
    await Promise.all(writers.map((writer) => writer.stop('SIGKILL')));
    const acknowledged = new Map<string, string>();
    for (const { stdout } of writers) {
      // What comes after the last line feed was cut off.
      for (const line of stdout.split('\n').slice(0, -1)) {
        const [path = '', what = ''] = line.split(' ');
        acknowledged.set(path, what);
      }
    }
    const steps = ['created', 'set', 'multi'];
    for (const [path, what] of acknowledged) {
      const node = await one.get(path);
      // One more write than was told may have been made.
      expect(steps.indexOf(node?.data ?? '')).toBeGreaterThanOrEqual(steps.indexOf(what));
      // Both operations of the multi were done or none.
      const below = await one.get(`${path}/below`);
      expect(below?.data).toBe(node?.data === 'multi' ? 'multi' : undefined);
    }
    expect(acknowledged.size).toBeGreaterThan(10);
    // No lock was left behind.
    await one.create(`/after-${round}`, '');
  }
}, 120_000);

test('process.exit in the midst of writes ends the process, and hinders no other', async () => {
  const folder = temporaryFolder();
  const one = await open(folder);
  for (let round = 0; round < 4; round++) {
    const child = startChild(folder, 'exit', `/round-${round}`);
    await eventually('the child ends', () => !child.isRunning, 20_000);
    expect(child.stderr).toBe('');
    await one.create(`/after-${round}`, '');
  }
}, 120_000);

test('a process stopped in the midst of a write holds up writes, not reads, until it ends', async () => {
  const folder = temporaryFolder();
  const one = await EmbeddedCoordinator.open({
    folder,
    sessionTimeoutMs: 60_000,
    requestDeadlineMs: 500,
    log: silentLog(),
  });
  opened.push(one);
  await one.create('/a', 'x');
  const child = startChild(folder, 'hold', '');
  await says(child, 'holding');
  await expect(one.set('/a', 'too late')).rejects.toThrow(DeadlineError);
  expect(await one.get('/a')).toMatchObject({ data: 'x' });
  await child.stop('SIGKILL');
  await eventually('writes go on', () => one.set('/a', 'y').catch(() => null));
  // A write that nobody waited for any more was not made behind everyone's back.
  const node = await one.get('/a');
  expect(node?.data).toBe('y');
  expect(await one.set('/a', 'z', node?.version)).toBe((node?.version ?? 0) + 1);
});

test('no compare-and-set increment of three processes is lost', async () => {
  const folder = temporaryFolder();
  const one = await open(folder);
  await one.create('/counter', '0');
  const writers = [1, 2, 3].map(() => startChild(folder, 'increment', '/counter'));
  for (const writer of writers) {
    expect(await writer.exited, writer.stderr).toEqual({ code: 0, signal: null });
  }
  expect(await one.get('/counter')).toMatchObject({ data: '300', version: 300 });
});

test('a folder that cannot be used is an error that says so', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  const unusable = [file, join(file, 'below'), join(folder, 'not-ours')];
  mkdirSync(join(folder, 'not-ours'));
  writeFileSync(join(folder, 'not-ours', 'data.mdb'), 'not a database '.repeat(1000));
  for (const path of unusable) {
    const opening = EmbeddedCoordinator.open({
      folder: path,
      sessionTimeoutMs: 1000,
      log: silentLog(),
    });
    await expect(opening).rejects.toThrow(OperatorError);
    await expect(opening).rejects.toThrow(path);
  }
});
