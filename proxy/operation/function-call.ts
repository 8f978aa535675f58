import { keysOfCommand } from '../command/keys-of-command.js';
import { Request, type RequestOwner } from '../request.js';
import type { Router } from '../router/router.js';
import type { ClusterAccess } from './cluster-access.js';
import type { ScriptCaller } from './script-call.js';
import { librariesOf } from './scripting/libraries.js';

const NOT_FOUND = Buffer.from('-ERR Function not found');

/**
 * FCALL. If the server says that it has no such function, nothing has been executed: it is brought the
 * libraries that others have and asked again; but not if later commands of the client are under way,
 * which the call would pass.
 */
export class FunctionCall implements RequestOwner {
  readonly #whole: Request;
  readonly #command: Buffer;
  readonly #caller: ScriptCaller;
  readonly #cluster: ClusterAccess;
  readonly #router: Router;
  #isRepeated = false;

  private constructor(
    whole: Request,
    command: Buffer,
    caller: ScriptCaller,
    cluster: ClusterAccess,
    router: Router,
  ) {
    this.#whole = whole;
    this.#command = command;
    this.#caller = caller;
    this.#cluster = cluster;
    this.#router = router;
  }

  get origin(): object {
    return this.#whole.owner.origin;
  }

  get keys(): readonly string[] {
    return keysOfCommand(this.#whole.row, this.#command, 0, this.#command.length);
  }

  /**
   * @param whole is answered with the reply
   * @param command whole; it is kept
   */
  static send(
    whole: Request,
    command: Buffer,
    caller: ScriptCaller,
    cluster: ClusterAccess,
    router: Router,
  ): void {
    new FunctionCall(whole, command, caller, cluster, router).#send();
  }

  onReply(_request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    const isUnknown =
      bytes.compare(NOT_FOUND, 0, NOT_FOUND.length, start, start + NOT_FOUND.length) === 0;
    const server = isUnknown ? this.#router.destinationOf(this.#whole.slotId) : null;
    if (server === null || this.#isRepeated) {
      this.#whole.owner.onReply(this.#whole, bytes, start, end, isOwned);
      return;
    }
    this.#isRepeated = true;
    const bringing = librariesOf(this.#cluster).bring(server);
    if (this.#caller.unanswered > 1) {
      this.#whole.owner.onReply(this.#whole, bytes, start, end, isOwned);
      return;
    }
    this.#caller.waitForReplies();
    const reply = Buffer.from(bytes.subarray(start, end));
    void bringing.then((isBrought) => {
      if (isBrought) this.#send();
      else this.#whole.owner.onReply(this.#whole, reply, 0, reply.length, true);
    });
  }

  #send(): void {
    const { row, slotId, lane, startedUs } = this.#whole;
    const request = new Request(this, row, slotId, lane, startedUs);
    this.#router.send(request, this.#command, 0, this.#command.length, true);
  }
}
