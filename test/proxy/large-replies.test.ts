import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { quiet, startDataPlane, type TestDataPlane } from '../support/data-plane.js';
import { keyInSlots } from '../support/keys.js';
import { encodeCommand, RespClient } from '../support/resp-client.js';

const ONE = keyInSlots(0, 511);
const TWO = keyInSlots(512, 1023);

/** Answers each GET with the next of its replies, in pieces of the sizes given. */
class FakeServer {
  readonly #server: Server;
  #replies: Buffer[] = [];
  #pieces: readonly number[] = [];
  /** Closes the connection after so many bytes. */
  #cutAfter = Number.POSITIVE_INFINITY;
  addr = '';

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(): Promise<FakeServer> {
    const server = new FakeServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    server.addr = `127.0.0.1:${(server.#server.address() as AddressInfo).port}`;
    return server;
  }

  prepare(replies: readonly Buffer[], pieces: readonly number[], cutAfter?: number): void {
    this.#replies = [...replies];
    this.#pieces = pieces;
    this.#cutAfter = cutAfter ?? Number.POSITIVE_INFINITY;
  }

  close(): void {
    this.#server.close();
  }

  #serve(socket: Socket): void {
    let writing = Promise.resolve();
    let commands = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      commands += chunk.toString('latin1');
      for (;;) {
        const command = /^\*(\d+)\r\n(?:\$\d+\r\n[^\r]*\r\n)+?(?=\*|$)/.exec(commands)?.[0];
        if (command === undefined) return;
        commands = commands.slice(command.length);
        const isGet = /\r\nGET\r\n/.test(command);
        const reply = isGet ? this.#replies.shift()! : Buffer.from('+OK\r\n');
        writing = writing.then(() => this.#write(socket, reply, isGet));
      }
    });
  }

  async #write(socket: Socket, reply: Buffer, isCut: boolean): Promise<void> {
    const end = isCut ? Math.min(reply.length, this.#cutAfter) : reply.length;
    for (let at = 0, piece = 0; at < end; piece++) {
      const size = this.#pieces[piece % this.#pieces.length] ?? end;
      const next = Math.min(end, at + size);
      socket.write(reply.subarray(at, next));
      at = next;
      // So that the pieces arrive one by one, mostly.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (end < reply.length) socket.destroy();
  }
}

let servers: FakeServer[] = [];
let proxy: TestDataPlane | null = null;

afterEach(() => {
  proxy?.close();
  for (const server of servers) server.close();
});

async function start(): Promise<TestDataPlane> {
  servers = await Promise.all([FakeServer.start(), FakeServer.start()]);
  proxy = await startDataPlane(servers.map(({ addr }) => addr));
  await quiet(proxy);
  return proxy;
}

const bulk = (length: number): Buffer =>
  Buffer.concat([
    Buffer.from(`$${length}\r\n`),
    Buffer.alloc(length, `${length} bytes.\r\n`),
    Buffer.from('\r\n'),
  ]);

const reply = fc.letrec<{ element: Buffer }>((tie) => ({
  element: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.integer({ min: 0, max: 400_000 }).map(bulk),
    fc.integer({ min: 0, max: 300 }).map(bulk),
    fc.constantFrom('+OK\r\n', ':12\r\n', '$-1\r\n', '-ERR x\r\n', '_\r\n').map((text) => {
      return Buffer.from(text);
    }),
    fc
      .array(tie('element'), { maxLength: 6 })
      .map((elements) => Buffer.concat([Buffer.from(`*${elements.length}\r\n`), ...elements])),
  ),
})).element;

test('replies of any size, cut anywhere, arrive whole and in order', async () => {
  const { port } = await start();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(reply, fc.boolean()), { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 4 }),
      fc.array(fc.integer({ min: 20_000, max: 200_000 }), { minLength: 1, maxLength: 4 }),
      async (replies, pieces, otherPieces) => {
        const of = (isOne: boolean) =>
          replies.filter(([, side]) => side === isOne).map(([frame]) => frame);
        // One byte at a time through a large reply would take all day.
        const total = replies.reduce((sum, [frame]) => sum + frame.length, 0);
        const least = Math.ceil(total / 200);
        servers[0]!.prepare(
          of(true),
          pieces.map((size) => Math.max(size, least)),
        );
        servers[1]!.prepare(of(false), otherPieces);
        const client = await RespClient.connect(port);
        client.send(
          Buffer.concat(replies.map(([, isOne]) => encodeCommand(['GET', isOne ? ONE : TWO]))),
        );
        for (const [frame] of replies) {
          const got = await client.reply();
          if (!got.equals(frame)) {
            throw new Error(`a reply of ${frame.length} bytes came as ${got.length} others`);
          }
        }
        client.close();
      },
    ),
    { numRuns: 60 },
  );
});

test('a client that is slow to read gets every byte, and others are served meanwhile', async () => {
  const { port } = await start();
  const large = bulk(8_000_000);
  servers[0]!.prepare([large, bulk(100), large], [50_000, 120_000]);
  const slow = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  slow.write(Buffer.concat([1, 2, 3].map(() => encodeCommand(['GET', ONE]))));
  const other = await RespClient.connect(port);
  for (let n = 0; n < 50; n++) {
    servers[1]!.prepare([bulk(20_000 + n)], [7000]);
    expect((await other.call('GET', TWO)).equals(bulk(20_000 + n))).toBe(true);
  }
  const wanted = Buffer.concat([large, bulk(100), large]);
  let received = 0;
  await new Promise<void>((resolve) => {
    slow.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      received += chunk.length;
      if (received >= wanted.length) resolve();
    });
  });
  expect(Buffer.concat(chunks).equals(wanted)).toBe(true);
  slow.destroy();
  other.close();
});

test('a client whose reply breaks off in the middle is cut off; those behind are told', async () => {
  const { port } = await start();
  servers[0]!.prepare([bulk(3_000_000), bulk(10)], [100_000], 1_000_000);
  const first = await RespClient.connect(port);
  first.send(encodeCommand(['GET', ONE]));
  const begun = await first.untilClosed();
  expect(begun.length).toBeLessThan(3_000_000);
  expect(bulk(3_000_000).subarray(0, begun.length).equals(begun)).toBe(true);
  const second = await RespClient.connect(port);
  servers[1]!.prepare([bulk(10)], [10]);
  expect((await second.call('GET', TWO)).equals(bulk(10))).toBe(true);
  second.close();
});
