import type { Backend } from '../backend/backend.js';
import { isMarkedLane } from '../backend/lane.js';
import type { KnownScript } from '../command/script/known-scripts.js';
import { BURST_ROW, type Burst, withScripts } from '../command/transaction/burst.js';
import { Request, type RequestOwner } from '../request.js';
import type { Router } from '../router/router.js';
import { loadAhead } from './script-load.js';

const EXECABORT = Buffer.from('-EXECABORT ');

/**
 * Commands that go to their slot's server as one burst and are answered by its last reply. If it is
 * that a transaction is aborted, the reason is one of the replies before, which nobody would see.
 */
export class BurstCall implements RequestOwner {
  readonly keys: readonly string[];
  readonly #whole: Request;
  #error: string | null = null;

  private constructor(whole: Request, keys: readonly string[]) {
    this.#whole = whole;
    this.keys = keys;
  }

  get origin(): object {
    return this.#whole.owner.origin;
  }

  /** @param whole is answered with the reply */
  static send(whole: Request, burst: Burst, router: Router): void {
    const { slotId, lane, startedUs } = whole;
    const request = new Request(
      new BurstCall(whole, burst.keys),
      BURST_ROW,
      slotId,
      lane,
      startedUs,
    );
    const backend = router.serverOf(slotId)?.lane(lane) ?? null;
    const missing = missingScripts(burst.scripts, backend);
    const isMarked = isMarkedLane(lane);
    if (isMarked) loadAhead(missing, whole, router);
    const { bytes, skippedReplies } = withScripts(burst, isMarked ? [] : missing);
    request.skippedReplies = skippedReplies;
    router.send(request, bytes, 0, bytes.length, true);
  }

  onSkippedError(error: string): void {
    this.#error ??= error;
  }

  onReply(_request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    const whole = this.#whole;
    const isAborted =
      this.#error !== null &&
      bytes.compare(EXECABORT, 0, EXECABORT.length, start, start + EXECABORT.length) === 0;
    if (isAborted) whole.fail(abortedBecause(this.#error!));
    else whole.owner.onReply(whole, bytes, start, end, isOwned);
  }
}

/** In the words of a Redis that refuses EXEC itself. @param error of a command, at queueing */
export function abortedBecause(error: string): string {
  return `EXECABORT Transaction discarded because of: ${error}`;
}

/** Those that the server may lack. @param backend null: whoever gets them in the end */
function missingScripts(
  scripts: readonly KnownScript[],
  backend: Backend | null,
): readonly KnownScript[] {
  if (backend === null) return scripts;
  const missing = scripts.filter((script) => !script.isAt(backend));
  for (const script of missing) script.noteAt(backend);
  return missing;
}
