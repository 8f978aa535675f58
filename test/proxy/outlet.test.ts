import { once } from 'node:events';
import { connect, createServer, type Server, Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Outlet } from '../../proxy/io/outlet.js';
import { eventually } from '../support/eventually.js';

const ends: (Socket | Server)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end instanceof Socket ? end.destroy() : end.close();
});

/** An outlet on a socket whose writes are counted, and what the other end gets. */
async function outletOf(expectsMore: () => boolean) {
  const server = createServer().listen(0, '127.0.0.1');
  ends.push(server);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const accepting = once(server, 'connection') as Promise<[Socket]>;
  const socket = connect(address.port, '127.0.0.1');
  ends.push(socket);
  const [peer] = await accepting;
  ends.push(peer);
  const got: string[] = [];
  peer.on('data', (bytes) => got.push(bytes.toString()));
  const writes: string[] = [];
  const write = socket.write.bind(socket);
  socket.write = (bytes: unknown) => {
    writes.push(String(bytes));
    return write(bytes as Buffer);
  };
  const outlet = new Outlet(socket, () => {}, expectsMore);
  const put = (text: string) => outlet.put(Buffer.from(text), 0, text.length, true);
  return { put, writes, received: () => got.join('') };
}

describe('output of a turn', () => {
  it('goes out in one write at its end', async () => {
    const { put, writes, received } = await outletOf(() => false);
    put('a');
    put('b');
    expect(writes).toEqual([]);
    await nextTurn();
    expect(writes).toEqual(['ab']);
    await eventually('it arrives', () => received() === 'ab');
  });

  it('waits for what is expected, and goes out with it', async () => {
    let expected = 3;
    const { put, writes } = await outletOf(() => expected > 0);
    for (const text of ['a', 'b', 'c']) {
      put(text);
      expected--;
      await nextTurn();
    }
    expect(writes).toEqual(['abc']);
    expected = 1;
    put('d');
    await nextTurn();
    expected = 0;
    await nextTurn();
    expect(writes).toEqual(['abc', 'd']);
  });

  it('does not wait for long for what does not come, again and again', async () => {
    const { put, writes } = await outletOf(() => true);
    for (const text of ['a', 'b']) {
      put(text);
      await nextTurn();
      await nextTurn();
      await nextTurn();
    }
    expect(writes).toEqual(['a', 'b']);
  });
});
