import { setTimeout as sleep } from 'node:timers/promises';
import type { DedicatedConnection } from '../../backend/dedicated-connection.js';
import { laneOf } from '../../backend/lane.js';
import type { Server } from '../../backend/server.js';
import type { ClusterAccess } from '../cluster-access.js';

const CLIENT_ID = Buffer.from('*2\r\n$6\r\nCLIENT\r\n$2\r\nID\r\n');
const SHARED_LANE = laneOf(2, 0);
/** The command may be under way while CLIENT UNBLOCK overtakes it on another connection. */
const FIRST_PAUSE_MS = 2;
const LAST_PAUSE_MS = 50;
/** A server that answers others and not this connection will not do so later. */
const RECALL_TIMEOUT_MS = 2_000;
const MULTI = Buffer.from('*1\r\n$5\r\nMULTI\r\n');
const EXEC = Buffer.from('*1\r\n$4\r\nEXEC\r\n');
const MINUS = 0x2d;
const STAR = 0x2a;
const COLON = 0x3a;
const ONE = 0x31;

/** `at once`: it does not wait, but is answered as if it had waited in vain. */
export type Issue = 'blocking' | 'at once';

/** What the server calls a connection; it does not change. */
const clientIds = new WeakMap<DedicatedConnection, Promise<string>>();

/**
 * A command that blocks, from when it is sent until it is answered. Until then its server may carry
 * it out at any time.
 */
export class OutstandingCommand {
  readonly server: Server;
  /** @throws ConnectionLostError: whether it was executed is unknown. */
  readonly reply: Promise<Buffer>;
  readonly #connection: DedicatedConnection;
  readonly #clientId: Promise<string>;
  readonly #answered: Promise<void>;
  #isAnswered = false;

  constructor(server: Server, connection: DedicatedConnection, command: Buffer, how: Issue) {
    this.server = server;
    this.#connection = connection;
    this.#clientId = clientIdOf(connection);
    this.reply =
      how === 'blocking' ? connection.send(command) : sendInTransaction(connection, command);
    const note = (): void => {
      this.#isAnswered = true;
    };
    this.#answered = this.reply.then(note, note);
  }

  /**
   * Has the server answer it now: with what it has taken if it has, else with that it was
   * unblocked. Resolves when it has been answered; a server that cannot be asked loses the
   * connection, which says that the outcome is unknown.
   */
  async recall(cluster: ClusterAccess, how: 'TIMEOUT' | 'ERROR'): Promise<void> {
    const clientId = await this.#clientId.catch(() => null);
    const deadline = performance.now() + RECALL_TIMEOUT_MS;
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#isAnswered && clientId !== null) {
      const ask = ['CLIENT', 'UNBLOCK', clientId, how];
      const reply = await cluster.ask(this.server, SHARED_LANE, ask);
      if (reply[0] !== COLON || performance.now() > deadline) {
        this.abandon();
        return;
      }
      const isUnblocked = reply[1] === ONE;
      await Promise.race([this.#answered, sleep(isUnblocked ? LAST_PAUSE_MS : pauseMs)]);
      pauseMs = Math.min(LAST_PAUSE_MS, pauseMs * 2);
    }
  }

  /** Ends the connection, so that the server forgets the command. */
  abandon(): void {
    this.#connection.close();
  }
}

/** In a transaction no command blocks. */
async function sendInTransaction(
  connection: DedicatedConnection,
  command: Buffer,
): Promise<Buffer> {
  const [, queued, executed] = await Promise.all([
    connection.send(MULTI),
    connection.send(command),
    connection.send(EXEC),
  ]);
  // Refused when it was queued, or the one element of the array that EXEC answers.
  if (queued[0] === MINUS || executed[0] !== STAR) return queued[0] === MINUS ? queued : executed;
  return executed.subarray(executed.indexOf('\n') + 1);
}

function clientIdOf(connection: DedicatedConnection): Promise<string> {
  let id = clientIds.get(connection);
  if (id === undefined) {
    id = connection.send(CLIENT_ID).then((frame) => frame.toString('latin1', 1, frame.length - 2));
    // Whoever waits for the command's reply is told the same.
    id.catch(() => {});
    clientIds.set(connection, id);
  }
  return id;
}
