import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type {
  LiveGroup,
  LiveJob,
  LiveProblem,
  LiveProxy,
  LiveServer,
  LiveState,
  SlotRun,
} from '../../api/live-contract.js';

/** What the dashboard has told last; null before its first word. */
export const live = signal<LiveState | null>(null);

function part<T>(pick: (state: LiveState) => T, before: T): ReadonlySignal<T> {
  return computed(() => (live.value === null ? before : pick(live.value)));
}

const NO_PROBLEMS: LiveProblem[] = [];
const NO_RUNS: SlotRun[] = [];
const NO_JOBS: LiveJob[] = [];
const NO_FENCES: string[] = [];
const NO_GROUPS: Record<string, LiveGroup> = {};
const NO_SERVERS: Record<string, LiveServer> = {};
const NO_PROXIES: Record<string, LiveProxy> = {};

export const dashboard = part((state) => state.dashboard, null);
export const totals = part((state) => state.totals, null);
export const problems = part((state) => state.problems, NO_PROBLEMS);
export const slotRuns = part((state) => state.slots, NO_RUNS);
export const jobs = part((state) => state.jobs, NO_JOBS);
export const fences = part((state) => state.fences, NO_FENCES);
export const servers = part((state) => state.servers, NO_SERVERS);
const groupsById = part((state) => state.groups, NO_GROUPS);
const proxiesById = part((state) => state.proxies, NO_PROXIES);

export const groups = computed(() =>
  Object.values(groupsById.value).sort((one, other) => one.id - other.id),
);
export const proxies = computed(() =>
  Object.values(proxiesById.value).sort((one, other) =>
    one.id.localeCompare(other.id, 'en', { numeric: true }),
  ),
);
export const activeJobs = computed(() =>
  jobs.value.filter(({ state }) => state !== 'done' && state !== 'cancelled'),
);
export const endedJobs = computed(() =>
  jobs.value.filter(({ state }) => state === 'done' || state === 'cancelled'),
);

/** The problems that are about one thing, to be shown beside it. */
export function problemsOf(kind: LiveProblem['subject']['kind'], id: string): LiveProblem[] {
  return problems.value.filter(({ subject }) => subject.kind === kind && subject.id === id);
}
