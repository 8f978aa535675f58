import type { JobReply } from '../api/contract.js';
import type { LiveJob } from '../api/live-contract.js';
import type { QueuedTask } from '../migration/queue.js';

/** Of slots that wait for the operator, so many are named. */
const STUCK_SHOWN = 8;

/** The moves as a browser shows them: with what they still have to do. */
export function liveJobs(jobs: readonly JobReply[], tasks: readonly QueuedTask[]): LiveJob[] {
  return jobs.map((job) => {
    const own = tasks.filter((task) => task.job === job.id);
    return {
      ...job,
      left: rangesLeft(own),
      stuck: own
        .filter(({ status }) => status === 'error' || status === 'held')
        .slice(0, STUCK_SHOWN)
        .map(({ slot_id, status, error }) => ({ slot: slot_id, status, error })),
    };
  });
}

function rangesLeft(tasks: readonly QueuedTask[]): LiveJob['left'] {
  const ranges: LiveJob['left'] = [];
  for (const { slot_id, from_group, new_group } of tasks.toSorted(
    (a, b) => a.slot_id - b.slot_id,
  )) {
    const last = ranges.at(-1);
    const isNext = last?.[1] === slot_id - 1 && last[2] === from_group && last[3] === new_group;
    if (last && isNext) last[1] = slot_id;
    else ranges.push([slot_id, slot_id, from_group, new_group]);
  }
  return ranges;
}
