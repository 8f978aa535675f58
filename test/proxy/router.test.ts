import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slotOf } from '../../cluster/slot-hash.js';
import { onlineSlot, quiet, startDataPlane, type TestDataPlane } from '../support/data-plane.js';
import { eventually } from '../support/eventually.js';
import { keyInSlots } from '../support/keys.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { RespClient } from '../support/resp-client.js';

const KEY = keyInSlots(0, 511);
const SLOT = slotOf(KEY);
const OTHER = keyInSlots(512, 1023);

let one: RedisServer;
let two: RedisServer;
let proxy: TestDataPlane;
let client: RespClient;

beforeEach(async () => {
  [one, two] = await Promise.all([startRedis(), startRedis()]);
  proxy = await startDataPlane([one.addr, two.addr]);
  client = await RespClient.connect(proxy.port);
});
afterEach(async () => {
  client.close();
  proxy.close();
  await Promise.all([one.stop(), two.stop()]);
});

async function valueOn(server: RedisServer, key: string): Promise<string> {
  const direct = await RespClient.connect(server.port);
  const value = await direct.text('GET', key);
  direct.close();
  return value;
}

describe('Router', () => {
  it('sends a slot where the last change put it', async () => {
    await client.call('SET', KEY, 'old');
    await proxy.plane.apply({ slots: [onlineSlot(SLOT, 2)], groups: [] });
    await client.call('SET', KEY, 'new');
    expect(await valueOn(one, KEY)).toBe('$3\r\nold\r\n');
    expect(await valueOn(two, KEY)).toBe('$3\r\nnew\r\n');
  });

  it('follows a group to its new master, and closes the connection to the old one', async () => {
    await proxy.plane.apply({
      slots: [],
      groups: [{ groupId: 1, master: two.addr, replicas: [] }],
    });
    await client.call('SET', KEY, 'promoted');
    expect(await valueOn(two, KEY)).toBe('$8\r\npromoted\r\n');
    expect(proxy.plane.stats().backends.map(({ addr }) => addr)).toEqual([two.addr]);
  });

  it('names slot and group in the errors of what has no owner', async () => {
    await proxy.plane.apply({
      slots: [{ slotId: SLOT, status: 'offline', groupId: -1, migrateFrom: -1 }],
      groups: [],
    });
    expect(await client.text('GET', KEY)).toBe(
      `-ERR slot ${SLOT} is offline: it is not assigned to a group\r\n`,
    );
    await proxy.plane.apply({
      slots: [onlineSlot(SLOT, 1)],
      groups: [{ groupId: 1, master: null, replicas: [] }],
    });
    expect(await client.text('GET', KEY)).toBe(
      `-ERR slot ${SLOT} group 1: the group has no master\r\n`,
    );
    expect(await client.text('SET', OTHER, 'fine')).toBe('+OK\r\n');
  });

  it('acknowledges only when what was sent to the old owner has been answered', async () => {
    await quiet(proxy);
    one.process.kill('SIGSTOP');
    client.send(`SET ${KEY} late\r\n`);
    await eventually('it is in flight', () => {
      return proxy.plane.stats().backends.some(({ inFlight }) => inFlight === 1);
    });
    let acknowledged = false;
    const applied = proxy.plane
      .apply({
        slots: [{ slotId: SLOT, status: 'pre_migrate', groupId: 1, migrateFrom: -1 }],
        groups: [],
      })
      .then(() => {
        acknowledged = true;
      });
    // The slots of the other group are served meanwhile, so time does pass for the proxy.
    const other = await RespClient.connect(proxy.port);
    for (let count = 0; count < 50; count++) await other.call('SET', OTHER, 'x');
    expect(acknowledged).toBe(false);
    one.process.kill('SIGCONT');
    await applied;
    expect((await client.reply()).toString()).toBe('+OK\r\n');
    other.close();
  });

  it('does not acknowledge while a frozen server may still execute what has failed', async () => {
    const impatient = await startDataPlane([one.addr, two.addr], { ini: 'backend_timeout=200' });
    const victim = await RespClient.connect(impatient.port);
    await victim.call('SET', KEY, 'before');
    await quiet(impatient);
    one.process.kill('SIGSTOP');
    expect(await victim.text('SET', KEY, 'late')).toMatch(/^-ERR .*no answer within 200 ms/);
    const hold = () =>
      impatient.plane.apply({
        slots: [{ slotId: SLOT, status: 'pre_migrate', groupId: 1, migrateFrom: -1 }],
        groups: [],
      });
    await expect(hold()).rejects.toThrow(/did not answer within 200 ms/);
    await expect(hold()).rejects.toThrow(/did not answer within 200 ms/);
    one.process.kill('SIGCONT');
    await eventually('it is acknowledged', () => hold().then(() => true));
    // Whatever was to be executed has been: nothing comes after the acknowledgement.
    const value = await valueOn(one, KEY);
    expect(value).toMatch(/late|before/);
    victim.close();
    impatient.close();
  });

  it('parks the commands of a slot that is about to change hands, in order', async () => {
    await proxy.plane.apply({
      slots: [{ slotId: SLOT, status: 'pre_migrate', groupId: 1, migrateFrom: -1 }],
      groups: [],
    });
    const count = 500;
    client.send(`APPEND ${KEY} x\r\nSTRLEN ${KEY}\r\nSET ${OTHER} y\r\n`.repeat(count));
    const other = await RespClient.connect(proxy.port);
    await eventually('the other slot has been written', async () => {
      return (await other.text('GET', OTHER)) === '$1\r\ny\r\n';
    });
    await proxy.plane.apply({ slots: [onlineSlot(SLOT, 2)], groups: [] });
    const replies = (await client.replies(count * 3)).map(String);
    for (let index = 0; index < count; index++) {
      expect(replies.slice(index * 3, index * 3 + 3)).toEqual([
        `:${index + 1}\r\n`,
        `:${index + 1}\r\n`,
        '+OK\r\n',
      ]);
    }
    expect(await valueOn(one, KEY)).toBe('$-1\r\n');
    expect(await valueOn(two, KEY)).toMatch(/^\$500\r\n/);
    other.close();
  });
});
