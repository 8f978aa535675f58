import { toPlain, type Value } from '../../resp/decode.js';
import { MapReply, type Reply } from '../../resp/encode.js';
import { type GroupReply, tellEveryGroup } from './every-group.js';
import type { Operation } from './operation.js';

/** As many as a server keeps of an event. */
const HISTORY_LENGTH = 160;

/** LATENCY LATEST: of each event the newest of all masters, and the worst of all. */
export const latencyLatest: Operation = async ({ args, cluster }) => {
  const events = new Map<string, [seconds: number, ms: number, maxMs: number]>();
  for (const event of (await tellEveryGroup(cluster, args)).flatMap(elements)) {
    const [name, seconds, ms, maxMs] = list(event).map(toPlain);
    const known = events.get(String(name));
    const worst = Math.max(Number(maxMs), known?.[2] ?? 0);
    const isNewer = known === undefined || Number(seconds) >= known[0];
    const latest = isNewer ? [Number(seconds), Number(ms)] : known;
    events.set(String(name), [latest[0]!, latest[1]!, worst]);
  }
  return [...events].map(([name, figures]) => [name, ...figures]);
};

/** LATENCY HISTORY event: the samples of all masters by their time. */
export const latencyHistory: Operation = async ({ args, cluster }) => {
  const samples = (await tellEveryGroup(cluster, args))
    .flatMap(elements)
    .map((sample) => list(sample).map(({ value }) => Number(value)));
  samples.sort((left, right) => left[0]! - right[0]!);
  return samples.slice(-HISTORY_LENGTH);
};

/** LATENCY RESET [event …]: how many were reset, over all masters. */
export const latencyReset: Operation = async ({ args, cluster }) => {
  const replies = await tellEveryGroup(cluster, args);
  return replies.reduce((sum, { value }) => sum + Number(value.value), 0);
};

/** LATENCY HISTOGRAM [command …]: the calls of all masters together. */
export const latencyHistogram: Operation = async ({ args, cluster }) => {
  const commands = new Map<string, Value[]>();
  for (const { value } of await tellEveryGroup(cluster, args)) {
    for (const [name, figures] of pairs(value)) {
      commands.set(name, [...(commands.get(name) ?? []), figures]);
    }
  }
  return new MapReply([...commands].map(([name, figures]) => [name, addHistograms(figures)]));
};

/** `calls`, and how many of them took up to so many microseconds: bounds that double. */
function addHistograms(servers: readonly Value[]): Reply {
  const figures = servers.map((server) => new Map(pairs(server)));
  const calls = figures.reduce((sum, one) => sum + Number(one.get('calls')?.value ?? 0), 0);
  const histograms = figures.map((one) =>
    pairs(one.get('histogram_usec')).map(([bound, count]) => [Number(bound), Number(count.value)]),
  );
  const bounds = [...new Set(histograms.flat().map(([bound]) => bound!))].sort((a, b) => a - b);
  const countUpTo = (histogram: readonly number[][], limit: number): number =>
    histogram.findLast(([bound]) => bound! <= limit)?.[1] ?? 0;
  const counts = bounds.map((limit): [Reply, Reply] => [
    limit,
    histograms.reduce((sum, histogram) => sum + countUpTo(histogram, limit), 0),
  ]);
  return new MapReply([
    ['calls', calls],
    ['histogram_usec', new MapReply(counts)],
  ]);
}

function elements({ value }: GroupReply): readonly Value[] {
  return list(value);
}

function list(value: Value | undefined): readonly Value[] {
  return value?.type === 'array' ? value.value : [];
}

/** Of a map in RESP2. */
function pairs(value: Value | undefined): [name: string, value: Value][] {
  const flat = list(value);
  return flat.flatMap((name, index) =>
    index % 2 === 0 ? [[String(toPlain(name)), flat[index + 1]!]] : [],
  );
}
