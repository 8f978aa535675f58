import type { Command } from 'ioredis';

/**
 * Commands that only read: sent twice they do no harm. Those of Redis 8 that are flagged `readonly`
 * or that ask about the server, without those whose meaning lies in when they are sent.
 */
const READS = new Set(
  `bitcount bitfield_ro bitpos dbsize digest dump echo eval_ro evalsha_ro exists expiretime
  fcall_ro geodist geohash geopos georadius_ro georadiusbymember_ro geosearch get getbit getrange
  hexists hexpiretime hget hgetall hkeys hlen hmget hpexpiretime hpttl hrandfield hscan hstrlen
  httl hvals info keys lcs lindex llen lolwut lpos lrange mget object pexpiretime pfcount ping
  pttl randomkey scan scard sdiff sinter sintercard sismember smembers smismember sort_ro
  srandmember sscan strlen substr sunion time touch ttl type vcard vdim vemb vgetattr vinfo
  vismember vlinks vrandmember vrange vsim xinfo xlen xpending xrange xread xrevrange zcard zcount
  zdiff zinter zintercard zlexcount zmscore zrandmember zrange zrangebylex zrangebyscore zrank
  zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore zunion`.split(/\s+/),
);

/** Asking for the same channel once more changes nothing. */
const SUBSCRIPTIONS = new Set(
  'subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe'.split(' '),
);

const BLOCKING = new Set(
  'blmove blmovem blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin'.split(' '),
);

/** In lower case, whatever its sender wrote (`call('GET', …)`). */
export function nameOf(command: Command): string {
  return command.name.toLowerCase();
}

/** True if the command may be sent again when its reply was lost. */
export function isRepeatable(command: Command): boolean {
  if (command.inTransaction) return false;
  const name = nameOf(command);
  return (READS.has(name) || SUBSCRIPTIONS.has(name)) && !isBlocking(command);
}

/** True for what subscribes or ends a subscription. */
export function isSubscription(command: Command): boolean {
  return SUBSCRIPTIONS.has(nameOf(command));
}

/** True if the reply may be long in coming, and hold up those behind it. */
export function isBlocking(command: Command): boolean {
  const name = nameOf(command);
  if (name === 'xread' || name === 'xreadgroup') {
    return command.args.some((arg) => String(arg).toLowerCase() === 'block');
  }
  return BLOCKING.has(name);
}
