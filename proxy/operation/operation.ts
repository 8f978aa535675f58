import type { Reply } from '../../resp/encode.js';
import type { CommandRow } from '../command/command-row.js';
import type { LocalContext } from '../command/local-context.js';
import type { ClusterAccess } from './cluster-access.js';

/** A client as operations see it. */
export interface OperationClient extends LocalContext {
  /** The protocol and database of its commands now; see backend/lane.ts. */
  readonly lane: number;
  /** As `push`, but after the replies to all that the client has sent until now. */
  pushAfterReplies(frames: Buffer): void;
  /** Bytes that it has been sent and has not taken yet. */
  readonly pendingOutput: number;
  /** Cuts its connection. */
  destroy(): void;
}

/** One command to be carried out. */
export interface OperationCall {
  readonly row: CommandRow;
  /** The command's arguments with its name, which is the first; ours to keep. */
  readonly args: readonly Buffer[];
  /** The whole command as it came; ours to keep. */
  readonly bytes: Buffer;
  readonly client: OperationClient;
  readonly cluster: ClusterAccess;
  /** Aborted when the client is gone: nothing that it asked for is to be done any more. */
  readonly gone: AbortSignal;
}

/** A reply as frames that are passed on untouched. */
export class Frames {
  readonly bytes: Buffer;
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}

/**
 * Carries out a command that takes the proxy more than one step. The client's earlier commands have
 * been answered; its later ones wait for the outcome.
 *
 * @returns what the client is answered. @throws OperationError to answer with that error; anything
 * else that is thrown is answered as `-ERR` with its message.
 */
export type Operation = (call: OperationCall) => Promise<Reply | Frames>;
