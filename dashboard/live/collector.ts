import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { VERSION } from '../../base/version.js';
import type { Handle } from '../../cluster/coordinator/coordinator.js';
import type { Store } from '../../cluster/store.js';
import type { JobReply } from '../api/contract.js';
import type { LiveState } from '../api/live-contract.js';
import type { QueueContent } from '../migration/queue.js';
import { viewOf } from './build-state.js';
import type { History } from './history/history.js';
import { liveJobs } from './jobs.js';
import { Probes } from './probes.js';
import { ProblemList } from './problems.js';
import { RecordReader, type Records } from './records.js';

/** While somebody looks. */
const ATTENDED_MS = 1_000;
/** While nobody does: for the history. */
const UNATTENDED_MS = 5_000;
/** A change of the records is shown so soon: slots on the move are to be seen moving. */
const CHANGE_MS = 300;
/** Servers and proxies are looked at once a second at most, however often records change. */
const LOOK_MS = 950;

export interface CollectorSettings {
  readonly store: Store;
  readonly password: string;
  /** Who leads, as of now. */
  readonly leadership: () => { leads: boolean; leader: string | null };
  /** host:port of this dashboard. */
  readonly addr: string;
  readonly scheme: 'http' | 'https';
  /** The jobs with their progress; of the dashboard that leads, if that is another one. */
  readonly describeJobs: (content: QueueContent) => Promise<JobReply[]>;
  readonly history: History;
  readonly log: Logger;
}

type Listener = (before: LiveState | null, after: LiveState) => void;

/**
 * Looks at records, servers and proxies, for all browsers together: once a second while there are
 * some, else every five seconds, for the history alone.
 */
export class Collector {
  readonly #settings: CollectorSettings;
  readonly #reader: RecordReader;
  readonly #probes: Probes;
  readonly #problems = new ProblemList();
  readonly #startedAt = Date.now();
  readonly #stopping = new AbortController();
  readonly #listeners = new Set<Listener>();
  #attendants = 0;
  #state: LiveState | null = null;
  #lookedAt = 0;
  #working: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};
  #trouble = '';

  constructor(settings: CollectorSettings) {
    this.#settings = settings;
    this.#reader = new RecordReader(settings.store, settings.log);
    this.#probes = new Probes(settings.password);
  }

  /** The newest state; null until the records could be read once. */
  get state(): LiveState | null {
    return this.#state;
  }

  start(): void {
    this.#working = this.#work();
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#working;
    this.#reader.close();
    this.#probes.close();
  }

  /** Somebody looks, until the handle is closed: the listener is called after each turn. */
  attend(listener: Listener): Handle {
    this.#listeners.add(listener);
    this.#attendants++;
    // After a time without attendants the state is some seconds old.
    this.#wake();
    return {
      close: () => {
        if (this.#listeners.delete(listener)) this.#attendants--;
      },
    };
  }

  /** A state that is not older than a turn; for whoever asks once. Null as {@link state}. */
  async fresh(): Promise<LiveState | null> {
    if (this.#state && Date.now() - this.#state.at < ATTENDED_MS) return this.#state;
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(this.#state), UNATTENDED_MS);
      const attending = this.attend((_, after) => done(after));
      const done = (state: LiveState | null) => {
        clearTimeout(timer);
        attending.close();
        resolve(state);
      };
    });
  }

  async #work(): Promise<void> {
    const { signal } = this.#stopping;
    let hasChanged = false;
    let isWatching = false;
    let rouse = new AbortController();
    this.#wake = () => rouse.abort();
    const onChange = () => {
      hasChanged = true;
      if (this.#attendants > 0) rouse.abort();
    };
    while (!signal.aborted) {
      const begun = performance.now();
      rouse = new AbortController();
      hasChanged = false;
      try {
        // What was armed before an error is armed twice then: a change is told twice, no harm.
        if (!isWatching) await this.#reader.watch(onChange);
        isWatching = true;
        await this.#turn();
        this.#trouble = '';
      } catch (error) {
        const trouble = messageOf(error);
        if (trouble !== this.#trouble) {
          this.#settings.log.warn({ err: error }, 'the cluster cannot be looked at now');
        }
        this.#trouble = trouble;
      }
      if (hasChanged && this.#attendants > 0) rouse.abort();
      await this.#pause(begun, rouse.signal);
    }
  }

  async #pause(begun: number, roused: AbortSignal): Promise<void> {
    const { signal } = this.#stopping;
    const spent = performance.now() - begun;
    const interval = this.#attendants > 0 ? ATTENDED_MS : UNATTENDED_MS;
    const soonest = Math.max(0, CHANGE_MS - spent);
    // Fails only when it is to end early, which is what it is for.
    await sleep(soonest, undefined, { signal }).catch(() => undefined);
    const rest = Math.max(0, interval - spent - soonest);
    const both = AbortSignal.any([signal, roused]);
    await sleep(rest, undefined, { signal: both }).catch(() => undefined);
  }

  async #turn(): Promise<void> {
    const now = Date.now();
    const records = await this.#reader.refresh(now);
    if (!records) return;
    this.#probes.follow(records);
    const isLook = now - this.#lookedAt >= LOOK_MS;
    if (isLook) {
      this.#lookedAt = now;
      await this.#probes.look(now);
    }
    const jobs = await this.#settings.describeJobs(records.queue);
    const before = this.#state;
    const after = this.#stateOf(now, records, jobs);
    this.#state = after;
    if (isLook) this.#settings.history.add(after);
    for (const listener of this.#listeners) listener(before, after);
  }

  #stateOf(now: number, records: Records, jobs: readonly JobReply[]): LiveState {
    const { store, addr, scheme, leadership } = this.#settings;
    const view = viewOf(records, this.#probes.servers, this.#probes.proxies);
    const observed = {
      ...view,
      dashboard: {
        product: store.paths.product,
        version: VERSION,
        addr,
        started_at: this.#startedAt,
        ...leadership(),
        others: records.dashboards
          .filter((other) => other !== addr)
          .map((other) => `${scheme}://${other}`),
        coordinator: store.coordinator.state,
      },
      jobs: liveJobs(jobs, records.queue.tasks),
      fences: [...records.orphanFences],
    };
    return { at: now, problems: this.#problems.update(now, observed), ...observed };
  }
}
