import type { HaResult, HaRound } from './ha-run.js';

/** The table of docs/reliability.md, and what else there is to say. */
export function renderHaReport(result: HaResult): string {
  const { rounds, acknowledged, lost, acknowledgedSafe, lostSafe, errors, folder } = result;
  const names = [...new Set(rounds.map(({ name }) => name))];
  const failovers = rounds.filter(({ isFailover }) => isFailover);
  const problems = rounds.filter(({ problem }) => problem !== '');
  return [
    '| fault | rounds | in moves | failovers | without a write, p50 | max | lonely master, max | two masters, max |',
    '|---|---:|---:|---:|---:|---:|---:|---:|',
    ...names.map((name) =>
      row(
        name,
        rounds.filter((round) => round.name === name),
      ),
    ),
    '',
    `${rounds.length} rounds, ${failovers.length} failovers; without a write for ${times(failovers)}`,
    `acknowledged writes lost, without WAIT: ${lost - lostSafe} of ${acknowledged - acknowledgedSafe}`,
    `  and of those that WAIT 1 had said to be at a replica: ${lostSafe} of ${acknowledgedSafe}`,
    `two masters written to through proxies: ${seconds(failovers)} s in all`,
    'errors seen by clients:',
    ...[...errors].map(([text, count]) => `  ${count} × ${text}`),
    ...problems.map(({ name, problem }) => `problem: ${name}: ${problem}`),
    ...(problems.length + lostSafe > 0 ? [`logs: ${folder}`] : []),
  ].join('\n');
}

function row(name: string, rounds: readonly HaRound[]): string {
  const failovers = rounds.filter(({ isFailover }) => isFailover).length;
  const moves = rounds.filter(({ duringMove }) => duringMove).length;
  const lonely = Math.max(...rounds.map(({ lonelySplitMs }) => lonelySplitMs));
  const split = Math.max(...rounds.map(({ splitMs }) => splitMs));
  const splits = [lonely, split].map((ms) => `${ms} ms`);
  const cells = [rounds.length, moves, failovers, ...recovery(rounds), ...splits];
  return `| ${name} | ${cells.join(' | ')} |`;
}

function times(rounds: readonly HaRound[]): string {
  if (rounds.length === 0) return '-';
  const [half, most] = recovery(rounds);
  return `${half} (p50), ${most} (max)`;
}

function seconds(rounds: readonly HaRound[]): string {
  return (rounds.reduce((sum, { splitMs }) => sum + splitMs, 0) / 1000).toFixed(1);
}

function recovery(rounds: readonly HaRound[]): [string, string] {
  const sorted = rounds.map(({ recoveryMs }) => recoveryMs).sort((one, other) => one - other);
  return [`${sorted[(sorted.length - 1) >> 1]} ms`, `${sorted.at(-1)} ms`];
}
