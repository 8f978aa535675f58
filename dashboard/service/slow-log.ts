import { messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { ServerRecord } from '../../cluster/model/group.js';
import type { Store } from '../../cluster/store.js';
import type { Plain } from '../../resp/decode.js';
import type { SlowlogReply } from '../api/web-contract.js';
import { NotFoundError } from '../errors.js';
import { withRedis } from './redis-connection.js';

/** Of each server; its own default is to keep 128. */
const MAX_ENTRIES = 128;
/** Of a command: its name and what it is about. The rest are values. */
const ARGUMENTS_SHOWN = 4;
const ARGUMENT_LENGTH = 48;

type Entry = SlowlogReply['entries'][number];

/** What the servers call slow. */
export class SlowLog {
  readonly #store: Store;
  readonly #password: string;
  readonly #log: Logger;

  constructor(store: Store, password: string, log: Logger) {
    this.#store = store;
    this.#password = password;
    this.#log = log;
  }

  /** @param addr of one server; null: of all. @throws NotFoundError if no group has it */
  async list(addr: string | null, limit: number): Promise<SlowlogReply> {
    const groups = await this.#store.loadGroups();
    const all = groups.flatMap((group) => group.servers ?? []);
    const servers = addr === null ? all : all.filter((server) => server.addr === addr);
    if (addr !== null && servers.length === 0) {
      throw new NotFoundError(`no group has a server ${addr}`, {
        hint: 'see: codis-config server list',
      });
    }
    const count = Math.min(limit, MAX_ENTRIES);
    const lists = await Promise.all(servers.map((server) => this.#ofServer(server, count)));
    const entries = lists.flatMap((list) => list ?? []);
    return {
      entries: entries.sort((one, other) => other.at - one.at).slice(0, limit),
      silent: servers.filter((_, index) => lists[index] === null).map((server) => server.addr),
    };
  }

  async #ofServer({ addr, group_id }: ServerRecord, count: number): Promise<Entry[] | null> {
    try {
      const reply = await withRedis(addr, this.#password, (redis) =>
        redis.command('SLOWLOG', 'GET', String(count)),
      );
      const rows = Array.isArray(reply) ? reply : [];
      return rows.flatMap((row) => readEntry(row, addr, group_id) ?? []);
    } catch (error) {
      this.#log.info({ server: addr, reason: messageOf(error) }, 'no slow log');
      return null;
    }
  }
}

/** `[id, unix seconds, microseconds, [argument…], client, name]`; the last two since Redis 4. */
function readEntry(row: Plain, server: string, group: number): Entry | null {
  if (!Array.isArray(row)) return null;
  const [id, seconds, microseconds, args, client = ''] = row;
  if (!Array.isArray(args)) return null;
  return {
    ...{ server, group, id: Number(id), at: Number(seconds) * 1000 },
    microseconds: Number(microseconds),
    command: commandText(args.map(String)),
    client: String(client),
  };
}

function commandText(args: readonly string[]): string {
  const shown = args.slice(0, ARGUMENTS_SHOWN).map((arg) => {
    const plain = arg.replaceAll(/[^ -~]/g, '?');
    return plain.length > ARGUMENT_LENGTH ? `${plain.slice(0, ARGUMENT_LENGTH)}…` : plain;
  });
  const more = args.length - shown.length;
  return more > 0 ? `${shown.join(' ')} … (${more} more)` : shown.join(' ');
}
