import type { Value } from '../../resp/decode.js';
import { OK, type Reply } from '../../resp/encode.js';
import type { ClusterAccess } from './cluster-access.js';
import { askAnyGroup, tellEveryGroup } from './every-group.js';
import type { Operation } from './operation.js';

const DEFAULT_COUNT = 10;
/** Of those every group has an entry whenever the proxy is sent one. */
const SENT_TO_ALL = /^(config|slowlog)$/i;

/** The proxies' question whether a server is there; those of clients do not come so far. */
const OWN_PING = 'PING';

interface Entry {
  readonly id: number;
  /** A place in the list of groups. */
  readonly group: number;
  readonly seconds: number;
  /** The rest of it, as the server has it. */
  readonly fields: readonly Value[];
}

/** SLOWLOG GET [count]: the entries of all masters, the newest first. */
export const slowlogGet: Operation = async ({ args, cluster }) => {
  const count = args.length === 2 ? DEFAULT_COUNT : Number(args[2]);
  // What is no count is refused by a server, in its words.
  if (args.length > 3 || !(count >= -1)) await askAnyGroup(cluster, args);
  const entries = await mergedEntries(cluster);
  return entries.slice(0, count < 0 ? entries.length : count).map(renderEntry);
};

/** SLOWLOG LEN: of the log that SLOWLOG GET shows. */
export const slowlogLen: Operation = async ({ cluster }) => (await mergedEntries(cluster)).length;

export const slowlogReset: Operation = async ({ args, cluster }) => {
  await tellEveryGroup(cluster, args);
  return OK;
};

/** No more of them than `slowlog-max-len` allows one server. */
async function mergedEntries(cluster: ClusterAccess): Promise<readonly Entry[]> {
  const [groups, limit] = await Promise.all([
    tellEveryGroup(cluster, ['SLOWLOG', 'GET', '-1']),
    askAnyGroup(cluster, ['CONFIG', 'GET', 'slowlog-max-len']),
  ]);
  const entries = groups.flatMap(({ value }, index) =>
    elementsOf(value)
      .map((entry) => readEntry(entry, index, groups.length))
      .filter((entry) => index === 0 || !SENT_TO_ALL.test(commandOf(entry)))
      .filter((entry) => commandOf(entry) !== OWN_PING),
  );
  // Within a second nobody knows the order of different servers. The first group has the entries of
  // commands such as SLOWLOG RESET, after which people look for what followed.
  entries.sort(
    (left, right) => right.seconds - left.seconds || right.group - left.group || right.id - left.id,
  );
  return entries.slice(0, Number(textOf(elementsOf(limit)[1]!)));
}

/** An id of its own for each entry of all servers, in the order of each. */
function readEntry(value: Value, group: number, groupCount: number): Entry {
  const [id, seconds, ...fields] = elementsOf(value);
  return {
    id: Number(id!.value) * groupCount + group,
    group,
    seconds: Number(seconds!.value),
    fields,
  };
}

function commandOf({ fields }: Entry): string {
  return textOf(elementsOf(fields[1]!)[0]!);
}

/** [id, Unix time in seconds, microseconds, [argument …], the proxy's address, the proxy's name] */
function renderEntry({ id, seconds, fields: [micros, args, ...names] }: Entry): Reply {
  return [id, seconds, Number(micros!.value), elementsOf(args!).map(textOf), ...names.map(textOf)];
}

function elementsOf(value: Value): readonly Value[] {
  return value.type === 'array' ? value.value : [];
}

function textOf(value: Value): string {
  return value.type === 'bulk' ? value.value.toString('latin1') : String(value.value);
}
