import { encodeReply, OK, SimpleString } from '../../../resp/encode.js';
import { admit, asBuffer, isAnswer, refuse } from '../admission.js';
import { byteString } from '../arguments.js';
import { arityFits, type CommandRow } from '../command-row.js';
import { commandData } from '../command-rows.js';
import type { Decision } from '../decision.js';
import { UNKNOWN_ROW } from '../learned-commands.js';
import { quit, reset } from '../local/connection.js';
import { LocalRequest } from '../local/local-request.js';
import type { LocalContext, SessionMode } from '../local-context.js';
import { SLOT_OF_NO_KEY } from '../slot-of-no-key.js';
import { BURST_ROW, checkBurst } from './burst.js';
import type { QueueCheck } from './queue-check.js';
import { Transaction } from './transaction.js';
import type { WatchedKeys } from './watched-keys.js';

const NESTED_ERROR = 'ERR MULTI calls can not be nested';
const WATCH_ERROR = 'ERR WATCH inside MULTI is not allowed';
const NOT_ALLOWED_ERROR = 'ERR Command not allowed inside a transaction';
const EXEC_ARITY_ERROR =
  "EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command";
export const EXECABORT_ERROR = 'EXECABORT Transaction discarded because of previous errors.';
/** Larger ones are not sent twice. */
const MAX_ASKED_BYTES = 64 * 1024;

const OK_REPLY = asBuffer(encodeReply(OK, 2));
const QUEUED_REPLY = asBuffer(encodeReply(new SimpleString('QUEUED'), 2));
const NOTHING_REPLY = Buffer.from('*0\r\n');

/** A client between MULTI and EXEC: its commands are kept, and checked as Redis does. */
export class TransactionMode implements SessionMode {
  readonly transaction: Transaction;
  /** What is watched; null: nothing. */
  readonly watched: WatchedKeys | null;

  constructor(client: LocalContext, watched: WatchedKeys | null) {
    this.transaction = new Transaction(client.database, watched?.slotId ?? null);
    this.watched = watched;
  }

  decide(
    found: CommandRow | null,
    bytes: Buffer,
    argStarts: Int32Array,
    argEnds: Int32Array,
    argCount: number,
    client: LocalContext,
  ): Decision {
    if (found !== null && arityFits(found, argCount) && isKeptOut(found)) {
      return this.#fault(found, NOT_ALLOWED_ERROR);
    }
    const admitted = admit(found, bytes, argStarts, argEnds, argCount, client);
    if (isAnswer(admitted)) {
      this.transaction.isFaulty = true;
      if (found?.name !== 'exec') return admitted;
      this.#leave(client);
      return refuse(found, EXEC_ARITY_ERROR);
    }
    const row = admitted;
    // To be found out, and then to be decided about once more.
    if (row === UNKNOWN_ROW && isAsking(bytes, argStarts, argEnds, client)) {
      return { type: 'operate', row };
    }
    switch (row.name) {
      case 'exec':
        return this.#exec(row, client);
      case 'discard':
        this.#leave(client);
        return { type: 'answer', row, reply: OK_REPLY };
      case 'multi':
        return refuse(row, NESTED_ERROR);
      case 'watch':
        return refuse(row, WATCH_ERROR);
      case 'quit':
      case 'reset': {
        const request = new LocalRequest(row, bytes, argStarts, argEnds, argCount, client);
        const reply = row.name === 'quit' ? quit(request) : reset(request);
        return { type: 'answer', row, reply: asBuffer(encodeReply(reply, client.protocol)) };
      }
      default: {
        const error = this.transaction.add(row, bytes, argStarts, argEnds, argCount, client);
        if (error !== null) return this.#fault(row, error);
        return this.#queued(row, client);
      }
    }
  }

  end(): void {
    this.watched?.forget();
  }

  #exec(row: CommandRow, client: LocalContext): Decision {
    const { transaction, watched } = this;
    const { commands, slotId } = transaction;
    // A server that is busy says so, whatever else was wrong.
    if (transaction.isFaulty && client.meetsBusyServers) return { type: 'operate', row };
    if (transaction.isFaulty) {
      this.#leave(client);
      return refuse(row, EXECABORT_ERROR);
    }
    // In several steps, or not by the connection of other commands: the operation ends the mode.
    const isSimple = transaction.isWhollySent && !transaction.callsScripts;
    if (watched !== null || !isSimple || transaction.onlyRead !== null) {
      return { type: 'operate', row };
    }
    this.#leave(client);
    if (commands.length === 0) return { type: 'answer', row, reply: NOTHING_REPLY };
    const burst = transaction.burst();
    return { type: 'replace', row: BURST_ROW, slotId: slotId ?? SLOT_OF_NO_KEY, burst };
  }

  /**
   * A client that waits for QUEUED is told what the server would say. One that sends all at once is
   * told by EXEC: asking would hold up what it has sent behind.
   */
  #queued(row: CommandRow, client: LocalContext): Decision {
    const { transaction } = this;
    const { bytes, place } = transaction.commands.at(-1)!;
    // A user that may not DISCARD would leave others of its own within a transaction.
    const isAsked =
      client.awaitsReply &&
      client.user === 'default' &&
      place === 'server' &&
      bytes.length <= MAX_ASKED_BYTES;
    // Another database is another connection than that by which the session sends.
    if (!isAsked || transaction.database !== client.database) {
      return { type: 'answer', row, reply: QUEUED_REPLY };
    }
    const check: QueueCheck = {
      burst: checkBurst(bytes, [...transaction.keys]),
      refused: () => {
        transaction.isFaulty = true;
      },
    };
    return { type: 'ask-queueing', row, slotId: transaction.slotId ?? SLOT_OF_NO_KEY, check };
  }

  #fault(row: CommandRow, error: string): Decision {
    this.transaction.isFaulty = true;
    return refuse(row, error);
  }

  #leave(client: LocalContext): void {
    this.end();
    client.mode = null;
  }
}

/** True if nobody knows yet what the command is. */
function isAsking(
  bytes: Buffer,
  argStarts: Int32Array,
  argEnds: Int32Array,
  client: LocalContext,
): boolean {
  const name = byteString(bytes, argStarts[0]!, argEnds[0]!).toLowerCase();
  return client.learnedCommands.find(name) === 'asking';
}

/** Redis takes it in no transaction: SAVE, SHUTDOWN. */
function isKeptOut(row: CommandRow): boolean {
  return commandData(row).flags.includes('no_multi');
}
