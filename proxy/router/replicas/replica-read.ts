import type { Backend } from '../../backend/backend.js';
import { type ReplyStream, Request, type RequestOwner } from '../../request.js';

const MINUS = 0x2d;
/** Longer than what is looked for in an error. */
const LOOKED_AT_BYTES = 80;
/** The replica cannot serve, or has been lost: nothing that the command itself has brought about. */
const NOT_SERVED = /^-(LOADING |MASTERDOWN |BUSY |ERR slot \d+ group \d+: server )/;

/**
 * A read that goes to a replica. It may be sent twice: if the replica does not serve it, for any reason
 * that is not the command's own, it is sent to the master.
 */
export class ReplicaRead implements RequestOwner, ReplyStream {
  readonly #whole: Request;
  readonly #command: Buffer;
  readonly #toMaster: (request: Request, command: Buffer) => void;
  #stream: ReplyStream | null = null;

  private constructor(
    whole: Request,
    command: Buffer,
    toMaster: (request: Request, command: Buffer) => void,
  ) {
    this.#whole = whole;
    this.#command = command;
    this.#toMaster = toMaster;
  }

  get origin(): object {
    return this.#whole.owner.origin;
  }

  /** @param command its bytes do not change */
  static send(
    whole: Request,
    command: Buffer,
    replica: Backend,
    toMaster: (request: Request, command: Buffer) => void,
  ): void {
    const { row, slotId, lane, startedUs } = whole;
    const read = new ReplicaRead(whole, command, toMaster);
    const request = new Request(read, row, slotId, lane, startedUs);
    replica.send(request, command, 0, command.length, true);
  }

  onReply(_request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    const whole = this.#whole;
    if (bytes[start] === MINUS) {
      const error = bytes.toString('latin1', start, Math.min(end, start + LOOKED_AT_BYTES));
      if (NOT_SERVED.test(error)) {
        this.#toMaster(whole, this.#command);
        return;
      }
    }
    whole.owner.onReply(whole, bytes, start, end, isOwned);
  }

  streamReply(_request: Request, leastBytes: number): ReplyStream | null {
    this.#stream = this.#whole.owner.streamReply?.(this.#whole, leastBytes) ?? null;
    return this.#stream === null ? null : this;
  }

  onPart(_request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    this.#stream!.onPart(this.#whole, bytes, start, end, isOwned);
  }

  onEnd(_request: Request): void {
    this.#stream!.onEnd(this.#whole);
  }

  onBroken(_request: Request): void {
    this.#stream!.onBroken(this.#whole);
  }
}
