import type { Value } from '../../../resp/decode.js';
import type { CommandPart } from '../server-connection.js';
import type { Command, KeyCopy, Pieces } from './copy-line.js';
import { CopyLostError } from './errors.js';
import { bytesOf, fieldsOf, listOf, textOf } from './replies.js';
import {
  groupPieces,
  groupPositions,
  groupsOf,
  pendingIdsOf,
  type StreamGroup,
  standIns,
} from './stream-groups.js';
import { formatStreamId, parseStreamId, type StreamId } from './stream-id.js';

/**
 * A stream: its entries, then its groups, then its counters.
 *
 * XCLAIM takes only entries that are there, but an entry that is pending may have been deleted or
 * trimmed: stand-ins are added at their places, and removed when they have been claimed.
 */
export async function* streamPieces(copy: KeyCopy): Pieces {
  const { source, target, key, temporaryKey } = copy;
  const info = fieldsOf(await source.server.call(['XINFO', 'STREAM', key]));
  const groups = await groupsOf(copy);
  const pending = await pendingIdsOf(copy, groups);
  const missing: StreamId[] = [];
  yield* entryPieces(copy, pending, missing);
  yield* groupPieces(copy, groups);
  if (groups.length === 0) {
    // The only way to make an empty stream.
    yield [
      ['XGROUP', 'CREATE', temporaryKey, 'group', '0', 'MKSTREAM'],
      ['XGROUP', 'DESTROY', temporaryKey, 'group'],
    ];
  }
  yield* removals(copy, missing, firstIdOf(info));
  const copied = fieldsOf(await target.server.call(['XINFO', 'STREAM', temporaryKey]));
  const knowsCounters = copied.has('entries-added');
  yield [positionOf(copy, info, knowsCounters), ...groupPositions(copy, groups, knowsCounters)];
}

/** @throws CopyLostError if an entry that is pending was not taken over */
export async function assertSamePending(copy: KeyCopy): Promise<void> {
  const describe = (groups: readonly StreamGroup[]) =>
    groups.map(({ name, pending }) => `${name.toString('latin1')} ${pending}`).sort();
  const [here, there] = await Promise.all([
    groupsOf(copy),
    groupsOf({ ...copy, source: copy.target, key: copy.temporaryKey }),
  ]);
  if (describe(here).join() === describe(there).join()) return;
  throw new CopyLostError(
    `the groups of a copied stream differ: ${describe(here)}; ${describe(there)}`,
  );
}

/** @param missing is given those of the pending ids that have no entry. */
async function* entryPieces(
  copy: KeyCopy,
  pending: readonly StreamId[],
  missing: StreamId[],
): Pieces {
  const { source, key, temporaryKey, size } = copy;
  let start = '-';
  let at = 0;
  /** The stand-ins that come before an entry. */
  const takeMissing = (before: StreamId | null, most = Infinity): StreamId[] => {
    const taken: StreamId[] = [];
    while (at < pending.length && taken.length < most) {
      const id = pending[at]!;
      if (before !== null && id >= before) break;
      taken.push(id);
      at++;
    }
    missing.push(...taken);
    return taken;
  };
  for (;;) {
    const count = String(size.elements);
    const entries = listOf(await source.read(['XRANGE', key, start, '+', 'COUNT', count]));
    if (entries.length === 0) break;
    let commands: Command[] = [];
    for (const entry of entries) {
      const [id, fields] = listOf(entry);
      const text = textOf(id);
      const numeric = parseStreamId(text);
      commands.push(...standIns(copy, takeMissing(numeric)));
      if (pending[at] === numeric) at++;
      commands.push(['XADD', temporaryKey, text, ...listOf(fields).map(bytesOf)]);
      start = `(${text}`;
      if (commands.length < size.limits.elements) continue;
      yield commands;
      commands = [];
    }
    yield commands;
  }
  while (at < pending.length) yield standIns(copy, takeMissing(null, size.elements));
}

/**
 * Those before the first entry are trimmed: XDEL would count them as deleted, which makes servers
 * doubt what lies behind them.
 *
 * @param first the id of the stream's first entry; null if it has none.
 */
async function* removals(
  { temporaryKey, size }: KeyCopy,
  missing: readonly StreamId[],
  first: StreamId | null,
): Pieces {
  const behind = first === null ? -1 : missing.findIndex((id) => id > first);
  const leading = behind < 0 ? missing.length : behind;
  const step = size.limits.elements;
  for (let at = 0; at < leading; at += step) {
    const isLast = at + step >= leading;
    const next = isLast ? first : missing[at + step]!;
    const bound = next === null ? ['MAXLEN', '=', '0'] : ['MINID', '=', formatStreamId(next)];
    yield [['XTRIM', temporaryKey, ...bound]];
  }
  for (let at = leading; at < missing.length; at += step) {
    yield [['XDEL', temporaryKey, ...missing.slice(at, at + step).map(formatStreamId)]];
  }
}

/** The newest id ever, and from Redis 7.0 on what has been added and deleted. */
function positionOf(
  { temporaryKey }: KeyCopy,
  info: ReadonlyMap<string, Value>,
  knowsCounters: boolean,
): Command {
  const added = info.get('entries-added');
  const deleted = info.get('max-deleted-entry-id');
  const command: CommandPart[] = ['XSETID', temporaryKey, textOf(info.get('last-generated-id'))];
  if (!knowsCounters || added?.type !== 'integer' || !deleted) return command;
  return [...command, ...['ENTRIESADDED', String(added.value), 'MAXDELETEDID', textOf(deleted)]];
}

function firstIdOf(info: ReadonlyMap<string, Value>): StreamId | null {
  const first = info.get('first-entry');
  return first?.type === 'array' ? parseStreamId(textOf(first.value[0])) : null;
}
