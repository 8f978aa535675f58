import type { Logger } from '../../base/log.js';
import { encodeMultibulk } from '../../resp/inline-command.js';
import type { Request } from '../request.js';
import { Backend } from './backend.js';
import type { BackendSettings } from './backend-settings.js';
import { internalRequest } from './internal-request.js';
import { isMarkedLane } from './lane.js';
import type { LaneOwner } from './lane-owners.js';

/** A connection that one client has for itself, and by which the server tells it of keys. */
export class OwnedBackend extends Backend {
  readonly lane: number;
  readonly #owner: LaneOwner;
  #isReleased = false;

  constructor(
    addr: string,
    groupId: number,
    lane: number,
    settings: BackendSettings,
    log: Logger,
    owner: LaneOwner,
    mayBeLate: () => boolean,
  ) {
    let isEstablished = false;
    super(addr, groupId, lane, settings, log, {
      mayBeLate,
      greeting: () => owner.greeting(addr, lane),
      onReady: () => {
        isEstablished = true;
        owner.established(addr);
      },
      onPush: (frame) => {
        if (!this.#isReleased) owner.pushed(frame);
      },
      onLost: () => {
        if (isEstablished && !this.#isReleased) owner.lost(addr);
        isEstablished = false;
      },
    });
    this.lane = lane;
    this.#owner = owner;
  }

  override send(
    request: Request,
    bytes: Buffer,
    start: number,
    end: number,
    isOwned: boolean,
  ): void {
    this.#owner.sending(request);
    const prefix = this.#owner.markedPrefix;
    if (prefix !== null && this.isOpen && isMarkedLane(request.lane)) {
      super.send(
        internalRequest(request.lane, () => {}),
        prefix,
        0,
        prefix.length,
        true,
      );
    }
    super.send(request, bytes, start, end, isOwned);
  }

  /** Says something about the connection itself. @returns the error, null if it is well */
  say(args: readonly string[]): Promise<string | null> {
    const bytes = encodeMultibulk(args);
    return new Promise((resolve) => {
      super.send(internalRequest(0, resolve), bytes, 0, bytes.length, true);
    });
  }

  /** The owner is gone: ends when nothing that was sent can be executed any more. */
  async release(): Promise<void> {
    this.#isReleased = true;
    await this.drained();
    this.close();
  }
}
