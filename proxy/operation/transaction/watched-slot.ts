import { withDeadline } from '../../../base/deadline.js';
import { DeadlineError } from '../../../base/errors.js';
import { encodeMultibulk } from '../../../resp/inline-command.js';
import {
  ConnectionLostError,
  type DedicatedConnection,
} from '../../backend/dedicated-connection.js';
import { databaseOfLane, laneOf, protocolOfLane, userOfLane } from '../../backend/lane.js';
import type { Server } from '../../backend/server.js';
import { lookup } from '../../command/command-table.js';
import { type Burst, withScripts } from '../../command/transaction/burst.js';
import type { WatchedKeys } from '../../command/transaction/watched-keys.js';
import type { SlotObserver } from '../../router/router.js';
import { abortedBecause } from '../burst-call.js';
import type { ClusterAccess } from '../cluster-access.js';
import type { OperationCall, OperationClient } from '../operation.js';
import { OperationError } from '../operation-error.js';

/**
 * - `opening`: there is no connection yet
 * - `watching`: the server watches the keys for us
 * - `aborted`: a key may have changed without anybody telling: EXEC answers null
 * - `executing`: EXEC is under way
 * - `over`: nothing is watched any more
 */
type State = 'opening' | 'watching' | 'aborted' | 'executing' | 'over';

const LEGAL_TRANSITIONS: Record<State, readonly State[]> = {
  opening: ['watching', 'over'],
  watching: ['aborted', 'executing', 'over'],
  aborted: ['over'],
  executing: ['over'],
  over: [],
};

const MINUS = 0x2d;
const UNWATCH = Buffer.from('*1\r\n$7\r\nUNWATCH\r\n');
const EXECABORT = '-EXECABORT ';
/** What Redis answers EXEC when a watched key has changed. */
const ABORTED = { 2: Buffer.from('*-1\r\n'), 3: Buffer.from('_\r\n') } as const;
/** WATCH's keys are where the row says, and it does not only read: large keys are moved first. */
const WATCH_ROW = lookup(Buffer.from('watch'), 0, 5)!;

/**
 * Keys of one slot that a client watches, on a connection to their server that it has for itself
 * until EXEC, DISCARD, UNWATCH or its end. When the slot's servers change, or the connection is
 * lost, nobody can tell any more whether a key changes: the transaction will be aborted.
 *
 * EXEC goes by the same connection. While it is under way a change of the slot is not acknowledged,
 * so it is never executed at a server that does not own the slot any more.
 */
export class WatchedSlot implements WatchedKeys, SlotObserver {
  readonly slotId: number;
  readonly #cluster: ClusterAccess;
  readonly #client: OperationClient;
  readonly #endObservation: () => void;
  #state: State = 'opening';
  #server: Server | null = null;
  #connection: DedicatedConnection | null = null;
  /** That of the connection. */
  #database = 0;
  /** Counts changes of the slot's servers. */
  #changes = 0;
  /** EXEC has been answered, or never will be. */
  #settled: Promise<void> = Promise.resolve();

  constructor(slotId: number, cluster: ClusterAccess, client: OperationClient) {
    this.slotId = slotId;
    this.#cluster = cluster;
    this.#client = client;
    this.#endObservation = cluster.observeSlot(slotId, this);
  }

  /**
   * Watches keys of the slot, more than before if called again.
   *
   * @throws OperationError if they cannot be watched
   */
  async watch({ bytes, client, gone }: OperationCall, keys: readonly Buffer[]): Promise<void> {
    const names = keys.map((key) => key.toString('latin1'));
    const { database } = client;
    for (;;) {
      const changes = this.#changes;
      await this.#fetch(names, database);
      if (this.#state === 'opening' && !(await this.#open())) continue;
      if (this.#state !== 'watching' || gone.aborted) return;
      // Known to be watched at the place where the keys are, from here on, or else aborted.
      if (changes !== this.#changes) {
        this.#abort();
        return;
      }
      const reply = await this.#command(database, bytes);
      if (reply !== null && reply[0] === MINUS) {
        throw new OperationError(reply.toString('latin1', 1, reply.length - 2));
      }
      return;
    }
  }

  async execute(burst: Burst, database: number): Promise<Buffer> {
    const { protocol } = this.#client;
    const aborted = ABORTED[protocol];
    if (this.#state === 'watching') {
      try {
        await this.#fetch(burst.keys, database);
      } catch (error) {
        this.forget();
        throw error;
      }
    }
    const connection = this.#connection;
    // A connection speaks one protocol, as one user; the client has chosen another since.
    const isUsable =
      connection !== null &&
      protocolOfLane(connection.lane) === protocol &&
      userOfLane(connection.lane) === userOfLane(this.#client.lane);
    if (this.#state !== 'watching' || !isUsable) {
      this.forget();
      return aborted;
    }
    this.#become('executing');
    const { bytes, skippedReplies } = withScripts(burst, burst.scripts);
    const select = database === this.#database ? [] : [selectCommand(database)];
    this.#database = database;
    const count = select.length + skippedReplies + 1;
    const executed = connection.sendAll(Buffer.concat([...select, bytes]), count);
    this.#settled = executed.then(
      () => {},
      () => {},
    );
    try {
      const { timeoutMs } = this.#server!;
      return replyOf(await withDeadline(executed, timeoutMs, `server ${connection.addr}`));
    } catch (error) {
      // A server that does not answer may still execute it: nobody is told that the slot is free.
      if (error instanceof DeadlineError) this.#server!.pool.abandon(connection);
      const reason = error instanceof Error ? error.message : String(error);
      throw new OperationError(
        `ERR slot ${this.slotId} group ${this.#server!.groupId}: ${reason}; whether the command was executed is unknown`,
      );
    } finally {
      this.forget();
    }
  }

  slotChanged(): Promise<void> | void {
    this.#changes++;
    if (this.#state === 'executing') return this.#settled;
    if (this.#state === 'watching') this.#abort();
  }

  forget(): void {
    if (this.#state === 'over') return;
    const isWatching = this.#state === 'watching';
    this.#become('over');
    this.#endObservation();
    this.#giveBack(isWatching ? 'watching' : 'clean');
  }

  /** What was watched may change unseen from now on. */
  #abort(): void {
    this.#become('aborted');
    this.#giveBack('watching');
  }

  /**
   * Sees to it that the keys are at the slot's destination: waits while the slot is held, and has
   * them pulled while it moves.
   */
  async #fetch(keys: readonly string[], database: number): Promise<void> {
    if (this.#cluster.ownerOf(this.slotId) !== null || keys.length === 0) return;
    const { protocol, lane: own } = this.#client;
    const lane = laneOf(protocol, database, userOfLane(own));
    const exists = encodeMultibulk(['EXISTS', ...keys]);
    const reply = await this.#cluster.askSlot(this.slotId, lane, WATCH_ROW, exists, this.#client);
    if (reply[0] === MINUS) {
      throw new OperationError(reply.toString('latin1', 1, reply.length - 2));
    }
  }

  /** Connects to where the slot's keys are. @returns false if that has changed meanwhile */
  async #open(): Promise<boolean> {
    const changes = this.#changes;
    const server = this.#cluster.destinationOf(this.slotId);
    if (server === null) return false;
    const { lane } = this.#client;
    let connection: DedicatedConnection;
    try {
      connection = await this.#cluster.dedicated(server, lane);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new OperationError(`ERR slot ${this.slotId} group ${server.groupId}: ${reason}`);
    }
    if (changes !== this.#changes || this.#state !== 'opening') {
      server.pool.release(connection);
      return false;
    }
    this.#server = server;
    this.#connection = connection;
    this.#database = databaseOfLane(lane);
    connection.onClosed = () => {
      if (this.#state === 'watching') this.#abort();
    };
    this.#become('watching');
    return true;
  }

  /** One command on the connection. @returns its reply; null: the connection is lost */
  async #command(database: number, command: Buffer): Promise<Buffer | null> {
    const connection = this.#connection!;
    const select = database === this.#database ? [] : [selectCommand(database)];
    this.#database = database;
    const replies = connection.sendAll(Buffer.concat([...select, command]), select.length + 1);
    try {
      const { timeoutMs } = this.#server!;
      return (await withDeadline(replies, timeoutMs, `server ${connection.addr}`)).at(-1)!;
    } catch (error) {
      if (error instanceof ConnectionLostError) return null;
      throw error;
    }
  }

  /** The connection is to be as it was, for the next one. */
  #giveBack(condition: 'watching' | 'clean'): void {
    const connection = this.#connection;
    const server = this.#server;
    this.#connection = null;
    if (connection === null || server === null) return;
    const isAsItWas = this.#database === databaseOfLane(connection.lane);
    if (!isAsItWas || connection.inFlight > 0) connection.close();
    if (connection.endReason !== null || condition === 'clean') {
      server.pool.release(connection);
      return;
    }
    void withDeadline(connection.send(UNWATCH), server.timeoutMs, `server ${connection.addr}`)
      .then((reply) => {
        if (reply[0] === MINUS) connection.close();
      })
      .catch(() => connection.close())
      .then(() => server.pool.release(connection));
  }

  #become(next: State): void {
    if (!LEGAL_TRANSITIONS[this.#state].includes(next)) {
      throw new Error(`slot ${this.slotId} watched: ${this.#state} -> ${next} is not legal`);
    }
    this.#state = next;
  }
}

function selectCommand(database: number): Buffer {
  return encodeMultibulk(['SELECT', String(database)]);
}

/** EXEC's, with the reason if a command before it was refused. */
function replyOf(replies: readonly Buffer[]): Buffer {
  const reply = replies.at(-1)!;
  if (!reply.toString('latin1', 0, EXECABORT.length).startsWith(EXECABORT)) return reply;
  const error = replies.find((frame) => frame[0] === MINUS)!;
  if (error === reply) return reply;
  const text = error.toString('latin1', 1, error.length - 2);
  return Buffer.from(`-${abortedBecause(text)}\r\n`, 'latin1');
}
