import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { parseConfig } from '../../../base/config.js';
import { OperatorError } from '../../../base/errors.js';
import { silentLog } from '../../../base/log.js';
import type { Coordinator } from '../../../cluster/coordinator/coordinator.js';
import { openCoordinator } from '../../../cluster/coordinator/open.js';
import { eventually } from '../../support/eventually.js';
import { freePort } from '../../support/ports.js';
import { temporaryFolder } from '../../support/process.js';
import { startZooKeeper } from '../../support/zookeeper.js';

const opened: Coordinator[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((coordinator) => coordinator.close()));
});

function config(...lines: string[]) {
  return parseConfig(lines.join('\n'), 'test.ini');
}

test('coordinator=embedded opens the folder, making it', async () => {
  const folder = join(temporaryFolder(), 'made', 'on', 'the way');
  const settings = config('coordinator=embedded', `embedded_path=${folder}`);
  const one = await openCoordinator(settings, silentLog());
  const other = await openCoordinator(settings, silentLog());
  opened.push(one, other);
  await one.create('/a', 'x');
  expect(await other.get('/a')).toMatchObject({ data: 'x' });
});

test('a folder that cannot be used is an OperatorError that names it', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  const opening = openCoordinator(
    config('coordinator=embedded', `embedded_path=${file}`),
    silentLog(),
  );
  await expect(opening).rejects.toThrow(OperatorError);
  await expect(opening).rejects.toThrow(file);
  await expect(opening).rejects.toMatchObject({ hint: expect.stringContaining('embedded_path') });
});

test('a ZooKeeper that does not answer is an OperatorError that names it', async () => {
  const addr = `127.0.0.1:${await freePort()}`;
  const opening = openCoordinator(config(`zk=${addr}`), silentLog(), { answerDeadlineMs: 300 });
  await expect(opening).rejects.toThrow(OperatorError);
  await expect(opening).rejects.toThrow(`ZooKeeper at ${addr} does not answer`);
});

test('told to wait, it goes on with a ZooKeeper that comes later', async () => {
  const port = await freePort();
  const settings = config(`zk=127.0.0.1:${await freePort()}, 127.0.0.1:${port}`);
  const coordinator = await openCoordinator(settings, silentLog(), { unreachable: 'wait' });
  opened.push(coordinator);
  expect(coordinator.state).toBe('connecting');
  const server = await startZooKeeper(port);
  await eventually('it is connected', () => coordinator.state === 'connected');
  expect(await coordinator.get('/zookeeper')).not.toBeNull();
  await coordinator.close();
  await server.stop();
});
