import { afterAll, beforeAll, expect, test } from 'vitest';
import { messageOf } from '../../base/errors.js';
import { ensurePrograms, TCL } from '../../scripts/local-cluster/programs.js';
import { runUnit } from '../../scripts/redis-suite/run-unit.js';
import { copyTests, findTests } from '../../scripts/redis-suite/sources.js';
import { startDataPlane } from '../support/data-plane.js';
import { temporaryFolder } from '../support/process.js';
import { startRedis } from '../support/redis-server.js';

/*
 * A part of `npm run test:redis-suite`: units of Redis's own tests through a proxy over two groups. The
 * numbers are floors: how many tests of a unit have passed already. Raise them with what passes.
 */
const FLOORS: readonly (readonly [unit: string, floor: number])[] = [
  ['type/string', 75],
  ['type/incr', 23],
  ['type/hash', 72],
  ['type/list', 217],
  ['type/set', 95],
  ['type/stream', 63],
  ['type/stream-cgroups', 48],
  ['keyspace', 41],
  ['sort', 18],
  ['bitops', 45],
  ['bitfield', 16],
  ['multi', 35],
  ['pubsub', 30],
  ['scripting', 178],
  ['functions', 89],
  ['protocol', 19],
  ['quit', 3],
  ['info-command', 3],
  ['introspection-2', 42],
  ['slowlog', 6],
  ['tracking', 49],
];

const SILENCE_MS = 90_000;
const UNIT_TIMEOUT_MS = 300_000;

const abort = new AbortController();
let folder: string | null = null;
let whyNot = '';

beforeAll(async () => {
  const say = (line: string): void => console.log(line);
  try {
    await ensurePrograms([TCL], say);
    const sources = await findTests(null, say, abort.signal);
    folder = temporaryFolder();
    copyTests(sources, folder);
  } catch (error) {
    whyNot = messageOf(error);
    console.warn(`Redis's own tests are skipped: sources not reachable (${whyNot})`);
  }
}, UNIT_TIMEOUT_MS);

afterAll(() => abort.abort());

for (const [unit, floor] of FLOORS) {
  test(
    `${unit}: at least ${floor} of its tests pass`,
    async ({ skip }) => {
      if (folder === null) return skip(`sources not reachable: ${whyNot}`);
      const servers = await Promise.all([startRedis(), startRedis()]);
      const proxy = await startDataPlane(servers.map(({ addr }) => addr));
      try {
        const { passed, failed, ending } = await runUnit({
          unit,
          server: { host: '127.0.0.1', port: proxy.port },
          folder,
          silenceMs: SILENCE_MS,
          isDurable: true,
          isSharded: true,
          signal: abort.signal,
        });
        const lost = failed.map(({ name, reason }) => `${name}: ${reason}`).join('\n');
        expect(passed.length, `${lost}\n${ending?.reason ?? ''}`).toBeGreaterThanOrEqual(floor);
      } finally {
        proxy.close();
        await Promise.all(servers.map((server) => server.stop()));
      }
    },
    UNIT_TIMEOUT_MS,
  );
}
