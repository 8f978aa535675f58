import { Backoff } from '../base/backoff.js';
import { messageOf } from '../base/errors.js';
import { silentLog } from '../base/log.js';
import { RepeatingTask } from '../base/repeating-task.js';
import type { Coordinator, Handle } from '../cluster/coordinator/coordinator.js';
import { ZooKeeperCoordinator } from '../cluster/coordinator/zookeeper.js';
import { Paths } from '../cluster/paths.js';
import type { Settings } from './options.js';
import { onlineProxies, readRegistration } from './proxy-records.js';

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;

/**
 * The addresses of the proxies that are online, as the coordinator tells: read again whenever
 * something changes there, kept as they are while it is away. Shared by a client and those that
 * were duplicated from it.
 */
export class ProxyDirectory {
  readonly #settings: Settings;
  readonly #parents: readonly string[];
  readonly #task: RepeatingTask;
  readonly #listeners = new Set<() => void>();
  /** By path; of the parents and of every registration. */
  readonly #watches = new Map<string, Handle>();
  #coordinator: Coordinator | null = null;
  #lastFailure = '';
  #proxies: readonly string[] = [];
  #users = 0;
  #isClosed = false;
  #next = Math.floor(Math.random() * 1024);
  #resolveRead!: () => void;

  /** Resolves when the list has been read for the first time. */
  readonly read: Promise<void>;
  isRead = false;

  constructor(settings: Settings) {
    this.#settings = settings;
    const paths = new Paths(settings.product);
    const { layout } = settings;
    this.#parents = [
      ...(layout === 'codis3' ? [] : [paths.proxies]),
      ...(layout === 'codis2' ? [] : [paths.jodis]),
    ];
    this.read = new Promise((resolve) => {
      this.#resolveRead = resolve;
    });
    this.#task = new RepeatingTask(
      () => this.#refresh(),
      (error) => {
        this.#lastFailure = messageOf(error);
      },
      new Backoff(FIRST_RETRY_MS, LAST_RETRY_MS),
    );
  }

  /** host:port of each proxy that is online, as last known. */
  get proxies(): readonly string[] {
    return this.#proxies;
  }

  /** Why the coordinator cannot be followed; empty if it can. */
  get lastFailure(): string {
    const coordinator = this.#coordinator;
    const isZooKeeper = coordinator instanceof ZooKeeperCoordinator;
    return (isZooKeeper && coordinator.lastFailure) || this.#lastFailure;
  }

  /** The next proxy in turn, another than `avoid` if there is one; null if none is known. */
  next(avoid: string | null): string | null {
    const proxies = this.#proxies;
    const first = proxies[this.#next++ % proxies.length];
    if (first === undefined) return null;
    return first === avoid ? proxies[this.#next++ % proxies.length]! : first;
  }

  /** Called after each change of {@link proxies}. */
  onChange(listener: () => void): Handle {
    this.#listeners.add(listener);
    return { close: () => this.#listeners.delete(listener) };
  }

  /** Its last user has released it: it follows nothing any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** To be called by each user once; the first one starts the following. */
  retain(): void {
    if (this.#users++ === 0) this.#task.request();
  }

  /** The last user's release ends the coordinator's session. */
  async release(): Promise<void> {
    if (--this.#users > 0) return;
    this.#isClosed = true;
    const stopped = this.#task.stop();
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
    // Ends a read that is under way, too.
    await this.#coordinator?.close();
    await stopped;
    await this.#coordinator?.close();
  }

  async #refresh(): Promise<void> {
    this.#coordinator ??= await this.#open();
    const coordinator = this.#coordinator;
    for (const parent of this.#parents) {
      await this.#watch(parent, (path, listener) => coordinator.watchChildren(path, listener));
    }
    const lists = await Promise.all(this.#parents.map((parent) => this.#children(parent)));
    const paths = lists.flat();
    for (const path of paths) {
      await this.#watch(path, (each, listener) => coordinator.watchNode(each, listener));
    }
    // After the watches: a change from here on is told.
    const nodes = await coordinator.getAll(paths);
    this.#forgetAllBut(new Set([...this.#parents, ...paths]));
    const registrations = nodes.map((node) => (node === null ? null : readRegistration(node.data)));
    const below = (parent: string) =>
      registrations.filter((each, index) => each && paths[index]!.startsWith(`${parent}/`));
    const { proxies, jodis } = new Paths(this.#settings.product);
    this.#lastFailure = '';
    this.#become(
      onlineProxies(
        below(proxies).filter((each) => each !== null),
        below(jodis).filter((each) => each !== null),
        this.#proxies,
      ),
    );
    this.isRead = true;
    this.#resolveRead();
  }

  async #open(): Promise<Coordinator> {
    const { coordinator, zk, embeddedPath, zkSessionTimeoutMs } = this.#settings;
    const log = silentLog();
    if (coordinator === 'zookeeper') {
      return new ZooKeeperCoordinator({ servers: zk, sessionTimeoutMs: zkSessionTimeoutMs, log });
    }
    // Not loaded by those who do not use it: it needs a native library.
    const { EmbeddedCoordinator } = await import('../cluster/coordinator/embedded.js');
    return EmbeddedCoordinator.open({
      folder: embeddedPath,
      sessionTimeoutMs: zkSessionTimeoutMs,
      log,
    });
  }

  async #children(parent: string): Promise<string[]> {
    const names = await this.#coordinator!.children(parent);
    return names.map((name) => `${parent}/${name}`);
  }

  async #watch(
    path: string,
    watch: (path: string, listener: () => void) => Promise<Handle>,
  ): Promise<void> {
    if (this.#watches.has(path)) return;
    const handle = await watch(path, () => this.#task.request());
    if (this.#users > 0) this.#watches.set(path, handle);
    else handle.close();
  }

  #forgetAllBut(paths: ReadonlySet<string>): void {
    for (const [path, watch] of this.#watches) {
      if (paths.has(path)) continue;
      watch.close();
      this.#watches.delete(path);
    }
  }

  #become(proxies: readonly string[]): void {
    const isSame =
      proxies.length === this.#proxies.length &&
      proxies.every((addr, index) => addr === this.#proxies[index]);
    if (isSame) return;
    this.#proxies = proxies;
    for (const listener of [...this.#listeners]) listener();
  }
}
