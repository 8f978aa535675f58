import type { Fields, Sections } from './info-text.js';

type Merge = (values: readonly string[]) => string;

const first: Merge = ([value]) => value!;
const most: Merge = (values) => pick(values, (left, right) => right - left);
const least: Merge = (values) => pick(values, (left, right) => left - right);
const sum: Merge = (values) => {
  if (values.some((value) => !/^-?\d+(\.\d+)?$/.test(value))) return first(values);
  const decimals = Math.max(...values.map((value) => value.split('.')[1]?.length ?? 0));
  return values.reduce((total, value) => total + Number(value), 0).toFixed(decimals);
};
/** `ok` if all are. */
const allOk: Merge = (values) => values.find((value) => value !== 'ok') ?? 'ok';
/** Of limits of which 0 is none: what all may have together. */
const sumOfLimits: Merge = (values) => (values.includes('0') ? '0' : sum(values));

/** How the servers' values become one; the first that fits. Numbers that are not named are summed. */
const RULES: readonly (readonly [field: RegExp, merge: Merge])[] = [
  [/^(redis_version|valkey_version)$/, (values) => [...values].sort(compareVersions)[0]!],
  [/^maxmemory$/, sumOfLimits],
  [/_(status)$/, allOk],
  [/(_perc|_ratio|_in_progress|_scheduled|_usec|_time_sec|_age)$/, most],
  [/^(hz|configured_hz|total_system_memory|maxclients|aof_enabled|repl_backlog_active)$/, most],
  // On every server, each for itself.
  [/^number_of_(cached_scripts|functions|libraries)$/, most],
  [/^rdb_last_save_time$/, least],
  [/^(second_repl_offset|lru_clock|arch_bits|process_id|tcp_port)$/, first],
  [/^db\d+$/, mergeKeyspace],
  [/^cmdstat_/, mergeCommandStats],
  [/^latency_percentiles_usec_/, (values) => mergeNamed(values, most)],
  [/^errorstat_/, (values) => mergeNamed(values, sum)],
  [/./, sum],
];

/** What INFO says of several servers as if they were one. */
export function mergeInfo(infos: readonly Sections[]): Sections {
  const merged = new Map<string, Fields>();
  for (const name of new Set(infos.flatMap((sections) => [...sections.keys()]))) {
    const fields = mergeSection(infos.map((sections) => sections.get(name) ?? {}));
    merged.set(name, /^commandstats$/i.test(name) ? withoutChecks(fields) : fields);
  }
  return merged;
}

function mergeSection(parts: readonly Fields[]): Fields {
  const names = new Set(parts.flatMap((fields) => Object.keys(fields)));
  const merged: { [field: string]: string } = {};
  for (const name of names) {
    const values = parts.flatMap((fields) => fields[name] ?? []);
    const [, merge] = RULES.find(([field]) => field.test(name))!;
    merged[name] = merge(values);
  }
  for (const [name, value] of Object.entries(merged)) {
    const bytes = merged[name.replace(/_human$/, '')];
    if (name.endsWith('_human') && bytes !== undefined && bytes !== value) {
      merged[name] = humanBytes(Number(bytes));
    }
  }
  return merged;
}

/**
 * DISCARD and the MULTI before it are the proxy's own question whether a server would queue a command;
 * what clients discard no server hears of. (A client that is connected to a server itself is lost.)
 */
function withoutChecks(fields: Fields): Fields {
  const { cmdstat_discard: discard, ...rest } = fields;
  const { cmdstat_multi: multi } = rest;
  if (discard === undefined || multi === undefined) return fields;
  const stats = parseNamed(multi);
  const calls = Number(stats.get('calls'));
  const left = Math.max(0, calls - Number(parseNamed(discard).get('calls')));
  stats.set('calls', String(left));
  stats.set('usec', String(Math.round((Number(stats.get('usec')) * left) / calls)));
  const { cmdstat_multi: _, ...others } = rest;
  return left === 0 ? others : { ...others, cmdstat_multi: renderNamed(stats) };
}

/** keys=1,expires=1,avg_ttl=99900: the average over all keys that expire */
function mergeKeyspace(values: readonly string[]): string {
  const parts = values.map(parseNamed);
  const total = (name: string): number =>
    parts.reduce((all, part) => all + Number(part.get(name) ?? 0), 0);
  const lifetimes = parts.reduce(
    (all, part) => all + Number(part.get('expires') ?? 0) * Number(part.get('avg_ttl') ?? 0),
    0,
  );
  const expires = total('expires');
  const average = expires === 0 ? 0 : Math.round(lifetimes / expires);
  return `keys=${total('keys')},expires=${expires},avg_ttl=${average}`;
}

/** calls=1,usec=13,usec_per_call=13.00,rejected_calls=0,failed_calls=0 */
function mergeCommandStats(values: readonly string[]): string {
  const merged = parseNamed(mergeNamed(values, sum));
  const [calls, usec] = [Number(merged.get('calls') ?? 0), Number(merged.get('usec') ?? 0)];
  merged.set('usec_per_call', (calls === 0 ? 0 : usec / calls).toFixed(2));
  return renderNamed(merged);
}

function mergeNamed(values: readonly string[], merge: Merge): string {
  const parts = values.map(parseNamed);
  const names = new Set(parts.flatMap((part) => [...part.keys()]));
  return renderNamed(
    new Map([...names].map((name) => [name, merge(parts.flatMap((part) => part.get(name) ?? []))])),
  );
}

/** `a=1,b=2` */
function parseNamed(value: string): Map<string, string> {
  return new Map(
    value.split(',').map((pair) => {
      const [name = '', text = ''] = pair.split('=');
      return [name, text];
    }),
  );
}

function renderNamed(pairs: ReadonlyMap<string, string>): string {
  return [...pairs].map(([name, value]) => `${name}=${value}`).join(',');
}

function pick(values: readonly string[], compare: (left: number, right: number) => number): string {
  return [...values].sort((left, right) =>
    compare(Number.parseFloat(left), Number.parseFloat(right)),
  )[0]!;
}

function compareVersions(left: string, right: string): number {
  return left.localeCompare(right, 'en', { numeric: true });
}

/** As Redis writes it: 943.35K */
function humanBytes(bytes: number): string {
  const units = ['B', 'K', 'M', 'G', 'T', 'P'];
  const power = bytes < 1024 ? 0 : Math.min(5, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return power === 0 ? `${value}B` : `${value.toFixed(2)}${units[power]}`;
}
