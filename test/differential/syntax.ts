/**
 * What the differential test sends: one line a form of a command. In a line
 * - words in capitals, numbers and signs stand for themselves;
 * - words in small letters are words of vocabulary.ts; names of types (`str`, `hash`, …) are keys
 *   that mostly hold that type, all of one slot within a command; with `*` before it, of any slot;
 * - `[ … ]` may be left out, `( … | … )` is one of several, `{ … }` comes one to four times.
 *
 * EXPIRE's GT and LT go with points in time only: two servers add a time to live to clocks of their
 * own.
 */
export const SYNTAX = `
GET str
SET str val
SET str val [ ( NX | XX ) ] [ GET ] [ ( EX ttl | PX msttl | EXAT at | PXAT msat | KEEPTTL ) ]
SETNX str val
SETEX str ttl val
PSETEX str msttl val
GETSET str val
GETDEL str
GETEX str [ ( EX ttl | PX msttl | EXAT at | PXAT msat | PERSIST ) ]
APPEND str val
STRLEN str
SETRANGE str offset val
GETRANGE str index index
SUBSTR str index index
INCR num
DECR num
INCRBY num int
DECRBY num int
INCRBYFLOAT num float
LCS str str [ ( LEN | IDX [ MINMATCHLEN count ] [ WITHMATCHLEN ] ) ]
MGET { *str }
MGET *str *any *hash *str
MSET { *str val }
MSETNX { str val }
DEL { *any }
UNLINK { *any }
EXISTS { *any }
TOUCH { *any }

SETBIT bits bit ( 0 | 1 )
GETBIT bits bit
BITCOUNT bits [ index index [ ( BYTE | BIT ) ] ]
BITPOS bits ( 0 | 1 ) [ index [ index [ ( BYTE | BIT ) ] ] ]
BITOP ( AND | OR | XOR ) bits bits { bits }
BITOP NOT bits bits
BITFIELD bits { ( GET u8 bit | SET i5 bit int | INCRBY u16 #1 int | OVERFLOW ( WRAP | SAT | FAIL ) ) }
BITFIELD_RO bits { GET i12 bit }

TYPE any
PERSIST any
EXPIRE any ttl [ ( NX | XX ) ]
PEXPIRE any msttl [ ( NX | XX ) ]
EXPIREAT any at [ ( NX | XX | GT | LT ) ]
PEXPIREAT any msat [ ( NX | XX | GT | LT ) ]
TTL any
PTTL any
EXPIRETIME any
PEXPIRETIME any
RENAME any any
RENAMENX any any
COPY any any [ DB 0 ] [ REPLACE ]
DUMP any
RESTORE any 0 payload [ REPLACE ]
RESTORE any msat payload [ REPLACE ] ABSTTL
OBJECT ENCODING any
OBJECT REFCOUNT any
OBJECT IDLETIME any
OBJECT FREQ any
OBJECT HELP
MEMORY USAGE any [ SAMPLES count ]
SORT list [ LIMIT index count ] [ ( ASC | DESC ) ] ALPHA [ STORE list ]
SORT nums [ LIMIT index count ] [ ( ASC | DESC ) ] [ STORE list ]
SORT zset BY nosort [ GET # ]
SORT set ALPHA
SORT_RO nums [ LIMIT index count ] [ DESC ]
LOLWUT VERSION 5 1 1 1
MODULE LIST
MODULE HELP
ACL CAT [ ( STRING | DANGEROUS | SCRIPTING | NONE ) ]
ACL GENPASS [ ( 5 | 128 | 4097 ) ]
ACL HELP

HSET hash { field val }
HMSET hash { field val }
HSETNX hash field val
HGET hash field
HMGET hash { field }
HGETALL hash
HKEYS hash
HVALS hash
HLEN hash
HEXISTS hash field
HSTRLEN hash field
HDEL hash { field }
HINCRBY hash numfield int
HINCRBYFLOAT hash numfield float
HRANDFIELD hash [ count [ WITHVALUES ] ]
HSCAN hash 0 [ MATCH pattern ] COUNT 100000

LPUSH list { val }
RPUSH list { val }
LPUSH nums { int }
LPUSHX list { val }
RPUSHX list { val }
LPOP list [ count ]
RPOP list [ count ]
LLEN list
LINDEX list index
LSET list index val
LRANGE list index index
LTRIM list index index
LREM list index val
LINSERT list ( BEFORE | AFTER ) val val
LPOS list val [ RANK index ] [ COUNT count ] [ MAXLEN count ]
LMOVE list list ( LEFT | RIGHT ) ( LEFT | RIGHT )
RPOPLPUSH list list
LMPOP numlists ( LEFT | RIGHT ) [ COUNT count ]

SADD set { member }
SADD nums2 { int }
SREM set { member }
SISMEMBER set member
SMISMEMBER set { member }
SMEMBERS set
SCARD set
SMOVE set set member
SPOP set 1000000
SRANDMEMBER set [ count ]
SINTER { set }
SUNION { set }
SDIFF { set }
SINTERSTORE set { set }
SUNIONSTORE set { set }
SDIFFSTORE set { set }
SINTERCARD numsets [ LIMIT count ]
SSCAN set 0 [ MATCH pattern ] COUNT 100000

ZADD zset [ ( NX | XX | GT | LT ) ] [ CH ] { score member }
ZADD zset [ XX ] INCR score member
ZINCRBY zset score member
ZREM zset { member }
ZCARD zset
ZSCORE zset member
ZMSCORE zset { member }
ZRANK zset member
ZREVRANK zset member
ZCOUNT zset minscore maxscore
ZLEXCOUNT lex minlex maxlex
ZRANGE zset index index [ REV ] [ WITHSCORES ]
ZRANGE zset minscore maxscore BYSCORE [ LIMIT index count ] [ WITHSCORES ]
ZRANGE lex minlex maxlex BYLEX [ LIMIT index count ]
ZRANGESTORE zset zset index index [ REV ]
ZRANGEBYSCORE zset minscore maxscore [ WITHSCORES ] [ LIMIT index count ]
ZREVRANGEBYSCORE zset maxscore minscore [ WITHSCORES ] [ LIMIT index count ]
ZRANGEBYLEX lex minlex maxlex [ LIMIT index count ]
ZREVRANGEBYLEX lex maxlex minlex [ LIMIT index count ]
ZREVRANGE zset index index [ WITHSCORES ]
ZREMRANGEBYRANK zset index index
ZREMRANGEBYSCORE zset minscore maxscore
ZREMRANGEBYLEX lex minlex maxlex
ZPOPMIN zset [ count ]
ZPOPMAX zset [ count ]
ZMPOP numzsets ( MIN | MAX ) [ COUNT count ]
ZRANDMEMBER zset [ count [ WITHSCORES ] ]
ZUNION numzsets [ AGGREGATE ( SUM | MIN | MAX ) ] [ WITHSCORES ]
ZINTER numzsets [ AGGREGATE ( SUM | MIN | MAX ) ] [ WITHSCORES ]
ZDIFF numzsets [ WITHSCORES ]
ZUNION 2 zset set WEIGHTS 2 float WITHSCORES
ZUNIONSTORE zset numzsets [ AGGREGATE ( SUM | MIN | MAX ) ]
ZINTERSTORE zset numzsets [ AGGREGATE ( SUM | MIN | MAX ) ]
ZDIFFSTORE zset numzsets
ZINTERCARD numzsets [ LIMIT count ]
ZSCAN zset 0 [ MATCH pattern ] COUNT 100000

ZADD lex { 0 member }
ZADD lex { 0 bigmember }
ZREM lex { member }
ZADD big { score bigmember }
ZADD big { score bigmember score bigmember score bigmember score bigmember }
ZINCRBY big score bigmember
ZREM big { bigmember }
ZRANGE big index index [ REV ] [ WITHSCORES ]
ZREVRANGEBYSCORE big maxscore minscore [ WITHSCORES ] [ LIMIT index count ]
ZRANK big bigmember
ZCOUNT big minscore maxscore
ZPOPMAX big [ count ]
ZUNIONSTORE big 2 big zset
ZREMRANGEBYSCORE big minscore maxscore
EXPIRE big ttl

GEOADD geo [ ( NX | XX ) ] [ CH ] { lon lat member }
GEOPOS geo { member }
GEODIST geo member member [ unit ]
GEOHASH geo { member }
GEOSEARCH geo ( FROMMEMBER member | FROMLONLAT lon lat ) BYRADIUS radius unit [ ( ASC | DESC ) ] [ COUNT count ] [ WITHCOORD ] [ WITHDIST ] [ WITHHASH ]
GEOSEARCH geo FROMLONLAT lon lat BYBOX radius radius unit ASC
GEOSEARCHSTORE geo geo FROMMEMBER member BYRADIUS radius unit [ COUNT count ] [ STOREDIST ]
GEORADIUS geo lon lat radius unit [ WITHDIST ] [ COUNT count ] [ ( ASC | DESC ) ]
GEORADIUS geo lon lat radius unit ( STORE | STOREDIST ) geo
GEORADIUS_RO geo lon lat radius unit [ WITHCOORD ] ASC
GEORADIUSBYMEMBER geo member radius unit [ WITHHASH ] [ ( ASC | DESC ) ]
GEORADIUSBYMEMBER geo member radius unit STORE geo
GEORADIUSBYMEMBER_RO geo member radius unit [ COUNT count ] ASC

PFADD hll { val }
PFCOUNT { hll }
PFMERGE hll { hll }
PFMERGE hll

XADD stream [ NOMKSTREAM ] [ ( MAXLEN | MINID ) = int ] id { field val }
XLEN stream
XRANGE stream minid maxid [ COUNT count ]
XREVRANGE stream maxid minid [ COUNT count ]
XDEL stream { id }
XTRIM stream MAXLEN count
XTRIM stream MINID id
XSETID stream id
XREAD [ COUNT count ] STREAMS stream stream id id
XGROUP CREATE stream group ( $ | 0 | id ) [ MKSTREAM ] [ ENTRIESREAD int ]
XGROUP CREATECONSUMER stream group consumer
XGROUP DELCONSUMER stream group consumer
XGROUP SETID stream group id
XGROUP DESTROY stream group
XGROUP HELP
XREADGROUP GROUP group consumer [ COUNT count ] [ NOACK ] STREAMS stream ( > | id )
XREADGROUP COUNT 3 GROUP group consumer STREAMS stream stream > >
XACK stream group { id }
XCLAIM stream group consumer 0 { id } [ JUSTID ]
XAUTOCLAIM stream group consumer 0 id [ COUNT count ] [ JUSTID ]
XPENDING stream group [ minid maxid count ]
XINFO STREAM stream
XINFO GROUPS stream
XINFO CONSUMERS stream group
XINFO HELP

EVAL script numstrs val val
EVAL script 0 val
EVAL_RO script numstrs val
EVALSHA ffffffffffffffffffffffffffffffffffffffff numstrs
EVALSHA_RO ffffffffffffffffffffffffffffffffffffffff numstrs
FCALL nosuch numstrs val
FCALL_RO nosuch 0

PING [ val ]
ECHO val
SELECT 0
CLIENT SETNAME val
CLIENT GETNAME
CLIENT nosuch val
COMMAND GETKEYS SET str val
HELLO 2 NOSUCH
AUTH val
nonsense { val }
`;
