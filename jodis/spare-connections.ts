import { ProxyConnection, type ProxyConnectionOptions } from './proxy-connection.js';

/** What is kept for the next one who needs a connection alone; more are closed after use. */
const MOST_IDLE = 8;

/**
 * Connections for what needs one alone: a blocking command, a transaction with WATCH. Made when
 * they are first needed, kept for the next time.
 */
export class SpareConnections {
  readonly #options: () => ProxyConnectionOptions;
  readonly #used = new Set<ProxyConnection>();
  #idle: ProxyConnection[] = [];
  /** Those of before {@link renew} are not used again. */
  #fresh = new WeakSet<ProxyConnection>();

  /** @param options asked for each new connection */
  constructor(options: () => ProxyConnectionOptions) {
    this.#options = options;
  }

  take(): ProxyConnection {
    const connection = this.#idle.pop() ?? this.#make();
    this.#used.add(connection);
    return connection;
  }

  /** To be called of each one taken, when nothing is under way on it. */
  give(connection: ProxyConnection): void {
    this.#used.delete(connection);
    const isWanted =
      this.#fresh.has(connection) && this.#idle.length < MOST_IDLE && connection.isQuiet;
    if (isWanted && connection.status !== 'end') this.#idle.push(connection);
    else connection.disconnect();
  }

  /** The options have changed: the next ones are made anew. */
  renew(): void {
    this.#fresh = new WeakSet();
    for (const connection of this.#idle) connection.disconnect();
    this.#idle = [];
  }

  /** Resolves when none is in use. */
  async drain(): Promise<void> {
    while (this.#used.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  close(): void {
    for (const connection of this.#used) connection.disconnect();
    this.#used.clear();
    this.renew();
  }

  #make(): ProxyConnection {
    const connection = new ProxyConnection(this.#options());
    this.#fresh.add(connection);
    // A command on it fails if it cannot connect, and whoever gave it hears of that.
    connection.on('error', () => {});
    return connection;
  }
}
