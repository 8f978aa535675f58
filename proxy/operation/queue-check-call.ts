import type { CommandRow } from '../command/command-row.js';
import { BURST_ROW } from '../command/transaction/burst.js';
import type { QueueCheck } from '../command/transaction/queue-check.js';
import { Request, type RequestOwner } from '../request.js';
import type { Router } from '../router/router.js';

const QUEUED = Buffer.from('+QUEUED\r\n');
const MINUS = 0x2d;
/** It queues and discards: nothing is executed. */
const CHECK_ROW: CommandRow = { ...BURST_ROW, isWrite: false };

/**
 * Asks the slot's server if it would queue a command, in a transaction that is discarded at once:
 * it may be out of memory, or too old for the command. A server that cannot be asked now is no
 * reason to refuse: by EXEC it may be there again.
 */
export class QueueCheckCall implements RequestOwner {
  readonly keys: readonly string[];
  readonly #whole: Request;
  readonly #check: QueueCheck;
  #error: string | null = null;

  private constructor(whole: Request, check: QueueCheck) {
    this.#whole = whole;
    this.#check = check;
    this.keys = check.burst.keys;
  }

  get origin(): object {
    return this.#whole.owner.origin;
  }

  /** @param whole is answered as the command is when it is queued */
  static send(whole: Request, check: QueueCheck, router: Router): void {
    const { slotId, lane, startedUs } = whole;
    if (router.serverOf(slotId) === null) {
      answerQueued(whole);
      return;
    }
    const request = new Request(
      new QueueCheckCall(whole, check),
      CHECK_ROW,
      slotId,
      lane,
      startedUs,
    );
    const { bytes, skippedReplies } = check.burst;
    request.skippedReplies = skippedReplies;
    router.send(request, bytes, 0, bytes.length, true);
  }

  onSkippedError(error: string): void {
    this.#error ??= error;
  }

  onReply(_request: Request, bytes: Buffer, start: number): void {
    const whole = this.#whole;
    if (bytes[start] === MINUS || this.#error === null) {
      answerQueued(whole);
      return;
    }
    this.#check.refused();
    whole.fail(this.#error);
  }
}

function answerQueued(whole: Request): void {
  whole.owner.onReply(whole, QUEUED, 0, QUEUED.length, true);
}
