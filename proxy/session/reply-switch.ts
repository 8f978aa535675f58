import type { ReplyMode } from '../command/local-context.js';
import type { Request, RequestOwner } from '../request.js';

const NO_BYTES = Buffer.alloc(0);

/**
 * CLIENT REPLY: whether a client is answered. A reply that is not wanted takes its turn as others do,
 * and is empty then.
 */
export class ReplySwitch implements RequestOwner {
  readonly origin: object;
  readonly #client: RequestOwner;
  /** Of the commands to come. */
  #mode: ReplyMode = 'on';
  /** The reply of the command that is being looked at is not wanted. */
  #isMuted = false;

  constructor(client: RequestOwner) {
    this.#client = client;
    this.origin = client.origin;
  }

  /** Commands need not begin with `begin`. */
  get isOn(): boolean {
    return this.#mode === 'on' && !this.#isMuted;
  }

  /** A command is being looked at from now on. */
  begin(): void {
    this.#isMuted = this.#mode !== 'on';
    if (this.#mode === 'skip') this.#mode = 'on';
  }

  /** By the command that is being looked at, which is in the new mode already. */
  set(mode: ReplyMode): void {
    this.#mode = mode;
    this.#isMuted = mode !== 'on';
  }

  /** Whom the command's reply is given to. */
  get owner(): RequestOwner {
    return this.#isMuted ? this : this.#client;
  }

  /** The command's reply as the client is to see it. */
  filter(reply: Buffer): Buffer {
    return this.#isMuted ? NO_BYTES : reply;
  }

  onReply(request: Request): void {
    this.#client.onReply(request, NO_BYTES, 0, 0, true);
  }
}
