import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startDataPlane, type TestDataPlane } from '../../../support/data-plane.js';
import { eventually } from '../../../support/eventually.js';
import { keyInSlots } from '../../../support/keys.js';
import { type RedisServer, startRedis } from '../../../support/redis-server.js';
import { RespClient } from '../../../support/resp-client.js';
import { TcpLink } from '../../../support/tcp-link.js';
import { MovingSlots } from '../moving.js';

const C1 = keyInSlots(0, 511, 'channel');
const C2 = keyInSlots(512, 1023, 'channel');

let servers: [RedisServer, RedisServer];
let proxies: [TestDataPlane, TestDataPlane];
let slots: MovingSlots;
let clients: RespClient[];

beforeEach(async () => {
  clients = [];
  servers = await Promise.all([startRedis(), startRedis()]);
  const addrs = servers.map(({ addr }) => addr);
  proxies = await Promise.all([startDataPlane(addrs), startDataPlane(addrs)]);
  slots = new MovingSlots(proxies, servers);
});

afterEach(async () => {
  for (const client of clients) client.close();
  for (const proxy of proxies) proxy.close();
  await Promise.all(servers.map((server) => server.stop()));
});

async function connect(proxy: number): Promise<RespClient> {
  const client = await RespClient.connect(proxies[proxy]!.port);
  clients.push(client);
  return client;
}

/** Messages heard so far, as `channel text`. */
class Ear {
  readonly heard: string[] = [];
  readonly #client: RespClient;

  constructor(client: RespClient) {
    this.#client = client;
  }

  async hearUntil(count: number): Promise<void> {
    while (this.heard.length < count) {
      const lines = String(await this.#client.reply()).split('\r\n');
      this.heard.push(`${lines.at(-4)} ${lines.at(-2)}`);
    }
  }
}

async function publishWhile(
  publisher: RespClient,
  name: string,
  isOver: () => boolean,
): Promise<string[]> {
  const sent: string[] = [];
  for (let n = 0; !isOver() || n < 200; n += 4) {
    // Pipelined: the next one is on its way before the one before has been answered.
    const batch = Array.from({ length: 4 }, (_, index) => {
      const channel = (n + index) % 3 === 0 ? C2 : C1;
      sent.push(`${channel} ${name}:${n + index}`);
      return ['PUBLISH', channel, `${name}:${n + index}`];
    });
    for (const reply of await publisher.pipeline(batch)) {
      expect(String(reply)).toMatch(/^:\d+\r\n$/);
    }
  }
  return sent;
}

function ofPublisher(heard: readonly string[], channel: string, name: string): string[] {
  return heard.filter((each) => each.startsWith(`${channel} ${name}:`));
}

/** A listener at a proxy whose first group is behind a link, and who will be that group's master. */
async function farGroup() {
  const [far, successor] = await Promise.all([startRedis(), startRedis()]);
  const link = await TcpLink.to(far.port);
  const addr = `127.0.0.1:${link.port}`;
  const proxy = await startDataPlane([addr, servers[1].addr]);
  onTestFinished(async () => {
    proxy.close();
    link.close();
    await Promise.all([far.stop(), successor.stop()]);
  });
  const [listener, atFormer, atSuccessor] = await Promise.all(
    [proxy, far, successor].map(({ port }) => RespClient.connect(port)),
  );
  clients.push(listener!, atFormer!, atSuccessor!);
  await listener!.call('SUBSCRIBE', C1);
  const group = { groupId: 1, master: successor.addr, replicas: [addr] };
  return {
    plane: proxy.plane,
    link,
    former: atFormer!,
    successor: atSuccessor!,
    change: { groups: [group], slots: [] },
    ear: new Ear(listener!),
  };
}

describe('messages', () => {
  it('are neither lost nor doubled nor out of order while slots move', async () => {
    const ears = await Promise.all(
      [0, 1, 0, 1].map(async (proxy, index) => {
        const client = await connect(proxy);
        const command = index < 2 ? ['SUBSCRIBE', C1, C2] : ['PSUBSCRIBE', 'channel*', 'none'];
        await client.pipeline([command, ['PING']]);
        await client.reply();
        return new Ear(client);
      }),
    );
    let isOver = false;
    const published = Promise.all(
      [0, 1].map(async (proxy) => publishWhile(await connect(proxy), `p${proxy}`, () => isOver)),
    );
    for (let round = 0; round < 8; round++) {
      await slots.move(round % 3 === 2 ? [C1, C2] : [round % 3 === 0 ? C1 : C2]);
    }
    isOver = true;
    const sent = await published;
    for (const ear of ears) {
      await ear.hearUntil(sent.flat().length);
      for (const [index, texts] of sent.entries()) {
        for (const channel of [C1, C2]) {
          const name = `p${index}`;
          expect(ofPublisher(ear.heard, channel, name)).toEqual(ofPublisher(texts, channel, name));
        }
      }
    }
  });

  it('are heard once over a promotion, also those of a proxy that has not heard of it', async () => {
    const [first] = servers;
    const replica = await startRedis(['--replicaof', '127.0.0.1', String(first.port)]);
    try {
      const [admin, atFirst] = await Promise.all([
        RespClient.connect(replica.port),
        RespClient.connect(first.port),
      ]);
      clients.push(admin, atFirst);
      await eventually('it replicates', async () => {
        return (await admin.text('INFO', 'replication')).includes('master_link_status:up');
      });
      const client = await connect(0);
      await client.call('SUBSCRIBE', C1);
      const ear = new Ear(client);
      let isOver = false;
      const published = Promise.all(
        [0, 1].map(async (proxy) => publishWhile(await connect(proxy), `p${proxy}`, () => isOver)),
      );
      await admin.call('REPLICAOF', 'NO', 'ONE');
      await atFirst.call('REPLICAOF', '127.0.0.1', replica.port);
      await eventually('the former master repeats', async () => {
        return (await atFirst.text('INFO', 'replication')).includes('master_link_status:up');
      });
      // The second proxy hears of it first, and the first, where the listener is, later.
      await slots.apply({
        groups: [{ groupId: 1, master: replica.addr, replicas: [first.addr] }],
        slots: [],
      });
      isOver = true;
      const sent = (await published).flat().filter((each) => each.startsWith(C1));
      await ear.hearUntil(sent.length);
      expect([...ear.heard].sort()).toEqual([...sent].sort());
    } finally {
      await replica.stop();
    }
  });

  it('keep their order over a promotion, also where the former master is far away', async () => {
    const { plane, link, former, successor, change, ear } = await farGroup();
    await plane.apply({ groups: [], slots: [], gates: [1] });
    link.stall();
    expect(await former.text('PUBLISH', C1, 'earlier')).toBe(':1\r\n');
    const changed = plane.apply({ ...change, gates: [] });
    await eventually('the successor is listened to', async () => {
      return (await successor.text('PUBSUB', 'NUMSUB', C1)).endsWith(':1\r\n');
    });
    expect(await successor.text('PUBLISH', C1, 'later')).toBe(':1\r\n');
    link.mend();
    await changed;
    await ear.hearUntil(2);
    expect(ear.heard).toEqual([`${C1} earlier`, `${C1} later`]);
  });

  it('of a former master that hangs are not waited for', async () => {
    const { plane, link, successor, change, ear } = await farGroup();
    link.stall();
    await plane.apply(change);
    await successor.text('PUBLISH', C1, 'm');
    await ear.hearUntil(1);
    expect(ear.heard).toEqual([`${C1} m`]);
  });

  it('of a group that is new are heard before a slot is there', async () => {
    const third = await startRedis();
    try {
      const client = await connect(0);
      await client.call('SUBSCRIBE', C1);
      await slots.apply({ groups: [{ groupId: 3, master: third.addr, replicas: [] }], slots: [] });
      const direct = await RespClient.connect(third.port);
      clients.push(direct);
      expect(await direct.text('PUBLISH', C1, 'm')).toBe(':1\r\n');
      const ear = new Ear(client);
      await ear.hearUntil(1);
      expect(ear.heard).toEqual([`${C1} m`]);
    } finally {
      await third.stop();
    }
  });
});
