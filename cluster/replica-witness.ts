const CHANNEL = 'codis:replicated';

/**
 * Commands that, sent on one connection, tell whether a replica has all that the server has executed
 * until then: the last reply is how many replicas do, after `waitMs` at most.
 *
 * WAIT is about what its own connection has done. To servers before 7.2 any command counts for that;
 * to later ones only what goes to the replicas, which a message on a channel of shards does. (One that
 * 6.2 does not know; and which no pattern of subscribers sees.)
 */
export function replicaWitness(waitMs: number): readonly (readonly string[])[] {
  return [['PING'], ['SPUBLISH', CHANNEL, ''], ['WAIT', '1', String(waitMs)]];
}
