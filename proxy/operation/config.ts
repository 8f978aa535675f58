import type { Value } from '../../resp/decode.js';
import { MapReply, OK } from '../../resp/encode.js';
import { INTERNAL_WRITE_ROW } from '../request.js';
import { askAnyGroup, tellEveryGroup } from './every-group.js';
import type { Operation, OperationClient } from './operation.js';
import { OperationError } from './operation-error.js';

/**
 * Settings that CONFIG SET gives to every master: those of the data, its limits and its safety. All
 * others are of one machine (port, dir, bind), of a server's connections, which are the proxy's
 * (timeout, maxclients, requirepass), or of its replication, which is the dashboard's.
 */
const SETTABLE: readonly RegExp[] = [
  /^notify-keyspace-events$/,
  /^(hash|list|set|zset|stream|hll)-/,
  /^maxmemory(-policy|-samples|-eviction-tenacity)?$/,
  /^(lfu|lazyfree|slowlog|latency|active-defrag)-/,
  /^(activedefrag|activerehashing|active-expire-effort|hz|dynamic-hz)$/,
  /^(lua-time-limit|busy-reply-threshold|proto-max-bulk-len|tracking-table-max-keys)$/,
  /^(save|appendonly|appendfsync|no-appendfsync-on-rewrite|stop-writes-on-bgsave-error)$/,
  /^(auto-aof-rewrite|aof|rdb)-/,
  /^min-(replicas|slaves)-/,
  /^replica-serve-stale-data$/,
];

/** Of the servers alone: who may use the proxy is not therefore to know how it logs in there. */
const SECRETS = /^(requirepass|masterauth|masteruser|.*-key-file-pass|aclfile)$/;

/** What the proxy has in place of the servers. */
const OWN: { readonly [name: string]: (client: OperationClient) => string | number } = {
  databases: ({ databases }) => databases,
  port: (client) => client.proxyFacts().port,
};

/** CONFIG GET pattern …: as the first group has it; what is the proxy's own, as the proxy has it. */
export const configGet: Operation = async ({ args, client, cluster }) => {
  const reply = await askAnyGroup(cluster, args);
  const settings = pairsOf(reply).filter(([name]) => !SECRETS.test(name));
  return new MapReply(
    settings.map(([name, value]) => [name, name in OWN ? String(OWN[name]!(client)) : value]),
  );
};

/** CONFIG SET name value …: on every master, if they are settings to be the same on all. */
export const configSet: Operation = async ({ args, cluster }) => {
  const names = args.filter((_, index) => index >= 2 && index % 2 === 0);
  for (const name of names.map((bytes) => bytes.toString('latin1').toLowerCase())) {
    if (SETTABLE.some((settable) => settable.test(name))) continue;
    const known = pairsOf(await askAnyGroup(cluster, ['CONFIG', 'GET', name]));
    // What no server knows is refused by them, in their words.
    if (known.length > 0) throw new OperationError(notSettable(name));
  }
  await tellEveryGroup(cluster, args, INTERNAL_WRITE_ROW);
  return OK;
};

/** CONFIG RESETSTAT and CONFIG REWRITE: on every master. */
export const configEverywhere: Operation = async ({ args, cluster }) => {
  await tellEveryGroup(cluster, args, INTERNAL_WRITE_ROW);
  return OK;
};

function notSettable(name: string): string {
  return `ERR CONFIG SET failed (possibly related to argument '${name}') - it is not set through the proxy: set it on each server`;
}

/** @returns of an array or a map of names and values, the pairs as byte strings */
function pairsOf(reply: Value): [name: string, value: string][] {
  if (reply.type !== 'array') return [];
  const texts = reply.value.map((element) =>
    element.type === 'bulk' ? element.value.toString('latin1') : '',
  );
  return texts.flatMap((name, index) => (index % 2 === 0 ? [[name, texts[index + 1]!]] : []));
}
