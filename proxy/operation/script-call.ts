import type { Backend } from '../backend/backend.js';
import { isMarkedLane } from '../backend/lane.js';
import { keysOfCommand } from '../command/keys-of-command.js';
import type { KnownScript } from '../command/script/known-scripts.js';
import { BURST_ROW } from '../command/transaction/burst.js';
import { Request, type RequestOwner } from '../request.js';
import type { Router } from '../router/router.js';
import { loadAhead } from './script-load.js';

const NOSCRIPT = Buffer.from('-NOSCRIPT ');

/** Whose command it is. */
export interface ScriptCaller {
  /** Commands of it that are not answered yet, this one among them. */
  readonly unanswered: number;
  /** No more of its commands are sent until all are answered. */
  waitForReplies(): void;
}

/**
 * EVALSHA of a script whose text we know. A server that it was never sent to gets the text first, in
 * the same burst: a replica that was promoted, a group that the slot has moved to. If the server
 * says all the same that it has no such script, nothing has been executed, so it is given the text
 * and asked again; but not if later commands of the client are under way, which it would pass.
 */
export class ScriptCall implements RequestOwner {
  readonly #whole: Request;
  readonly #script: KnownScript;
  readonly #command: Buffer;
  readonly #caller: ScriptCaller;
  readonly #router: Router;
  readonly #backend: Backend | null;
  #isWithScript: boolean;

  private constructor(
    whole: Request,
    script: KnownScript,
    command: Buffer,
    caller: ScriptCaller,
    router: Router,
  ) {
    this.#whole = whole;
    this.#script = script;
    this.#command = command;
    this.#caller = caller;
    this.#router = router;
    this.#backend = router.serverOf(whole.slotId)?.lane(whole.lane) ?? null;
    this.#isWithScript = this.#backend === null || !script.isAt(this.#backend);
  }

  get origin(): object {
    return this.#whole.owner.origin;
  }

  /** Of the call: the text of the script may stand before it. */
  get keys(): readonly string[] {
    return keysOfCommand(this.#whole.row, this.#command, 0, this.#command.length);
  }

  /**
   * @param whole is answered with the reply
   * @param command whole; it is kept
   */
  static send(
    whole: Request,
    script: KnownScript,
    command: Buffer,
    caller: ScriptCaller,
    router: Router,
  ): void {
    new ScriptCall(whole, script, command, caller, router).#send();
  }

  onReply(_request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    const whole = this.#whole;
    const isUnknown =
      bytes.compare(NOSCRIPT, 0, NOSCRIPT.length, start, start + NOSCRIPT.length) === 0;
    if (isUnknown && this.#backend !== null) this.#script.noteGoneFrom(this.#backend);
    if (isUnknown && !this.#isWithScript && this.#caller.unanswered === 1) {
      this.#isWithScript = true;
      this.#send();
      return;
    }
    whole.owner.onReply(whole, bytes, start, end, isOwned);
  }

  #send(): void {
    const { row, slotId, lane, startedUs } = this.#whole;
    const isMarked = isMarkedLane(lane);
    const isAlone = !this.#isWithScript || isMarked;
    const request = new Request(this, isAlone ? row : BURST_ROW, slotId, lane, startedUs);
    let bytes = this.#command;
    if (this.#isWithScript && isMarked) loadAhead([this.#script], this.#whole, this.#router);
    if (!isAlone) {
      if (this.#backend !== null) this.#script.noteAt(this.#backend);
      bytes = Buffer.concat([this.#script.load, this.#command]);
      request.skippedReplies = 1;
    }
    this.#router.send(request, bytes, 0, bytes.length, true);
  }
}
