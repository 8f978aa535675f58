import {
  openCollectActions,
  openRemoveFences,
  openRemoveLocks,
} from '../changes/housekeeping-changes.js';
import { openResetSlots } from '../changes/slot-changes.js';
import { ago } from '../format.js';
import { dashboard } from '../live/state.js';
import { Badge } from '../parts/badge.js';
import { now } from '../parts/now.js';

const CHORES = [
  {
    title: 'Old actions',
    means: 'Every change leaves a record in the coordinator. Old ones are of no use any more.',
    verb: 'Delete old actions…',
    open: openCollectActions,
  },
  {
    title: 'Locks',
    means: 'A tool of Codis that was killed leaves its lock. This dashboard needs none.',
    verb: 'Remove locks…',
    open: openRemoveLocks,
  },
  {
    title: 'Fences',
    means: 'A proxy that vanished without a word may still serve. If it is gone for sure, say so.',
    verb: 'Remove fences…',
    open: openRemoveFences,
  },
  {
    title: 'All slots',
    means: 'Takes every slot from its group. Keys stay where they are and are not found any more.',
    verb: 'Reset all slots…',
    open: openResetSlots,
  },
] as const;

/** About the dashboard itself, and chores that come seldom. */
export function HousekeepingPage() {
  return (
    <>
      <div class="page-head">
        <h1>Housekeeping</h1>
      </div>
      <About />
      <section class="card" aria-label="Chores">
        <ul class="chores">
          {CHORES.map(({ title, means, verb, open }) => (
            <li key={title}>
              <div>
                <h2>{title}</h2>
                <p class="small soft">{means}</p>
              </div>
              <button type="button" class="button spread" onClick={open}>
                {verb}
              </button>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

function About() {
  const state = dashboard.value;
  if (state === null) return null;
  const isConnected = state.coordinator === 'connected';
  return (
    <section class="card" aria-label="This dashboard">
      <div class="card-head">
        <h2>This dashboard</h2>
        <a class="spread small" href="./api/openapi.json">
          The API, described
        </a>
      </div>
      <dl class="card-body facts">
        <div>
          <dt>Product</dt>
          <dd>{state.product}</dd>
        </div>
        <div>
          <dt>Version</dt>
          <dd>{state.version}</dd>
        </div>
        <div>
          <dt>Address</dt>
          <dd>{state.addr}</dd>
        </div>
        <div>
          <dt>Running for</dt>
          <dd>{ago(state.started_at, now.value)}</dd>
        </div>
        <div>
          <dt>Leads</dt>
          <dd>{state.leads ? 'yes' : (state.leader ?? 'nobody')}</dd>
        </div>
        <div>
          <dt>Coordinator</dt>
          <dd>
            <Badge tone={isConnected ? 'good' : 'bad'} dot="still">
              {state.coordinator}
            </Badge>
          </dd>
        </div>
        {state.others.length > 0 && (
          <div>
            <dt>Other dashboards</dt>
            <dd>
              {state.others.map((url) => (
                <a key={url} class="block" href={url}>
                  {url}
                </a>
              ))}
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}
