import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Outlet } from '../../../proxy/io/outlet.js';
import { Chunk } from '../../../resp/chunk.js';
import { eventually } from '../../support/eventually.js';

const SLAB_BYTES = 64 * 1024;
const LINE = Buffer.from('a line of forty bytes, more or less....\n');

describe.each(['direct', 'plain'] as const)('with %s writes', (writes) => {
  let server: Server;
  /** Ours, and the other end's, which reads nothing until it is told to. */
  let socket: Socket;
  let reader: Socket;
  let outlet: Outlet;
  /** How many more replies the outlet is told to expect. */
  let expected: number;
  /** What has been put, in its order. */
  let sent: Buffer[];

  beforeEach(async () => {
    server = createServer({ pauseOnConnect: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    [reader] = (await once(server, 'connection')) as [Socket];
    expected = 0;
    outlet = new Outlet(socket, () => {}, { expectsMore: () => expected > 0, writes });
    socket.on('drain', () => outlet.onWritten());
    socket.on('error', () => {});
    sent = [];
  });
  afterEach(() => {
    socket.destroy();
    reader.destroy();
    server.close();
  });

  function put(bytes: Buffer): void {
    sent.push(bytes);
    outlet.put(bytes, 0, bytes.length, true);
  }

  /** Until the kernel takes no more. */
  async function fill(): Promise<void> {
    const bytes = Buffer.alloc(20_000, 'f');
    while (socket.writableLength === 0) {
      put(bytes);
      await nextTurn();
    }
  }

  /** What the kernel is given, a text for each write. */
  function watchWrites(): string[] {
    const written: string[] = [];
    const { _handle: handle } = socket as unknown as {
      _handle: { writeBuffer(request: object, bytes: Buffer): number };
    };
    const original = handle.writeBuffer;
    handle.writeBuffer = (request, bytes) => {
      written.push(String(bytes));
      return original.call(handle, request, bytes);
    };
    return written;
  }

  async function everythingArrives(): Promise<void> {
    const whole = Buffer.concat(sent);
    const parts: Buffer[] = [];
    let length = 0;
    reader.on('data', (part: Buffer) => {
      parts.push(part);
      length += part.length;
    });
    reader.resume();
    await eventually('all has arrived', () => length >= whole.length);
    expect(Buffer.concat(parts).equals(whole)).toBe(true);
    await eventually('nothing is kept', () => outlet.pending === 0 && outlet.memory === 0);
  }

  test('a little in each of many turns keeps as much memory as it is, not a slab a turn', async () => {
    await fill();
    const before = process.memoryUsage().arrayBuffers;
    const pending = outlet.pending;
    for (let turn = 0; turn < 2_000; turn++) {
      put(LINE);
      await nextTurn();
    }
    expect(outlet.pending - pending).toBe(2_000 * LINE.length);
    // A slab a turn would be 125 MB.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 2 ** 20);
    expect(outlet.memory).toBeLessThan(outlet.pending + 4 * SLAB_BYTES);
    await everythingArrives();
  });

  test('a little that the kernel has no room for goes out as soon as it has', async () => {
    await fill();
    put(LINE);
    await nextTurn();
    put(LINE);
    await nextTurn();
    await everythingArrives();
    put(LINE);
    await eventually('what comes later goes out at once', () => outlet.pending === 0);
  });

  test('small and large output keeps its order, and what it keeps is reckoned with', async () => {
    await fill();
    for (let turn = 0; turn < 40; turn++) {
      put(LINE);
      put(Buffer.alloc(30_000, turn));
      if (turn % 3 === 0) await nextTurn();
      for (let line = 0; line < 300; line++) put(LINE);
      await nextTurn();
      expect(outlet.memory).toBeGreaterThanOrEqual(outlet.pending);
      expect(outlet.memory).toBeLessThan(2 * outlet.pending + 4 * SLAB_BYTES);
    }
    await everythingArrives();
  });

  test('a part of a chunk is reckoned with as the chunk that it keeps', async () => {
    await fill();
    let freed = 0;
    const { pending } = outlet;
    const chunks = Array.from({ length: 10 }, () => new Chunk(100_000, () => freed++));
    for (const chunk of chunks) {
      chunk.buffer.fill('c');
      chunk.hold();
      const bytes = chunk.buffer.subarray(0, 60_000);
      sent.push(Buffer.from(bytes));
      outlet.put(chunk.buffer, 0, bytes.length, false);
      chunk.release();
    }
    await nextTurn();
    expect(outlet.pending - pending).toBe(600_000);
    expect(outlet.memory).toBeGreaterThanOrEqual(pending + 1_000_000);
    expect(freed).toBe(0);
    await everythingArrives();
    expect(freed).toBe(10);
  });

  test('when it is about to be ended, all of it is written', async () => {
    await fill();
    for (let line = 0; line < 3_000; line++) put(LINE);
    await nextTurn();
    put(LINE);
    outlet.finish();
    socket.destroySoon();
    await everythingArrives();
  });

  test('what is put in a turn goes out in one write at its end', async () => {
    const written = watchWrites();
    put(Buffer.from('a'));
    put(Buffer.from('b'));
    expect(written).toEqual([]);
    await nextTurn();
    expect(written).toEqual(['ab']);
    await everythingArrives();
  });

  test('output waits for what is expected, and goes out with it', async () => {
    const written = watchWrites();
    expected = 3;
    for (const text of ['a', 'b', 'c']) {
      put(Buffer.from(text));
      expected--;
      await nextTurn();
    }
    expect(written).toEqual(['abc']);
    put(Buffer.from('d'));
    expected = 1;
    await nextTurn();
    expected = 0;
    await nextTurn();
    expect(written).toEqual(['abc', 'd']);
    await everythingArrives();
  });

  test('output does not wait for long for what does not come, again and again', async () => {
    const written = watchWrites();
    expected = 1;
    for (const text of ['a', 'b']) {
      put(Buffer.from(text));
      for (let turn = 0; turn < 3; turn++) await nextTurn();
    }
    expect(written).toEqual(['a', 'b']);
    await everythingArrives();
  });
});
