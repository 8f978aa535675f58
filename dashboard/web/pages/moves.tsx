import { openRebalance } from '../changes/job-changes.js';
import { openMoveSlots } from '../changes/slot-changes.js';
import { capital, clock, duration, UNKNOWN, whole } from '../format.js';
import { activeJobs, endedJobs } from '../live/state.js';
import { JobCard } from '../moves/job-card.js';
import { JobState } from '../moves/job-state.js';
import { ScrollTable } from '../parts/scroll-table.js';

/** Moves of slots: those under way, and those that have ended. */
export function MovesPage() {
  return (
    <>
      <div class="page-head">
        <h1>Moves</h1>
        <div class="row actions">
          <button type="button" class="button" onClick={openRebalance}>
            Rebalance…
          </button>
          <button type="button" class="button primary" onClick={() => openMoveSlots(null)}>
            Move slots…
          </button>
        </div>
      </div>
      {activeJobs.value.map((job) => (
        <JobCard key={job.id} job={job} />
      ))}
      {activeJobs.value.length === 0 && (
        <div class="card empty">
          <h2>No slot is on the move</h2>
          <p>
            Keys move while clients work. Select slots in the map, drain a group, or rebalance all.
          </p>
        </div>
      )}
      <Ended />
    </>
  );
}

function Ended() {
  const jobs = endedJobs.value;
  if (jobs.length === 0) return null;
  return (
    <section class="card">
      <div class="card-head">
        <h2>Ended</h2>
      </div>
      <ScrollTable
        isStackable
        label="Ended moves"
        head={
          <>
            <th>Move</th>
            <th>State</th>
            <th class="number">Slots</th>
            <th>Begun</th>
            <th class="number">Took</th>
            <th>How it ended</th>
          </>
        }
      >
        {jobs.map((job) => (
          <tr key={job.id}>
            <td>{capital(job.what)}</td>
            <td data-label="State">
              <JobState state={job.state} />
            </td>
            <td class="number" data-label="Slots">
              {whole(job.slots)}
            </td>
            <td class="nowrap" data-label="Begun">
              {clock(Number(job.create_at) * 1000)}
            </td>
            <td class="number" data-label="Took">
              {job.end_at === '' ? UNKNOWN : duration(Number(job.end_at) - Number(job.create_at))}
            </td>
            <td class="soft" data-label="How it ended">
              {job.message || UNKNOWN}
            </td>
          </tr>
        ))}
      </ScrollTable>
    </section>
  );
}
