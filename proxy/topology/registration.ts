import type { Logger } from '../../base/log.js';
import { type Node, NodeExistsError } from '../../cluster/coordinator/coordinator.js';
import { isSameProxy, type ProxyRecord, proxyRecord } from '../../cluster/model/proxy.js';
import type { Store } from '../../cluster/store.js';
import { jodisRecord, jodisToken } from './identity.js';

/** Our id is registered by another life of a proxy. */
export class IdTakenError extends Error {
  override readonly name = 'IdTakenError';
  /** The other's record; null if it cannot be read. */
  readonly holder: ProxyRecord | null;

  constructor(path: string, holder: ProxyRecord | null) {
    super(`${path} belongs to another proxy`);
    this.holder = holder;
  }
}

/**
 * Our nodes in the tree:
 *
 * - `P/fence/<addr>`, persistent: a proxy that may hold a slot table listens there. It is there
 *   before our node and goes after it, and stays if we die.
 * - `P/proxy/<id>`, ephemeral: our record. The dashboard changes its `state`.
 * - `/jodis/<product>/proxy-<token>`, ephemeral, while online: for Jodis clients of Codis 3.
 *
 * The ephemeral ones are made anew here and not by the driver in a new session: the driver knows
 * only what we wrote last, and the state in our record is written by the dashboard.
 */
export class Registration {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #jodisPath: string;
  #record: ProxyRecord;
  #nodeInSession = false;
  #jodisInSession = false;
  #fenceIsOurs = false;

  constructor(store: Store, record: ProxyRecord, log: Logger) {
    this.#store = store;
    this.#record = record;
    this.#log = log;
    this.#jodisPath = store.paths.jodisProxy(jodisToken(store.paths.product, record));
  }

  /** Our record as last seen in the tree, or as it will be written there. */
  get record(): ProxyRecord {
    return this.#record;
  }

  get path(): string {
    return this.#store.paths.proxy(this.#record.id);
  }

  /** To be called when a new session replaced ours: what we made in the old one is gone or going. */
  forgetSession(): void {
    this.#nodeInSession = false;
    this.#jodisInSession = false;
  }

  /**
   * Makes sure that our node is there, made in the present session, and reads what the dashboard
   * wrote into it.
   *
   * @returns `made` if we had to make it: changes may have been published without asking us.
   * @throws IdTakenError, CoordinatorError
   */
  async ensure(): Promise<'made' | 'there'> {
    const { coordinator } = this.#store;
    const node = await coordinator.get(this.path);
    if (!node) return this.#make(null);
    const found = readRecord(node);
    if (found && isSameProxy(found, this.#record)) {
      this.#record = found;
      if (!this.#nodeInSession) return this.#make(node);
      await this.#ensureFence();
      return 'there';
    }
    if (found || !this.#nodeInSession) {
      this.#nodeInSession = false;
      throw new IdTakenError(this.path, found);
    }
    this.#log.error({ data: node.data }, 'our record was overwritten with garbage: put back');
    await coordinator.set(this.path, JSON.stringify(this.#record), node.version);
    return 'there';
  }

  /** @param former our node of a former session, which the coordinator has not dropped yet */
  async #make(former: Node | null): Promise<'made'> {
    const { coordinator } = this.#store;
    await this.#ensureFence();
    const data = JSON.stringify(this.#record);
    if (former) {
      // In one step, or the former would be dropped later and leave us unregistered for a while.
      await coordinator.multi([
        { type: 'delete', path: this.path, version: former.version },
        { type: 'create', path: this.path, data, ephemeral: 'session' },
      ]);
    } else {
      await coordinator.create(this.path, data, { ephemeral: 'session' });
    }
    this.#nodeInSession = true;
    this.#log.info({ path: this.path, state: this.#record.state }, 'registered');
    return 'made';
  }

  async #ensureFence(): Promise<void> {
    this.#fenceIsOurs = true;
    try {
      await this.#store.coordinator.create(this.#store.paths.fence(this.#record.addr), '');
    } catch (error) {
      if (!(error instanceof NodeExistsError)) throw error;
    }
  }

  /** Tells Jodis clients of Codis 3 of us. Does nothing if they have been told in this session. */
  async announce(): Promise<void> {
    if (this.#jodisInSession) return;
    const { coordinator, paths } = this.#store;
    await this.#store.deleteIfPresent(this.#jodisPath);
    await coordinator.create(this.#jodisPath, jodisRecord(paths.product, this.#record), {
      ephemeral: 'session',
    });
    this.#jodisInSession = true;
  }

  /** Takes the announcement back. */
  async retract(): Promise<void> {
    if (!this.#jodisInSession) return;
    await this.#store.deleteIfPresent(this.#jodisPath);
    this.#jodisInSession = false;
  }

  /**
   * Says in our record that clients are not to come any more. The word is Codis's `mark_offline`:
   * a dashboard goes on asking us about changes, as it must while commands are under way, and does
   * not take a closed port for the end of us.
   */
  async markLeaving(): Promise<void> {
    await this.retract();
    if (!this.#nodeInSession || this.#record.state !== 'online') return;
    this.#record = { ...this.#record, state: 'mark_offline' };
    await this.#store.coordinator.set(this.path, JSON.stringify(this.#record));
  }

  /** Removes our nodes, the fence last. To be called when nothing is sent to any Redis any more. */
  async remove(): Promise<void> {
    await this.retract();
    if (this.#nodeInSession) await this.#store.deleteIfPresent(this.path);
    // Not if we never got to register: it may be that of whoever has our id.
    if (this.#fenceIsOurs) {
      await this.#store.deleteIfPresent(this.#store.paths.fence(this.#record.addr));
    }
  }
}

function readRecord(node: Node): ProxyRecord | null {
  try {
    return proxyRecord.parse(JSON.parse(node.data));
  } catch {
    return null;
  }
}
