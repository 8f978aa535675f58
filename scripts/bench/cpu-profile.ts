import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { OperatorError } from '../../base/errors.js';

/** What we read of V8's `.cpuprofile` format. */
const cpuProfile = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({
        functionName: z.string(),
        url: z.string(),
        lineNumber: z.number(),
      }),
    }),
  ),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

export interface HotFunction {
  /** name file:line */
  readonly name: string;
  /** Its own share of the busy time, without what it calls; 0 to 1. */
  readonly share: number;
}

/** The functions in which the newest profile of the folder spent most time, hottest first. */
export function hottestFunctions(folder: string, count: number): HotFunction[] {
  const file = readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .sort()
    .at(-1);
  if (!file) throw new OperatorError(`there is no profile in ${folder}`);
  const profile = cpuProfile.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
  const nameOf = new Map(profile.nodes.map(({ id, callFrame }) => [id, describe(callFrame)]));
  const timeOf = new Map<string, number>();
  let busy = 0;
  for (const [index, node] of profile.samples.entries()) {
    const name = nameOf.get(node) ?? '(unknown)';
    if (name === '(idle)' || name === '(root)') continue;
    const micros = profile.timeDeltas[index] ?? 0;
    busy += micros;
    timeOf.set(name, (timeOf.get(name) ?? 0) + micros);
  }
  return [...timeOf]
    .map(([name, micros]) => ({ name, share: micros / busy }))
    .sort((one, other) => other.share - one.share)
    .slice(0, count);
}

function describe(frame: { functionName: string; url: string; lineNumber: number }): string {
  if (frame.functionName.startsWith('(')) return frame.functionName;
  const file = frame.url.replace(/^.*\/dist\//, '');
  return `${frame.functionName || '(anonymous)'} ${file}:${frame.lineNumber + 1}`;
}
