import { expect, it } from 'vitest';
import { withDeadline } from '../../../../base/deadline.js';
import { slotOf } from '../../../../cluster/slot-hash.js';
import { onlineSlot, startDataPlane } from '../../../support/data-plane.js';
import { eventually } from '../../../support/eventually.js';
import { keyInSlots } from '../../../support/keys.js';
import { freePort } from '../../../support/ports.js';
import { temporaryFolder } from '../../../support/process.js';
import { startRedis } from '../../../support/redis-server.js';
import { RespClient } from '../../../support/resp-client.js';

const KEYS = 8_000;
const CHANNEL = keyInSlots(512, 1023, 'channel');
/** By when a question that is never answered has not been given up yet. */
const DEADLINE_MS = 10_000;
const INI = 'backend_timeout=30000\n';

it('a server that is loading its data, and refuses PING, does not hold up changes of slots', async () => {
  const folder = ['--dir', temporaryFolder()];
  const port = await freePort();
  const [first, second] = await Promise.all([startRedis(), startRedis(folder, port)]);
  const direct = await RespClient.connect(port);
  await direct.pipeline(Array.from({ length: KEYS }, (_, index) => ['SET', `key:${index}`, 'x']));
  await direct.call('SAVE');
  direct.close();
  const proxy = await startDataPlane([first.addr, second.addr], { ini: INI });
  const client = await RespClient.connect(proxy.port);
  await client.call('SUBSCRIBE', CHANNEL);

  await second.stop();
  const slow = ['--key-load-delay', '500', '--loading-process-events-interval-bytes', '1024'];
  const restarted = startRedis([...folder, ...slow], port);
  await eventually('it is loading', async () => {
    const admin = await RespClient.connect(port);
    const answer = await admin.text('PING');
    admin.close();
    return answer.startsWith('-LOADING');
  });
  // The proxy listens there again, and asks it at each of these whether all has been heard.
  let isLoaded = false;
  void restarted.then(() => {
    isLoaded = true;
  });
  const slotId = slotOf(CHANNEL);
  for (let change = 0; change < 6 || !isLoaded; change++) {
    const slots = [onlineSlot(slotId, 1 + (change % 2))];
    await withDeadline(proxy.plane.apply({ groups: [], slots }), DEADLINE_MS, 'the change');
  }
  await withDeadline(
    proxy.plane.apply({ groups: [], slots: [onlineSlot(slotId, 2)] }),
    DEADLINE_MS,
    'the last change',
  );
  const publisher = await RespClient.connect(proxy.port);
  await eventually('it is listened to', async () => {
    return (await publisher.text('PUBLISH', CHANNEL, 'hello')) === ':1\r\n';
  });
  expect(String(await client.reply())).toContain('hello');
  for (const each of [client, publisher]) each.close();
  proxy.close();
  await (await restarted).stop();
  await first.stop();
});
