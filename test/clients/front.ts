import { SLOT_COUNT } from '../../cluster/slot-hash.js';
import { startDataPlane, type TestDataPlane } from '../support/data-plane.js';
import { keyInSlots } from '../support/keys.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { TcpLink } from '../support/tcp-link.js';

/** A proxy over two groups as applications see it, with a network before it that can fail. */
export class Front {
  readonly port: number;
  /** Keys of the first and of the second group. */
  readonly keys = [keyInSlots(0, SLOT_COUNT / 2 - 1), keyInSlots(SLOT_COUNT / 2, SLOT_COUNT - 1)];
  readonly #servers: readonly RedisServer[];
  readonly #dataPlane: TestDataPlane;
  readonly #link: TcpLink;

  /** @param password asked of clients, and by the servers. */
  static async start(password = ''): Promise<Front> {
    const serverArgs = password === '' ? [] : ['--requirepass', password];
    const servers = await Promise.all([startRedis(serverArgs), startRedis(serverArgs)]);
    const dataPlane = await startDataPlane(
      servers.map((server) => server.addr),
      { ini: `password=${password}` },
    );
    return new Front(servers, dataPlane, await TcpLink.to(dataPlane.port));
  }

  private constructor(servers: RedisServer[], dataPlane: TestDataPlane, link: TcpLink) {
    this.#servers = servers;
    this.#dataPlane = dataPlane;
    this.#link = link;
    this.port = link.port;
  }

  /** Ends every client's connection; new ones are taken. */
  cutConnections(): void {
    this.#link.cut();
    this.#link.mend();
  }

  async stop(): Promise<void> {
    this.#link.close();
    this.#dataPlane.close();
    await Promise.all(this.#servers.map((server) => server.stop()));
  }
}
