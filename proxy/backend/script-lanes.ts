import { turn } from '../io/turn.js';
import type { Backend } from './backend.js';
import { internalRequest } from './internal-request.js';
import { SCRIPT_TRACKS, scriptLaneOf } from './lane.js';

const PING = Buffer.from('*1\r\n$4\r\nPING\r\n');
/**
 * A lane that has been answered less long ago is taken by others as well. With a lane for each of them
 * scripts take 20% longer: every connection is written and read by itself.
 */
const SHARED_MS = 2;
/** A script that has not been answered for so long is one that may hold its server up. */
const LONG_SCRIPT_MS = 20;

/**
 * The connections of a server that scripts go by, and whether one of them keeps the server from
 * all else: a Redis executes nothing beside a script, and says so from a certain time on.
 */
export class ScriptLanes {
  /** The connection by which the server says that it is busy. */
  readonly #ordinary: Backend;
  readonly #ordinaryLane: number;
  readonly #timeoutMs: number;
  readonly #backends = new Map<number, Backend>();
  /** What the server said when it was last asked, since a script has been late. */
  #answer: 'unknown' | 'busy' | 'free' = 'unknown';
  #isAsked = false;

  /** @param timeoutMs within which commands are to be answered */
  constructor(ordinary: Backend, ordinaryLane: number, timeoutMs: number) {
    this.#ordinary = ordinary;
    this.#ordinaryLane = ordinaryLane;
    this.#timeoutMs = timeoutMs;
  }

  add(lane: number, backend: Backend): void {
    this.#backends.set(lane, backend);
  }

  remove(lane: number): void {
    this.#backends.delete(lane);
  }

  /** A lane that nothing holds up if there is one, else where least is to be waited for. */
  choose(lane: number): number {
    let best = scriptLaneOf(lane, 0);
    let least = Number.POSITIVE_INFINITY;
    const now = turn.nowUs();
    const slowest = this.#slowest(now);
    for (let track = 0; track < SCRIPT_TRACKS; track++) {
      const candidate = scriptLaneOf(lane, track);
      const backend = this.#backends.get(candidate);
      if (backend === undefined || backend.owesMs(now) < SHARED_MS) return candidate;
      if (backend === slowest) continue;
      if (backend.inFlight < least) {
        least = backend.inFlight;
        best = candidate;
      }
    }
    return best;
  }

  /** A script may be keeping the server from answering others. */
  get hasLongScript(): boolean {
    return this.#slowest(turn.nowUs()) !== null;
  }

  /** To be called some times a second, before the connections look at their deadlines. */
  tick(): void {
    const slowest = this.#slowest(turn.nowUs());
    if (slowest === null || slowest.owesMs(turn.nowUs()) < this.#timeoutMs / 2) {
      this.#answer = 'unknown';
      return;
    }
    if (this.#isAsked) return;
    this.#isAsked = true;
    const request = internalRequest(this.#ordinaryLane, (error) => {
      this.#isAsked = false;
      this.#answer = error?.startsWith('BUSY') ? 'busy' : 'free';
    });
    this.#ordinary.send(request, PING, 0, PING.length, true);
  }

  /**
   * A script that is not answered in time is no sign of a lost server while that is busy with it:
   * its client waits, as with a single Redis. Those of other clients behind it do not.
   */
  mayBeLate(backend: Backend): boolean {
    return (this.#answer === 'busy' || this.#isAsked) && isOfOneClient(backend);
  }

  /** The connection with the script that has been under way for longest; null: none is long. */
  #slowest(now: number): Backend | null {
    let slowest: Backend | null = null;
    let most = LONG_SCRIPT_MS;
    for (const backend of this.#backends.values()) {
      const owesMs = backend.owesMs(now);
      if (owesMs <= most) continue;
      most = owesMs;
      slowest = backend;
    }
    return slowest;
  }
}

/** True if all commands that are not answered are of one client. */
function isOfOneClient(backend: Backend): boolean {
  let origin: object | null = null;
  for (const { owner, row } of backend.unanswered()) {
    // Frames that are skipped come with a command that is somebody's.
    if (row.index < 0) continue;
    if (origin !== null && owner.origin !== origin) return false;
    origin = owner.origin;
  }
  return true;
}
