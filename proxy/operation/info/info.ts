import { VerbatimText } from '../../../resp/encode.js';
import type { ClusterAccess } from '../cluster-access.js';
import type { Operation } from '../operation.js';
import { peersOf } from '../peers/peers.js';
import { type Fields, renderInfo, type Sections } from './info-text.js';
import { ownFacts, sumFacts } from './own-facts.js';
import { Survey } from './survey.js';

const SECTION_ORDER = [
  ...['server', 'clients', 'memory', 'persistence', 'stats', 'replication', 'cpu'],
  ...['commandstats', 'errorstats', 'latencystats', 'cluster', 'keyspace'],
];
/** Left out unless they are asked for, as in Redis. */
const NOT_DEFAULT = ['commandstats', 'latencystats', 'keysizes'];
/** Lines of a master about its replicas. */
const REPLICA_FIELDS = /^(slave\d+|min_slaves_good_slaves)$/;

const surveys = new WeakMap<ClusterAccess, Survey>();

/**
 * INFO [section …]: the proxy's own process, clients and traffic; of the masters together the
 * memory, the keyspace, hits and misses, and all else that can be summed.
 */
export const info: Operation = async ({ args, client, cluster }) => {
  const asked = args.slice(1).map((name) => name.toString('latin1').toLowerCase());
  const { sections, groups, unreachable } = await surveyOf(cluster).ask(questionFor(asked));
  const others = await peersOf(cluster).ask('facts', null);
  const facts = sumFacts(
    client.proxyFacts(),
    others.map(({ answer }) => answer),
  );
  const own: { [section: string]: Fields } = ownFacts(facts);
  own.cluster = {
    ...own.cluster,
    groups: String(groups),
    groups_unreachable: String(unreachable),
  };
  const shown = new Map<string, Fields>();
  for (const name of new Set([...SECTION_ORDER, ...sections.keys()])) {
    if (!isAsked(name, asked)) continue;
    const fields = { ...ofServers(name, sections), ...own[name] };
    if (name === 'server') fields.redis_version = versionIn(sections) ?? fields.redis_version!;
    if (name in own || sections.has(name)) shown.set(name, fields);
  }
  return new VerbatimText(renderInfo(shown));
};

function surveyOf(cluster: ClusterAccess): Survey {
  const survey = surveys.get(cluster) ?? new Survey(cluster);
  surveys.set(cluster, survey);
  return survey;
}

/** Servers before Redis 7 take one section at most. */
function questionFor(asked: readonly string[]): string {
  const [section = '', ...more] = asked;
  return more.length === 0 ? section : 'everything';
}

function isAsked(name: string, asked: readonly string[]): boolean {
  if (asked.includes(name) || asked.includes('all') || asked.includes('everything')) return true;
  return (asked.length === 0 || asked.includes('default')) && !NOT_DEFAULT.includes(name);
}

/** What counts of the servers' section beside what the proxy says itself. */
function ofServers(name: string, sections: Sections): { [field: string]: string } {
  // Those are about one process.
  if (name === 'server' || name === 'cpu') return {};
  const fields = Object.entries(sections.get(name) ?? {});
  return Object.fromEntries(fields.filter(([field]) => !REPLICA_FIELDS.test(field)));
}

/** What clients choose their commands by: the oldest of the servers. */
function versionIn(sections: Sections): string | undefined {
  return sections.get('server')?.redis_version;
}
