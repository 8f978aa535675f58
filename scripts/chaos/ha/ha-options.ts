import { Command, InvalidArgumentError } from 'commander';
import { HA_FAULTS } from './ha-faults.js';
import type { HaOptions } from './ha-run.js';

/**
 * Reads the command line of `npm run chaos -- --ha`. `--help` prints and ends the process, as does an
 * argument that cannot be read.
 *
 * @param args without node and the script
 */
export function parseHaOptions(args: readonly string[]): HaOptions {
  const command = new Command('chaos --ha')
    .description(
      'Strikes masters, replicas, proxies and dashboards, with slots at rest and on the move.',
    )
    .option('--ha', 'this run')
    .option('--rounds <n>', 'faults, one after the other: each at rest and in a move', wholeNumber)
    .option('--down-after <ms>', 'ha_down_after', wholeNumber, 1_500)
    .option('--min-replicas <n>', 'ha_min_replicas_to_write', wholeNumber, 0)
    .option('--seed <n>', 'for the same groups and slots again', wholeNumber)
    .option('--coordinator <kind>', 'zookeeper or embedded', kind, 'zookeeper')
    .option('--only <text>', 'the faults that have it in their names')
    .option('--writers <n>', 'clients', wholeNumber, 8)
    .option('--pause <ms>', 'between the writes of a client', wholeNumber, 5)
    .parse(args as string[], { from: 'user' });
  const given = command.opts();
  const faults = HA_FAULTS.filter(
    ({ name, needsZooKeeper }) =>
      (given.coordinator === 'zookeeper' || !needsZooKeeper) &&
      (given.only === undefined || name.includes(given.only)),
  );
  if (faults.length === 0) command.error('error: there is no such fault');
  return {
    seed: given.seed ?? Math.floor(Math.random() * 2 ** 31),
    coordinator: given.coordinator,
    faults,
    rounds: given.rounds ?? 2 * faults.length,
    downAfterMs: given.downAfter,
    minReplicas: given.minReplicas,
    writers: given.writers,
    pauseMs: given.pause,
  };
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('is not a whole number');
  return Number(text);
}

function kind(text: string): 'zookeeper' | 'embedded' {
  if (text === 'zookeeper' || text === 'embedded') return text;
  throw new InvalidArgumentError('is neither zookeeper nor embedded');
}
