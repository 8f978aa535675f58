import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import type {
  LiveDashboard,
  LiveJob,
  LiveProblem,
  LiveProxy,
  LiveServer,
  LiveSeverity,
  SlotRun,
} from '../api/live-contract.js';
import type { ClusterView } from './build-state.js';

/** Bytes of the replication stream: more than a busy master writes between two looks. */
const LAGGING_BYTES = 16 * 1024 * 1024;
/** A master tells its replicas every 10 s that it is there. */
const LAGGING_SECONDS = 15;
/** Of `maxmemory`. */
const FULL_SHARE = 0.95;

const ORDER: readonly LiveSeverity[] = ['critical', 'warning', 'info'];

type Found = Omit<LiveProblem, 'since'>;

export interface Observed extends ClusterView {
  readonly dashboard: LiveDashboard;
  readonly jobs: readonly LiveJob[];
  readonly fences: readonly string[];
}

/** Remembers since when each problem has been there. */
export class ProblemList {
  readonly #since = new Map<string, number>();

  /** All that is not as it should be: worst first, then oldest. */
  update(now: number, observed: Observed): LiveProblem[] {
    const found = findProblems(observed);
    const ids = new Set(found.map(({ id }) => id));
    for (const id of this.#since.keys()) if (!ids.has(id)) this.#since.delete(id);
    const problems = found.map((problem) => {
      const since = this.#since.get(problem.id) ?? now;
      this.#since.set(problem.id, since);
      return { ...problem, since };
    });
    return problems.sort(
      (one, other) =>
        ORDER.indexOf(one.severity) - ORDER.indexOf(other.severity) || one.since - other.since,
    );
  }
}

function findProblems(observed: Observed): Found[] {
  return [
    ...ofDashboard(observed.dashboard),
    ...ofGroups(observed),
    ...Object.values(observed.servers).flatMap(ofServer),
    ...Object.values(observed.proxies).flatMap(ofProxy),
    ...ofSlots(observed),
    ...observed.jobs.flatMap(ofJob),
    ...observed.fences.map(ofFence),
  ];
}

function ofDashboard({ coordinator, leader }: LiveDashboard): Found[] {
  if (coordinator !== 'connected') {
    return [
      {
        id: 'coordinator',
        severity: 'critical',
        subject: { kind: 'coordinator', id: coordinator },
        words: `the coordinator is ${coordinator}: records are shown as they last were`,
        todo: 'check that ZooKeeper runs; proxies go on serving, changes are not possible',
      },
    ];
  }
  if (leader !== null) return [];
  return [
    {
      id: 'leader',
      severity: 'warning',
      subject: { kind: 'dashboard', id: '' },
      words: 'no dashboard leads at the moment: nothing can be changed, moves rest',
      todo: 'wait some seconds: one takes over when the session of the former one is over',
    },
  ];
}

function ofGroups({ groups }: Observed): Found[] {
  return Object.values(groups)
    .filter((group) => group.master === null)
    .map((group) => ({
      id: `group ${group.id} without master`,
      severity: group.slots > 0 ? 'critical' : 'warning',
      subject: { kind: 'group', id: String(group.id) },
      words: `group ${group.id} has no master${group.slots > 0 ? `, and ${group.slots} slots` : ''}`,
      todo: 'add a server as its master, or promote one of its servers',
    }));
}

function ofServer(server: LiveServer): Found[] {
  const { addr, group } = server;
  const subject = { kind: 'server', id: addr } as const;
  const problem = (id: string, severity: LiveSeverity, words: string, todo: string): Found => ({
    ...{ id: `server ${addr} ${id}`, severity, subject, words, todo },
  });
  if (server.type === 'offline') {
    const todo = `when it is back, add it to group ${group} as slave, or remove it`;
    return [problem('offline', 'info', `${addr} of group ${group} is set offline`, todo)];
  }
  const name = server.type === 'master' ? 'master' : 'replica';
  const isMaster = server.type === 'master';
  if (server.state === 'down') {
    if (server.error === 'not looked at yet') return [];
    return [
      problem(
        'down',
        isMaster ? 'critical' : 'warning',
        `the ${name} ${addr} of group ${group} is down: ${server.error}`,
        isMaster
          ? `restart it, or promote a replica of group ${group}`
          : 'restart it, or remove it',
      ),
    ];
  }
  const found: Found[] = [];
  if (server.state === 'loading') {
    const words = `the ${name} ${addr} of group ${group} is loading its data`;
    found.push(problem('loading', isMaster ? 'critical' : 'info', words, 'wait until it has done'));
  }
  if (isMaster && server.role === 'replica') {
    const words = `${addr} is the master of group ${group} by its record, and follows ${server.follows}`;
    const todo = `promote ${server.follows} if it is in the group, or send ${addr} REPLICAOF NO ONE`;
    found.push(problem('role', 'critical', words, todo));
  }
  if (!isMaster && server.role === 'master') {
    const words = `${addr} is a replica of group ${group} by its record, and follows nobody`;
    found.push(problem('role', 'warning', words, `add it to group ${group} as slave again`));
  }
  if (!isMaster && server.role === 'replica') found.push(...ofReplication(server, problem));
  const { memory, maxmemory } = server;
  if (isMaster && memory !== null && maxmemory && memory > maxmemory * FULL_SHARE) {
    const words = `the master ${addr} of group ${group} has filled its maxmemory`;
    found.push(problem('full', 'warning', words, 'move slots to other groups, or give it more'));
  }
  return found;
}

function ofReplication(
  server: LiveServer,
  problem: (id: string, severity: LiveSeverity, words: string, todo: string) => Found,
): Found[] {
  const who = `the replica ${server.addr} of group ${server.group}`;
  if (server.state === 'syncing') {
    const words = `${who} receives its first copy of the master's data`;
    return [problem('syncing', 'info', words, 'wait until it has done')];
  }
  if (server.link === 'down') {
    const words = `${who} is out of touch with ${server.follows}`;
    return [problem('link', 'warning', words, 'see its log; check the network and the password')];
  }
  const bytes = server.lag_bytes ?? 0;
  const seconds = server.lag_seconds ?? 0;
  if (bytes <= LAGGING_BYTES && seconds <= LAGGING_SECONDS) return [];
  const by = bytes > LAGGING_BYTES ? `${Math.round(bytes / 1024 / 1024)} MB` : `${seconds} s`;
  const todo = 'it would lack that if its master died now: look after its load and network';
  return [problem('lag', 'warning', `${who} lags by ${by}`, todo)];
}

function ofProxy(proxy: LiveProxy): Found[] {
  const subject = { kind: 'proxy', id: proxy.id } as const;
  const found: Found[] = [];
  const add = (id: string, severity: LiveSeverity, words: string, todo: string) =>
    found.push({ id: `proxy ${proxy.id} ${id}`, severity, subject, words, todo });
  if (proxy.state === 'offline') {
    add(
      'offline',
      'warning',
      `proxy ${proxy.id} is registered and not online: it serves no clients`,
      `set it online: codis-config proxy online ${proxy.id}`,
    );
  }
  if (proxy.state === 'mark_offline') {
    add('draining', 'info', `proxy ${proxy.id} is draining`, 'it ends when its clients are served');
  }
  if (!proxy.answers) {
    if (proxy.error !== 'not looked at yet') {
      add(
        'silent',
        'critical',
        `proxy ${proxy.id} is silent: ${proxy.error}`,
        'changes wait for it: look after it; if it cannot be saved, kill it',
      );
    }
    return found;
  }
  if (proxy.coordinator !== null && proxy.coordinator !== 'connected') {
    add(
      'coordinator',
      'warning',
      `proxy ${proxy.id} has lost the coordinator (${proxy.coordinator}), and serves by its last table`,
      'check its network',
    );
  }
  if (proxy.unreachable.length > 0) {
    const who = proxy.unreachable.join(', ');
    add('unreachable', 'warning', `proxy ${proxy.id} cannot reach ${who}`, 'check the network');
  }
  return found;
}

function ofSlots({ slots, totals, groups }: Observed): Found[] {
  const subject = { kind: 'slots', id: '' } as const;
  if (slots.length === 0) {
    const severity = Object.keys(groups).length > 0 ? 'warning' : 'info';
    const words = 'the slots are not initialised: no key can be served';
    return [{ id: 'slots none', severity, subject, words, todo: 'initialise the slots' }];
  }
  if (totals.slots_offline === 0) return [];
  const offline = slots.filter(([, , , status]) => status === 'offline');
  const isAll = totals.slots_offline === SLOT_COUNT;
  return [
    {
      id: 'slots offline',
      severity: 'critical',
      subject: { ...subject, id: rangesOf(offline) },
      words: isAll
        ? 'all slots are offline: no key can be served'
        : `${totals.slots_offline} slots are offline (${rangesOf(offline)}): their keys are refused`,
      todo: 'give them to a group and set them online',
    },
  ];
}

function rangesOf(runs: readonly SlotRun[]): string {
  const shown = runs
    .slice(0, 3)
    .map(([first, last]) => (first === last ? first : `${first}-${last}`));
  return `${shown.join(', ')}${runs.length > 3 ? ', …' : ''}`;
}

function ofJob(job: LiveJob): Found[] {
  const subject = { kind: 'job', id: job.id } as const;
  if (job.state === 'failed') {
    const todo = 'put right what it says, then resume the move, or cancel it';
    const words = `${job.what}: ${job.message || job.last_error}`;
    return [{ id: `job ${job.id} failed`, severity: 'critical', subject, words, todo }];
  }
  if (job.state === 'paused') {
    const words = `${job.what} is paused, with ${job.slots_left} slots left`;
    return [
      { id: `job ${job.id} paused`, severity: 'info', subject, words, todo: 'resume or cancel it' },
    ];
  }
  if (job.last_error === '' || !['running', 'cancelling'].includes(job.state)) return [];
  const words = `${job.what} is in trouble: ${job.last_error}`;
  const todo = 'it is tried again by itself; put right what it says, or cancel it';
  return [{ id: `job ${job.id} trouble`, severity: 'warning', subject, words, todo }];
}

function ofFence(addr: string): Found {
  return {
    id: `fence ${addr}`,
    severity: 'warning',
    subject: { kind: 'fence', id: addr },
    words: `the proxy at ${addr} is not registered but may still serve clients`,
    todo: 'changes wait for it: stop it, or when it is sure to be gone, remove its fence',
  };
}
