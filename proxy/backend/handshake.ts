import { turn } from '../io/turn.js';
import { INTERNAL_ROW, NO_SLOT, Request, type RequestOwner } from '../request.js';

const MINUS = 0x2d;

/** A request of our own; its outcome is given as the error's text, or null for success. */
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

function internalRequest(settled: (error: string | null) => void): Request {
  return new Request(new InternalRequest(settled), INTERNAL_ROW, NO_SLOT, turn.nowUs());
}

/** What is sent on an idle connection to see that it lives. */
export const PING = {
  bytes: Buffer.from('*1\r\n$4\r\nPING\r\n'),
  request(onError: (error: string) => void): Request {
    return internalRequest((error) => {
      // A server that is loading or full answers with an error: it is there.
      if (error?.startsWith('NOAUTH')) onError(error);
    });
  },
};

export interface HandshakeOutcome {
  /** @param warning what is odd about it, or empty */
  accepted(warning: string): void;
  refused(error: string): void;
}

/** AUTH, the first command on a connection to a server with a password. */
export class Handshake {
  readonly bytes: Buffer;
  readonly #outcome: HandshakeOutcome;

  constructor(password: string, outcome: HandshakeOutcome) {
    const length = Buffer.byteLength(password);
    this.bytes = Buffer.from(`*2\r\n$4\r\nAUTH\r\n$${length}\r\n${password}\r\n`);
    this.#outcome = outcome;
  }

  request(): Request {
    return internalRequest((error) => {
      if (error === null) this.#outcome.accepted('');
      else if (/without any password/i.test(error)) this.#outcome.accepted(error);
      else this.#outcome.refused(error);
    });
  }
}
