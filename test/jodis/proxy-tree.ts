import { silentLog } from '../../base/log.js';
import type { Coordinator } from '../../cluster/coordinator/coordinator.js';
import { EmbeddedCoordinator } from '../../cluster/coordinator/embedded.js';
import { ZooKeeperCoordinator } from '../../cluster/coordinator/zookeeper.js';
import { Paths } from '../../cluster/paths.js';
import type { Jodis, JodisOptions } from '../../jodis/jodis.js';
import { temporaryFolder } from '../support/process.js';

export const PRODUCT = 'shop';

/** The part of a coordinator's tree where proxies register, written by hand. */
export class ProxyTree {
  readonly coordinator: Coordinator;
  /** For a client that follows this tree. */
  readonly options: JodisOptions;
  readonly paths = new Paths(PRODUCT);

  private constructor(coordinator: Coordinator, options: JodisOptions) {
    this.coordinator = coordinator;
    this.options = options;
  }

  static async embedded(): Promise<ProxyTree> {
    const folder = temporaryFolder();
    const coordinator = await EmbeddedCoordinator.open({
      folder,
      sessionTimeoutMs: 10_000,
      log: silentLog(),
    });
    const options = { product: PRODUCT, coordinator: 'embedded', embeddedPath: folder } as const;
    return new ProxyTree(coordinator, options);
  }

  /** @param zk host:port, several separated by commas */
  static zookeeper(zk: string): ProxyTree {
    const coordinator = new ZooKeeperCoordinator({
      servers: zk,
      sessionTimeoutMs: 10_000,
      log: silentLog(),
    });
    return new ProxyTree(coordinator, { product: PRODUCT, zk });
  }

  /** Registers as Codis 2 does, or changes the state there. */
  async set(id: string, addr: string, state: 'online' | 'offline' | 'mark_offline'): Promise<void> {
    const path = this.paths.proxy(id);
    const data = JSON.stringify({ id, addr, state, pid: 1, start_at: '' });
    if (await this.coordinator.get(path)) await this.coordinator.set(path, data);
    else await this.coordinator.create(path, data);
  }

  /** Registers as Codis 3 does. */
  async setCodis3(token: string, addr: string, state: string): Promise<void> {
    const data = JSON.stringify({ addr, admin: '', start: '', token, state });
    await this.coordinator.create(this.paths.jodisProxy(token), data);
  }

  async remove(path: string): Promise<void> {
    await this.coordinator.delete(path);
  }

  close(): Promise<void> {
    return this.coordinator.close();
  }
}

/** Resolves when the client has ended. Errors that it meets on the way are of no interest here. */
export function quietly<Client extends Jodis>(client: Client): Client {
  client.on('error', () => {});
  return client;
}
