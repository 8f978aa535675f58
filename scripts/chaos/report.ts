import type { ChaosResult } from './chaos-run.js';
import type { Latencies } from './checker/latencies.js';

/** What was done and found, for people. */
export function renderReport(result: ChaosResult): string {
  const { findings, operations, transactions, queues, messages, slotsMoved } = result;
  const { still, moving, faults, folder } = result;
  const lines = [
    `${operations} operations, ${slotsMoved} slots moved, ${faults.length} faults`,
    `${transactions.count} transactions, ${transactions.aborted} aborted`,
    `${queues.count} elements of queues, ${messages.count} messages, ${messages.missed} missed`,
    `without moves: ${times(still)}`,
    `with moves:    ${times(moving)}`,
    `errors seen by clients: ${findings.errorCount}`,
    ...[...findings.errors].map(([text, count]) => `  ${count} × ${text}`),
    `differences: ${findings.differenceCount}`,
    ...findings.differences.map((text) => `- ${text}`),
  ];
  if (findings.differenceCount > 0) lines.push(`logs and data: ${folder}`);
  return lines.join('\n');
}

function times(latencies: Latencies): string {
  const shown = (share: number) => `${latencies.at(share).toFixed(1)} ms`;
  return `median ${shown(0.5)}, p99 ${shown(0.99)}, worst ${shown(1)} of ${latencies.count}`;
}
