import type { LiveJob } from '../../api/live-contract.js';
import { openCancelJob, openPauseOrResume } from '../changes/job-changes.js';
import { ago, capital, count, duration, short, UNKNOWN, whole } from '../format.js';
import { GroupMark } from '../parts/group-mark.js';
import { Icon } from '../parts/icon.js';
import { Message } from '../parts/message.js';
import { now } from '../parts/now.js';
import { JobState } from './job-state.js';

/** A move under way: how far it is, how fast, and what stops it. */
export function JobCard({ job }: { readonly job: LiveJob }) {
  const done = job.slots - job.slots_left;
  const percent = 100 * partDone(job);
  return (
    <section class="card job" aria-label={`Move: ${job.what}`} data-job={job.id}>
      <div class="card-head">
        <h2>{capital(job.what)}</h2>
        <JobState state={job.state} />
        <JobButtons job={job} />
      </div>
      <div class="card-body stack">
        <div
          class="meter"
          role="progressbar"
          aria-label="Progress"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.floor(percent)}
        >
          <span style={{ width: `${percent}%` }} />
        </div>
        <dl class="facts">
          <Fact name="Slots">
            {whole(done)} of {whole(job.slots)}
          </Fact>
          <Fact name="Keys">
            {whole(job.keys_moved)}
            {job.keys_total > job.keys_moved && ` of ${short(job.keys_total)}`}
          </Fact>
          <Fact name="Rate">{short(Math.round(job.keys_per_second))} keys/s</Fact>
          <Fact name="Time left">{duration(job.seconds_left)}</Fact>
          <Fact name="At slot">{job.current_slot ?? UNKNOWN}</Fact>
          <Fact name="Started">{ago(Number(job.create_at) * 1000, now.value)} ago</Fact>
        </dl>
        <Routes job={job} />
        <Trouble job={job} />
      </div>
    </section>
  );
}

/**
 * By keys, as slots come to their end several at a time; by slots, where keys were moved before the
 * dashboard started and are not counted.
 */
function partDone(job: LiveJob): number {
  if (job.slots_left === 0) return 1;
  const bySlots = 1 - job.slots_left / job.slots;
  const byKeys = job.keys_total > 0 ? job.keys_moved / job.keys_total : 0;
  return Math.min(0.99, Math.max(bySlots, byKeys));
}

function Fact(props: { readonly name: string; readonly children: unknown }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children as string}</dd>
    </div>
  );
}

function JobButtons({ job }: { readonly job: LiveJob }) {
  const canPause = job.state === 'running';
  const canResume = job.state === 'paused' || job.state === 'failed';
  return (
    <div class="row spread">
      {canPause && (
        <button type="button" class="button small" onClick={() => openPauseOrResume(job, 'pause')}>
          <Icon name="pause" />
          Pause…
        </button>
      )}
      {canResume && (
        <button type="button" class="button small" onClick={() => openPauseOrResume(job, 'resume')}>
          <Icon name="play" />
          Resume…
        </button>
      )}
      <button type="button" class="button small" onClick={() => openCancelJob(job)}>
        Cancel…
      </button>
    </div>
  );
}

/** Between which groups, of what is left. */
function Routes({ job }: { readonly job: LiveJob }) {
  const routes = new Map<string, { from: number; to: number; slots: number }>();
  for (const [first, last, from, to] of job.left) {
    const before = routes.get(`${from} ${to}`);
    routes.set(`${from} ${to}`, { from, to, slots: last - first + 1 + (before?.slots ?? 0) });
  }
  if (routes.size === 0) return null;
  return (
    <ul class="routes">
      {[...routes.values()].map(({ from, to, slots }) => (
        <li class="row" key={`${from} ${to}`}>
          <GroupMark group={from} />
          <span aria-hidden="true">→</span>
          <span class="unseen">to</span>
          <GroupMark group={to} />
          <span class="faint">{count(slots, 'slot')} left</span>
        </li>
      ))}
    </ul>
  );
}

function Trouble({ job }: { readonly job: LiveJob }) {
  const words = job.message || job.last_error;
  if (words === '' && job.stuck.length === 0) return null;
  return (
    <Message tone={job.state === 'failed' ? 'bad' : 'warn'}>
      {words !== '' && <p>{words}</p>}
      {job.stuck
        .filter(({ error }) => error !== words)
        .map(({ slot, status, error }) => (
          <p key={slot}>
            Slot {slot} ({status}){error === '' ? '' : `: ${error}`}
          </p>
        ))}
    </Message>
  );
}
