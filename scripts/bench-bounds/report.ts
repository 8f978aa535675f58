import type { Machine } from '../bench/machine.js';
import { alignedTable, markdownTable } from '../bench/text-table.js';
import type { Figure } from './figure.js';

/** All there is to know; also what `--json` writes. */
export interface BoundsResult {
  readonly machine: Machine;
  /** Share of the machine's processor time that went to others; 0 to 1. */
  readonly otherLoad: number;
  readonly figures: readonly Figure[];
}

export function renderReport(result: BoundsResult, format: 'text' | 'markdown'): string {
  const { machine, otherLoad, figures } = result;
  const conditions = [
    `${machine.date}, commit ${machine.commit}: ${machine.processor}, ${machine.cores} cores, ` +
      `${machine.memoryGib} GiB; ${machine.system}; Node ${machine.node}, Redis ${machine.redis}, ` +
      `nutcracker ${machine.nutcracker}.`,
    `Other programs took ${(otherLoad * 100).toFixed(0)}% of the machine meanwhile.`,
  ];
  const lines = conditions.map((line) => (format === 'markdown' ? `- ${line}` : line));
  const table = format === 'markdown' ? markdownTable : alignedTable;
  const rows = figures.map(({ what, wanted, measured, isMet }) => [
    what,
    wanted,
    measured,
    isMet === null ? '' : isMet ? 'met' : 'MISSED',
  ]);
  return `${lines.join('\n')}\n\n${table(['what', 'wanted', 'measured', ''], rows, 1)}\n`;
}
