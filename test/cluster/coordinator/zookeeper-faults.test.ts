import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { DeadlineError } from '../../../base/errors.js';
import { silentLog } from '../../../base/log.js';
import { CoordinatorError, type SessionState } from '../../../cluster/coordinator/coordinator.js';
import { ZooKeeperCoordinator } from '../../../cluster/coordinator/zookeeper.js';
import { FrameSplitter } from '../../../cluster/coordinator/zookeeper-frames.js';
import { eventually } from '../../support/eventually.js';
import { startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper.js';
import { ZooKeeperLink } from './zookeeper-link.js';

let server: ZooKeeperServer;
const opened: ZooKeeperCoordinator[] = [];
const links: ZooKeeperLink[] = [];
let count = 0;

beforeAll(async () => {
  server = await startZooKeeper();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((coordinator) => coordinator.close()));
  for (const link of links.splice(0)) link.close();
});
afterAll(() => server?.stop());

interface Client {
  coordinator: ZooKeeperCoordinator;
  states: SessionState[];
  newSessions: () => number;
}

async function open(
  servers: string,
  { sessionTimeoutMs = 30_000, requestDeadlineMs = 30_000 } = {},
): Promise<Client> {
  const coordinator = new ZooKeeperCoordinator({
    servers,
    sessionTimeoutMs,
    requestDeadlineMs,
    log: silentLog(),
  });
  opened.push(coordinator);
  await coordinator.connected(10_000);
  const states: SessionState[] = [];
  let newSessions = 0;
  coordinator.onState((state) => states.push(state));
  coordinator.onNewSession(() => newSessions++);
  return { coordinator, states, newSessions: () => newSessions };
}

async function openLink(): Promise<{ link: ZooKeeperLink; addr: string }> {
  const link = new ZooKeeperLink(server.port);
  links.push(link);
  return { link, addr: await link.listen() };
}

function folder(): string {
  return `/faults-${++count}`;
}

test('a stopped server: noticed, calls wait for it, and the session goes on', async () => {
  const sessionTimeoutMs = 12_000;
  const { coordinator, states, newSessions } = await open(server.addr, { sessionTimeoutMs });
  const root = folder();
  await coordinator.create(`${root}/e`, 'mine', { ephemeral: 'session' });
  let calls = 0;
  await coordinator.watchNode(`${root}/e`, () => calls++);

  server.pause();
  try {
    const pausedAt = performance.now();
    const inFlight = coordinator.get(`${root}/e`);
    await eventually('the silence is noticed', () => coordinator.state === 'suspended');
    // A third of the timeout, and as much again for a machine that is slow.
    expect(performance.now() - pausedAt).toBeLessThan((sessionTimeoutMs * 2) / 3);
    const waiting = coordinator.get(`${root}/e`);
    server.resume();
    expect(await inFlight).toMatchObject({ data: 'mine' });
    expect(await waiting).toMatchObject({ data: 'mine' });
  } finally {
    server.resume();
  }
  expect(states).toEqual(['suspended', 'connected']);
  expect(newSessions()).toBe(0);
  await eventually('the watch is called', () => calls > 0);
});

test('a call to a stopped server ends with a DeadlineError', async () => {
  const { coordinator } = await open(server.addr, { requestDeadlineMs: 300 });
  server.pause();
  try {
    for (const call of [
      () => coordinator.get('/'),
      () => coordinator.children('/'),
      () => coordinator.set('/', ''),
      () => coordinator.multi([{ type: 'check', path: '/', version: 0 }]),
      () => coordinator.watchNode('/', () => undefined),
    ]) {
      await expect(call()).rejects.toThrow(DeadlineError);
    }
    // Nor does closing wait for ever.
    await coordinator.close();
    expect(coordinator.state).toBe('closed');
  } finally {
    server.resume();
  }
});

test('a server killed and restarted under writes loses none that was acknowledged', async () => {
  const { coordinator, states, newSessions } = await open(server.addr);
  const root = folder();
  await coordinator.create(`${root}/e`, 'mine', { ephemeral: 'session' });
  const acknowledged: string[] = [];
  let isDone = false;
  let afterRestart = 0;
  const writing = (async () => {
    for (let round = 0; afterRestart < 20; round++) {
      try {
        acknowledged.push(await coordinator.create(`${root}/w-${round}`, 'x'));
        if (isDone) afterRestart++;
      } catch (error) {
        expect(error).toBeInstanceOf(DeadlineError);
      }
    }
  })();
  await eventually('writes are under way', () => acknowledged.length > 20);
  await server.restart();
  isDone = true;
  await writing;
  const names = new Set(await coordinator.children(root));
  for (const path of acknowledged) expect(names).toContain(path.slice(root.length + 1));
  expect(states).toEqual(['suspended', 'connected']);
  expect(newSessions()).toBe(0);
  expect(await coordinator.get(`${root}/e`)).toMatchObject({ ephemeral: true });
});

test('an expired session: a new one, restored nodes and watches are back', async () => {
  const { link, addr } = await openLink();
  const { coordinator: other } = await open(server.addr);
  const { coordinator, states, newSessions } = await open(addr, { sessionTimeoutMs: 1500 });
  const root = folder();
  await coordinator.create(`${root}/restored`, 'first', { ephemeral: 'restored' });
  await coordinator.set(`${root}/restored`, 'second');
  await coordinator.multi([{ type: 'set', path: `${root}/restored`, data: 'third' }]);
  await coordinator.create(`${root}/dropped`, '', { ephemeral: 'restored' });
  await coordinator.delete(`${root}/dropped`);
  await coordinator.create(`${root}/session`, 'mine', { ephemeral: 'session' });
  await coordinator.create(`${root}/taken`, 'mine', { ephemeral: 'restored' });
  let atNewSession: unknown;
  coordinator.onNewSession(() => {
    atNewSession = coordinator.get(`${root}/restored`);
  });
  let calls = 0;
  await coordinator.watchNode(`${root}/plain`, () => calls++);

  link.cut();
  await eventually('the server ends the session', async () => {
    return (await other.children(root)).length === 0;
  });
  await other.create(`${root}/taken`, 'theirs');
  link.mend();
  const waiting = coordinator.get('/');
  await eventually('there is a new session', () => newSessions() === 1);
  expect(await waiting).not.toBeNull();
  expect(states).toEqual(['suspended', 'expired', 'connected']);
  expect(await atNewSession).toEqual({ data: 'third', version: 0, ephemeral: true });
  expect(await other.children(root)).toEqual(['restored', 'taken']);
  // A name that somebody else has taken meanwhile is theirs.
  expect(await other.get(`${root}/taken`)).toMatchObject({ data: 'theirs', ephemeral: false });

  await eventually('the watch is called for what may have been missed', () => calls > 0);
  const before = calls;
  await other.create(`${root}/plain`, '');
  await eventually('the watch lives on', () => calls > before);
});

test('a node that our session before left behind is made again, not taken for another', async () => {
  const { link, addr } = await openLink();
  const { coordinator, states, newSessions } = await open(addr);
  const { coordinator: other } = await open(server.addr);
  const path = `${folder()}/restored`;
  await coordinator.create(path, 'mine', { ephemeral: 'restored' });
  // The server is made to say that the session is over, while it lives on with its node.
  const timeoutAt = 4 + 4;
  link.onHandshake = (frame) => {
    link.onHandshake = () => 'pass';
    frame.writeInt32BE(0, timeoutAt);
    return 'pass';
  };
  let isGone = false;
  await other.watchNode(path, () => {
    isGone = true;
  });
  link.cut();
  link.mend();
  await eventually('there is a new session', () => newSessions() === 1);
  expect(states).toEqual(['suspended', 'expired', 'connected']);
  await eventually('the old node is deleted', () => isGone);
  expect(await other.get(path)).toEqual({ data: 'mine', version: 0, ephemeral: true });
  await coordinator.close();
  expect(await other.get(path)).toBeNull();
});

test.each([1, 4, 17, 30])(
  'an answer cut after %i bytes is no expired session',
  async (cutAfter) => {
    const { link, addr } = await openLink();
    const { coordinator, states, newSessions } = await open(addr);
    const path = `${folder()}/e`;
    await coordinator.create(path, 'mine', { ephemeral: 'session' });
    link.onAnswer = () => {
      link.onAnswer = () => 'pass';
      return { cutAfter };
    };
    // Read again on the next connection.
    expect(await coordinator.get(path)).toMatchObject({ data: 'mine', ephemeral: true });
    expect(states).toEqual(['suspended', 'connected']);
    expect(newSessions()).toBe(0);
  },
);

test('a write whose answer is lost fails at once; an ephemeral node is found to be ours', async () => {
  const { link, addr } = await openLink();
  const { coordinator } = await open(addr);
  const root = folder();
  await coordinator.create(`${root}/plain`, 'before');
  const loseOne = (): void => {
    link.onAnswer = () => {
      link.onAnswer = () => 'pass';
      return { cutAfter: 0 };
    };
  };
  loseOne();
  await expect(coordinator.set(`${root}/plain`, 'after')).rejects.toThrow(DeadlineError);
  expect(await coordinator.get(`${root}/plain`)).toMatchObject({ data: 'after' });
  loseOne();
  expect(await coordinator.create(`${root}/e`, 'mine', { ephemeral: 'session' })).toBe(`${root}/e`);
  expect(await coordinator.get(`${root}/e`)).toMatchObject({ data: 'mine', ephemeral: true });
});

test('error codes that the package does not know end neither the process nor the call', async () => {
  const { link, addr } = await openLink();
  const { coordinator, states } = await open(addr);
  const answerOnceWith = (code: number): void => {
    link.onAnswer = (frame) => {
      link.onAnswer = () => 'pass';
      FrameSplitter.setError(frame, code);
      return 'pass';
    };
  };
  const QUOTA_EXCEEDED = -125;
  answerOnceWith(QUOTA_EXCEEDED);
  await expect(coordinator.get('/')).rejects.toThrow(CoordinatorError);
  expect(states).toEqual([]);
  const SESSION_MOVED = -118;
  answerOnceWith(SESSION_MOVED);
  expect(await coordinator.get('/')).not.toBeNull();
  expect(states).toEqual(['suspended', 'connected']);
});

test('requests are numbered from 1', async () => {
  const { link, addr } = await openLink();
  const { coordinator } = await open(addr);
  await coordinator.get('/');
  await coordinator.get('/');
  expect(link.requestXids.slice(0, 2)).toEqual([1, 2]);
});

test('watching and letting go of the same node again and again leaves nothing behind', async () => {
  const warnings: string[] = [];
  const warn = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', warn);
  const { coordinator } = await open(server.addr);
  const path = `${folder()}/node`;
  for (let round = 0; round < 30; round++) {
    (await coordinator.watchNode(path, () => undefined)).close();
    (await coordinator.watchChildren(path, () => undefined)).close();
  }
  let calls = 0;
  await coordinator.watchNode(path, () => calls++);
  await coordinator.create(path, '');
  await eventually('the last watch is called', () => calls > 0);
  process.off('warning', warn);
  expect(warnings).toEqual([]);
});

test('a client opened before its server waits for it', async () => {
  const { link, addr } = await openLink();
  link.cut();
  const coordinator = new ZooKeeperCoordinator({
    servers: addr,
    sessionTimeoutMs: 30_000,
    log: silentLog(),
  });
  opened.push(coordinator);
  let calls = 0;
  const watching = coordinator.watchNode('/', () => calls++);
  const reading = coordinator.get('/');
  await eventually('an attempt has failed', () => coordinator.lastFailure !== '');
  expect(coordinator.state).toBe('connecting');
  link.mend();
  expect(await reading).not.toBeNull();
  await watching;
  await coordinator.set('/', String(Math.random()));
  await eventually('the watch is armed', () => calls > 0);
});
