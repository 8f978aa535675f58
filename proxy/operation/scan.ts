import { setTimeout as sleep } from 'node:timers/promises';
import { slotOfKey } from '../../cluster/slot-hash.js';
import { decodeReply, type Value } from '../../resp/decode.js';
import type { Reply } from '../../resp/encode.js';
import type { Operation, OperationCall } from './operation.js';
import { OperationError } from './operation-error.js';
import { decodeCursor, encodeCursor, masterMark, type ScanPosition } from './scan-cursor.js';

/** While it is not known where a slot will go, a scan that has come to its end waits. */
const HELD_SLOT_MS = 20;
/** A proxy that has not heard yet of what another one knows hears of it soon, if it hears at all. */
const BEHIND_MS = 1000;
const POLL_MS = 20;
/** Groups without any fitting key that are passed over in one call. */
const MAX_EMPTY_GROUPS = 16;

/**
 * SCAN over all groups. Each call is one SCAN of one server; the cursor says which, so any proxy
 * can go on with it.
 *
 * A key that exists throughout is returned at least once, as in Redis. A slot that moves from a
 * group still to be scanned to one that has been is seen to at the end: the sources of all slots
 * that were on their way since the scan began are scanned again, then their targets, for the keys
 * of these slots. Keys only go from source to target, so one that is not at the source when that is
 * scanned is at the target before the scan of that begins. If such a slot went another way
 * meanwhile it all begins anew.
 *
 * If a group has another master, which has the keys in another order, the group is begun anew: the
 * cursor has a mark of the server that gave it. Where that mark is the same for a former master, it all
 * begins anew, once. A master that was started anew at its address is not noticed.
 */
export const scan: Operation = async (call) => {
  const { history } = call.cluster;
  const text = call.args[1]!.toString('latin1');
  let position = text === '0' ? beginning(call) : decodeCursor(text, history.current);
  if (position === null) throw new OperationError('ERR invalid cursor');
  await untilHeardOf(call, position.beginSeq);
  for (let emptyGroups = 0; ; emptyGroups++) {
    if (history.since(position.beginSeq) === null || mayConfuseMasters(call, position)) {
      position = beginning(call);
    }
    let keys: readonly Buffer[] = [];
    if (groupsOf(call, position).includes(position.groupId)) {
      const { cursor, mark, found } = await askScan(call, position);
      keys = position.phase === 'all' ? found : keysInPassage(call, position, found);
      if (cursor !== 0n) return page({ ...position, mark, cursor }, keys);
    }
    position = await successor(call, position);
    if (position === null || keys.length > 0 || emptyGroups >= MAX_EMPTY_GROUPS) {
      return page(position, keys);
    }
  }
};

const FIRST_KEY = { mark: 0, cursor: 0n } as const;

/** The scan was begun, or begun anew, at a proxy that had heard of more. */
async function untilHeardOf({ cluster, gone }: OperationCall, seq: number): Promise<void> {
  const deadline = performance.now() + BEHIND_MS;
  while (cluster.history.current < seq && performance.now() < deadline && !gone.aborted) {
    await sleep(POLL_MS);
  }
}

/** The group's master cannot be told by its mark from one that it had since the scan began. */
function mayConfuseMasters(
  { cluster }: OperationCall,
  { groupId, beginSeq }: ScanPosition,
): boolean {
  const server = cluster.masterOf(groupId);
  if (server === null) return false;
  const mark = masterMark(server.addr);
  return cluster.history.formerMasters(groupId, beginSeq).some((addr) => masterMark(addr) === mark);
}

/** The first group, from the first key on. */
function beginning({ cluster }: OperationCall): ScanPosition {
  const groupId = cluster.masters()[0]?.groupId ?? 0;
  return { phase: 'all', groupId, beginSeq: cluster.history.current, ...FIRST_KEY };
}

/** What comes after the position's group; null: nothing does. */
async function successor(
  call: OperationCall,
  position: ScanPosition,
): Promise<ScanPosition | null> {
  const { history } = call.cluster;
  const { phase, groupId, beginSeq } = position;
  const next = groupsOf(call, position).find((each) => each > groupId);
  if (next !== undefined) return { ...position, groupId: next, ...FIRST_KEY };
  let passages = history.since(beginSeq);
  if (phase === 'all' && passages?.some(({ to }) => to === null)) {
    await sleep(HELD_SLOT_MS);
    passages = history.since(beginSeq);
  }
  if (passages === null) return beginning(call);
  if (passages.length === 0) return null;
  if (phase !== 'targets') {
    const following = phase === 'all' ? 'sources' : 'targets';
    return { phase: following, groupId: 0, beginSeq, ...FIRST_KEY };
  }
  const wentTwice = new Set(passages.map(({ slotId }) => slotId)).size < passages.length;
  return wentTwice ? beginning(call) : null;
}

/** The groups that the phase goes over, by their id. */
function groupsOf(
  { cluster }: OperationCall,
  { phase, beginSeq }: ScanPosition,
): readonly number[] {
  if (phase === 'all') return cluster.masters().map(({ groupId }) => groupId);
  const passages = cluster.history.since(beginSeq) ?? [];
  const groupIds = passages.map(({ from, to }) => (phase === 'sources' ? from : to));
  const ids = new Set(groupIds.filter((groupId) => groupId !== null));
  return [...ids].sort((a, b) => a - b);
}

function keysInPassage(
  { cluster }: OperationCall,
  { beginSeq }: ScanPosition,
  keys: readonly Buffer[],
): readonly Buffer[] {
  const slots = new Set((cluster.history.since(beginSeq) ?? []).map(({ slotId }) => slotId));
  return keys.filter((key) => slots.has(slotOfKey(key, 0, key.length)));
}

/** One page of the group's master. While that is away, it or another is waited for. */
async function askScan(
  { cluster, client, args, row, gone }: OperationCall,
  { groupId, mark, cursor }: ScanPosition,
): Promise<{ cursor: bigint; mark: number; found: readonly Buffer[] }> {
  for (const beganMs = performance.now(); ; await sleep(POLL_MS)) {
    const server = cluster.masterOf(groupId);
    if (server === null) throw new OperationError(`ERR group ${groupId} has no master`);
    const ownMark = masterMark(server.addr);
    const from = mark === ownMark ? cursor : 0n;
    const command = [args[0]!, from.toString(), ...args.slice(2)];
    const reply = decodeReply(await cluster.ask(server, client.lane, command, row))!.value;
    if (reply.type === 'error') {
      const isAway = server.lane(client.lane).state !== 'ready';
      const mayWait = performance.now() - beganMs < server.waitMs && !gone.aborted;
      if (isAway && mayWait) continue;
      throw new OperationError(reply.value);
    }
    const [next, keys] = reply.type === 'array' ? reply.value : [];
    if (next?.type !== 'bulk' || keys?.type !== 'array') {
      throw new OperationError(`ERR server ${server.addr} answered SCAN with something else`);
    }
    const nextCursor = BigInt(next.value.toString('latin1'));
    return { cursor: nextCursor, mark: ownMark, found: keys.value.flatMap(bytesOf) };
  }
}

function bytesOf(value: Value): Buffer[] {
  return value.type === 'bulk' ? [value.value] : [];
}

function page(position: ScanPosition | null, keys: readonly Buffer[]): Reply {
  if (position === null) return ['0', keys];
  try {
    return [encodeCursor(position), keys];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new OperationError(`ERR SCAN: ${error.message} is too large for this proxy`);
  }
}
