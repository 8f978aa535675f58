import { parseAddress } from '../../base/address.js';
import { encodeMultibulk } from '../../resp/inline-command.js';
import { laneOf } from '../backend/lane.js';
import type { Server } from '../backend/server.js';
import { turn } from '../io/turn.js';
import { INTERNAL_WRITE_ROW, Request, type RequestOwner } from '../request.js';

/** How long the source waits for the target during one transfer, in milliseconds. */
const TRANSFER_TIMEOUT_MS = 5_000;
const PLUS = 0x2b;
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
  readonly keys: readonly string[];
  readonly #settled: (outcome: PullOutcome) => void;

  private constructor(keys: readonly string[], settled: (outcome: PullOutcome) => void) {
    this.keys = keys;
    this.#settled = settled;
  }

  /**
   * @param keys byte strings, all of the slot and the database
   * @param password of the target; empty: none
   * @param settled called once
   */
  static send(
    slotId: number,
    database: number,
    keys: readonly string[],
    source: Server,
    target: Server,
    password: string,
    settled: (outcome: PullOutcome) => void,
  ): void {
    const { host, port } = parseAddress(target.addr, 'server');
    const auth = password === '' ? [] : ['AUTH', Buffer.from(password).toString('latin1')];
    const bytes = encodeMultibulk([
      ...[
        'MIGRATE',
        host,
        String(port),
        '',
        String(database),
        String(TRANSFER_TIMEOUT_MS),
        'REPLACE',
      ],
      ...auth,
      ...['KEYS', ...keys],
    ]);
    const pull = new KeyPull(keys, settled);
    const lane = laneOf(2, database);
    const request = new Request(pull, INTERNAL_WRITE_ROW, slotId, lane, turn.nowUs());
    source.lane(lane).send(request, bytes, 0, bytes.length, true);
  }

  onReply(_request: Request, bytes: Buffer, start: number, end: number): void {
    // +OK, or +NOKEY: somebody else has moved them, or there never were any.
    if (bytes[start] === PLUS) {
      this.#settled({ type: 'moved' });
      return;
    }
    const reason = bytes.toString('latin1', start + 1, end - 2);
    this.#settled({ type: REFUSAL.test(reason) ? 'refused' : 'unknown', reason });
  }
}
