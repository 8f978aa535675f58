import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quiet, startDataPlane, type TestDataPlane } from '../support/data-plane.js';
import { eventually } from '../support/eventually.js';
import { keyInSlots } from '../support/keys.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { RespClient } from '../support/resp-client.js';

const ONE = keyInSlots(0, 511);
const TWO = keyInSlots(512, 1023);

let one: RedisServer;
let two: RedisServer;
let proxy: TestDataPlane;
let client: RespClient;

beforeEach(async () => {
  [one, two] = await Promise.all([startRedis(), startRedis()]);
  proxy = await startDataPlane([one.addr, two.addr], {
    ini: 'backend_timeout=300\nbackend_wait=0',
  });
  client = await RespClient.connect(proxy.port);
});
afterEach(async () => {
  client.close();
  proxy.close();
  await Promise.all([one.stop(), two.stop()]);
});

describe('a server that is gone', () => {
  it('fails its own commands with a clear error, keeps the client, and is found again', async () => {
    expect(await client.text('SET', ONE, '1')).toBe('+OK\r\n');
    await one.stop();
    const failed = await eventually('an error', async () => {
      const reply = await client.text('GET', ONE);
      return reply.startsWith('-') ? reply : null;
    });
    expect(failed).toMatch(/^-ERR slot \d+ group 1: server 127\.0\.0\.1:\d+ /);
    expect(failed).toContain(one.addr);
    expect(await client.text('SET', TWO, '2')).toBe('+OK\r\n');
    expect(await client.text('MGET', ONE, TWO)).toMatch(/^-ERR slot \d+ group 1: /);

    one = await startRedis([], one.port);
    await eventually('the server is found again', async () => {
      return (await client.text('SET', ONE, 'again')) === '+OK\r\n';
    });
    expect(await client.text('GET', ONE)).toBe('$5\r\nagain\r\n');
  });

  it('answers every command of a pipeline that it takes with it, in order', async () => {
    const bursts = 200;
    const burst = Array.from({ length: 50 }, (_, index) =>
      index % 2 === 0 ? ['INCR', ONE] : ['INCR', TWO],
    );
    let answered = 0;
    for (let count = 0; count < bursts; count++) {
      if (count === bursts / 2) one.process.kill('SIGKILL');
      const replies = await client.pipeline(burst);
      for (const [index, reply] of replies.entries()) {
        const text = reply.toString();
        if (index % 2 === 1) expect(text).toMatch(/^:\d+\r\n$/);
        else expect(text).toMatch(/^(:\d+|-ERR slot \d+ group 1: server .*)\r\n$/);
        answered++;
      }
    }
    expect(answered).toBe(bursts * burst.length);
    expect(await client.text('GET', TWO)).toBe(`$4\r\n${(bursts * burst.length) / 2}\r\n`);
  });

  it('is said of writes that were on their way', async () => {
    await quiet(proxy);
    one.process.kill('SIGSTOP');
    client.send(`SET ${ONE} lost\r\n`);
    await eventually('it is in flight', () => {
      return proxy.plane.stats().backends.some((b) => b.addr === one.addr && b.inFlight === 1);
    });
    one.process.kill('SIGKILL');
    expect((await client.reply()).toString()).toMatch(
      /whether the command was executed is unknown/,
    );
  });
});

describe('a connection that ends during its handshake', () => {
  it('leaves the outcome of the writes sent behind it unknown', async () => {
    // Connects, and says nothing: the handshake is never answered.
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const misled = await startDataPlane([`127.0.0.1:${port}`], {
      ini: 'backend_timeout=200\nbackend_wait=0',
    });
    const guest = await RespClient.connect(misled.port);
    expect(await guest.text('SET', ONE, 'x')).toMatch(
      /whether the command was executed is unknown/,
    );
    guest.close();
    misled.close();
    silent.close();
  });
});

describe('a server that is frozen', () => {
  it('fails its own commands by the deadline and leaves others untouched', async () => {
    await client.pipeline([
      ['SET', ONE, '1'],
      ['SET', TWO, '2'],
    ]);
    one.process.kill('SIGSTOP');
    const other = await RespClient.connect(proxy.port);
    client.send(`GET ${ONE}\r\n`);
    // The other group answers while the first command is still waiting for its deadline.
    expect(await other.text('GET', TWO)).toBe('$1\r\n2\r\n');
    expect(proxy.plane.stats().backends.find((b) => b.addr === one.addr)!.inFlight).toBe(1);
    expect((await client.reply()).toString()).toMatch(/^-ERR .*no answer within 300 ms/);
    one.process.kill('SIGCONT');
    await eventually('it is used again', async () => {
      return (await client.text('GET', ONE)) === '$1\r\n1\r\n';
    });
    other.close();
  });
});

describe('a password that the server refuses', () => {
  it('is said in the error', async () => {
    const secured = await startRedis(['--requirepass', 'right']);
    const misled = await startDataPlane([secured.addr], { ini: 'password=wrong' });
    const guest = await RespClient.connect(misled.port);
    await guest.call('AUTH', 'wrong');
    await eventually('the reason is given', async () => {
      return /AUTH: WRONGPASS/.test(await guest.text('GET', 'a'));
    });
    guest.close();
    misled.close();
    await secured.stop();
  });
});
