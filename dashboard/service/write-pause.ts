import { messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { RedisReplyError } from '../errors.js';
import type { RedisConnection } from './redis-connection.js';

/** Ends by itself if we die in between. Longer than all that is done meanwhile. */
const PAUSE_MS = 20_000;

/**
 * The server's clients get no answer to writes until {@link resumeWrites}; reads are served. Servers
 * before Redis 6.2 cannot do that: there the last few writes may be lost, as in Codis.
 */
export async function pauseWrites(redis: RedisConnection, log: Logger): Promise<void> {
  try {
    await redis.command('CLIENT', 'PAUSE', String(PAUSE_MS), 'WRITE');
  } catch (error) {
    if (!(error instanceof RedisReplyError)) throw error;
    log.warn({ server: redis.addr, reason: messageOf(error) }, 'writes cannot be paused');
  }
}

/** Does not throw: a pause ends by itself, and a server that is gone has none. */
export async function resumeWrites(redis: RedisConnection, log: Logger): Promise<void> {
  try {
    await redis.command('CLIENT', 'UNPAUSE');
  } catch (error) {
    log.warn({ server: redis.addr, reason: messageOf(error) }, 'writes go on when the pause ends');
  }
}
