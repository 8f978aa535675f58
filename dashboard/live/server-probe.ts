import { formatAddress } from '../../base/address.js';
import { withDeadline } from '../../base/deadline.js';
import { messageOf } from '../../base/errors.js';
import { RedisConnection } from '../service/redis-connection.js';
import { ProbePace } from './probe-pace.js';
import { Rates } from './rates.js';

/** To connect and to answer INFO: a fraction of a millisecond of a healthy server's time. */
const ANSWER_TIMEOUT_MS = 2_000;

const MODULE = /^module:name=codis_slots,ver=(\d+)/m;

/** What a server says of itself. Units as in the live contract. */
export interface ServerFigures {
  readonly role: 'master' | 'replica';
  readonly follows: string | null;
  readonly link: 'up' | 'down' | null;
  readonly isLoading: boolean;
  readonly isSyncing: boolean;
  readonly offset: number;
  readonly lagSeconds: number | null;
  readonly memory: number;
  readonly maxmemory: number;
  readonly keys: number;
  readonly clients: number;
  readonly version: string;
  readonly module: string | null;
  readonly uptimeSeconds: number;
  /** Null at the first look. */
  readonly rates: {
    readonly ops: number;
    readonly hits: number;
    readonly misses: number;
    readonly evicted: number;
    readonly netIn: number;
    readonly netOut: number;
  } | null;
}

/** Looks at one Redis server again and again, over one connection. */
export class ServerProbe {
  readonly addr: string;
  readonly #password: string;
  readonly #pace = new ProbePace();
  readonly #rates = new Rates<'ops' | 'hits' | 'misses' | 'evicted' | 'netIn' | 'netOut'>();
  #redis: RedisConnection | null = null;
  #isBusy = false;
  #isClosed = false;
  #figures: ServerFigures | null = null;
  #error = 'not looked at yet';

  constructor(addr: string, password: string) {
    this.addr = addr;
    this.#password = password;
  }

  /** As of the last look; null if it did not answer. */
  get figures(): ServerFigures | null {
    return this.#figures;
  }

  /** Why it did not answer, one line; empty if it did. */
  get error(): string {
    return this.#error;
  }

  /** Looks, unless it is too early or a look is under way. Never throws. */
  async look(now: number): Promise<void> {
    if (this.#isBusy || this.#isClosed || !this.#pace.isDue(now)) return;
    this.#isBusy = true;
    try {
      const text = await withDeadline(this.#info(), ANSWER_TIMEOUT_MS, 'it');
      this.#figures = this.#read(text);
      this.#error = '';
      this.#pace.succeeded();
    } catch (error) {
      this.#redis?.close();
      this.#redis = null;
      this.#figures = null;
      this.#rates.forget();
      this.#error = reasonOf(this.addr, error);
      this.#pace.failed(now);
    } finally {
      this.#isBusy = false;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#redis?.close();
  }

  async #info(): Promise<string> {
    if (!this.#redis) {
      const redis = await RedisConnection.open(this.addr, this.#password, ANSWER_TIMEOUT_MS);
      // Whoever waited for us has given up meanwhile, and will try again.
      if (this.#isClosed || !this.#isBusy || this.#redis) {
        redis.close();
        throw new Error('it answered too late');
      }
      this.#redis = redis;
    }
    const reply = await this.#redis.command('INFO');
    if (typeof reply !== 'string' || !/^redis_version:/m.test(reply)) {
      throw new Error('what listens there is not a Redis server');
    }
    return reply;
  }

  #read(text: string): ServerFigures {
    const fields = fieldsOf(text);
    const number = (name: string) => Number(fields.get(name) ?? 0) || 0;
    const isReplica = fields.get('role') === 'slave';
    const masterHost = fields.get('master_host') ?? '';
    return {
      role: isReplica ? 'replica' : 'master',
      follows: isReplica ? formatAddress({ host: masterHost, port: number('master_port') }) : null,
      link: isReplica ? (fields.get('master_link_status') === 'up' ? 'up' : 'down') : null,
      isLoading: fields.get('loading') === '1',
      isSyncing: fields.get('master_sync_in_progress') === '1',
      offset: number(isReplica ? 'slave_repl_offset' : 'master_repl_offset'),
      lagSeconds: isReplica ? number('master_last_io_seconds_ago') : null,
      memory: number('used_memory'),
      maxmemory: number('maxmemory'),
      keys: keysOf(text),
      clients: number('connected_clients'),
      version: versionOf(fields),
      module: MODULE.exec(text)?.[1] ?? null,
      uptimeSeconds: number('uptime_in_seconds'),
      rates: this.#rates.since(performance.now(), {
        ops: number('total_commands_processed'),
        hits: number('keyspace_hits'),
        misses: number('keyspace_misses'),
        evicted: number('evicted_keys'),
        netIn: number('total_net_input_bytes'),
        netOut: number('total_net_output_bytes'),
      }),
    };
  }
}

function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

function keysOf(text: string): number {
  let keys = 0;
  for (const match of text.matchAll(/^db\d+:keys=(\d+)/gm)) keys += Number(match[1]);
  return keys;
}

/** Valkey says the version of Redis that it stands for, and its own. */
function versionOf(fields: ReadonlyMap<string, string>): string {
  const valkey = fields.get('valkey_version');
  return valkey ? `valkey ${valkey}` : (fields.get('redis_version') ?? '');
}

/** The address is shown beside it anyway. */
function reasonOf(addr: string, error: unknown): string {
  return messageOf(error)
    .replace(`the server ${addr} cannot be reached: `, '')
    .replace(`the server ${addr} `, 'it ');
}
