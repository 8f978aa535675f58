import { Backoff } from '../../base/backoff.js';
import { type DashboardAccess, OPEN_ACCESS } from '../../base/dashboard-access.js';
import { withDeadline } from '../../base/deadline.js';
import { messageOf, OperatorError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { RepeatingTask } from '../../base/repeating-task.js';
import type { Handle, SessionState } from '../../cluster/coordinator/coordinator.js';
import type { ProxyRecord } from '../../cluster/model/proxy.js';
import type { Store } from '../../cluster/store.js';
import type { TopologySink } from '../router/topology-change.js';
import { ActionFollower } from './action-follower.js';
import { claimId, idTaken } from './former-life.js';
import { askToBeOnline } from './online-request.js';
import { IdTakenError, Registration } from './registration.js';
import { successorsOf } from './successors.js';
import { assertTransition, type TopologyState } from './topology-state.js';

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;
/** Taking our nodes back when we stop: the coordinator may be lost, and we are to end all the same. */
const LEAVE_TIMEOUT_MS = 3_000;

/** What it is to serve clients, as the topology needs it. */
export interface Serving {
  /** Accepts clients from its resolution on. May be called again after `end`. */
  begin(): Promise<void>;
  /**
   * Drains, within a time of its own. Does nothing if it did not begin.
   *
   * @param successors host:port of the other proxies that are online, the best to go to first
   */
  end(successors: readonly string[]): Promise<void>;
}

export interface TopologyOptions {
  readonly dashboardAddr: string;
  /** How the dashboard is spoken with; by default as one without accounts. */
  readonly dashboardAccess?: DashboardAccess;
  readonly sessionTimeoutMs: number;
}

export interface TopologyStatus {
  readonly state: TopologyState;
  readonly coordinator: SessionState;
  readonly record: ProxyRecord;
  readonly tableLoadedAt: Date | null;
  readonly lastAction: string | null;
  readonly actionsHandled: number;
  /** Why the tree could not be followed the last time; empty if it could. */
  readonly lastFailure: string;
}

/** Why the proxy is to stop: the operator marked it offline, or it cannot go on. */
export type TopologyEnd = { reason: 'mark_offline' } | { reason: 'failed'; error: unknown };

/**
 * The proxy's place in the cluster: registers it, follows the tree, and has clients served while
 * the record in the tree says online.
 *
 * Clients are accepted only while online. Before that, changes are published without asking us,
 * so what we sent could reach a server that is no longer its slot's; and a client that is refused
 * at once tries the next proxy, where one that is accepted and left waiting does not.
 *
 * Going online: the record says online, then the whole table is loaded once more, then clients
 * are accepted. A change whose receivers were listed before we were online had its records
 * written before that, so the load sees them; any later change asks us.
 *
 * A lost coordinator changes nothing for clients. When it is found again the table is reloaded
 * before anything is acknowledged; after an expired session our nodes are made again, too.
 */
export class Topology {
  readonly #store: Store;
  readonly #serving: Serving;
  readonly #options: TopologyOptions;
  readonly #log: Logger;
  readonly #registration: Registration;
  readonly #follower: ActionFollower;
  readonly #task: RepeatingTask;
  readonly #stopping = new AbortController();
  readonly #handles: Handle[] = [];
  #nodeWatch: Handle | null = null;
  #onlineRequest: AbortController | null = null;
  #state: TopologyState = 'starting';
  #end!: (end: TopologyEnd) => void;

  /** Resolves when the proxy is to be stopped for a reason that lies in the tree. */
  readonly ended: Promise<TopologyEnd>;

  constructor(
    store: Store,
    record: ProxyRecord,
    sink: TopologySink,
    serving: Serving,
    options: TopologyOptions,
    log: Logger,
  ) {
    this.#store = store;
    this.#serving = serving;
    this.#options = options;
    this.#log = log;
    this.#registration = new Registration(store, record, log);
    this.#follower = new ActionFollower(store, sink, () => this.#registration.record, log);
    this.#task = new RepeatingTask(
      () => this.#followOwnRecord(),
      (error) => this.#reportFailure(error),
      new Backoff(FIRST_RETRY_MS, LAST_RETRY_MS),
    );
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get status(): TopologyStatus {
    return {
      state: this.#state,
      coordinator: this.#store.coordinator.state,
      record: this.#registration.record,
      tableLoadedAt: this.#follower.tableLoadedAt,
      lastAction: this.#follower.lastAction,
      actionsHandled: this.#follower.actionsHandled,
      lastFailure: this.#follower.lastFailure,
    };
  }

  /** Begins; what can fail from here on shows in `status` and `ended`. */
  start(): void {
    const { coordinator } = this.#store;
    this.#handles.push(
      coordinator.onState((state) => this.#onCoordinatorState(state)),
      coordinator.onNewSession(() => {
        this.#log.warn('new coordinator session: registering again');
        this.#registration.forgetSession();
        this.#catchUp();
      }),
    );
    this.#task.request();
  }

  /**
   * Drains the clients, then removes our nodes and the fence. Ends within bounded time also
   * without a coordinator; the fence then stays, and is told in the log.
   */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    await this.#withinTime('ending registration', this.#task.stop());
    this.#become('draining');
    let successors: readonly string[] = [];
    if (this.#store.coordinator.state === 'connected') {
      // Clients of Jodis look elsewhere from here on; the follower goes on acknowledging, for as
      // long as commands may be under way.
      await this.#withinTime('leaving', this.#registration.markLeaving());
      successors = await this.#successors();
    }
    await this.#serving.end(successors);
    this.#follower.stop();
    for (const handle of this.#handles) handle.close();
    this.#nodeWatch?.close();
    await this.#withinTime('removing our nodes', this.#registration.remove());
    this.#become('stopped');
  }

  #onCoordinatorState(state: SessionState): void {
    this.#log.info({ state }, 'coordinator');
    // Not told of every change while it was away, and nobody waited for us if we were dropped.
    if (state === 'connected') this.#catchUp();
  }

  #catchUp(): void {
    this.#follower.requestReload();
    this.#task.request();
  }

  async #followOwnRecord(): Promise<void> {
    try {
      if (this.#state === 'starting') await this.#join();
      else if ((await this.#registration.ensure()) === 'made') this.#follower.requestReload();
      await this.#obeyRecord();
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      if (error instanceof IdTakenError) {
        this.#fail(idTaken(this.#registration.record.id, error));
      } else if (error instanceof OperatorError) {
        this.#fail(error);
      } else {
        throw error;
      }
    }
  }

  /** Loads the table, then registers: nobody is told of a proxy that does not know the slots. */
  async #join(): Promise<void> {
    const { coordinator } = this.#store;
    const { signal } = this.#stopping;
    if (!this.#follower.tableLoadedAt) await this.#unlessStopped(this.#follower.reload());
    this.#nodeWatch ??= await coordinator.watchNode(this.#registration.path, () =>
      this.#task.request(),
    );
    await claimId(this.#registration, this.#options.sessionTimeoutMs, this.#log, signal);
    this.#become('offline');
    this.#onlineRequest = new AbortController();
    void askToBeOnline(
      {
        addr: this.#options.dashboardAddr,
        access: this.#options.dashboardAccess ?? OPEN_ACCESS,
        findLeader: () => this.#store.loadLeadingDashboard(),
      },
      this.#registration.record.id,
      this.#log,
      AbortSignal.any([signal, this.#onlineRequest.signal]),
    );
  }

  async #obeyRecord(): Promise<void> {
    const { state } = this.#registration.record;
    if (state === 'mark_offline') {
      this.#end({ reason: 'mark_offline' });
    } else if (state === 'online') {
      if (this.#state === 'offline') await this.#goOnline();
      await this.#registration.announce();
    } else if (this.#state === 'online') {
      await this.#goOffline();
    }
  }

  async #goOnline(): Promise<void> {
    this.#onlineRequest?.abort();
    await this.#unlessStopped(this.#follower.reload());
    await this.#serving.begin();
    this.#become('online');
  }

  async #goOffline(): Promise<void> {
    await this.#registration.retract();
    this.#become('draining');
    await this.#serving.end(await this.#successors());
    if (!this.#stopping.signal.aborted) this.#become('offline');
  }

  /** Those on our port, then those on our host; others are not where a client would look. */
  async #successors(): Promise<readonly string[]> {
    const { id, addr } = this.#registration.record;
    try {
      const proxies = await withDeadline(this.#store.loadProxies(), LEAVE_TIMEOUT_MS, 'the list');
      return successorsOf(
        addr,
        proxies.filter((each) => each.state === 'online' && each.id !== id),
      );
    } catch (error) {
      // Clients that wanted to know are closed as all others are.
      this.#log.info({ reason: messageOf(error) }, 'clients are told of no other proxy');
      return [];
    }
  }

  async #unlessStopped<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#stopping;
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(signal.reason);
      signal.addEventListener('abort', giveUp, { once: true });
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
    });
  }

  #become(state: TopologyState): void {
    if (this.#state === state) return;
    assertTransition(this.#state, state);
    this.#log.info({ from: this.#state, to: state }, 'topology');
    this.#state = state;
  }

  #fail(error: unknown): void {
    this.#end({ reason: 'failed', error });
  }

  #reportFailure(error: unknown): void {
    this.#log.warn({ err: error }, 'registering failed, trying again');
  }

  async #withinTime(what: string, work: Promise<void>): Promise<void> {
    try {
      await withDeadline(work, LEAVE_TIMEOUT_MS, what);
    } catch (error) {
      const { addr } = this.#registration.record;
      this.#log.warn(
        { reason: messageOf(error), fence: addr },
        `${what} failed; if the fence stays, run: codis-config action remove-fence`,
      );
    }
  }
}
