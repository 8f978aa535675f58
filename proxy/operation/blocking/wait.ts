import { decodeReply } from '../../../resp/decode.js';
import type { Reply } from '../../../resp/encode.js';
import { encodeMultibulk } from '../../../resp/inline-command.js';
import type { DedicatedConnection } from '../../backend/dedicated-connection.js';
import { laneOf } from '../../backend/lane.js';
import type { Server } from '../../backend/server.js';
import type { Operation, OperationCall, OperationClient } from '../operation.js';
import { OperationError } from '../operation-error.js';
import { type Blocked, blockedClientsOf } from './blocked-clients.js';
import { OutstandingCommand } from './outstanding-command.js';

const LANE = laneOf(2, 0);
/**
 * WAIT is about the replication offset after the connection's last command (Redis 7.2 and later:
 * last write). On a connection of its own that is this one: replicas get it, nobody hears it, it
 * changes no key, and everything that the client has been answered comes before it. Servers before
 * 7.0 do not know it and need not: PING, too, notes the offset there.
 */
const MARKS = ['SPUBLISH', 'codis:wait', ''];
const PING = Buffer.from('*1\r\n$4\r\nPING\r\n');

/** When clients last asked, in Unix milliseconds. */
const lastAsked = new WeakMap<OperationClient, number>();

/**
 * WAIT numreplicas timeout; WAITAOF numlocal numreplicas timeout: all groups are asked at the same
 * time, since a client's writes may be anywhere. The answer is the least of theirs; it is 0 if a group
 * has failed over since the client asked last: what it has written in between may have been lost.
 */
export const wait: Operation = async (call) => {
  const { cluster, client, gone } = call;
  const since = lastAsked.get(client) ?? client.connectedAtMs;
  lastAsked.set(client, Date.now());
  const waits = cluster.servers().map(({ server }) => new GroupWait(call, server));
  const blocked: Blocked = {
    unblock: (how) => {
      for (const each of waits) each.recall(how);
    },
    checkServer: (isGone) => {
      for (const each of waits) if (isGone(each.server)) each.abandon();
    },
  };
  const end = blockedClientsOf(cluster).add(client.clientId, blocked);
  const leave = (): void => {
    for (const each of waits) each.abandon();
  };
  gone.addEventListener('abort', leave, { once: true });
  try {
    const replies = await Promise.all(waits.map((each) => each.run()));
    const [first, ...others] = replies;
    if (first === undefined) throw new OperationError('ERR no group has slots');
    const least = others.reduce(
      (sum, counts) => sum.map((n, at) => Math.min(n, counts[at]!)),
      first,
    );
    const known = cluster.failedOverAt >= since ? least.map(() => 0) : least;
    return (known.length === 1 ? known[0]! : known) satisfies Reply;
  } finally {
    gone.removeEventListener('abort', leave);
    // Of those that go on when one has failed.
    leave();
    end();
  }
};

/** The command at one group. */
class GroupWait {
  readonly server: Server;
  readonly #call: OperationCall;
  #connection: DedicatedConnection | null = null;
  #outstanding: OutstandingCommand | null = null;
  #isOver = false;

  constructor(call: OperationCall, server: Server) {
    this.#call = call;
    this.server = server;
  }

  /** @returns WAIT's number, or WAITAOF's two. @throws OperationError */
  async run(): Promise<number[]> {
    const { cluster, args } = this.#call;
    const connection = await cluster.dedicated(this.server, LANE);
    this.#connection = connection;
    try {
      if (this.#isOver) connection.close();
      const marked = [connection.send(PING), connection.send(encodeMultibulk(MARKS))];
      const command = encodeMultibulk(args.map((arg) => arg.toString('latin1')));
      this.#outstanding = new OutstandingCommand(this.server, connection, command, 'blocking');
      const [reply] = await Promise.all([this.#outstanding.reply, ...marked]);
      const { value } = decodeReply(reply!)!;
      if (value.type === 'error') throw new OperationError(value.value);
      const counts = value.type === 'array' ? value.value : [value];
      return counts.map((count) => Number(count.value));
    } finally {
      this.#connection = null;
      this.server.pool.release(connection);
    }
  }

  recall(how: 'TIMEOUT' | 'ERROR'): void {
    void this.#outstanding?.recall(this.#call.cluster, how);
  }

  abandon(): void {
    this.#isOver = true;
    this.#connection?.close();
  }
}
