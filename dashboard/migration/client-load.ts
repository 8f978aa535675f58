import { setTimeout as sleep } from 'node:timers/promises';
import type { Value } from '../../resp/decode.js';
import type { ServerConnection } from './server-connection.js';

/** Below, nobody notices what a move takes. */
const BUSY_COMMANDS_A_SECOND = 500;
/** Load comes and goes in seconds; INFO costs a server 50 microseconds. */
const LOOK_EVERY_MS = 200;
/** A first idea. */
const FIRST_LOOK_MS = 25;

/** Commands that servers get because of moves from other servers: of all moves of this dashboard. */
export class OwnCommands {
  readonly #counts = new Map<string, number>();

  note(addr: string, commands: number): void {
    this.#counts.set(addr, this.of(addr) + commands);
  }

  of(addr: string): number {
    return this.#counts.get(addr) ?? 0;
  }
}

interface Watched {
  readonly server: ServerConnection;
  readonly ours: readonly ServerConnection[];
  /** Commands that were not ours. */
  others: number;
}

/** Whether clients use the servers that a move is about. */
export class ClientLoad {
  readonly #own: OwnCommands;
  readonly #watched: Watched[] = [];
  #lookedAt = performance.now();
  #isBusy: boolean | null = null;

  constructor(own: OwnCommands) {
    this.#own = own;
  }

  /** True until there has been time to find out. */
  get isBusy(): boolean {
    return this.#isBusy ?? true;
  }

  /** Takes no longer than it must for a first idea. */
  static async isInUse(server: ServerConnection): Promise<boolean> {
    const load = new ClientLoad(new OwnCommands());
    await load.watch(server);
    await sleep(2 * FIRST_LOOK_MS);
    await load.look();
    return load.isBusy;
  }

  /** @param others connections of ours to the same server */
  async watch(server: ServerConnection, others: readonly ServerConnection[] = []): Promise<void> {
    const watched = { server, ours: [server, ...others], others: 0 };
    await this.#count(watched);
    this.#watched.push(watched);
  }

  /** To be called often, and when no MIGRATE of ours is under way: it would count as clients'. */
  async look(): Promise<void> {
    const elapsedMs = performance.now() - this.#lookedAt;
    if (elapsedMs < (this.#isBusy === null ? FIRST_LOOK_MS : LOOK_EVERY_MS)) return;
    this.#lookedAt = performance.now();
    const counts = await Promise.all(this.#watched.map((watched) => this.#count(watched)));
    const most = (BUSY_COMMANDS_A_SECOND * elapsedMs) / 1000;
    this.#isBusy = counts.some((commands) => commands > most);
  }

  /** @returns the commands that the server has had from others since the last time */
  async #count(watched: Watched): Promise<number> {
    const { server, ours, others } = watched;
    const answer = server.call(['INFO', 'stats']);
    // What was sent on this connection before is in the server's number.
    const sent = ours.reduce((sum, connection) => sum + connection.commandsSent, 0);
    const own = sent + this.#own.of(server.addr);
    watched.others = processed(await answer) - own;
    return watched.others - others;
  }
}

function processed(reply: Value): number {
  const text = reply.type === 'bulk' || reply.type === 'verbatim' ? reply.value.toString() : '';
  return Number(/^total_commands_processed:(\d+)/m.exec(text)?.[1] ?? 0);
}
