import { slotOf } from '../../../../cluster/slot-hash.js';
import {
  type CopyOptions,
  copyInPieces,
  finishPieces,
} from '../../../../dashboard/migration/chunk/copy-in-pieces.js';
import { PIECE_LIMITS } from '../../../../dashboard/migration/chunk/piece-size.js';
import {
  temporaryIdOf,
  temporaryKeyFor,
} from '../../../../dashboard/migration/chunk/temporary-key.js';
import { ServerConnection } from '../../../../dashboard/migration/server-connection.js';
import { type Plain, toPlain } from '../../../../resp/decode.js';
import { type RedisServer, startRedis } from '../../../support/redis-server.js';
import type { Argument } from '../../../support/resp-client.js';

/** So small that keys of a hundred elements make many pieces. */
export const SMALL_PIECES = { ...PIECE_LIMITS, elements: 7, bytes: 200 };

/** Encodings end early, so that keys of some elements are what large keys are. */
const SMALL_ENCODINGS = [
  ...['--hash-max-listpack-entries', '8', '--zset-max-listpack-entries', '8'],
  ...['--set-max-intset-entries', '8', '--list-max-listpack-size', '4'],
  ...['--stream-node-max-entries', '5'],
];

export const KEY = Buffer.from([0x6b, 0x00, 0xff, 0x0d, 0x0a, 0x7b, 0x7d]);
export const TEMPORARY_KEY = temporaryKeyFor(slotOf(KEY), temporaryIdOf(KEY));

/** Two servers, and a connection of ours to each for what is not the copy's doing. */
export class ServerPair {
  readonly #servers: readonly [RedisServer, RedisServer];
  readonly source: ServerConnection;
  readonly target: ServerConnection;

  private constructor(
    servers: readonly [RedisServer, RedisServer],
    connections: readonly [ServerConnection, ServerConnection],
  ) {
    this.#servers = servers;
    [this.source, this.target] = connections;
  }

  static async start(sourceArgs: readonly string[] = SMALL_ENCODINGS): Promise<ServerPair> {
    const debug = ['--enable-debug-command', 'yes'];
    const servers = await Promise.all([startRedis([...debug, ...sourceArgs]), startRedis(debug)]);
    const connections = await Promise.all(
      servers.map(({ addr }) => ServerConnection.open(addr, '')),
    );
    return new ServerPair(servers, [connections[0]!, connections[1]!]);
  }

  get addrs(): readonly [string, string] {
    return [this.#servers[0].addr, this.#servers[1].addr];
  }

  /** New connections for a copy, as after a crash. */
  async connect(): Promise<[ServerConnection, ServerConnection]> {
    const [source, target] = this.addrs;
    return [await ServerConnection.open(source, ''), await ServerConnection.open(target, '')];
  }

  async move(options: CopyOptions = { limits: SMALL_PIECES }): Promise<boolean> {
    const [source, target] = await this.connect();
    try {
      const copied = await copyInPieces(source, target, 0, KEY, TEMPORARY_KEY, options);
      return copied !== null && (await finishPieces(copied));
    } finally {
      source.close();
      target.close();
    }
  }

  /** Both without any key. */
  async clear(): Promise<void> {
    await this.source.call(['FLUSHALL']);
    await this.target.call(['FLUSHALL']);
  }

  async stop(): Promise<void> {
    this.source.close();
    this.target.close();
    await Promise.all(this.#servers.map((server) => server.stop()));
  }
}

/** Sends commands none of which may fail. */
export async function all(
  server: ServerConnection,
  commands: readonly (readonly Argument[])[],
): Promise<Plain[]> {
  const replies = await server.pipeline(
    commands.map((command) =>
      command.map((part) => (part instanceof Uint8Array ? part : `${part}`)),
    ),
  );
  const failed = replies.find((reply) => reply.type === 'error');
  if (failed) throw new Error(`${server.addr}: ${String(failed.value)}`);
  return replies.map(toPlain);
}

export async function one(server: ServerConnection, ...command: Argument[]): Promise<Plain> {
  return (await all(server, [command]))[0]!;
}

/** The server's word on the key's content, whatever its encoding; with its time to expire. */
export async function digest(server: ServerConnection, key: Buffer = KEY): Promise<Plain[]> {
  return all(server, [
    ['TYPE', key],
    ['DEBUG', 'DIGEST-VALUE', key],
    ['PEXPIRETIME', key],
  ]);
}
