import type { Value } from '../../../resp/decode.js';
import { RedisReplyError } from '../../errors.js';
import type { CommandPart, ServerConnection } from '../server-connection.js';
import type { PieceSize } from './piece-size.js';
import { byteCount } from './replies.js';

export type Command = readonly CommandPart[];

/** What is read of a key, as commands that make the same of the temporary key. */
export type Pieces = AsyncGenerator<readonly Command[], void, void>;

/** One side of a copy: a connection whose commands set the size of the pieces. */
export class CopyLine {
  readonly server: ServerConnection;
  readonly #size: PieceSize;

  constructor(server: ServerConnection, size: PieceSize) {
    this.server = server;
    this.#size = size;
  }

  /** Reads one piece. @throws as ServerConnection.call */
  async read(command: Command): Promise<Value> {
    const begin = performance.now();
    const reply = await this.server.call(command);
    this.#size.note(byteCount(reply), performance.now() - begin);
    return reply;
  }

  /**
   * Writes one piece. Its commands are served one after the other, and the pieces' size is that of
   * all of them: what a server reads at once of a connection it also works off at once.
   *
   * @throws RedisReplyError for the first error among the replies, RedisUnreachableError
   */
  async write(commands: readonly Command[]): Promise<Value[]> {
    let bytes = 0;
    for (const command of commands) for (const part of command) bytes += part.length;
    const begin = performance.now();
    const replies = await this.all(commands);
    this.#size.note(bytes, performance.now() - begin);
    return replies;
  }

  /** Replies none of which is an error. @throws as `write` */
  async all(commands: readonly Command[]): Promise<Value[]> {
    const replies = await this.server.pipeline(commands);
    for (const reply of replies) {
      if (reply.type === 'error') {
        throw new RedisReplyError(`the server ${this.server.addr} answers: ${reply.value}`);
      }
    }
    return replies;
  }
}

/** A copy of one key that is under way. */
export interface KeyCopy {
  readonly source: CopyLine;
  readonly target: CopyLine;
  readonly key: Buffer;
  readonly temporaryKey: Buffer;
  readonly size: PieceSize;
  /** To be called when a piece has been written. @throws AbortError */
  readonly afterPiece: () => void;
  /** Set when a field of a hash is seen that expires by itself. */
  hasExpiringFields: boolean;
}

/**
 * Cuts what came in one piece into commands that keep within the bounds: SCAN may give more than it
 * was asked for, up to a whole key in its compact encoding.
 *
 * @param step so many parts belong together, such as a field and its value.
 */
export function commandsOf(
  size: PieceSize,
  begin: Command,
  parts: readonly CommandPart[],
  step: number,
): Command[] {
  const { elements, bytes: mostBytes } = size.limits;
  const commands: Command[] = [];
  let command: CommandPart[] = [...begin];
  let bytes = 0;
  for (let at = 0; at < parts.length; at += step) {
    const next = parts.slice(at, at + step);
    const nextBytes = next.reduce((sum, part) => sum + part.length, 0);
    const count = (command.length - begin.length) / step;
    if (count > 0 && (count >= elements || bytes + nextBytes > mostBytes)) {
      commands.push(command);
      command = [...begin];
      bytes = 0;
    }
    command.push(...next);
    bytes += nextBytes;
  }
  if (command.length > begin.length) commands.push(command);
  return commands;
}
