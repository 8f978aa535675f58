import { afterEach, expect, test } from 'vitest';
import { DeadlineError } from '../../../base/errors.js';
import { silentLog } from '../../../base/log.js';
import { ZooKeeperCoordinator } from '../../../cluster/coordinator/zookeeper.js';
import { eventually } from '../../support/eventually.js';
import { startZooKeeperEnsemble, type ZooKeeperEnsemble } from '../../support/zookeeper.js';

let ensemble: ZooKeeperEnsemble | undefined;
const opened: ZooKeeperCoordinator[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((coordinator) => coordinator.close()));
  await ensemble?.stop();
});

async function open(servers: string): Promise<ZooKeeperCoordinator> {
  const coordinator = new ZooKeeperCoordinator({
    servers,
    sessionTimeoutMs: 20_000,
    requestDeadlineMs: 20_000,
    log: silentLog(),
  });
  opened.push(coordinator);
  await coordinator.connected(20_000);
  return coordinator;
}

test('the leader killed under writes: none that was acknowledged is lost, none hangs', async () => {
  ensemble = await startZooKeeperEnsemble();
  const clients = await Promise.all([1, 2, 3].map(() => open(ensemble!.addr)));
  const first = clients[0]!;
  await first.create('/w', '');
  await first.create('/counter', '0');
  await first.create('/alive', '', { ephemeral: 'session' });
  let newSessions = 0;
  for (const client of clients) client.onNewSession(() => newSessions++);

  const acknowledged: string[] = [];
  let increments = 0;
  let unknown = 0;
  let isReplaced = false;
  const write = async (client: ZooKeeperCoordinator): Promise<void> => {
    for (let since = 0; since < 20; ) {
      try {
        acknowledged.push(await client.create('/w/n-', '', { sequential: true }));
        const counter = (await client.get('/counter'))!;
        await client.multi([
          { type: 'check', path: '/w', version: 0 },
          {
            type: 'set',
            path: '/counter',
            data: String(Number(counter.data) + 1),
            version: counter.version,
          },
        ]);
        increments++;
        if (isReplaced) since++;
      } catch (error) {
        if (error instanceof DeadlineError) unknown++;
        // Another of the three was faster.
        else if ((error as Error).name !== 'BadVersionError') throw error;
      }
    }
  };
  const writing = Promise.all(clients.map(write));
  await eventually('writes are under way', () => acknowledged.length > 50);
  const leader = await ensemble.leader();
  await leader.stop();
  await ensemble.leader();
  isReplaced = true;
  await writing;

  expect(new Set(acknowledged).size).toBe(acknowledged.length);
  const names = new Set(await first.children('/w'));
  for (const path of acknowledged) expect(names).toContain(path.slice('/w/'.length));
  const total = Number((await first.get('/counter'))?.data);
  expect(total).toBeGreaterThanOrEqual(increments);
  expect(total).toBeLessThanOrEqual(increments + unknown);
  expect(newSessions).toBe(0);
  expect(await first.get('/alive')).toMatchObject({ ephemeral: true });

  // The one that was killed catches up.
  await leader.restart();
  const late = await open(leader.addr);
  const last = acknowledged.at(-1)!;
  await eventually('the last write is there too', () => late.get(last));
}, 120_000);
