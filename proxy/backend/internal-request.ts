import { turn } from '../io/turn.js';
import { INTERNAL_ROW, NO_SLOT, Request, type RequestOwner } from '../request.js';

const MINUS = 0x2d;

/** A command of the proxy's own, about the connection; its outcome is an error's text, or null. */
class InternalRequest implements RequestOwner {
  readonly origin = this;
  readonly #settled: (error: string | null) => void;

  constructor(settled: (error: string | null) => void) {
    this.#settled = settled;
  }

  onReply(_request: Request, bytes: Buffer, start: number, end: number): void {
    const isError = bytes[start] === MINUS;
    this.#settled(isError ? bytes.toString('latin1', start + 1, end - 2) : null);
  }
}

/** @param settled called once, with the error's text, or null for any other reply */
export function internalRequest(lane: number, settled: (error: string | null) => void): Request {
  const owner = new InternalRequest(settled);
  return new Request(owner, INTERNAL_ROW, NO_SLOT, lane, turn.nowUs());
}

/** Takes a reply that comes before the one to the request; see Request.skippedReplies. */
export function skippedReply({ owner, lane }: Request): Request {
  return internalRequest(lane, (error) => {
    if (error !== null) owner.onSkippedError?.(error);
  });
}
