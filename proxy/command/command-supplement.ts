/**
 * Commands and subcommands that came after the Redis that command-rows.generated.ts was made from:
 * those of Redis 7.2, 7.4 and 8 that have keys, and CLIENT's. A server that does not know one
 * refuses it in its own words. So are those that take more arguments since (ZRANK … WITHSCORE, 7.2); what
 * is here stands for what was generated. Sources: Redis's command reference, and @ioredis/commands, which a
 * test compares with it. A subcommand is added to its container in the generated rows.
 *
 * In the notation of command-data.ts.
 */
export const SUPPLEMENT_COMMANDS = `
client|maint_notifications | -3 | noscript loading stale | @slow @connection |  | 0 0 0 | 6.0.0 | connection | O(1) | Asks to be told before the server closes the connection for maintenance.
client|no-touch | 3 | noscript loading stale | @slow @connection |  | 0 0 0 | 7.2.0 | connection | O(1) | Controls whether commands sent by the client affect the LRU/LFU of accessed keys.
client|setinfo | 4 | noscript loading stale | @slow @connection | request_policy:all_nodes response_policy:all_succeeded | 0 0 0 | 7.2.0 | connection | O(1) | Sets information specific to the client or connection.
arcount | 2 | readonly fast | @read @array @fast |  | 1 1 1 | 8.8.0 | array |  | Returns the number of elements of an array
  RO access | index 1 | range 0 1 0 |
ardel | -3 | write fast | @write @array @fast |  | 1 1 1 | 8.8.0 | array |  | Deletes elements of an array
  RW access update | index 1 | range 0 1 0 |
ardelrange | -4 | write | @write @array @slow |  | 1 1 1 | 8.8.0 | array |  | Deletes ranges of elements of an array
  RW access update | index 1 | range 0 1 0 |
arget | 3 | readonly fast | @read @array @fast |  | 1 1 1 | 8.8.0 | array |  | Returns an element of an array
  RO access | index 1 | range 0 1 0 |
argetrange | 4 | readonly | @read @array @slow |  | 1 1 1 | 8.8.0 | array |  | Returns a range of elements of an array
  RO access | index 1 | range 0 1 0 |
argrep | -6 | readonly | @read @array @slow |  | 1 1 1 | 8.8.0 | array |  | Finds elements of an array by their content
  RO access | index 1 | range 0 1 0 |
arinfo | -2 | readonly | @read @array @slow |  | 1 1 1 | 8.8.0 | array |  | Returns facts about an array
  RO access | index 1 | range 0 1 0 |
arinsert | -3 | write denyoom fast | @write @array @fast |  | 1 1 1 | 8.8.0 | array |  | Inserts elements at the cursor of an array
  RW access update | index 1 | range 0 1 0 |
arlastitems | -3 | readonly | @read @array @slow |  | 1 1 1 | 8.8.0 | array |  | Returns the last elements of an array
  RO access | index 1 | range 0 1 0 |
arlen | 2 | readonly fast | @read @array @fast |  | 1 1 1 | 8.8.0 | array |  | Returns the length of an array
  RO access | index 1 | range 0 1 0 |
armget | -3 | readonly fast | @read @array @fast |  | 1 1 1 | 8.8.0 | array |  | Returns several elements of an array
  RO access | index 1 | range 0 1 0 |
armset | -4 | write denyoom fast | @write @array @fast |  | 1 1 1 | 8.8.0 | array |  | Sets several elements of an array
  RW access update | index 1 | range 0 1 0 |
arnext | 2 | readonly fast | @read @array @fast |  | 1 1 1 | 8.8.0 | array |  | Returns the next element of an array
  RO access | index 1 | range 0 1 0 |
arop | -5 | readonly | @read @array @slow |  | 1 1 1 | 8.8.0 | array |  | Computes over a range of elements of an array
  RO access | index 1 | range 0 1 0 |
arring | -4 | write denyoom | @write @array @slow |  | 1 1 1 | 8.8.0 | array |  | Appends elements to an array used as a ring
  RW access update | index 1 | range 0 1 0 |
arscan | -4 | readonly | @read @array @slow |  | 1 1 1 | 8.8.0 | array |  | Returns the elements present in a range of an array
  RO access | index 1 | range 0 1 0 |
arseek | 3 | write fast | @write @array @fast |  | 1 1 1 | 8.8.0 | array |  | Moves the cursor of an array
  RW access update | index 1 | range 0 1 0 |
arset | -4 | write denyoom fast | @write @array @fast |  | 1 1 1 | 8.8.0 | array |  | Sets consecutive elements of an array
  RW access update | index 1 | range 0 1 0 |
blmovem | -6 | write denyoom blocking | @write @list @slow @blocking |  | 1 2 1 | 8.10.0 | list |  | Moves several elements from one list to another; blocks until there are any
  RW access delete | index 1 | range 0 1 0 |
  RW insert | index 2 | range 0 1 0 |
delex | -2 | write fast | @write @string @fast |  | 1 1 1 | 8.4.0 | string |  | Deletes a string if it equals a value or digest
  RW access update | index 1 | range 0 1 0 |
digest | 2 | readonly fast | @read @string @fast |  | 1 1 1 | 8.4.0 | string |  | Returns the hash digest of a string
  RO access | index 1 | range 0 1 0 |
hexpire | -6 | write fast | @write @hash @fast |  | 1 1 1 | 7.4.0 | hash |  | Sets the expiration of hash fields in seconds
  RW access update | index 1 | range 0 1 0 |
hexpireat | -6 | write fast | @write @hash @fast |  | 1 1 1 | 7.4.0 | hash |  | Sets the expiration of hash fields to a Unix time in seconds
  RW access update | index 1 | range 0 1 0 |
hexpiretime | -5 | readonly fast | @read @hash @fast |  | 1 1 1 | 7.4.0 | hash |  | Returns the expiration of hash fields as Unix times in seconds
  RO access | index 1 | range 0 1 0 |
hgetdel | -5 | write fast | @write @hash @fast |  | 1 1 1 | 8.0.0 | hash |  | Returns the values of hash fields and deletes them
  RW access update | index 1 | range 0 1 0 |
hgetex | -5 | write fast | @write @hash @fast |  | 1 1 1 | 8.0.0 | hash |  | Returns the values of hash fields and sets their expiration
  RW access update | index 1 | range 0 1 0 |
hpersist | -5 | write fast | @write @hash @fast |  | 1 1 1 | 7.4.0 | hash |  | Removes the expiration of hash fields
  RW access update | index 1 | range 0 1 0 |
hpexpire | -6 | write fast | @write @hash @fast |  | 1 1 1 | 7.4.0 | hash |  | Sets the expiration of hash fields in milliseconds
  RW access update | index 1 | range 0 1 0 |
hpexpireat | -6 | write fast | @write @hash @fast |  | 1 1 1 | 7.4.0 | hash |  | Sets the expiration of hash fields to a Unix time in milliseconds
  RW access update | index 1 | range 0 1 0 |
hpexpiretime | -5 | readonly fast | @read @hash @fast |  | 1 1 1 | 7.4.0 | hash |  | Returns the expiration of hash fields as Unix times in milliseconds
  RO access | index 1 | range 0 1 0 |
hpttl | -5 | readonly fast | @read @hash @fast |  | 1 1 1 | 7.4.0 | hash |  | Returns the time to live of hash fields in milliseconds
  RO access | index 1 | range 0 1 0 |
hsetex | -6 | write denyoom fast | @write @hash @fast |  | 1 1 1 | 8.0.0 | hash |  | Sets hash fields and their expiration
  RW access update | index 1 | range 0 1 0 |
httl | -5 | readonly fast | @read @hash @fast |  | 1 1 1 | 7.4.0 | hash |  | Returns the time to live of hash fields in seconds
  RO access | index 1 | range 0 1 0 |
increx | -2 | write denyoom fast | @write @string @fast |  | 1 1 1 | 8.8.0 | string |  | Increments a number within bounds and sets its expiration
  RW access update | index 1 | range 0 1 0 |
lmovem | -5 | write denyoom | @write @list @slow |  | 1 2 1 | 8.10.0 | list |  | Moves several elements from one list to another
  RW access delete | index 1 | range 0 1 0 |
  RW insert | index 2 | range 0 1 0 |
msetex | -4 | write denyoom movablekeys | @write @string @slow |  | 0 0 0 | 8.4.0 | string |  | Sets several strings and their common expiration
  OW update | index 1 | keynum 0 1 2 |
sdiffcard | -3 | readonly movablekeys | @read @set @slow |  | 0 0 0 | 8.10.0 | set |  | Returns the size of the difference of sets
  RO access | index 1 | keynum 0 1 1 |
sunioncard | -3 | readonly movablekeys | @read @set @slow |  | 0 0 0 | 8.10.0 | set |  | Returns the size of the union of sets
  RO access | index 1 | keynum 0 1 1 |
vadd | -5 | write denyoom module | @write @slow |  | 1 1 1 | 8.0.0 | module |  | Adds an element to a vector set
  RW access update | index 1 | range 0 1 0 |
vcard | 2 | readonly module fast | @read @fast |  | 1 1 1 | 8.0.0 | module |  | Returns the number of elements of a vector set
  RO access | index 1 | range 0 1 0 |
vdim | 2 | readonly module fast | @read @fast |  | 1 1 1 | 8.0.0 | module |  | Returns the dimension of the vectors of a vector set
  RO access | index 1 | range 0 1 0 |
vemb | -3 | readonly module fast | @read @fast |  | 1 1 1 | 8.0.0 | module |  | Returns the vector of an element
  RO access | index 1 | range 0 1 0 |
vgetattr | 3 | readonly module fast | @read @fast |  | 1 1 1 | 8.0.0 | module |  | Returns the attributes of an element of a vector set
  RO access | index 1 | range 0 1 0 |
vinfo | 2 | readonly module fast | @read @fast |  | 1 1 1 | 8.0.0 | module |  | Returns facts about a vector set
  RO access | index 1 | range 0 1 0 |
vismember | 3 | readonly module | @read @slow |  | 1 1 1 | 8.2.0 | module |  | Tells if a vector set has an element
  RO access | index 1 | range 0 1 0 |
vlinks | -3 | readonly module fast | @read @fast |  | 1 1 1 | 8.0.0 | module |  | Returns the neighbours of an element of a vector set
  RO access | index 1 | range 0 1 0 |
vrandmember | -2 | readonly module | @read @slow |  | 1 1 1 | 8.0.0 | module |  | Returns random elements of a vector set
  RO access | index 1 | range 0 1 0 |
vrange | -4 | readonly module | @read @slow |  | 1 1 1 | 8.4.0 | module |  | Returns a lexicographical range of the elements of a vector set
  RO access | index 1 | range 0 1 0 |
vrem | 3 | write module | @write @slow |  | 1 1 1 | 8.0.0 | module |  | Removes an element from a vector set
  RW access update | index 1 | range 0 1 0 |
vsetattr | 4 | write module fast | @write @fast |  | 1 1 1 | 8.0.0 | module |  | Sets the attributes of an element of a vector set
  RW access update | index 1 | range 0 1 0 |
vsim | -4 | readonly module | @read @slow |  | 1 1 1 | 8.0.0 | module |  | Returns the elements of a vector set that are similar to a vector or element
  RO access | index 1 | range 0 1 0 |
waitaof | 4 | blocking | @slow @blocking @connection | request_policy:all_shards response_policy:agg_min | 0 0 0 | 7.2.0 | generic | O(1) | Waits until the writes of the connection are in the append-only files
xackdel | -6 | write fast | @write @stream @fast |  | 1 1 1 | 8.2.0 | stream |  | Acknowledges and deletes entries of a stream
  RW access update | index 1 | range 0 1 0 |
xcfgset | -2 | write fast | @write @stream @fast |  | 1 1 1 | 8.6.0 | stream |  | Sets options of a stream
  RW access update | index 1 | range 0 1 0 |
xdelex | -5 | write fast | @write @stream @fast |  | 1 1 1 | 8.2.0 | stream |  | Deletes entries of a stream with regard to consumer groups
  RW access update | index 1 | range 0 1 0 |
xidmprecord | 5 | write denyoom fast | @write @stream @fast |  | 1 1 1 | 8.6.0 | stream |  | Records the id of an idempotent message
  RW access update | index 1 | range 0 1 0 |
xnack | -7 | write fast | @write @stream @fast |  | 1 1 1 | 8.8.0 | stream |  | Gives pending entries of a consumer back
  RW access update | index 1 | range 0 1 0 |
zrank | -3 | readonly fast | @read @sortedset @fast |  | 1 1 1 | 2.0.0 | sorted-set | O(log(N)) | Determine the index of a member in a sorted set
  RO access | index 1 | range 0 1 0 |
zrevrank | -3 | readonly fast | @read @sortedset @fast |  | 1 1 1 | 2.0.0 | sorted-set | O(log(N)) | Determine the index of a member in a sorted set, with scores ordered from high to low
  RO access | index 1 | range 0 1 0 |
`;
