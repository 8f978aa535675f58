import { messageOf, OperatorError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { type GroupRecord, masterOf } from '../../cluster/model/group.js';
import { withRedis } from '../service/redis-connection.js';
import { rememberConfig } from '../service/replication.js';
import type { ServerWatches } from './server-watches.js';

/** A replica acknowledges once a second; a master counts those that have done so within this time. */
const MAX_LAG_SECONDS = '3';

/**
 * Keeps `min-replicas-to-write` set at masters: one that is cut off from its replicas, or comes
 * back alone, refuses writes by itself. Never more than the group has replicas on record, or a
 * failover to the last server would leave a master that takes nothing.
 */
export class WriteFence {
  readonly #wanted: number;
  readonly #watches: ServerWatches;
  readonly #password: string;
  readonly #log: Logger;
  /** What was set, by server and its run id: a server that was started anew is told again. */
  readonly #told = new Map<string, string>();

  /** @param wanted 0: the servers' settings are left alone */
  constructor(wanted: number, watches: ServerWatches, password: string, log: Logger) {
    this.#wanted = wanted;
    this.#watches = watches;
    this.#password = password;
    this.#log = log;
  }

  /** Does not wait, nor throw: what could not be set is set the next time. */
  keep(groups: readonly GroupRecord[]): void {
    if (this.#wanted === 0) return;
    for (const group of groups) {
      const master = masterOf(group);
      const watch = master === null ? null : this.#watches.get(master);
      if (!watch?.state || watch.error !== '' || watch.state.role !== 'master') continue;
      const replicas = group.servers!.filter(({ type }) => type === 'slave').length;
      const least = Math.min(this.#wanted, replicas);
      const mark = `${watch.state.runId} ${least}`;
      if (this.#told.get(master!) === mark) continue;
      this.#told.set(master!, mark);
      this.#tell(master!, least).catch((error: unknown) => {
        this.#told.delete(master!);
        if (!(error instanceof OperatorError)) throw error;
        this.#log.warn({ server: master, reason: messageOf(error) }, 'no write fence set');
      });
    }
  }

  async #tell(addr: string, least: number): Promise<void> {
    await withRedis(addr, this.#password, async (redis) => {
      // By their old names, which Redis 2.8 to 8 and Valkey know.
      await redis.command('CONFIG', 'SET', 'min-slaves-max-lag', MAX_LAG_SECONDS);
      await redis.command('CONFIG', 'SET', 'min-slaves-to-write', String(least));
      await rememberConfig(redis, this.#log);
    });
    this.#log.info({ server: addr, replicas: least }, 'min-replicas-to-write set');
  }
}
