import { parseAddress } from '../../base/address.js';
import { messageOf } from '../../base/errors.js';
import { decodeReply } from '../../resp/decode.js';
import { encodeMultibulk } from '../../resp/inline-command.js';
import { laneOf } from '../backend/lane.js';
import type { Server } from '../backend/server.js';
import { turn } from '../io/turn.js';
import { INTERNAL_WRITE_ROW, Request, type RequestOwner } from '../request.js';

/** How long the source waits for the target during one transfer, in milliseconds. */
const TRANSFER_TIMEOUT_MS = 5_000;
/** Of all keys of a tag: each transfer stops both servers. */
const MAX_KEYS_A_TRANSFER = 32;
const MAX_KEYS_A_DELETION = 512;
const MINUS = 0x2d;
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

/** What is to be pulled, and how. */
export interface Pull {
  readonly slotId: number;
  readonly database: number;
  /** Byte strings, all of the slot and the database. */
  readonly keys: readonly string[];
  readonly source: Server;
  readonly target: Server;
  /** Of the target; empty: none. */
  readonly password: string;
  /**
   * Where the source has the slots module all keys that share a hash tag with one of these are
   * moved: a script may touch keys of its tag that it did not declare. Not so in a slot with large
   * keys, which may be among them and must stay where they are.
   */
  readonly company: 'with their tags' | 'alone';
  /** Which copy counts where both servers have one; see {@link pullKeys}. */
  readonly prefers: 'source' | 'target';
  /** Nothing is sent any more once this is false; the outcome is of no interest then. */
  readonly isCurrent: () => boolean;
}

/**
 * Moves keys from the server that a slot leaves to the one that it goes to, ahead of a command that
 * needs them there.
 *
 * The target's replicas have a key before the source deletes it, and the source's replicas have heard
 * of the deletion before a command goes to the target: so a failover of either loses no key and
 * brings none back. Replicas that lag for long are not waited for.
 *
 * First without REPLACE: a MIGRATE that is late, as its server hung, overwrites nothing. If the target
 * has the key, the source's copy counts as long as it is there: until a pull has succeeded nobody writes
 * to the target's. A source with replicas shows before, by one of them, that it is the master. Unless the
 * source has failed over since keys began to move: then it may have keys
 * that had been moved, and the target's copy is the newer one, or equal.
 *
 * @param settled called once for each command sent, with the keys that it was about
 */
export function pullKeys(
  pull: Pull,
  settled: (keys: readonly string[], outcome: PullOutcome) => void,
): void {
  const { keys, source, company } = pull;
  const isByTag = source.hasSlotsModule && company === 'with their tags';
  const { tagged, single } = isByTag ? byTag(keys) : { tagged: [], single: keys };
  for (const together of tagged) {
    pullTag(pull, together).then((outcome) => settled(together, outcome), fail);
  }
  if (single.length === 0) return;
  pullSingle(pull, single).then((outcome) => settled(single, outcome), fail);
}

/** What is wrong with the proxy itself must not be taken for a pull that failed. */
function fail(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** No keys of the slot come into being at the source: those it has now are all it will ever have. */
async function pullTag(pull: Pull, keys: readonly string[]): Promise<PullOutcome> {
  const reply = await onSource(pull, ['SLOTSTAGKEYS', keys[0]!]);
  if (reply[0] === MINUS) return failure(errorText(reply)!);
  return pullSingle(pull, [...new Set([...keys, ...namesIn(reply)])]);
}

async function pullSingle(pull: Pull, keys: readonly string[]): Promise<PullOutcome> {
  const isCopied = pull.target.hasReplicas;
  let isKept = isCopied;
  for (const some of portions(keys, MAX_KEYS_A_TRANSFER)) {
    if (!pull.isCurrent()) return ABANDONED;
    const { error, wasBusy } = await transfer(pull, some, isCopied ? ['COPY'] : []);
    if (error !== null) return failure(error);
    if (wasBusy && pull.prefers === 'target') isKept = true;
  }
  if (isKept) {
    const lost = await confirmed(pull.target);
    if (lost !== null) return lost;
    for (const some of portions(keys, MAX_KEYS_A_DELETION)) {
      if (!pull.isCurrent()) return ABANDONED;
      const error = errorText(await onSource(pull, ['UNLINK', ...some]));
      if (error !== null) return failure(error);
    }
  }
  return (await confirmed(pull.source)) ?? MOVED;
}

/** Brings keys to the target. @returns whether it had any of them */
async function transfer(
  pull: Pull,
  keys: readonly string[],
  how: readonly Option[],
): Promise<{ error: string | null; wasBusy: boolean }> {
  const error = await migrate(pull, keys, how);
  if (!error?.includes('BUSYKEY')) return { error, wasBusy: false };
  const doubt = pull.prefers === 'source' ? await doubtAbout(pull.source) : null;
  if (doubt !== null) return { error: doubt, wasBusy: true };
  if (!pull.isCurrent()) return { error: ABANDONED.reason, wasBusy: true };
  const rest = await (pull.prefers === 'source'
    ? migrate(pull, keys, [...how, 'REPLACE'])
    : keepTarget(pull, keys));
  return { error: rest, wasBusy: true };
}

/**
 * Before a source's copies replace others: it may have been replaced while it hung, and we have not heard
 * of it yet; what it has would be older than what the target got from its successor.
 *
 * @returns null, or why it may not be its group's master any more
 */
async function doubtAbout(source: Server): Promise<string | null> {
  if (!source.hasReplicas) return null;
  try {
    if (await source.replicas.isAtReplica()) return null;
  } catch (error) {
    return messageOf(error);
  }
  return `no replica follows the server ${source.addr}`;
}

/** Of several keys MIGRATE tells only the first error: one by one. */
async function keepTarget(pull: Pull, keys: readonly string[]): Promise<string | null> {
  for (const key of keys) {
    if (!pull.isCurrent()) return ABANDONED.reason;
    const error = await migrate(pull, [key], ['COPY']);
    if (error !== null && !error.includes('BUSYKEY')) return error;
  }
  return null;
}

type Option = 'COPY' | 'REPLACE';

const MOVED = { type: 'moved' } as const;
const ABANDONED = { type: 'unknown', reason: 'the slot goes another way' } as const;

function failure(reason: string): PullOutcome {
  return { type: REFUSAL.test(reason) ? 'refused' : 'unknown', reason };
}

/** Null: what the server has done outlives it, as far as that can be had. */
async function confirmed(server: Server): Promise<PullOutcome | null> {
  if (!server.hasReplicas) return null;
  try {
    await server.replicas.confirm();
    return null;
  } catch (error) {
    return { type: 'unknown', reason: messageOf(error) };
  }
}

/** @returns null for +OK, and for +NOKEY: somebody else has moved them, or there never were any. */
async function migrate(
  pull: Pull,
  keys: readonly string[],
  how: readonly Option[],
): Promise<string | null> {
  const { target, database, password } = pull;
  const { host, port } = parseAddress(target.addr, 'server');
  const auth = password === '' ? [] : ['AUTH', Buffer.from(password).toString('latin1')];
  const place = [host, String(port), '', String(database), String(TRANSFER_TIMEOUT_MS)];
  return errorText(await onSource(pull, ['MIGRATE', ...place, ...how, ...auth, 'KEYS', ...keys]));
}

/** Sends a command among those of clients. @returns the whole reply */
function onSource(pull: Pull, args: readonly string[]): Promise<Buffer> {
  const { source, slotId, database } = pull;
  const bytes = encodeMultibulk(args);
  const lane = laneOf(2, database);
  return new Promise((resolve) => {
    const request = new Request(new Step(resolve), INTERNAL_WRITE_ROW, slotId, lane, turn.nowUs());
    source.lane(lane).send(request, bytes, 0, bytes.length, true);
  });
}

/** A command of a pull. */
class Step implements RequestOwner {
  readonly origin = this;
  readonly #settled: (reply: Buffer) => void;

  constructor(settled: (reply: Buffer) => void) {
    this.#settled = settled;
  }

  onReply(_request: Request, bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    const reply = bytes.subarray(start, end);
    this.#settled(isOwned ? reply : Buffer.from(reply));
  }
}

/** Null: the reply is no error. */
function errorText(reply: Buffer): string | null {
  return reply[0] === MINUS ? reply.toString('latin1', 1, reply.length - 2) : null;
}

/** An array of names. */
function namesIn(reply: Buffer): string[] {
  const decoded = decodeReply(reply)?.value;
  const names = decoded?.type === 'array' ? decoded.value : [];
  return names.flatMap((name) => (name.type === 'bulk' ? [name.value.toString('latin1')] : []));
}

function* portions(keys: readonly string[], size: number): Generator<readonly string[]> {
  for (let first = 0; first < keys.length; first += size) yield keys.slice(first, first + size);
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
