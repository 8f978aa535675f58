import { encodeMultibulk } from '../../resp/inline-command.js';
import { turn } from '../io/turn.js';
import { INTERNAL_ROW, NO_SLOT, Request, type RequestOwner } from '../request.js';
import type { Backend } from './backend.js';

const COMMAND_INFO = encodeMultibulk(['COMMAND', 'INFO', 'slotstagkeys']);
/** In RESP2, an array of one array: the command is known. An unknown one is a null. */
const KNOWN = /^\*1\r\n\*[1-9]/;

/** Asks a server whether it has our module, from the version on that tells which keys share a tag. */
export class ModuleProbe implements RequestOwner {
  readonly origin = this;
  readonly #answered: (hasModule: boolean) => void;

  private constructor(answered: (hasModule: boolean) => void) {
    this.#answered = answered;
  }

  /** @param backend of a RESP2 lane. @param answered called once; false also if it cannot tell */
  static send(backend: Backend, lane: number, answered: (hasModule: boolean) => void): void {
    const probe = new ModuleProbe(answered);
    const request = new Request(probe, INTERNAL_ROW, NO_SLOT, lane, turn.nowUs());
    backend.send(request, COMMAND_INFO, 0, COMMAND_INFO.length, true);
  }

  onReply(_request: Request, bytes: Buffer, start: number, end: number): void {
    this.#answered(KNOWN.test(bytes.toString('latin1', start, Math.min(end, start + 8))));
  }
}
