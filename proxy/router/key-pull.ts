import { parseAddress } from '../../base/address.js';
import { encodeMultibulk } from '../../resp/inline-command.js';
import { laneOf } from '../backend/lane.js';
import type { Server } from '../backend/server.js';
import { turn } from '../io/turn.js';
import { INTERNAL_WRITE_ROW, Request, type RequestOwner } from '../request.js';

/** How long the source waits for the target during one transfer, in milliseconds. */
const TRANSFER_TIMEOUT_MS = 5_000;
const PLUS = 0x2b;
const COLON = 0x3a;
/** The target's own word that it does not take the key: it is full, or the password is wrong. */
const REFUSAL = /^ERR Target instance replied with error: (?!LOADING|MASTERDOWN|READONLY)/;

/**
 * What became of a pull:
 * - `moved`: the source has none of the keys any more (and perhaps had none)
 * - `unknown`: a key may be on both servers; nobody but a later pull may touch it
 * - `refused`: nothing was moved, and trying again is of no use for now
 */
export type PullOutcome =
  | { readonly type: 'moved' }
  | { readonly type: 'unknown'; readonly reason: string }
  | { readonly type: 'refused'; readonly reason: string };

/**
 * Moves keys from the server that a slot leaves to the one that it goes to, ahead of a command that
 * needs them there. REPLACE is right: until a pull has succeeded nobody writes to the target's copy.
 */
export class KeyPull implements RequestOwner {
  readonly origin = this;
  readonly #settled: (outcome: PullOutcome) => void;

  private constructor(settled: (outcome: PullOutcome) => void) {
    this.#settled = settled;
  }

  /**
   * Moves the keys, and where the source has the SLOTS* commands all that share a hash tag with one
   * of them: a script may touch keys of its tag that it did not declare. Not so in a slot with large
   * keys, which may be among them and must stay where they are.
   *
   * @param keys byte strings, all of the slot and the database
   * @param password of the target; empty: none
   * @param settled called once for each command sent, with the keys that it was about
   */
  static send(
    slotId: number,
    database: number,
    keys: readonly string[],
    source: Server,
    target: Server,
    password: string,
    company: 'with their tags' | 'alone',
    settled: (keys: readonly string[], outcome: PullOutcome) => void,
  ): void {
    const lane = laneOf(2, database);
    const sendCommand = (about: readonly string[], args: readonly string[]): void => {
      const bytes = encodeMultibulk(args);
      const pull = new KeyPull((outcome) => settled(about, outcome));
      const request = new Request(pull, INTERNAL_WRITE_ROW, slotId, lane, turn.nowUs());
      source.lane(lane).send(request, bytes, 0, bytes.length, true);
    };
    const { host, port } = parseAddress(target.addr, 'server');
    const place = [host, String(port)];
    const timeout = String(TRANSFER_TIMEOUT_MS);
    const isByTag = source.hasSlotsModule && company === 'with their tags';
    const { tagged, single } = isByTag ? byTag(keys) : { tagged: [], single: keys };
    for (const together of tagged) {
      sendCommand(together, ['SLOTSMGRTTAGONE', ...place, timeout, together[0]!]);
    }
    if (single.length === 0) return;
    const auth = password === '' ? [] : ['AUTH', Buffer.from(password).toString('latin1')];
    const options = ['', String(database), timeout, 'REPLACE', ...auth];
    sendCommand(single, ['MIGRATE', ...place, ...options, 'KEYS', ...single]);
  }

  onReply(_request: Request, bytes: Buffer, start: number, end: number): void {
    // +OK or a number; or +NOKEY: somebody else has moved them, or there never were any.
    if (bytes[start] === PLUS || bytes[start] === COLON) {
      this.#settled({ type: 'moved' });
      return;
    }
    const reason = bytes.toString('latin1', start + 1, end - 2);
    this.#settled({ type: REFUSAL.test(reason) ? 'refused' : 'unknown', reason });
  }
}

/** Keys with the same hash tag together, and those without one. */
function byTag(keys: readonly string[]): { tagged: string[][]; single: string[] } {
  const tags = new Map<string, string[]>();
  const single: string[] = [];
  for (const key of keys) {
    const tag = /\{([^}]*)\}/s.exec(key)?.[1];
    if (tag === undefined) single.push(key);
    else if (tags.has(tag)) tags.get(tag)!.push(key);
    else tags.set(tag, [key]);
  }
  return { tagged: [...tags.values()], single };
}
