import { encodeError, encodeReply } from '../../resp/encode.js';
import { FrameProgress } from '../../resp/frame-progress.js';
import { RequestFramer } from '../../resp/request-framer.js';
import type { CommandRow } from '../command/command-row.js';
import { answerLocal } from '../command/local/answer-local.js';
import { checkPermission } from './access/permission.js';
import { placesOf } from './argument-places.js';
import type { ClusterAccess } from './cluster-access.js';
import { Frames, type Operation, type OperationCall, type OperationClient } from './operation.js';
import { OperationError } from './operation-error.js';
import { OPERATIONS, OPERATIONS_OF_PEERS } from './operations.js';

/** What is to be said after the answer waits so long: some operations last for hours. */
const HOLD_MS = 50;

const framer = new RequestFramer();

/** One operation of one client, from its command to its reply. */
export class OperationRun {
  readonly row: CommandRow;
  readonly #bytes: Buffer;
  readonly #client: OperationClient;
  readonly #cluster: ClusterAccess;
  readonly #gone = new AbortController();
  #held: Buffer[] = [];
  #holdTimer: NodeJS.Timeout | undefined;
  isStarted = false;

  /** @param bytes the whole command, not to change any more */
  constructor(row: CommandRow, bytes: Buffer, client: OperationClient, cluster: ClusterAccess) {
    this.row = row;
    this.#bytes = bytes;
    this.#client = client;
    this.#cluster = cluster;
  }

  /** @param answered called once with what the client is answered: whole frames */
  start(answered: (frames: Buffer) => void): void {
    this.isStarted = true;
    void this.#answer().then(answered);
  }

  /** The client is gone. */
  abort(): void {
    this.#gone.abort();
    this.takeHeld();
  }

  /** Frames that are no reply, for after the answer or, if that takes long, in the midst. */
  pushAfter(frames: Buffer): void {
    this.#held.push(frames);
    this.#holdTimer ??= setTimeout(() => {
      for (const held of this.takeHeld()) this.#client.push(held);
    }, HOLD_MS);
  }

  /** To be said now: the answer is out. */
  takeHeld(): readonly Buffer[] {
    clearTimeout(this.#holdTimer);
    this.#holdTimer = undefined;
    const held = this.#held;
    this.#held = [];
    return held;
  }

  async #answer(): Promise<Buffer> {
    const { row } = this;
    const client = this.#client;
    try {
      const call: OperationCall = {
        row,
        args: argumentsOf(this.#bytes),
        bytes: this.#bytes,
        client,
        cluster: this.#cluster,
        gone: this.#gone.signal,
      };
      await checkPermission(call);
      const operation = OPERATIONS.get(row.name) ?? OPERATIONS_OF_PEERS.get(row.name) ?? locally;
      const reply = await operation(call);
      return reply instanceof Frames ? reply.bytes : asBuffer(encodeReply(reply, client.protocol));
    } catch (error) {
      if (error instanceof OperationError) return asBuffer(encodeError(error.message));
      return asBuffer(encodeError(`ERR ${error instanceof Error ? error.message : String(error)}`));
    }
  }
}

/** Answered by the proxy, once it is known that the client may have it. */
const locally: Operation = async ({ row, args, bytes, client }) => {
  const { starts, ends } = placesOf(args, bytes);
  return new Frames(asBuffer(answerLocal(row, bytes, starts, ends, args.length, client)));
};

function argumentsOf(bytes: Buffer): Buffer[] {
  framer.frame(bytes, 0, bytes.length, new FrameProgress(), true);
  const { argStarts, argEnds, argCount } = framer;
  return Array.from({ length: argCount }, (_, index) =>
    bytes.subarray(argStarts[index], argEnds[index]),
  );
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
