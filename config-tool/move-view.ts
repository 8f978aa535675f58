import type { JobReply, LargeKeyReply, PlanReply } from '../dashboard/api/contract.js';
import { NOTHING, table } from './render.js';

const BAR_WIDTH = 24;
/** Ranges of slots shown in a row; a rebalance may have many. */
const MAX_RANGES = 4;

/** What would move, and what the operator should know before it does. */
export function describePlan(plan: PlanReply): string {
  const notes = plan.notes.map((note) => `note: ${note}`);
  if (plan.slots === 0) return [...notes, 'nothing to move'].join('\n');
  const about = plan.is_exact ? '' : 'about ';
  const lines = [
    table(
      [
        { title: 'from group' },
        { title: 'to group' },
        { title: 'slots', align: 'right' },
        { title: 'which' },
      ],
      plan.moves.map((move) => [
        String(move.from_group),
        String(move.to_group),
        String(move.slots.reduce((sum, [first, last]) => sum + last - first + 1, 0)),
        describeRanges(move.slots),
      ]),
    ),
    '',
    `${plan.slots} slots, ${about}${plan.keys} keys of ${about}${bytes(plan.bytes)}, ` +
      `in ${duration(plan.seconds)} or so`,
  ];
  if (plan.largest_keys.length > 0) {
    lines.push('', 'largest keys:', describeKeys(plan.largest_keys.slice(0, 5)));
  }
  if (plan.large_keys.length > 0) {
    lines.push('', ...largeKeysAdvice(plan), describeKeys(plan.large_keys));
  }
  return [...lines, ...notes].join('\n');
}

function largeKeysAdvice({ options, large_keys }: PlanReply): string[] {
  const slots = new Set(large_keys.map((key) => key.slot_id)).size;
  if (options.large_keys === 'block') return ['large keys, each of which stalls both servers:'];
  if (options.large_keys === 'chunk') {
    return ['large keys, copied in pieces; commands that write to one wait meanwhile:'];
  }
  return [
    `large keys: their slots (${slots}) stay where they are (--large-keys=block moves them):`,
  ];
}

function describeKeys(keys: readonly LargeKeyReply[]): string {
  return table(
    [
      { title: 'key' },
      { title: 'group', align: 'right' },
      { title: 'slot', align: 'right' },
      { title: 'size', align: 'right' },
      { title: 'stall', align: 'right' },
    ],
    keys.map((key) => [
      key.database === 0 ? key.key : `${key.key} (database ${key.database})`,
      String(key.group_id),
      String(key.slot_id),
      bytes(key.bytes),
      `${key.stall_ms} ms`,
    ]),
  );
}

/** The moves that there are and were, newest first. */
export function describeMoves(jobs: readonly JobReply[]): string {
  if (jobs.length === 0) return 'no slot is being moved';
  return table(
    [
      { title: 'move' },
      { title: 'what' },
      { title: 'state' },
      { title: 'slots', align: 'right' },
      { title: 'keys', align: 'right' },
      { title: 'remark' },
    ],
    jobs.map((job) => [
      job.id,
      job.what,
      job.state,
      `${job.slots - job.slots_left}/${job.slots}`,
      job.keys_moved > 0 ? String(job.keys_moved) : NOTHING,
      job.message || job.last_error,
    ]),
  );
}

/** A move under way, in one line. */
export function progressLine(job: JobReply): string {
  const done = job.slots - job.slots_left;
  // Slots end together: until then the keys tell how far it has come.
  const share = job.keys_total > 0 ? job.keys_moved / job.keys_total : done / job.slots;
  const filled = Math.min(BAR_WIDTH, Math.floor(share * BAR_WIDTH));
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`;
  const parts = [
    `${bar} ${String(Math.floor(share * 100)).padStart(3)}%`,
    `slots ${done}/${job.slots}`,
    `keys ${job.keys_moved}/${job.keys_total}`,
    `${job.keys_per_second}/s`,
  ];
  if (job.seconds_left !== null && job.keys_total > 0)
    parts.push(`${duration(job.seconds_left)} left`);
  if (job.current_slot !== null) parts.push(`slot ${job.current_slot}`);
  return parts.join('  ');
}

function describeRanges(ranges: readonly (readonly [number, number])[]): string {
  const shown = ranges
    .slice(0, MAX_RANGES)
    .map(([first, last]) => (first === last ? String(first) : `${first}-${last}`));
  const more = ranges.length > MAX_RANGES ? `, and ${ranges.length - MAX_RANGES} more ranges` : '';
  return `${shown.join(', ')}${more}`;
}

function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  let value = count / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}
