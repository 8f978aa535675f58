import type { LiveProblem } from '../../api/live-contract.js';
import { ago, capital, whole } from '../format.js';
import { problems, proxies, servers, totals } from '../live/state.js';
import { Icon } from '../parts/icon.js';
import { now } from '../parts/now.js';
import { linkTo, type PageName } from '../router.js';

const LOOK = {
  critical: { icon: 'critical', tone: 'bad' },
  warning: { icon: 'warning', tone: 'warn' },
  info: { icon: 'info', tone: 'soft' },
} as const;

const PAGE_OF: Record<LiveProblem['subject']['kind'], PageName> = {
  group: 'groups',
  server: 'groups',
  proxy: 'proxies',
  fence: 'proxies',
  slots: 'slots',
  job: 'moves',
  coordinator: 'housekeeping',
  dashboard: 'housekeeping',
};

/** What is not as it should be, worst first; or that all is well. */
export function Problems() {
  if (problems.value.length === 0) return <AllWell />;
  return (
    <section class="card problems" aria-label="Problems">
      <ul>
        {problems.value.map((problem) => (
          <Problem key={problem.id} problem={problem} />
        ))}
      </ul>
    </section>
  );
}

function Problem({ problem }: { readonly problem: LiveProblem }) {
  const { icon, tone } = LOOK[problem.severity];
  const page = PAGE_OF[problem.subject.kind];
  return (
    <li class="problem">
      <span class={tone}>
        <Icon name={icon} />
        <span class="unseen">{problem.severity}: </span>
      </span>
      <div>
        <a href={linkTo(page)}>{capital(problem.words)}</a>
        {problem.todo !== '' && <p class="small soft">{capital(problem.todo)}</p>}
      </div>
      <span class="faint small nowrap spread">{ago(problem.since, now.value)}</span>
    </li>
  );
}

function AllWell() {
  const state = totals.value;
  if (state === null) return null;
  const up = Object.values(servers.value).filter((server) => server.state === 'up').length;
  return (
    <section class="card all-well" aria-label="Problems">
      <span class="good">
        <Icon name="check" />
      </span>
      <span>
        <strong>All is well.</strong>{' '}
        <span class="soft">
          {whole(state.slots_online + state.slots_moving)} slots are served by {up} servers and{' '}
          {proxies.value.length} proxies.
        </span>
      </span>
    </section>
  );
}
