import { slotOfKey } from '../../../cluster/slot-hash.js';
import { byteString, wholeNumber } from '../arguments.js';
import type { CommandRow } from '../command-row.js';
import { CROSSSLOT_ERROR } from '../errors.js';
import { findKeys, KeyPositions } from '../keys.js';
import type { LocalContext } from '../local-context.js';
import { refusal } from '../refusal.js';
import type { KnownScript } from '../script/known-scripts.js';
import { callsFunction, scriptOf } from '../script/script-of.js';
import { type Burst, transactionBurst } from './burst.js';
import {
  changesKeyspace,
  isAboutKeyspace,
  type Place,
  placeOf,
  spoken,
  whyNotQueued,
} from './queue-rules.js';

/**
 * The bytes that a client may queue. They are held until EXEC, and sent at once; a Redis has no such
 * bound, but for its memory.
 */
export const MAX_QUEUED_BYTES = 256 * 1024 * 1024;
/** What a queued command takes besides its bytes. */
const ENTRY_BYTES = 200;

export interface QueuedCommand {
  readonly row: CommandRow;
  /** The whole command. */
  readonly bytes: Buffer;
  readonly place: Place;
}

const keyPositions = new KeyPositions();

/** The commands between MULTI and EXEC. */
export class Transaction {
  readonly commands: QueuedCommand[] = [];
  /** Those that its commands call. */
  readonly scripts = new Set<KnownScript>();
  /** As byte strings. */
  readonly keys = new Set<string>();
  /** The slot of all keys; null: there are none so far. */
  #slotId: number | null;
  /** In which database the next command is executed. */
  #database: number;
  /** In which the commands on keys are; null: there are none so far. */
  #keysDatabase: number | null = null;
  /** The last command about the whole keyspace. */
  #keyspace: CommandRow | null = null;
  #isKeyspaceAfterServer = false;
  #hasServerCommands = false;
  #bytes = 0;
  /** Its server should have the libraries of functions. */
  callsFunctions = false;
  /** It is to be sent as scripts are. */
  callsScripts = false;
  /** A command could not be queued: nothing of it is to be executed. */
  isFaulty = false;

  /** @param slotId that of watched keys, if there are any */
  constructor(database: number, slotId: number | null) {
    this.#database = database;
    this.#slotId = slotId;
  }

  /** Null: no command has a key. */
  get slotId(): number | null {
    return this.#slotId;
  }

  /** The database of the commands that are sent to the server. */
  get database(): number {
    return this.#keysDatabase ?? this.#database;
  }

  /** A server executes all of it, in the database that the client had selected before. */
  get isWhollySent(): boolean {
    return this.commands.every(({ place }) => place === 'server');
  }

  /**
   * Queues a command that may be sent.
   *
   * @returns the error why it cannot be queued, a byte string; null: it is
   */
  add(
    row: CommandRow,
    bytes: Buffer,
    argStarts: Int32Array,
    argEnds: Int32Array,
    argCount: number,
    client: LocalContext,
  ): string | null {
    const place = placeOf(row);
    const error =
      whyNotQueued(row) ??
      (place === 'server'
        ? this.#takeServerCommand(row, bytes, argStarts, argEnds, argCount)
        : this.#takeOther(row));
    if (error !== null) return error;
    if (row.name === 'select') {
      const index = wholeNumber(bytes, argStarts[1]!, argEnds[1]!);
      if (index !== null && index >= 0 && index < client.databases) this.#database = index;
    }
    const command = wholeCommand(bytes, argStarts, argEnds, argCount);
    this.#bytes += command.length + ENTRY_BYTES;
    if (this.#bytes > MAX_QUEUED_BYTES) {
      this.commands.length = 0;
      return `ERR the transaction has more than ${MAX_QUEUED_BYTES} bytes`;
    }
    this.commands.push({ row, bytes: command, place });
    return null;
  }

  /** All that a server executes of it if that is one command, which reads without waiting. */
  get onlyRead(): QueuedCommand | null {
    const sent = this.commands.filter(({ place }) => place === 'server');
    const [only] = sent;
    if (only === undefined || sent.length > 1) return null;
    return only.row.isReadOnly && only.row.guard === 'none' ? only : null;
  }

  /** What a server executes of it. */
  burst(): Burst {
    const sent = this.commands.filter(({ place }) => place === 'server');
    const commands = sent.map(({ bytes }) => bytes);
    return transactionBurst(commands, [...this.keys], [...this.scripts]);
  }

  #takeServerCommand(
    row: CommandRow,
    bytes: Buffer,
    argStarts: Int32Array,
    argEnds: Int32Array,
    argCount: number,
  ): string | null {
    const denied = refusal(row, bytes, argStarts, argEnds, argCount, this.#database);
    if (denied !== null) return denied;
    const keyspace = this.#keyspace;
    if (keyspace !== null && (changesKeyspace(keyspace) || this.#isKeyspaceAfterServer)) {
      return `ERR ${spoken(keyspace)} is about all groups and cannot be in one transaction with ${spoken(row)} after it`;
    }
    const count = findKeys(row, bytes, argStarts, argEnds, argCount, keyPositions);
    for (let index = 0; index < count; index++) {
      const at = keyPositions.positions[index]!;
      const slotId = slotOfKey(bytes, argStarts[at]!, argEnds[at]!);
      this.#slotId ??= slotId;
      if (slotId !== this.#slotId) return CROSSSLOT_ERROR;
      this.keys.add(byteString(bytes, argStarts[at]!, argEnds[at]!));
    }
    this.#keysDatabase ??= this.#database;
    if (this.#keysDatabase !== this.#database) {
      return 'ERR the commands of a transaction must be in one database, through this proxy';
    }
    if (row.guard === 'script') {
      this.callsScripts = true;
      this.callsFunctions ||= callsFunction(row);
      const script = scriptOf(row, bytes, argStarts, argEnds);
      if (script !== null) this.scripts.add(script);
    }
    this.#hasServerCommands = true;
    return null;
  }

  #takeOther(row: CommandRow): string | null {
    if (!isAboutKeyspace(row)) return null;
    if (this.#hasServerCommands && changesKeyspace(row)) {
      return `ERR ${spoken(row)} is about all groups and cannot be in one transaction with commands before it`;
    }
    if (this.commands.some((command) => command.row.name === 'select')) {
      return `ERR ${spoken(row)} cannot be in one transaction with SELECT, through this proxy`;
    }
    this.#keyspace = row;
    this.#isKeyspaceAfterServer = this.#hasServerCommands;
    return null;
  }
}

/** A copy of the command whose arguments are framed. */
function wholeCommand(
  bytes: Buffer,
  argStarts: Int32Array,
  argEnds: Int32Array,
  argCount: number,
): Buffer {
  // Arguments stand one after the other; the first one's `$n` line is before it.
  const nameLength = argEnds[0]! - argStarts[0]!;
  const from = argStarts[0]! - `$${nameLength}\r\n`.length;
  const to = argEnds[argCount - 1]! + 2;
  const header = `*${argCount}\r\n`;
  const command = Buffer.allocUnsafeSlow(header.length + to - from);
  command.write(header, 0, 'latin1');
  bytes.copy(command, header.length, from, to);
  return command;
}
