import { connectionLane } from '../backend/lane.js';
import type { KnownScript } from '../command/script/known-scripts.js';
import { INTERNAL_ROW, Request, type RequestOwner } from '../request.js';
import type { Router } from '../router/router.js';

/** Nobody waits for it: without its script the command that follows says so. */
class ScriptLoad implements RequestOwner {
  readonly origin: object;
  readonly keys = [];

  constructor(origin: object) {
    this.origin = origin;
  }

  onReply(): void {}
}

/**
 * Sends scripts ahead of a command with a mark (see lane.ts), as commands of their own: the mark is
 * about the next command alone, which they must not be.
 */
export function loadAhead(scripts: readonly KnownScript[], marked: Request, router: Router): void {
  const { slotId, lane, startedUs } = marked;
  for (const { load } of scripts) {
    const owner = new ScriptLoad(marked.owner.origin);
    const request = new Request(owner, INTERNAL_ROW, slotId, connectionLane(lane), startedUs);
    router.send(request, load, 0, load.length, true);
  }
}
