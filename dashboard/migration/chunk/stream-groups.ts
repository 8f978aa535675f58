import type { Command, KeyCopy, Pieces } from './copy-line.js';
import { bytesOf, fieldsOf, integerOf, listOf, textOf } from './replies.js';
import { formatStreamId, mergeIds, parseStreamId, type StreamId } from './stream-id.js';

/** A consumer group, as XINFO GROUPS tells it. */
export interface StreamGroup {
  readonly name: Buffer;
  readonly pending: number;
  readonly lastDeliveredId: string;
  /** Null: the server does not know it, or knows no such thing (before Redis 7.0). */
  readonly entriesRead: bigint | null;
}

export async function groupsOf({ source, key }: KeyCopy): Promise<StreamGroup[]> {
  const reply = await source.server.call(['XINFO', 'GROUPS', key]);
  return listOf(reply).map((entry) => {
    const fields = fieldsOf(entry);
    const entriesRead = fields.get('entries-read');
    return {
      name: bytesOf(fields.get('name')),
      pending: Number(integerOf(fields.get('pending'))),
      lastDeliveredId: textOf(fields.get('last-delivered-id')),
      entriesRead: entriesRead?.type === 'integer' ? entriesRead.value : null,
    };
  });
}

/** The ids of all entries that some consumer has not acknowledged, ascending. */
export async function pendingIdsOf(
  copy: KeyCopy,
  groups: readonly StreamGroup[],
): Promise<StreamId[]> {
  let all: StreamId[] = [];
  for (const group of groups) {
    if (group.pending === 0) continue;
    const ids: StreamId[] = [];
    for await (const { entries } of pendingPages(copy, group)) {
      for (const { id } of entries) ids.push(parseStreamId(id));
    }
    all = mergeIds(all, ids);
  }
  return all;
}

/**
 * Groups with their consumers and what is pending of each. Of a consumer's own times Redis offers no
 * way to set: it counts as seen now.
 */
export async function* groupPieces(copy: KeyCopy, groups: readonly StreamGroup[]): Pieces {
  const { source, key, temporaryKey, size } = copy;
  for (const group of groups) {
    yield [['XGROUP', 'CREATE', temporaryKey, group.name, group.lastDeliveredId, 'MKSTREAM']];
    const consumers = listOf(await source.server.call(['XINFO', 'CONSUMERS', key, group.name]));
    const names = consumers.map((consumer) => bytesOf(fieldsOf(consumer).get('name')));
    for (let at = 0; at < names.length; at += size.limits.elements) {
      const some = names.slice(at, at + size.limits.elements);
      yield some.map((name) => ['XGROUP', 'CREATECONSUMER', temporaryKey, group.name, name]);
    }
    if (group.pending === 0) continue;
    for await (const page of pendingPages(copy, group)) {
      yield claims(page).map(({ consumer, ids, deliveredAt, count }) => [
        ...['XCLAIM', temporaryKey, group.name, consumer, '0', ...ids],
        ...['TIME', String(deliveredAt), 'RETRYCOUNT', String(count), 'FORCE', 'JUSTID'],
      ]);
    }
  }
}

/** How far each group has got: XCLAIM and the stream's own id may have changed it meanwhile. */
export function groupPositions(
  { temporaryKey }: KeyCopy,
  groups: readonly StreamGroup[],
  knowsEntriesRead: boolean,
): Command[] {
  return groups.map(({ name, lastDeliveredId, entriesRead }) => [
    ...['XGROUP', 'SETID', temporaryKey, name, lastDeliveredId],
    ...(knowsEntriesRead && entriesRead !== null ? ['ENTRIESREAD', String(entriesRead)] : []),
  ]);
}

interface Pending {
  readonly id: string;
  readonly consumer: Buffer;
  readonly idleMs: bigint;
  readonly count: bigint;
}

interface PendingPage {
  /** The source's clock when it told the idle times; milliseconds. */
  readonly now: bigint;
  readonly entries: readonly Pending[];
}

async function* pendingPages(
  { source, key, size }: KeyCopy,
  { name }: StreamGroup,
): AsyncGenerator<PendingPage, void, void> {
  let start = '-';
  for (;;) {
    const count = String(size.elements);
    const [time, reply] = await source.write([
      ['TIME'],
      ['XPENDING', key, name, start, '+', count],
    ]);
    const entries = listOf(reply).map((entry) => {
      const [id, consumer, idle, delivered] = listOf(entry);
      return {
        id: textOf(id),
        consumer: bytesOf(consumer),
        idleMs: integerOf(idle),
        count: integerOf(delivered),
      };
    });
    const last = entries.at(-1);
    if (!last) return;
    const [seconds, microseconds] = listOf(time).map(textOf);
    const now = BigInt(seconds!) * 1000n + BigInt(microseconds!) / 1000n;
    yield { now, entries };
    start = `(${last.id}`;
  }
}

interface Claim {
  readonly consumer: Buffer;
  readonly ids: string[];
  readonly deliveredAt: bigint;
  readonly count: bigint;
}

/** What a consumer got by one XREADGROUP has one time, and goes into one command. */
function claims({ now, entries }: PendingPage): Claim[] {
  const all: Claim[] = [];
  for (const { id, consumer, idleMs, count } of entries) {
    const deliveredAt = now - idleMs;
    const last = all.at(-1);
    const isAlike =
      last?.deliveredAt === deliveredAt && last.count === count && last.consumer.equals(consumer);
    if (isAlike) last.ids.push(id);
    else all.push({ consumer, ids: [id], deliveredAt, count });
  }
  return all;
}

/** Entries that are pending, but not in the stream any more, stand in it while they are claimed. */
export function standIns({ temporaryKey }: KeyCopy, ids: readonly StreamId[]): Command[] {
  return ids.map((id) => ['XADD', temporaryKey, formatStreamId(id), '', '']);
}
