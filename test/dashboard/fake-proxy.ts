import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../../base/config.js';
import { silentLog } from '../../base/log.js';
import type { Coordinator, Operation } from '../../cluster/coordinator/coordinator.js';
import { openCoordinator } from '../../cluster/coordinator/open.js';
import { receiversOf } from '../../cluster/model/action.js';
import { isSameProxy, type ProxyRecord, type ProxyState } from '../../cluster/model/proxy.js';
import { Store } from '../../cluster/store.js';

export interface FakeProxyOptions {
  state?: ProxyState;
  /** Does it acknowledge what it is asked for? */
  answers?: 'always' | 'never';
  /** Done before the first acknowledgement. */
  beforeAnswer?: () => Promise<unknown>;
  /** Does it end when it is marked offline, or go on draining? */
  drains?: 'at once' | 'for ever';
  /** The JSON of /debug/vars. */
  vars?: unknown;
}

/**
 * The coordinator's side of a proxy: registers node and fence, listens, acknowledges actions. Its
 * session is its own, so that it can vanish as a killed process does.
 */
export class FakeProxy {
  readonly record: ProxyRecord;
  /** Numbers of the actions seen. */
  readonly seen: string[] = [];
  readonly #coordinator: Coordinator;
  readonly #store: Store;
  readonly #server: Server;
  readonly #options: FakeProxyOptions;
  #isGone = false;
  #work: Promise<void> = Promise.resolve();

  private constructor(
    coordinator: Coordinator,
    store: Store,
    server: Server,
    record: ProxyRecord,
    options: FakeProxyOptions,
  ) {
    this.#coordinator = coordinator;
    this.#store = store;
    this.#server = server;
    this.record = record;
    this.#options = options;
  }

  static async start(config: Config, id: string, options: FakeProxyOptions): Promise<FakeProxy> {
    const coordinator = await openCoordinator(config, silentLog());
    const server = createServer((_request, response) => {
      response.end(JSON.stringify(options.vars ?? {}));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const addr = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const record: ProxyRecord = {
      id,
      addr,
      last_event: '',
      last_event_ts: 0,
      state: options.state ?? 'online',
      description: '',
      debug_var_addr: addr,
      pid: process.pid,
      start_at: `${new Date().toISOString()} ${Math.random()}`,
    };
    const store = new Store(coordinator, config.product);
    const proxy = new FakeProxy(coordinator, store, server, record, options);
    await proxy.#join();
    return proxy;
  }

  async #join(): Promise<void> {
    const { paths } = this.#store;
    const look = () => {
      this.#work = this.#work.then(() => this.#look()).catch(() => undefined);
    };
    await this.#coordinator.watchChildren(paths.actions, look);
    await this.#coordinator.watchNode(paths.proxy(this.record.id), () => void this.#obey());
    await this.#coordinator.create(paths.fence(this.record.addr), '');
    await this.#coordinator.create(paths.proxy(this.record.id), JSON.stringify(this.record), {
      ephemeral: 'session',
    });
  }

  async #look(): Promise<void> {
    const { paths } = this.#store;
    const names = await this.#coordinator.children(paths.actions);
    const seqs = names.filter((seq) => !this.seen.includes(seq));
    if (this.#isGone || seqs.length === 0) return;
    const actions = await Promise.all(seqs.map((seq) => this.#store.loadAction(seq)));
    this.seen.push(...seqs);
    if (this.#options.answers === 'never') return;
    await this.#options.beforeAnswer?.();
    this.#options.beforeAnswer = () => Promise.resolve();
    const answers = actions.flatMap((action, index): Operation[] => {
      if (!action) return [];
      const own = receiversOf(action).find((receiver) => isSameProxy(receiver, this.record));
      const path = paths.responseOf(seqs[index]!, this.record.id);
      return own ? [{ type: 'create', path, data: JSON.stringify(own) }] : [];
    });
    await this.#coordinator.multi(answers);
  }

  async #obey(): Promise<void> {
    if (this.#isGone || this.#options.drains === 'for ever') return;
    const registered = await this.#store.loadProxy(this.record.id);
    if (registered?.state === 'mark_offline') await this.leave();
  }

  /** Closes its ports; the session goes on, as the coordinator sees it for a while after a kill. */
  async closePorts(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** As kill -9: ports closed, node gone by the end of the session, fence left. */
  async die(): Promise<void> {
    if (this.#isGone) return;
    this.#isGone = true;
    await this.closePorts();
    await this.#work;
    await this.#coordinator.close();
  }

  /** Cut off from the coordinator: node gone, fence left, clients still served. */
  async loseCoordinator(): Promise<void> {
    await this.#work;
    await this.#coordinator.close();
  }

  /** A clean stop. */
  async leave(): Promise<void> {
    if (this.#isGone) return;
    this.#isGone = true;
    await this.#work;
    if (this.#coordinator.state !== 'closed') {
      await this.#store.deleteIfPresent(this.#store.paths.proxy(this.record.id));
      await this.#store.deleteIfPresent(this.#store.paths.fence(this.record.addr));
      await this.#coordinator.close();
    }
    await this.closePorts();
  }
}
