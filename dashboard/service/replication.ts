import { parseAddress } from '../../base/address.js';
import { messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { RedisReplyError } from '../errors.js';
import type { RedisConnection } from './redis-connection.js';

// SLAVEOF and not REPLICAOF: also known to the Redis 2.8 that original clusters run, and every
// later server takes it as the same command.

/** Makes the server a replica of `masterAddr`; its own keys are dropped as it synchronises. */
export async function follow(
  redis: RedisConnection,
  masterAddr: string,
  password: string,
  log: Logger,
): Promise<void> {
  const { host, port } = parseAddress(masterAddr, 'master');
  if (password !== '') await redis.command('CONFIG', 'SET', 'masterauth', password);
  await redis.command('SLAVEOF', host, String(port));
  log.info({ replica: redis.addr, master: masterAddr }, 'server made a replica');
  await rememberConfig(redis, log);
}

/** Makes the server a master that takes writes; it keeps the keys it has. */
export async function followNobody(redis: RedisConnection, log: Logger): Promise<void> {
  await redis.command('SLAVEOF', 'NO', 'ONE');
  log.info({ master: redis.addr }, 'server made a master');
  await rememberConfig(redis, log);
}

/**
 * Has the server write its role and settings to its config file, or it would come back with the
 * former ones when it is restarted. One without a config file cannot; that is for who starts it to
 * care for.
 */
export async function rememberConfig(redis: RedisConnection, log: Logger): Promise<void> {
  try {
    await redis.command('CONFIG', 'REWRITE');
  } catch (error) {
    if (!(error instanceof RedisReplyError)) throw error;
    log.info({ server: redis.addr, reason: messageOf(error) }, 'not in its config file');
  }
}
