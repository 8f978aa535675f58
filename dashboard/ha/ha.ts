import { Counter, Gauge, type Registry } from 'prom-client';
import type { Config } from '../../base/config.js';
import type { Logger } from '../../base/log.js';
import type { Store } from '../../cluster/store.js';
import type { HaStatusReply } from '../api/contract-ha.js';
import type { Changes } from '../changes.js';
import type { Lease } from '../lease.js';
import type { Promotion } from '../service/promote.js';
import { AddressChanges } from './address-changes.js';
import { chooseCandidate, type ReplicaAnswer } from './candidate.js';
import { Failover } from './failover.js';
import { Journal } from './journal.js';
import { ProxyViews } from './proxy-views.js';
import { ReturningServers } from './returning-servers.js';
import { ServerWatches } from './server-watches.js';
import { type GroupHealth, Watchdog } from './watchdog.js';
import { WriteFence } from './write-fence.js';

const MIN_PERIOD_MS = 50;
const MAX_PERIOD_MS = 300;
/** A proxy's report is small; one that takes longer is told by the next. */
const MIN_REPORT_DEADLINE_MS = 200;
/** A server that hangs is asked on one connection for so long; then it is dialled anew. */
const MAX_SERVER_DEADLINE_MS = 2_000;
const SHOWN_EVENTS = 30;
const HEALTHS = ['healthy', 'suspect', 'down'] as const;

/** Keeps every group with a master that serves, as far as its replicas allow. */
export class HighAvailability {
  readonly #config: Config;
  readonly #lease: Lease;
  readonly #journal: Journal;
  readonly #watches: ServerWatches;
  readonly #proxyViews: ProxyViews;
  readonly #watchdog: Watchdog;

  constructor(
    store: Store,
    changes: Changes,
    lease: Lease,
    promotion: Promotion,
    config: Config,
    log: Logger,
  ) {
    this.#config = config;
    this.#lease = lease;
    const { password, haDownAfterMs: downAfterMs } = config;
    // Several looks within the time: one lost answer decides nothing.
    const periodMs = Math.min(MAX_PERIOD_MS, Math.max(MIN_PERIOD_MS, downAfterMs / 5));
    const deadlineMs = Math.min(MAX_SERVER_DEADLINE_MS, downAfterMs);
    this.#journal = new Journal(store, log);
    this.#watches = new ServerWatches({ password, periodMs, deadlineMs }, log, () =>
      this.#watchdog.onReturn(),
    );
    this.#proxyViews = new ProxyViews({
      periodMs,
      deadlineMs: Math.max(MIN_REPORT_DEADLINE_MS, downAfterMs / 2),
    });
    const failover = new Failover(store, changes, password, log);
    const [watches, journal] = [this.#watches, this.#journal];
    this.#watchdog = new Watchdog(
      {
        mode: config.ha === 'on' ? 'on' : 'observe',
        downAfterMs,
        minIntervalMs: config.haMinIntervalMs,
        periodMs,
      },
      {
        store,
        lease,
        watches,
        journal,
        failover,
        proxyViews: this.#proxyViews,
        returning: new ReturningServers({
          store,
          changes,
          promotion,
          watches,
          journal,
          password,
          log,
        }),
        addresses: new AddressChanges({
          ...{ store, changes, watches, journal, password, downAfterMs, log },
          rule: config.haAddressChange,
        }),
        writeFence: new WriteFence(config.haMinReplicasToWrite, watches, password, log),
      },
      log,
    );
  }

  /** Watches whenever we lead, from now on; does nothing with `ha=off`. */
  start(): void {
    if (this.#config.ha !== 'off') this.#watchdog.start();
  }

  stop(): void {
    this.#watchdog.stop();
    this.#watches.stop();
    this.#proxyViews.stop();
  }

  async status(): Promise<HaStatusReply> {
    const { ha, haDownAfterMs, haMinIntervalMs, haMinReplicasToWrite } = this.#config;
    const events = await this.#journal.load();
    return {
      mode: ha,
      watching: ha !== 'off' && this.#lease.state === 'held',
      down_after_ms: haDownAfterMs,
      min_interval_ms: haMinIntervalMs,
      min_replicas_to_write: haMinReplicasToWrite,
      observers: [
        { id: 'dashboard', error: '' },
        ...this.#proxyViews.all.map(({ id, error }) => ({ id, error })),
      ],
      groups: this.#watchdog.health.map((health) => this.#groupStatus(health)),
      events: events.slice(0, SHOWN_EVENTS),
    };
  }

  /** Adds `codis_dashboard_ha_…` to the registry. */
  addMetrics(registry: Registry): void {
    const watchdog = this.#watchdog;
    new Gauge({
      name: 'codis_dashboard_ha_group_health',
      help: 'How the observers see the master of a group: 1 for the present state',
      labelNames: ['group', 'health'],
      registers: [registry],
      collect() {
        this.reset();
        for (const { group, verdict } of watchdog.health) {
          for (const health of HEALTHS) {
            this.set({ group: group.id, health }, verdict.health === health ? 1 : 0);
          }
        }
      },
    });
    const counters = [
      ['failovers_total', 'Groups failed over', () => watchdog.counts.failovers],
      ['refusals_total', 'Masters down that were not failed over', () => watchdog.counts.refusals],
    ] as const;
    for (const [name, help, read] of counters) {
      new Counter({
        name: `codis_dashboard_ha_${name}`,
        help: `${help}, since the start of the dashboard`,
        registers: [registry],
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    }
    new Gauge({
      name: 'codis_dashboard_ha_former_masters',
      help: 'Former masters that are not replicas again yet',
      registers: [registry],
      collect() {
        this.set(watchdog.formerMasters.length);
      },
    });
  }

  #groupStatus({ group, master, verdict, views }: GroupHealth): HaStatusReply['groups'][number] {
    const watch = master === null ? null : this.#watches.get(master);
    const masterOffset = watch && watch.error === '' ? (watch.state?.offset ?? null) : null;
    const slaves = (group.servers ?? []).filter(({ type }) => type === 'slave');
    const answers = slaves.map(({ addr }): ReplicaAnswer => {
      const replica = this.#watches.get(addr);
      if (replica?.error === '' && replica.state) return { addr, state: replica.state };
      return { addr, error: replica?.error || 'it has not answered yet' };
    });
    const last = {
      addr: master ?? '',
      state: watch?.state ?? null,
      silentMs: watch?.silentMs ?? 0,
    };
    return {
      group_id: group.id,
      master,
      health: verdict.health,
      against: [...verdict.against],
      needed: verdict.needed,
      silent_ms: Object.fromEntries(
        views.map(({ observer, silentMs }) => [observer, silentMs && Math.round(silentMs)]),
      ),
      offset: masterOffset,
      replicas: chooseCandidate(answers, last).judged.map(({ addr, offset, refusal }) => ({
        addr,
        offset,
        lag_bytes: offset === null || masterOffset === null ? null : masterOffset - offset,
        refusal,
      })),
      last_failover: this.#watchdog.lastFailoverAt(group.id),
      former_masters: this.#watchdog.formerMasters
        .filter(({ group_id }) => group_id === group.id)
        .map(({ addr, since }) => ({ addr, since })),
    };
  }
}
