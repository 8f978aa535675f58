// Written by scripts/generate-command-table.ts from redis-server 7.0.15. Do not edit.

export const GENERATED_FROM_VERSION = '7.0.15';

/** In the notation of command-data.ts. */
export const GENERATED_COMMANDS = `
acl | -2 |  | @slow |  | 0 0 0 | 6.0.0 | server | Depends on subcommand. | A container for Access List Control commands
acl|cat | -2 | noscript loading stale | @slow |  | 0 0 0 | 6.0.0 | server | O(1) since the categories and commands are a fixed set. | List the ACL categories or the commands inside a category
acl|deluser | -3 | admin noscript loading stale | @admin @slow @dangerous |  | 0 0 0 | 6.0.0 | server | O(1) amortized time considering the typical user. | Remove the specified ACL users and the associated rules
acl|dryrun | -4 | admin noscript loading stale | @admin @slow @dangerous |  | 0 0 0 | 7.0.0 | server | O(1). | Returns whether the user can execute the given command without executing the command.
acl|genpass | -2 | noscript loading stale | @slow |  | 0 0 0 | 6.0.0 | server | O(1) | Generate a pseudorandom secure password to use for ACL users
acl|getuser | 3 | admin noscript loading stale | @admin @slow @dangerous |  | 0 0 0 | 6.0.0 | server | O(N). Where N is the number of password, command and pattern rules that the user has. | Get the rules for a specific ACL user
acl|help | 2 | loading stale | @slow |  | 0 0 0 | 6.0.0 | server | O(1) | Show helpful text about the different subcommands
acl|list | 2 | admin noscript loading stale | @admin @slow @dangerous |  | 0 0 0 | 6.0.0 | server | O(N). Where N is the number of configured users. | List the current ACL rules in ACL config file format
acl|load | 2 | admin noscript loading stale | @admin @slow @dangerous |  | 0 0 0 | 6.0.0 | server | O(N). Where N is the number of configured users. | Reload the ACLs from the configured ACL file
acl|log | -2 | admin noscript loading stale | @admin @slow @dangerous |  | 0 0 0 | 6.0.0 | server | O(N) with N being the number of entries shown. | List latest events denied because of ACLs in place
acl|save | 2 | admin noscript loading stale | @admin @slow @dangerous |  | 0 0 0 | 6.0.0 | server | O(N). Where N is the number of configured users. | Save the current ACL rules in the configured ACL file
acl|setuser | -3 | admin noscript loading stale | @admin @slow @dangerous |  | 0 0 0 | 6.0.0 | server | O(N). Where N is the number of rules provided. | Modify or create the rules for a specific ACL user
acl|users | 2 | admin noscript loading stale | @admin @slow @dangerous |  | 0 0 0 | 6.0.0 | server | O(N). Where N is the number of configured users. | List the username of all the configured ACL rules
acl|whoami | 2 | noscript loading stale | @slow |  | 0 0 0 | 6.0.0 | server | O(1) | Return the name of the user associated to the current connection
append | 3 | write denyoom fast | @write @string @fast |  | 1 1 1 | 2.0.0 | string | O(1). The amortized time complexity is O(1) assuming the appended value is small and the already present value is of any size, since the dynamic string library used by Redis will double the free space available on every reallocation. | Append a value to a key
  RW insert | index 1 | range 0 1 0 |
asking | 1 | fast | @fast @connection |  | 0 0 0 | 3.0.0 | cluster | O(1) | Sent by cluster clients after an -ASK redirect
auth | -2 | noscript loading stale fast no_auth allow_busy | @fast @connection |  | 0 0 0 | 1.0.0 | connection | O(N) where N is the number of passwords defined for the user | Authenticate to the server
bgrewriteaof | 1 | admin noscript no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 1.0.0 | server | O(1) | Asynchronously rewrite the append-only file
bgsave | -1 | admin noscript no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 1.0.0 | server | O(1) | Asynchronously save the dataset to disk
bitcount | -2 | readonly | @read @bitmap @slow |  | 1 1 1 | 2.6.0 | bitmap | O(N) | Count set bits in a string
  RO access | index 1 | range 0 1 0 |
bitfield | -2 | write denyoom | @write @bitmap @slow |  | 1 1 1 | 3.2.0 | bitmap | O(1) for each subcommand specified | Perform arbitrary bitfield integer operations on strings
  RW access update variable_flags | index 1 | range 0 1 0 | This command allows both access and modification of the key
bitfield_ro | -2 | readonly fast | @read @bitmap @fast |  | 1 1 1 | 6.0.0 | bitmap | O(1) for each subcommand specified | Perform arbitrary bitfield integer operations on strings. Read-only variant of BITFIELD
  RO access | index 1 | range 0 1 0 |
bitop | -4 | write denyoom | @write @bitmap @slow |  | 2 -1 1 | 2.6.0 | bitmap | O(N) | Perform bitwise operations between strings
  OW update | index 2 | range 0 1 0 |
  RO access | index 3 | range -1 1 0 |
bitpos | -3 | readonly | @read @bitmap @slow |  | 1 1 1 | 2.8.7 | bitmap | O(N) | Find first bit set or clear in a string
  RO access | index 1 | range 0 1 0 |
blmove | 6 | write denyoom noscript blocking | @write @list @slow @blocking |  | 1 2 1 | 6.2.0 | list | O(1) | Pop an element from a list, push it to another list and return it; or block until one is available
  RW access delete | index 1 | range 0 1 0 |
  RW insert | index 2 | range 0 1 0 |
blmpop | -5 | write blocking movablekeys | @write @list @slow @blocking |  | 0 0 0 | 7.0.0 | list | O(N+M) where N is the number of provided keys and M is the number of elements returned. | Pop elements from a list, or block until one is available
  RW access delete | index 2 | keynum 0 1 1 |
blpop | -3 | write noscript blocking | @write @list @slow @blocking |  | 1 -2 1 | 2.0.0 | list | O(N) where N is the number of provided keys. | Remove and get the first element in a list, or block until one is available
  RW access delete | index 1 | range -2 1 0 |
brpop | -3 | write noscript blocking | @write @list @slow @blocking |  | 1 -2 1 | 2.0.0 | list | O(N) where N is the number of provided keys. | Remove and get the last element in a list, or block until one is available
  RW access delete | index 1 | range -2 1 0 |
brpoplpush | 4 | write denyoom noscript blocking | @write @list @slow @blocking |  | 1 2 1 | 2.2.0 | list | O(1) | Pop an element from a list, push it to another list and return it; or block until one is available
  RW access delete | index 1 | range 0 1 0 |
  RW insert | index 2 | range 0 1 0 |
bzmpop | -5 | write blocking movablekeys | @write @sortedset @slow @blocking |  | 0 0 0 | 7.0.0 | sorted-set | O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped. | Remove and return members with scores in a sorted set or block until one is available
  RW access delete | index 2 | keynum 0 1 1 |
bzpopmax | -3 | write noscript blocking fast | @write @sortedset @fast @blocking |  | 1 -2 1 | 5.0.0 | sorted-set | O(log(N)) with N being the number of elements in the sorted set. | Remove and return the member with the highest score from one or more sorted sets, or block until one is available
  RW access delete | index 1 | range -2 1 0 |
bzpopmin | -3 | write noscript blocking fast | @write @sortedset @fast @blocking |  | 1 -2 1 | 5.0.0 | sorted-set | O(log(N)) with N being the number of elements in the sorted set. | Remove and return the member with the lowest score from one or more sorted sets, or block until one is available
  RW access delete | index 1 | range -2 1 0 |
client | -2 |  | @slow |  | 0 0 0 | 2.4.0 | connection | Depends on subcommand. | A container for client connection commands
client|caching | 3 | noscript loading stale | @slow @connection |  | 0 0 0 | 6.0.0 | connection | O(1) | Instruct the server about tracking or not keys in the next request
client|getname | 2 | noscript loading stale | @slow @connection |  | 0 0 0 | 2.6.9 | connection | O(1) | Get the current connection name
client|getredir | 2 | noscript loading stale | @slow @connection |  | 0 0 0 | 6.0.0 | connection | O(1) | Get tracking notifications redirection client ID if any
client|help | 2 | loading stale | @slow @connection |  | 0 0 0 | 5.0.0 | connection | O(1) | Show helpful text about the different subcommands
client|id | 2 | noscript loading stale | @slow @connection |  | 0 0 0 | 5.0.0 | connection | O(1) | Returns the client ID for the current connection
client|info | 2 | noscript loading stale | @slow @connection | nondeterministic_output | 0 0 0 | 6.2.0 | connection | O(1) | Returns information about the current client connection.
client|kill | -3 | admin noscript loading stale | @admin @slow @dangerous @connection |  | 0 0 0 | 2.4.0 | connection | O(N) where N is the number of client connections | Kill the connection of a client
client|list | -2 | admin noscript loading stale | @admin @slow @dangerous @connection | nondeterministic_output | 0 0 0 | 2.4.0 | connection | O(N) where N is the number of client connections | Get the list of client connections
client|no-evict | 3 | admin noscript loading stale | @admin @slow @dangerous @connection |  | 0 0 0 | 7.0.0 | connection | O(1) | Set client eviction mode for the current connection
client|pause | -3 | admin noscript loading stale | @admin @slow @dangerous @connection |  | 0 0 0 | 2.9.50 | connection | O(1) | Stop processing commands from clients for some time
client|reply | 3 | noscript loading stale | @slow @connection |  | 0 0 0 | 3.2.0 | connection | O(1) | Instruct the server whether to reply to commands
client|setname | 3 | noscript loading stale | @slow @connection |  | 0 0 0 | 2.6.9 | connection | O(1) | Set the current connection name
client|tracking | -3 | noscript loading stale | @slow @connection |  | 0 0 0 | 6.0.0 | connection | O(1). Some options may introduce additional complexity. | Enable or disable server assisted client side caching support
client|trackinginfo | 2 | noscript loading stale | @slow @connection |  | 0 0 0 | 6.2.0 | connection | O(1) | Return information about server assisted client side caching for the current connection
client|unblock | -3 | admin noscript loading stale | @admin @slow @dangerous @connection |  | 0 0 0 | 5.0.0 | connection | O(log N) where N is the number of client connections | Unblock a client blocked in a blocking command from a different connection
client|unpause | 2 | admin noscript loading stale | @admin @slow @dangerous @connection |  | 0 0 0 | 6.2.0 | connection | O(N) Where N is the number of paused clients | Resume processing of clients that were paused
cluster | -2 |  | @slow |  | 0 0 0 | 3.0.0 | cluster | Depends on subcommand. | A container for cluster commands
cluster|addslots | -3 | admin stale no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 3.0.0 | cluster | O(N) where N is the total number of hash slot arguments | Assign new hash slots to receiving node
cluster|addslotsrange | -4 | admin stale no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 7.0.0 | cluster | O(N) where N is the total number of the slots between the start slot and end slot arguments. | Assign new hash slots to receiving node
cluster|bumpepoch | 2 | admin stale no_async_loading | @admin @slow @dangerous | nondeterministic_output | 0 0 0 | 3.0.0 | cluster | O(1) | Advance the cluster config epoch
cluster|count-failure-reports | 3 | admin stale | @admin @slow @dangerous | nondeterministic_output | 0 0 0 | 3.0.0 | cluster | O(N) where N is the number of failure reports | Return the number of failure reports active for a given node
cluster|countkeysinslot | 3 | stale | @slow |  | 0 0 0 | 3.0.0 | cluster | O(1) | Return the number of local keys in the specified hash slot
cluster|delslots | -3 | admin stale no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 3.0.0 | cluster | O(N) where N is the total number of hash slot arguments | Set hash slots as unbound in receiving node
cluster|delslotsrange | -4 | admin stale no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 7.0.0 | cluster | O(N) where N is the total number of the slots between the start slot and end slot arguments. | Set hash slots as unbound in receiving node
cluster|failover | -2 | admin stale no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 3.0.0 | cluster | O(1) | Forces a replica to perform a manual failover of its master.
cluster|flushslots | 2 | admin stale no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 3.0.0 | cluster | O(1) | Delete a node's own slots information
cluster|forget | 3 | admin stale no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 3.0.0 | cluster | O(1) | Remove a node from the nodes table
cluster|getkeysinslot | 4 | stale | @slow | nondeterministic_output | 0 0 0 | 3.0.0 | cluster | O(log(N)) where N is the number of requested keys | Return local key names in the specified hash slot
cluster|help | 2 | loading stale | @slow |  | 0 0 0 | 5.0.0 | cluster | O(1) | Show helpful text about the different subcommands
cluster|info | 2 | stale | @slow | nondeterministic_output | 0 0 0 | 3.0.0 | cluster | O(1) | Provides info about Redis Cluster node state
cluster|keyslot | 3 | stale | @slow |  | 0 0 0 | 3.0.0 | cluster | O(N) where N is the number of bytes in the key | Returns the hash slot of the specified key
cluster|links | 2 | stale | @slow | nondeterministic_output | 0 0 0 | 7.0.0 | cluster | O(N) where N is the total number of Cluster nodes | Returns a list of all TCP links to and from peer nodes in cluster
cluster|meet | -4 | admin stale no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 3.0.0 | cluster | O(1) | Force a node cluster to handshake with another node
cluster|myid | 2 | stale | @slow |  | 0 0 0 | 3.0.0 | cluster | O(1) | Return the node id
cluster|nodes | 2 | stale | @slow | nondeterministic_output | 0 0 0 | 3.0.0 | cluster | O(N) where N is the total number of Cluster nodes | Get Cluster config for the node
cluster|replicas | 3 | admin stale | @admin @slow @dangerous | nondeterministic_output | 0 0 0 | 5.0.0 | cluster | O(1) | List replica nodes of the specified master node
cluster|replicate | 3 | admin stale no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 3.0.0 | cluster | O(1) | Reconfigure a node as a replica of the specified master node
cluster|reset | -2 | admin noscript stale | @admin @slow @dangerous |  | 0 0 0 | 3.0.0 | cluster | O(N) where N is the number of known nodes. The command may execute a FLUSHALL as a side effect. | Reset a Redis Cluster node
cluster|saveconfig | 2 | admin stale no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 3.0.0 | cluster | O(1) | Forces the node to save cluster state on disk
cluster|set-config-epoch | 3 | admin stale no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 3.0.0 | cluster | O(1) | Set the configuration epoch in a new node
cluster|setslot | -4 | admin stale no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 3.0.0 | cluster | O(1) | Bind a hash slot to a specific node
cluster|shards | 2 | stale | @slow | nondeterministic_output | 0 0 0 | 7.0.0 | cluster | O(N) where N is the total number of cluster nodes | Get array of cluster slots to node mappings
cluster|slaves | 3 | admin stale | @admin @slow @dangerous | nondeterministic_output | 0 0 0 | 3.0.0 | cluster | O(1) | List replica nodes of the specified master node
cluster|slots | 2 | stale | @slow | nondeterministic_output | 0 0 0 | 3.0.0 | cluster | O(N) where N is the total number of Cluster nodes | Get array of Cluster slot to node mappings
command | -1 | loading stale | @slow @connection | nondeterministic_output_order | 0 0 0 | 2.8.13 | server | O(N) where N is the total number of Redis commands | Get array of Redis command details
command|count | 2 | loading stale | @slow @connection |  | 0 0 0 | 2.8.13 | server | O(1) | Get total number of Redis commands
command|docs | -2 | loading stale | @slow @connection | nondeterministic_output_order | 0 0 0 | 7.0.0 | server | O(N) where N is the number of commands to look up | Get array of specific Redis command documentation
command|getkeys | -4 | loading stale | @slow @connection |  | 0 0 0 | 2.8.13 | server | O(N) where N is the number of arguments to the command | Extract keys given a full Redis command
command|getkeysandflags | -4 | loading stale | @slow @connection |  | 0 0 0 | 7.0.0 | server | O(N) where N is the number of arguments to the command | Extract keys and access flags given a full Redis command
command|help | 2 | loading stale | @slow @connection |  | 0 0 0 | 5.0.0 | server | O(1) | Show helpful text about the different subcommands
command|info | -2 | loading stale | @slow @connection | nondeterministic_output_order | 0 0 0 | 2.8.13 | server | O(N) where N is the number of commands to look up | Get array of specific Redis command details, or all when no argument is given.
command|list | -2 | loading stale | @slow @connection | nondeterministic_output_order | 0 0 0 | 7.0.0 | server | O(N) where N is the total number of Redis commands | Get an array of Redis command names
config | -2 |  | @slow |  | 0 0 0 | 2.0.0 | server | Depends on subcommand. | A container for server configuration commands
config|get | -3 | admin noscript loading stale | @admin @slow @dangerous |  | 0 0 0 | 2.0.0 | server | O(N) when N is the number of configuration parameters provided | Get the values of configuration parameters
config|help | 2 | loading stale | @slow |  | 0 0 0 | 5.0.0 | server | O(1) | Show helpful text about the different subcommands
config|resetstat | 2 | admin noscript loading stale | @admin @slow @dangerous |  | 0 0 0 | 2.0.0 | server | O(1) | Reset the stats returned by INFO
config|rewrite | 2 | admin noscript loading stale | @admin @slow @dangerous |  | 0 0 0 | 2.8.0 | server | O(1) | Rewrite the configuration file with the in memory configuration
config|set | -4 | admin noscript loading stale | @admin @slow @dangerous | request_policy:all_nodes response_policy:all_succeeded | 0 0 0 | 2.0.0 | server | O(N) when N is the number of configuration parameters provided | Set configuration parameters to the given values
copy | -3 | write denyoom | @keyspace @write @slow |  | 1 2 1 | 6.2.0 | generic | O(N) worst case for collections, where N is the number of nested items. O(1) for string values. | Copy a key
  RO access | index 1 | range 0 1 0 |
  OW update | index 2 | range 0 1 0 |
dbsize | 1 | readonly fast | @keyspace @read @fast | request_policy:all_shards response_policy:agg_sum | 0 0 0 | 1.0.0 | server | O(1) | Return the number of keys in the selected database
debug | -2 | admin noscript loading stale | @admin @slow @dangerous |  | 0 0 0 | 1.0.0 | server | Depends on subcommand. | A container for debugging commands
decr | 2 | write denyoom fast | @write @string @fast |  | 1 1 1 | 1.0.0 | string | O(1) | Decrement the integer value of a key by one
  RW access update | index 1 | range 0 1 0 |
decrby | 3 | write denyoom fast | @write @string @fast |  | 1 1 1 | 1.0.0 | string | O(1) | Decrement the integer value of a key by the given number
  RW access update | index 1 | range 0 1 0 |
del | -2 | write | @keyspace @write @slow | request_policy:multi_shard response_policy:agg_sum | 1 -1 1 | 1.0.0 | generic | O(N) where N is the number of keys that will be removed. When a key to remove holds a value other than a string, the individual complexity for this key is O(M) where M is the number of elements in the list, set, sorted set or hash. Removing a single key that holds a string value is O(1). | Delete a key
  RM delete | index 1 | range -1 1 0 |
discard | 1 | noscript loading stale fast allow_busy | @fast @transaction |  | 0 0 0 | 2.0.0 | transactions | O(N), when N is the number of queued commands | Discard all commands issued after MULTI
dump | 2 | readonly | @keyspace @read @slow | nondeterministic_output | 1 1 1 | 2.6.0 | generic | O(1) to access the key and additional O(N*M) to serialize it, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1). | Return a serialized version of the value stored at the specified key.
  RO access | index 1 | range 0 1 0 |
echo | 2 | loading stale fast | @fast @connection |  | 0 0 0 | 1.0.0 | connection | O(1) | Echo the given string
eval | -3 | noscript stale skip_monitor no_mandatory_keys movablekeys | @slow @scripting |  | 0 0 0 | 2.6.0 | scripting | Depends on the script that is executed. | Execute a Lua script server side
  RW access update | index 2 | keynum 0 1 1 | We cannot tell how the keys will be used so we assume the worst, RW and UPDATE
eval_ro | -3 | readonly noscript stale skip_monitor no_mandatory_keys movablekeys | @slow @scripting |  | 0 0 0 | 7.0.0 | scripting | Depends on the script that is executed. | Execute a read-only Lua script server side
  RO access | index 2 | keynum 0 1 1 | We cannot tell how the keys will be used so we assume the worst, RO and ACCESS
evalsha | -3 | noscript stale skip_monitor no_mandatory_keys movablekeys | @slow @scripting |  | 0 0 0 | 2.6.0 | scripting | Depends on the script that is executed. | Execute a Lua script server side
  RW access update | index 2 | keynum 0 1 1 |
evalsha_ro | -3 | readonly noscript stale skip_monitor no_mandatory_keys movablekeys | @slow @scripting |  | 0 0 0 | 7.0.0 | scripting | Depends on the script that is executed. | Execute a read-only Lua script server side
  RO access | index 2 | keynum 0 1 1 |
exec | 1 | noscript loading stale skip_slowlog | @slow @transaction |  | 0 0 0 | 1.2.0 | transactions | Depends on commands in the transaction | Execute all commands issued after MULTI
exists | -2 | readonly fast | @keyspace @read @fast | request_policy:multi_shard response_policy:agg_sum | 1 -1 1 | 1.0.0 | generic | O(N) where N is the number of keys to check. | Determine if a key exists
  RO | index 1 | range -1 1 0 |
expire | -3 | write fast | @keyspace @write @fast |  | 1 1 1 | 1.0.0 | generic | O(1) | Set a key's time to live in seconds
  RW update | index 1 | range 0 1 0 |
expireat | -3 | write fast | @keyspace @write @fast |  | 1 1 1 | 1.2.0 | generic | O(1) | Set the expiration for a key as a UNIX timestamp
  RW update | index 1 | range 0 1 0 |
expiretime | 2 | readonly fast | @keyspace @read @fast |  | 1 1 1 | 7.0.0 | generic | O(1) | Get the expiration Unix timestamp for a key
  RO access | index 1 | range 0 1 0 |
failover | -1 | admin noscript stale | @admin @slow @dangerous |  | 0 0 0 | 6.2.0 | server | O(1) | Start a coordinated failover between this server and one of its replicas.
fcall | -3 | noscript stale skip_monitor no_mandatory_keys movablekeys | @slow @scripting |  | 0 0 0 | 7.0.0 | scripting | Depends on the function that is executed. | Invoke a function
  RW access update | index 2 | keynum 0 1 1 | We cannot tell how the keys will be used so we assume the worst, RW and UPDATE
fcall_ro | -3 | readonly noscript stale skip_monitor no_mandatory_keys movablekeys | @slow @scripting |  | 0 0 0 | 7.0.0 | scripting | Depends on the function that is executed. | Invoke a read-only function
  RO access | index 2 | keynum 0 1 1 | We cannot tell how the keys will be used so we assume the worst, RO and ACCESS
flushall | -1 | write | @keyspace @write @slow @dangerous | request_policy:all_shards response_policy:all_succeeded | 0 0 0 | 1.0.0 | server | O(N) where N is the total number of keys in all databases | Remove all keys from all databases
flushdb | -1 | write | @keyspace @write @slow @dangerous | request_policy:all_shards response_policy:all_succeeded | 0 0 0 | 1.0.0 | server | O(N) where N is the number of keys in the selected database | Remove all keys from the current database
function | -2 |  | @slow |  | 0 0 0 | 7.0.0 | scripting | Depends on subcommand. | A container for function commands
function|delete | 3 | write noscript | @write @slow @scripting | request_policy:all_shards response_policy:all_succeeded | 0 0 0 | 7.0.0 | scripting | O(1) | Delete a function by name
function|dump | 2 | noscript | @slow @scripting |  | 0 0 0 | 7.0.0 | scripting | O(N) where N is the number of functions | Dump all functions into a serialized binary payload
function|flush | -2 | write noscript | @write @slow @scripting | request_policy:all_shards response_policy:all_succeeded | 0 0 0 | 7.0.0 | scripting | O(N) where N is the number of functions deleted | Deleting all functions
function|help | 2 | loading stale | @slow @scripting |  | 0 0 0 | 7.0.0 | scripting | O(1) | Show helpful text about the different subcommands
function|kill | 2 | noscript allow_busy | @slow @scripting | request_policy:all_shards response_policy:one_succeeded | 0 0 0 | 7.0.0 | scripting | O(1) | Kill the function currently in execution.
function|list | -2 | noscript | @slow @scripting | nondeterministic_output_order | 0 0 0 | 7.0.0 | scripting | O(N) where N is the number of functions | List information about all the functions
function|load | -3 | write denyoom noscript | @write @slow @scripting | request_policy:all_shards response_policy:all_succeeded | 0 0 0 | 7.0.0 | scripting | O(1) (considering compilation time is redundant) | Create a function with the given arguments (name, code, description)
function|restore | -3 | write denyoom noscript | @write @slow @scripting | request_policy:all_shards response_policy:all_succeeded | 0 0 0 | 7.0.0 | scripting | O(N) where N is the number of functions on the payload | Restore all the functions on the given payload
function|stats | 2 | noscript allow_busy | @slow @scripting | nondeterministic_output request_policy:all_shards response_policy:special | 0 0 0 | 7.0.0 | scripting | O(1) | Return information about the function currently running (name, description, duration)
geoadd | -5 | write denyoom | @write @geo @slow |  | 1 1 1 | 3.2.0 | geo | O(log(N)) for each item added, where N is the number of elements in the sorted set. | Add one or more geospatial items in the geospatial index represented using a sorted set
  RW update | index 1 | range 0 1 0 |
geodist | -4 | readonly | @read @geo @slow |  | 1 1 1 | 3.2.0 | geo | O(log(N)) | Returns the distance between two members of a geospatial index
  RO access | index 1 | range 0 1 0 |
geohash | -2 | readonly | @read @geo @slow |  | 1 1 1 | 3.2.0 | geo | O(log(N)) for each member requested, where N is the number of elements in the sorted set. | Returns members of a geospatial index as standard geohash strings
  RO access | index 1 | range 0 1 0 |
geopos | -2 | readonly | @read @geo @slow |  | 1 1 1 | 3.2.0 | geo | O(N) where N is the number of members requested. | Returns longitude and latitude of members of a geospatial index
  RO access | index 1 | range 0 1 0 |
georadius | -6 | write denyoom movablekeys | @write @geo @slow |  | 1 1 1 | 3.2.0 | geo | O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index. | Query a sorted set representing a geospatial index to fetch members matching a given maximum distance from a point
  RO access | index 1 | range 0 1 0 |
  OW update | keyword STORE 6 | range 0 1 0 |
  OW update | keyword STOREDIST 6 | range 0 1 0 |
georadius_ro | -6 | readonly | @read @geo @slow |  | 1 1 1 | 3.2.10 | geo | O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index. | A read-only variant for GEORADIUS
  RO access | index 1 | range 0 1 0 |
georadiusbymember | -5 | write denyoom movablekeys | @write @geo @slow |  | 1 1 1 | 3.2.0 | geo | O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index. | Query a sorted set representing a geospatial index to fetch members matching a given maximum distance from a member
  RO access | index 1 | range 0 1 0 |
  OW update | keyword STORE 5 | range 0 1 0 |
  OW update | keyword STOREDIST 5 | range 0 1 0 |
georadiusbymember_ro | -5 | readonly | @read @geo @slow |  | 1 1 1 | 3.2.10 | geo | O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index. | A read-only variant for GEORADIUSBYMEMBER
  RO access | index 1 | range 0 1 0 |
geosearch | -7 | readonly | @read @geo @slow |  | 1 1 1 | 6.2.0 | geo | O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the shape provided as the filter and M is the number of items inside the shape | Query a sorted set representing a geospatial index to fetch members inside an area of a box or a circle.
  RO access | index 1 | range 0 1 0 |
geosearchstore | -8 | write denyoom | @write @geo @slow |  | 1 2 1 | 6.2.0 | geo | O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the shape provided as the filter and M is the number of items inside the shape | Query a sorted set representing a geospatial index to fetch members inside an area of a box or a circle, and store the result in another key.
  OW update | index 1 | range 0 1 0 |
  RO access | index 2 | range 0 1 0 |
get | 2 | readonly fast | @read @string @fast |  | 1 1 1 | 1.0.0 | string | O(1) | Get the value of a key
  RO access | index 1 | range 0 1 0 |
getbit | 3 | readonly fast | @read @bitmap @fast |  | 1 1 1 | 2.2.0 | bitmap | O(1) | Returns the bit value at offset in the string value stored at key
  RO access | index 1 | range 0 1 0 |
getdel | 2 | write fast | @write @string @fast |  | 1 1 1 | 6.2.0 | string | O(1) | Get the value of a key and delete the key
  RW access delete | index 1 | range 0 1 0 |
getex | -2 | write fast | @write @string @fast |  | 1 1 1 | 6.2.0 | string | O(1) | Get the value of a key and optionally set its expiration
  RW access update | index 1 | range 0 1 0 | RW and UPDATE because it changes the TTL
getrange | 4 | readonly | @read @string @slow |  | 1 1 1 | 2.4.0 | string | O(N) where N is the length of the returned string. The complexity is ultimately determined by the returned length, but because creating a substring from an existing string is very cheap, it can be considered O(1) for small strings. | Get a substring of the string stored at a key
  RO access | index 1 | range 0 1 0 |
getset | 3 | write denyoom fast | @write @string @fast |  | 1 1 1 | 1.0.0 | string | O(1) | Set the string value of a key and return its old value
  RW access update | index 1 | range 0 1 0 |
hdel | -3 | write fast | @write @hash @fast |  | 1 1 1 | 2.0.0 | hash | O(N) where N is the number of fields to be removed. | Delete one or more hash fields
  RW delete | index 1 | range 0 1 0 |
hello | -1 | noscript loading stale fast no_auth allow_busy | @fast @connection |  | 0 0 0 | 6.0.0 | connection | O(1) | Handshake with Redis
hexists | 3 | readonly fast | @read @hash @fast |  | 1 1 1 | 2.0.0 | hash | O(1) | Determine if a hash field exists
  RO | index 1 | range 0 1 0 |
hget | 3 | readonly fast | @read @hash @fast |  | 1 1 1 | 2.0.0 | hash | O(1) | Get the value of a hash field
  RO access | index 1 | range 0 1 0 |
hgetall | 2 | readonly | @read @hash @slow | nondeterministic_output_order | 1 1 1 | 2.0.0 | hash | O(N) where N is the size of the hash. | Get all the fields and values in a hash
  RO access | index 1 | range 0 1 0 |
hincrby | 4 | write denyoom fast | @write @hash @fast |  | 1 1 1 | 2.0.0 | hash | O(1) | Increment the integer value of a hash field by the given number
  RW access update | index 1 | range 0 1 0 |
hincrbyfloat | 4 | write denyoom fast | @write @hash @fast |  | 1 1 1 | 2.6.0 | hash | O(1) | Increment the float value of a hash field by the given amount
  RW access update | index 1 | range 0 1 0 |
hkeys | 2 | readonly | @read @hash @slow | nondeterministic_output_order | 1 1 1 | 2.0.0 | hash | O(N) where N is the size of the hash. | Get all the fields in a hash
  RO access | index 1 | range 0 1 0 |
hlen | 2 | readonly fast | @read @hash @fast |  | 1 1 1 | 2.0.0 | hash | O(1) | Get the number of fields in a hash
  RO | index 1 | range 0 1 0 |
hmget | -3 | readonly fast | @read @hash @fast |  | 1 1 1 | 2.0.0 | hash | O(N) where N is the number of fields being requested. | Get the values of all the given hash fields
  RO access | index 1 | range 0 1 0 |
hmset | -4 | write denyoom fast | @write @hash @fast |  | 1 1 1 | 2.0.0 | hash | O(N) where N is the number of fields being set. | Set multiple hash fields to multiple values
  RW update | index 1 | range 0 1 0 |
hrandfield | -2 | readonly | @read @hash @slow | nondeterministic_output | 1 1 1 | 6.2.0 | hash | O(N) where N is the number of fields returned | Get one or multiple random fields from a hash
  RO access | index 1 | range 0 1 0 |
hscan | -3 | readonly | @read @hash @slow | nondeterministic_output | 1 1 1 | 2.8.0 | hash | O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection.. | Incrementally iterate hash fields and associated values
  RO access | index 1 | range 0 1 0 |
hset | -4 | write denyoom fast | @write @hash @fast |  | 1 1 1 | 2.0.0 | hash | O(1) for each field/value pair added, so O(N) to add N field/value pairs when the command is called with multiple field/value pairs. | Set the string value of a hash field
  RW update | index 1 | range 0 1 0 |
hsetnx | 4 | write denyoom fast | @write @hash @fast |  | 1 1 1 | 2.0.0 | hash | O(1) | Set the value of a hash field, only if the field does not exist
  RW insert | index 1 | range 0 1 0 |
hstrlen | 3 | readonly fast | @read @hash @fast |  | 1 1 1 | 3.2.0 | hash | O(1) | Get the length of the value of a hash field
  RO | index 1 | range 0 1 0 |
hvals | 2 | readonly | @read @hash @slow | nondeterministic_output_order | 1 1 1 | 2.0.0 | hash | O(N) where N is the size of the hash. | Get all the values in a hash
  RO access | index 1 | range 0 1 0 |
incr | 2 | write denyoom fast | @write @string @fast |  | 1 1 1 | 1.0.0 | string | O(1) | Increment the integer value of a key by one
  RW access update | index 1 | range 0 1 0 |
incrby | 3 | write denyoom fast | @write @string @fast |  | 1 1 1 | 1.0.0 | string | O(1) | Increment the integer value of a key by the given amount
  RW access update | index 1 | range 0 1 0 |
incrbyfloat | 3 | write denyoom fast | @write @string @fast |  | 1 1 1 | 2.6.0 | string | O(1) | Increment the float value of a key by the given amount
  RW access update | index 1 | range 0 1 0 |
info | -1 | loading stale | @slow @dangerous | nondeterministic_output request_policy:all_shards response_policy:special | 0 0 0 | 1.0.0 | server | O(1) | Get information and statistics about the server
keys | 2 | readonly | @keyspace @read @slow @dangerous | request_policy:all_shards nondeterministic_output_order | 0 0 0 | 1.0.0 | generic | O(N) with N being the number of keys in the database, under the assumption that the key names in the database and the given pattern have limited length. | Find all keys matching the given pattern
lastsave | 1 | loading stale fast | @admin @fast @dangerous | nondeterministic_output | 0 0 0 | 1.0.0 | server | O(1) | Get the UNIX time stamp of the last successful save to disk
latency | -2 |  | @slow |  | 0 0 0 | 2.8.13 | server | Depends on subcommand. | A container for latency diagnostics commands
latency|doctor | 2 | admin noscript loading stale | @admin @slow @dangerous | nondeterministic_output request_policy:all_nodes response_policy:special | 0 0 0 | 2.8.13 | server | O(1) | Return a human readable latency analysis report.
latency|graph | 3 | admin noscript loading stale | @admin @slow @dangerous | nondeterministic_output request_policy:all_nodes response_policy:special | 0 0 0 | 2.8.13 | server | O(1) | Return a latency graph for the event.
latency|help | 2 | loading stale | @slow |  | 0 0 0 | 2.8.13 | server | O(1) | Show helpful text about the different subcommands.
latency|histogram | -2 | admin noscript loading stale | @admin @slow @dangerous | nondeterministic_output request_policy:all_nodes response_policy:special | 0 0 0 | 7.0.0 | server | O(N) where N is the number of commands with latency information being retrieved. | Return the cumulative distribution of latencies of a subset of commands or all.
latency|history | 3 | admin noscript loading stale | @admin @slow @dangerous | nondeterministic_output request_policy:all_nodes response_policy:special | 0 0 0 | 2.8.13 | server | O(1) | Return timestamp-latency samples for the event.
latency|latest | 2 | admin noscript loading stale | @admin @slow @dangerous | nondeterministic_output request_policy:all_nodes response_policy:special | 0 0 0 | 2.8.13 | server | O(1) | Return the latest latency samples for all events.
latency|reset | -2 | admin noscript loading stale | @admin @slow @dangerous | request_policy:all_nodes response_policy:all_succeeded | 0 0 0 | 2.8.13 | server | O(1) | Reset latency data for one or more events.
lcs | -3 | readonly | @read @string @slow |  | 1 2 1 | 7.0.0 | string | O(N*M) where N and M are the lengths of s1 and s2, respectively | Find longest common substring
  RO access | index 1 | range 1 1 0 |
lindex | 3 | readonly | @read @list @slow |  | 1 1 1 | 1.0.0 | list | O(N) where N is the number of elements to traverse to get to the element at index. This makes asking for the first or the last element of the list O(1). | Get an element from a list by its index
  RO access | index 1 | range 0 1 0 |
linsert | 5 | write denyoom | @write @list @slow |  | 1 1 1 | 2.2.0 | list | O(N) where N is the number of elements to traverse before seeing the value pivot. This means that inserting somewhere on the left end on the list (head) can be considered O(1) and inserting somewhere on the right end (tail) is O(N). | Insert an element before or after another element in a list
  RW insert | index 1 | range 0 1 0 |
llen | 2 | readonly fast | @read @list @fast |  | 1 1 1 | 1.0.0 | list | O(1) | Get the length of a list
  RO | index 1 | range 0 1 0 |
lmove | 5 | write denyoom | @write @list @slow |  | 1 2 1 | 6.2.0 | list | O(1) | Pop an element from a list, push it to another list and return it
  RW access delete | index 1 | range 0 1 0 |
  RW insert | index 2 | range 0 1 0 |
lmpop | -4 | write movablekeys | @write @list @slow |  | 0 0 0 | 7.0.0 | list | O(N+M) where N is the number of provided keys and M is the number of elements returned. | Pop elements from a list
  RW access delete | index 1 | keynum 0 1 1 |
lolwut | -1 | readonly fast | @read @fast |  | 0 0 0 | 5.0.0 | server |  | Display some computer art and the Redis version
lpop | -2 | write fast | @write @list @fast |  | 1 1 1 | 1.0.0 | list | O(N) where N is the number of elements returned | Remove and get the first elements in a list
  RW access delete | index 1 | range 0 1 0 |
lpos | -3 | readonly | @read @list @slow |  | 1 1 1 | 6.0.6 | list | O(N) where N is the number of elements in the list, for the average case. When searching for elements near the head or the tail of the list, or when the MAXLEN option is provided, the command may run in constant time. | Return the index of matching elements on a list
  RO access | index 1 | range 0 1 0 |
lpush | -3 | write denyoom fast | @write @list @fast |  | 1 1 1 | 1.0.0 | list | O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments. | Prepend one or multiple elements to a list
  RW insert | index 1 | range 0 1 0 |
lpushx | -3 | write denyoom fast | @write @list @fast |  | 1 1 1 | 2.2.0 | list | O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments. | Prepend an element to a list, only if the list exists
  RW insert | index 1 | range 0 1 0 |
lrange | 4 | readonly | @read @list @slow |  | 1 1 1 | 1.0.0 | list | O(S+N) where S is the distance of start offset from HEAD for small lists, from nearest end (HEAD or TAIL) for large lists; and N is the number of elements in the specified range. | Get a range of elements from a list
  RO access | index 1 | range 0 1 0 |
lrem | 4 | write | @write @list @slow |  | 1 1 1 | 1.0.0 | list | O(N+M) where N is the length of the list and M is the number of elements removed. | Remove elements from a list
  RW delete | index 1 | range 0 1 0 |
lset | 4 | write denyoom | @write @list @slow |  | 1 1 1 | 1.0.0 | list | O(N) where N is the length of the list. Setting either the first or the last element of the list is O(1). | Set the value of an element in a list by its index
  RW update | index 1 | range 0 1 0 |
ltrim | 4 | write | @write @list @slow |  | 1 1 1 | 1.0.0 | list | O(N) where N is the number of elements to be removed by the operation. | Trim a list to the specified range
  RW delete | index 1 | range 0 1 0 |
memory | -2 |  | @slow |  | 0 0 0 | 4.0.0 | server | Depends on subcommand. | A container for memory diagnostics commands
memory|doctor | 2 |  | @slow | nondeterministic_output request_policy:all_shards response_policy:special | 0 0 0 | 4.0.0 | server | O(1) | Outputs memory problems report
memory|help | 2 | loading stale | @slow |  | 0 0 0 | 4.0.0 | server | O(1) | Show helpful text about the different subcommands
memory|malloc-stats | 2 |  | @slow | nondeterministic_output request_policy:all_shards response_policy:special | 0 0 0 | 4.0.0 | server | Depends on how much memory is allocated, could be slow | Show allocator internal stats
memory|purge | 2 |  | @slow | request_policy:all_shards response_policy:all_succeeded | 0 0 0 | 4.0.0 | server | Depends on how much memory is allocated, could be slow | Ask the allocator to release memory
memory|stats | 2 |  | @slow | nondeterministic_output request_policy:all_shards response_policy:special | 0 0 0 | 4.0.0 | server | O(1) | Show memory usage details
memory|usage | -3 | readonly | @read @slow |  | 2 2 1 | 4.0.0 | server | O(N) where N is the number of samples. | Estimate the memory usage of a key
  RO | index 2 | range 0 1 0 |
mget | -2 | readonly fast | @read @string @fast | request_policy:multi_shard | 1 -1 1 | 1.0.0 | string | O(N) where N is the number of keys to retrieve. | Get the values of all the given keys
  RO access | index 1 | range -1 1 0 |
migrate | -6 | write movablekeys | @keyspace @write @slow @dangerous | nondeterministic_output | 3 3 1 | 2.6.0 | generic | This command actually executes a DUMP+DEL in the source instance, and a RESTORE in the target instance. See the pages of these commands for time complexity. Also an O(N) data transfer between the two instances is performed. | Atomically transfer a key from a Redis instance to another one.
  RW access delete | index 3 | range 0 1 0 |
  RW access delete incomplete | keyword KEYS -2 | range -1 1 0 |
module | -2 |  | @slow |  | 0 0 0 | 4.0.0 | server | Depends on subcommand. | A container for module commands
module|help | 2 | loading stale | @slow |  | 0 0 0 | 5.0.0 | server | O(1) | Show helpful text about the different subcommands
module|list | 2 | admin noscript | @admin @slow @dangerous | nondeterministic_output_order | 0 0 0 | 4.0.0 | server | O(N) where N is the number of loaded modules. | List all modules loaded by the server
module|load | -3 | admin noscript no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 4.0.0 | server | O(1) | Load a module
module|loadex | -3 | admin noscript no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 7.0.0 | server | O(1) | Load a module with extended parameters
module|unload | 3 | admin noscript no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 4.0.0 | server | O(1) | Unload a module
monitor | 1 | admin noscript loading stale | @admin @slow @dangerous |  | 0 0 0 | 1.0.0 | server |  | Listen for all requests received by the server in real time
move | 3 | write fast | @keyspace @write @fast |  | 1 1 1 | 1.0.0 | generic | O(1) | Move a key to another database
  RW access update | index 1 | range 0 1 0 |
mset | -3 | write denyoom | @write @string @slow | request_policy:multi_shard response_policy:all_succeeded | 1 -1 2 | 1.0.1 | string | O(N) where N is the number of keys to set. | Set multiple keys to multiple values
  OW update | index 1 | range -1 2 0 |
msetnx | -3 | write denyoom | @write @string @slow | request_policy:multi_shard response_policy:agg_min | 1 -1 2 | 1.0.1 | string | O(N) where N is the number of keys to set. | Set multiple keys to multiple values, only if none of the keys exist
  OW insert | index 1 | range -1 2 0 |
multi | 1 | noscript loading stale fast allow_busy | @fast @transaction |  | 0 0 0 | 1.2.0 | transactions | O(1) | Mark the start of a transaction block
object | -2 |  | @slow |  | 0 0 0 | 2.2.3 | generic | Depends on subcommand. | A container for object introspection commands
object|encoding | 3 | readonly | @keyspace @read @slow | nondeterministic_output | 2 2 1 | 2.2.3 | generic | O(1) | Inspect the internal encoding of a Redis object
  RO | index 2 | range 0 1 0 |
object|freq | 3 | readonly | @keyspace @read @slow | nondeterministic_output | 2 2 1 | 4.0.0 | generic | O(1) | Get the logarithmic access frequency counter of a Redis object
  RO | index 2 | range 0 1 0 |
object|help | 2 | loading stale | @keyspace @slow |  | 0 0 0 | 6.2.0 | generic | O(1) | Show helpful text about the different subcommands
object|idletime | 3 | readonly | @keyspace @read @slow | nondeterministic_output | 2 2 1 | 2.2.3 | generic | O(1) | Get the time since a Redis object was last accessed
  RO | index 2 | range 0 1 0 |
object|refcount | 3 | readonly | @keyspace @read @slow | nondeterministic_output | 2 2 1 | 2.2.3 | generic | O(1) | Get the number of references to the value of the key
  RO | index 2 | range 0 1 0 |
persist | 2 | write fast | @keyspace @write @fast |  | 1 1 1 | 2.2.0 | generic | O(1) | Remove the expiration from a key
  RW update | index 1 | range 0 1 0 |
pexpire | -3 | write fast | @keyspace @write @fast |  | 1 1 1 | 2.6.0 | generic | O(1) | Set a key's time to live in milliseconds
  RW update | index 1 | range 0 1 0 |
pexpireat | -3 | write fast | @keyspace @write @fast |  | 1 1 1 | 2.6.0 | generic | O(1) | Set the expiration for a key as a UNIX timestamp specified in milliseconds
  RW update | index 1 | range 0 1 0 |
pexpiretime | 2 | readonly fast | @keyspace @read @fast |  | 1 1 1 | 7.0.0 | generic | O(1) | Get the expiration Unix timestamp for a key in milliseconds
  RO access | index 1 | range 0 1 0 |
pfadd | -2 | write denyoom fast | @write @hyperloglog @fast |  | 1 1 1 | 2.8.9 | hyperloglog | O(1) to add every element. | Adds the specified elements to the specified HyperLogLog.
  RW insert | index 1 | range 0 1 0 |
pfcount | -2 | readonly | @read @hyperloglog @slow |  | 1 -1 1 | 2.8.9 | hyperloglog | O(1) with a very small average constant time when called with a single key. O(N) with N being the number of keys, and much bigger constant times, when called with multiple keys. | Return the approximated cardinality of the set(s) observed by the HyperLogLog at key(s).
  RW access | index 1 | range -1 1 0 | RW because it may change the internal representation of the key, and propagate to replicas
pfdebug | 3 | write denyoom admin | @write @hyperloglog @admin @slow @dangerous |  | 2 2 1 | 2.8.9 | hyperloglog | N/A | Internal commands for debugging HyperLogLog values
  RW access | index 2 | range 0 1 0 |
pfmerge | -2 | write denyoom | @write @hyperloglog @slow |  | 1 -1 1 | 2.8.9 | hyperloglog | O(N) to merge N HyperLogLogs, but with high constant times. | Merge N different HyperLogLogs into a single one.
  RW access insert | index 1 | range 0 1 0 |
  RO access | index 2 | range -1 1 0 |
pfselftest | 1 | admin | @hyperloglog @admin @slow @dangerous |  | 0 0 0 | 2.8.9 | hyperloglog | N/A | An internal command for testing HyperLogLog values
ping | -1 | fast | @fast @connection | request_policy:all_shards response_policy:all_succeeded | 0 0 0 | 1.0.0 | connection | O(1) | Ping the server
psetex | 4 | write denyoom | @write @string @slow |  | 1 1 1 | 2.6.0 | string | O(1) | Set the value and expiration in milliseconds of a key
  OW update | index 1 | range 0 1 0 |
psubscribe | -2 | pubsub noscript loading stale | @pubsub @slow |  | 0 0 0 | 2.0.0 | pubsub | O(N) where N is the number of patterns the client is already subscribed to. | Listen for messages published to channels matching the given patterns
psync | -3 | admin noscript no_async_loading no_multi | @admin @slow @dangerous |  | 0 0 0 | 2.8.0 | server |  | Internal command used for replication
pttl | 2 | readonly fast | @keyspace @read @fast | nondeterministic_output | 1 1 1 | 2.6.0 | generic | O(1) | Get the time to live for a key in milliseconds
  RO access | index 1 | range 0 1 0 |
publish | 3 | pubsub loading stale fast | @pubsub @fast |  | 0 0 0 | 2.0.0 | pubsub | O(N+M) where N is the number of clients subscribed to the receiving channel and M is the total number of subscribed patterns (by any client). | Post a message to a channel
pubsub | -2 |  | @slow |  | 0 0 0 | 2.8.0 | pubsub | Depends on subcommand. | A container for Pub/Sub commands
pubsub|channels | -2 | pubsub loading stale | @pubsub @slow |  | 0 0 0 | 2.8.0 | pubsub | O(N) where N is the number of active channels, and assuming constant time pattern matching (relatively short channels and patterns) | List active channels
pubsub|help | 2 | loading stale | @slow |  | 0 0 0 | 6.2.0 | pubsub | O(1) | Show helpful text about the different subcommands
pubsub|numpat | 2 | pubsub loading stale | @pubsub @slow |  | 0 0 0 | 2.8.0 | pubsub | O(1) | Get the count of unique patterns pattern subscriptions
pubsub|numsub | -2 | pubsub loading stale | @pubsub @slow |  | 0 0 0 | 2.8.0 | pubsub | O(N) for the NUMSUB subcommand, where N is the number of requested channels | Get the count of subscribers for channels
pubsub|shardchannels | -2 | pubsub loading stale | @pubsub @slow |  | 0 0 0 | 7.0.0 | pubsub | O(N) where N is the number of active shard channels, and assuming constant time pattern matching (relatively short shard channels). | List active shard channels
pubsub|shardnumsub | -2 | pubsub loading stale | @pubsub @slow |  | 0 0 0 | 7.0.0 | pubsub | O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels | Get the count of subscribers for shard channels
punsubscribe | -1 | pubsub noscript loading stale | @pubsub @slow |  | 0 0 0 | 2.0.0 | pubsub | O(N+M) where N is the number of patterns the client is already subscribed and M is the number of total patterns subscribed in the system (by any client). | Stop listening for messages posted to channels matching the given patterns
quit | -1 | noscript loading stale fast no_auth allow_busy | @fast @connection |  | 0 0 0 | 1.0.0 | connection | O(1) | Close the connection
randomkey | 1 | readonly | @keyspace @read @slow | request_policy:all_shards nondeterministic_output | 0 0 0 | 1.0.0 | generic | O(1) | Return a random key from the keyspace
readonly | 1 | loading stale fast | @fast @connection |  | 0 0 0 | 3.0.0 | cluster | O(1) | Enables read queries for a connection to a cluster replica node
readwrite | 1 | loading stale fast | @fast @connection |  | 0 0 0 | 3.0.0 | cluster | O(1) | Disables read queries for a connection to a cluster replica node
rename | 3 | write | @keyspace @write @slow |  | 1 2 1 | 1.0.0 | generic | O(1) | Rename a key
  RW access delete | index 1 | range 0 1 0 |
  OW update | index 2 | range 0 1 0 |
renamenx | 3 | write fast | @keyspace @write @fast |  | 1 2 1 | 1.0.0 | generic | O(1) | Rename a key, only if the new key does not exist
  RW access delete | index 1 | range 0 1 0 |
  OW insert | index 2 | range 0 1 0 |
replconf | -1 | admin noscript loading stale allow_busy | @admin @slow @dangerous |  | 0 0 0 | 3.0.0 | server | O(1) | An internal command for configuring the replication stream
replicaof | 3 | admin noscript stale no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 5.0.0 | server | O(1) | Make the server a replica of another instance, or promote it as master.
reset | 1 | noscript loading stale fast no_auth allow_busy | @fast @connection |  | 0 0 0 | 6.2.0 | connection | O(1) | Reset the connection
restore | -4 | write denyoom | @keyspace @write @slow @dangerous |  | 1 1 1 | 2.6.0 | generic | O(1) to create the new key and additional O(N*M) to reconstruct the serialized value, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1). However for sorted set values the complexity is O(N*M*log(N)) because inserting values into sorted sets is O(log(N)). | Create a key using the provided serialized value, previously obtained using DUMP.
  OW update | index 1 | range 0 1 0 |
restore-asking | -4 | write denyoom asking | @keyspace @write @slow @dangerous |  | 1 1 1 | 3.0.0 | server | O(1) to create the new key and additional O(N*M) to reconstruct the serialized value, where N is the number of Redis objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1). However for sorted set values the complexity is O(N*M*log(N)) because inserting values into sorted sets is O(log(N)). | An internal command for migrating keys in a cluster
  OW update | index 1 | range 0 1 0 |
role | 1 | noscript loading stale fast | @admin @fast @dangerous |  | 0 0 0 | 2.8.12 | server | O(1) | Return the role of the instance in the context of replication
rpop | -2 | write fast | @write @list @fast |  | 1 1 1 | 1.0.0 | list | O(N) where N is the number of elements returned | Remove and get the last elements in a list
  RW access delete | index 1 | range 0 1 0 |
rpoplpush | 3 | write denyoom | @write @list @slow |  | 1 2 1 | 1.2.0 | list | O(1) | Remove the last element in a list, prepend it to another list and return it
  RW access delete | index 1 | range 0 1 0 |
  RW insert | index 2 | range 0 1 0 |
rpush | -3 | write denyoom fast | @write @list @fast |  | 1 1 1 | 1.0.0 | list | O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments. | Append one or multiple elements to a list
  RW insert | index 1 | range 0 1 0 |
rpushx | -3 | write denyoom fast | @write @list @fast |  | 1 1 1 | 2.2.0 | list | O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments. | Append an element to a list, only if the list exists
  RW insert | index 1 | range 0 1 0 |
sadd | -3 | write denyoom fast | @write @set @fast |  | 1 1 1 | 1.0.0 | set | O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments. | Add one or more members to a set
  RW insert | index 1 | range 0 1 0 |
save | 1 | admin noscript no_async_loading no_multi | @admin @slow @dangerous |  | 0 0 0 | 1.0.0 | server | O(N) where N is the total number of keys in all databases | Synchronously save the dataset to disk
scan | -2 | readonly | @keyspace @read @slow | nondeterministic_output request_policy:special | 0 0 0 | 2.8.0 | generic | O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection. | Incrementally iterate the keys space
scard | 2 | readonly fast | @read @set @fast |  | 1 1 1 | 1.0.0 | set | O(1) | Get the number of members in a set
  RO | index 1 | range 0 1 0 |
script | -2 |  | @slow |  | 0 0 0 | 2.6.0 | scripting | Depends on subcommand. | A container for Lua scripts management commands
script|debug | 3 | noscript | @slow @scripting |  | 0 0 0 | 3.2.0 | scripting | O(1) | Set the debug mode for executed scripts.
script|exists | -3 | noscript | @slow @scripting | request_policy:all_shards response_policy:agg_logical_and | 0 0 0 | 2.6.0 | scripting | O(N) with N being the number of scripts to check (so checking a single script is an O(1) operation). | Check existence of scripts in the script cache.
script|flush | -2 | noscript | @slow @scripting | request_policy:all_nodes response_policy:all_succeeded | 0 0 0 | 2.6.0 | scripting | O(N) with N being the number of scripts in cache | Remove all the scripts from the script cache.
script|help | 2 | loading stale | @slow @scripting |  | 0 0 0 | 5.0.0 | scripting | O(1) | Show helpful text about the different subcommands
script|kill | 2 | noscript allow_busy | @slow @scripting | request_policy:all_shards response_policy:one_succeeded | 0 0 0 | 2.6.0 | scripting | O(1) | Kill the script currently in execution.
script|load | 3 | noscript stale | @slow @scripting | request_policy:all_nodes response_policy:all_succeeded | 0 0 0 | 2.6.0 | scripting | O(N) with N being the length in bytes of the script body. | Load the specified Lua script into the script cache.
sdiff | -2 | readonly | @read @set @slow | nondeterministic_output_order | 1 -1 1 | 1.0.0 | set | O(N) where N is the total number of elements in all given sets. | Subtract multiple sets
  RO access | index 1 | range -1 1 0 |
sdiffstore | -3 | write denyoom | @write @set @slow |  | 1 -1 1 | 1.0.0 | set | O(N) where N is the total number of elements in all given sets. | Subtract multiple sets and store the resulting set in a key
  OW update | index 1 | range 0 1 0 |
  RO access | index 2 | range -1 1 0 |
select | 2 | loading stale fast | @fast @connection |  | 0 0 0 | 1.0.0 | connection | O(1) | Change the selected database for the current connection
set | -3 | write denyoom | @write @string @slow |  | 1 1 1 | 1.0.0 | string | O(1) | Set the string value of a key
  RW access update variable_flags | index 1 | range 0 1 0 | RW and ACCESS due to the optional \`GET\` argument
setbit | 4 | write denyoom | @write @bitmap @slow |  | 1 1 1 | 2.2.0 | bitmap | O(1) | Sets or clears the bit at offset in the string value stored at key
  RW access update | index 1 | range 0 1 0 |
setex | 4 | write denyoom | @write @string @slow |  | 1 1 1 | 2.0.0 | string | O(1) | Set the value and expiration of a key
  OW update | index 1 | range 0 1 0 |
setnx | 3 | write denyoom fast | @write @string @fast |  | 1 1 1 | 1.0.0 | string | O(1) | Set the value of a key, only if the key does not exist
  OW insert | index 1 | range 0 1 0 |
setrange | 4 | write denyoom | @write @string @slow |  | 1 1 1 | 2.2.0 | string | O(1), not counting the time taken to copy the new string in place. Usually, this string is very small so the amortized complexity is O(1). Otherwise, complexity is O(M) with M being the length of the value argument. | Overwrite part of a string at key starting at the specified offset
  RW update | index 1 | range 0 1 0 |
shutdown | -1 | admin noscript loading stale no_multi allow_busy | @admin @slow @dangerous |  | 0 0 0 | 1.0.0 | server | O(N) when saving, where N is the total number of keys in all databases when saving data, otherwise O(1) | Synchronously save the dataset to disk and then shut down the server
sinter | -2 | readonly | @read @set @slow | nondeterministic_output_order | 1 -1 1 | 1.0.0 | set | O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets. | Intersect multiple sets
  RO access | index 1 | range -1 1 0 |
sintercard | -3 | readonly movablekeys | @read @set @slow |  | 0 0 0 | 7.0.0 | set | O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets. | Intersect multiple sets and return the cardinality of the result
  RO access | index 1 | keynum 0 1 1 |
sinterstore | -3 | write denyoom | @write @set @slow |  | 1 -1 1 | 1.0.0 | set | O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets. | Intersect multiple sets and store the resulting set in a key
  RW update | index 1 | range 0 1 0 |
  RO access | index 2 | range -1 1 0 |
sismember | 3 | readonly fast | @read @set @fast |  | 1 1 1 | 1.0.0 | set | O(1) | Determine if a given value is a member of a set
  RO | index 1 | range 0 1 0 |
slaveof | 3 | admin noscript stale no_async_loading | @admin @slow @dangerous |  | 0 0 0 | 1.0.0 | server | O(1) | Make the server a replica of another instance, or promote it as master.
slowlog | -2 |  | @slow |  | 0 0 0 | 2.2.12 | server | Depends on subcommand. | A container for slow log commands
slowlog|get | -2 | admin loading stale | @admin @slow @dangerous | request_policy:all_nodes nondeterministic_output | 0 0 0 | 2.2.12 | server | O(N) where N is the number of entries returned | Get the slow log's entries
slowlog|help | 2 | loading stale | @slow |  | 0 0 0 | 6.2.0 | server | O(1) | Show helpful text about the different subcommands
slowlog|len | 2 | admin loading stale | @admin @slow @dangerous | request_policy:all_nodes response_policy:agg_sum nondeterministic_output | 0 0 0 | 2.2.12 | server | O(1) | Get the slow log's length
slowlog|reset | 2 | admin loading stale | @admin @slow @dangerous | request_policy:all_nodes response_policy:all_succeeded | 0 0 0 | 2.2.12 | server | O(N) where N is the number of entries in the slowlog | Clear all entries from the slow log
smembers | 2 | readonly | @read @set @slow | nondeterministic_output_order | 1 1 1 | 1.0.0 | set | O(N) where N is the set cardinality. | Get all the members in a set
  RO access | index 1 | range 0 1 0 |
smismember | -3 | readonly fast | @read @set @fast |  | 1 1 1 | 6.2.0 | set | O(N) where N is the number of elements being checked for membership | Returns the membership associated with the given elements for a set
  RO access | index 1 | range 0 1 0 |
smove | 4 | write fast | @write @set @fast |  | 1 2 1 | 1.0.0 | set | O(1) | Move a member from one set to another
  RW access delete | index 1 | range 0 1 0 |
  RW insert | index 2 | range 0 1 0 |
sort | -2 | write denyoom movablekeys | @write @set @sortedset @list @slow @dangerous |  | 1 1 1 | 1.0.0 | generic | O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N). | Sort the elements in a list, set or sorted set
  RO access | index 1 | range 0 1 0 |
  RO access | unknown | unknown | For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort
  OW update | unknown | unknown | For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array
sort_ro | -2 | readonly movablekeys | @read @set @sortedset @list @slow @dangerous |  | 1 1 1 | 7.0.0 | generic | O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N). | Sort the elements in a list, set or sorted set. Read-only variant of SORT.
  RO access | index 1 | range 0 1 0 |
  RO access | unknown | unknown | For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort
spop | -2 | write fast | @write @set @fast | nondeterministic_output | 1 1 1 | 1.0.0 | set | Without the count argument O(1), otherwise O(N) where N is the value of the passed count. | Remove and return one or multiple random members from a set
  RW access delete | index 1 | range 0 1 0 |
spublish | 3 | pubsub loading stale fast | @pubsub @fast |  | 1 1 1 | 7.0.0 | pubsub | O(N) where N is the number of clients subscribed to the receiving shard channel. | Post a message to a shard channel
  not_key | index 1 | range 0 1 0 |
srandmember | -2 | readonly | @read @set @slow | nondeterministic_output | 1 1 1 | 1.0.0 | set | Without the count argument O(1), otherwise O(N) where N is the absolute value of the passed count. | Get one or multiple random members from a set
  RO access | index 1 | range 0 1 0 |
srem | -3 | write fast | @write @set @fast |  | 1 1 1 | 1.0.0 | set | O(N) where N is the number of members to be removed. | Remove one or more members from a set
  RW delete | index 1 | range 0 1 0 |
sscan | -3 | readonly | @read @set @slow | nondeterministic_output | 1 1 1 | 2.8.0 | set | O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection.. | Incrementally iterate Set elements
  RO access | index 1 | range 0 1 0 |
ssubscribe | -2 | pubsub noscript loading stale | @pubsub @slow |  | 1 -1 1 | 7.0.0 | pubsub | O(N) where N is the number of shard channels to subscribe to. | Listen for messages published to the given shard channels
  not_key | index 1 | range -1 1 0 |
strlen | 2 | readonly fast | @read @string @fast |  | 1 1 1 | 2.2.0 | string | O(1) | Get the length of the value stored in a key
  RO | index 1 | range 0 1 0 |
subscribe | -2 | pubsub noscript loading stale | @pubsub @slow |  | 0 0 0 | 2.0.0 | pubsub | O(N) where N is the number of channels to subscribe to. | Listen for messages published to the given channels
substr | 4 | readonly | @read @string @slow |  | 1 1 1 | 1.0.0 | string | O(N) where N is the length of the returned string. The complexity is ultimately determined by the returned length, but because creating a substring from an existing string is very cheap, it can be considered O(1) for small strings. | Get a substring of the string stored at a key
  RO access | index 1 | range 0 1 0 |
sunion | -2 | readonly | @read @set @slow | nondeterministic_output_order | 1 -1 1 | 1.0.0 | set | O(N) where N is the total number of elements in all given sets. | Add multiple sets
  RO access | index 1 | range -1 1 0 |
sunionstore | -3 | write denyoom | @write @set @slow |  | 1 -1 1 | 1.0.0 | set | O(N) where N is the total number of elements in all given sets. | Add multiple sets and store the resulting set in a key
  OW update | index 1 | range 0 1 0 |
  RO access | index 2 | range -1 1 0 |
sunsubscribe | -1 | pubsub noscript loading stale | @pubsub @slow |  | 1 -1 1 | 7.0.0 | pubsub | O(N) where N is the number of clients already subscribed to a shard channel. | Stop listening for messages posted to the given shard channels
  not_key | index 1 | range -1 1 0 |
swapdb | 3 | write fast | @keyspace @write @fast @dangerous |  | 0 0 0 | 4.0.0 | server | O(N) where N is the count of clients watching or blocking on keys from both databases. | Swaps two Redis databases
sync | 1 | admin noscript no_async_loading no_multi | @admin @slow @dangerous |  | 0 0 0 | 1.0.0 | server |  | Internal command used for replication
time | 1 | loading stale fast | @fast | nondeterministic_output | 0 0 0 | 2.6.0 | server | O(1) | Return the current server time
touch | -2 | readonly fast | @keyspace @read @fast | request_policy:multi_shard response_policy:agg_sum | 1 -1 1 | 3.2.1 | generic | O(N) where N is the number of keys that will be touched. | Alters the last access time of a key(s). Returns the number of existing keys specified.
  RO | index 1 | range -1 1 0 |
ttl | 2 | readonly fast | @keyspace @read @fast | nondeterministic_output | 1 1 1 | 1.0.0 | generic | O(1) | Get the time to live for a key in seconds
  RO access | index 1 | range 0 1 0 |
type | 2 | readonly fast | @keyspace @read @fast |  | 1 1 1 | 1.0.0 | generic | O(1) | Determine the type stored at key
  RO | index 1 | range 0 1 0 |
unlink | -2 | write fast | @keyspace @write @fast | request_policy:multi_shard response_policy:agg_sum | 1 -1 1 | 4.0.0 | generic | O(1) for each key removed regardless of its size. Then the command does O(N) work in a different thread in order to reclaim memory, where N is the number of allocations the deleted objects where composed of. | Delete a key asynchronously in another thread. Otherwise it is just as DEL, but non blocking.
  RM delete | index 1 | range -1 1 0 |
unsubscribe | -1 | pubsub noscript loading stale | @pubsub @slow |  | 0 0 0 | 2.0.0 | pubsub | O(N) where N is the number of clients already subscribed to a channel. | Stop listening for messages posted to the given channels
unwatch | 1 | noscript loading stale fast allow_busy | @fast @transaction |  | 0 0 0 | 2.2.0 | transactions | O(1) | Forget about all watched keys
wait | 3 | noscript | @slow @connection | request_policy:all_shards response_policy:agg_min | 0 0 0 | 3.0.0 | generic | O(1) | Wait for the synchronous replication of all the write commands sent in the context of the current connection
watch | -2 | noscript loading stale fast allow_busy | @fast @transaction |  | 1 -1 1 | 2.2.0 | transactions | O(1) for every key. | Watch the given keys to determine execution of the MULTI/EXEC block
  RO | index 1 | range -1 1 0 |
xack | -4 | write fast | @write @stream @fast |  | 1 1 1 | 5.0.0 | stream | O(1) for each message ID processed. | Marks a pending message as correctly processed, effectively removing it from the pending entries list of the consumer group. Return value of the command is the number of messages successfully acknowledged, that is, the IDs we were actually able to resolve in the PEL.
  RW update | index 1 | range 0 1 0 |
xadd | -5 | write denyoom fast | @write @stream @fast | nondeterministic_output | 1 1 1 | 5.0.0 | stream | O(1) when adding a new entry, O(N) when trimming where N being the number of entries evicted. | Appends a new entry to a stream
  RW update | index 1 | range 0 1 0 | UPDATE instead of INSERT because of the optional trimming feature
xautoclaim | -6 | write fast | @write @stream @fast | nondeterministic_output | 1 1 1 | 6.2.0 | stream | O(1) if COUNT is small. | Changes (or acquires) ownership of messages in a consumer group, as if the messages were delivered to the specified consumer.
  RW delete | index 1 | range 0 1 0 |
xclaim | -6 | write fast | @write @stream @fast | nondeterministic_output | 1 1 1 | 5.0.0 | stream | O(log N) with N being the number of messages in the PEL of the consumer group. | Changes (or acquires) ownership of a message in a consumer group, as if the message was delivered to the specified consumer.
  RW update | index 1 | range 0 1 0 |
xdel | -3 | write fast | @write @stream @fast |  | 1 1 1 | 5.0.0 | stream | O(1) for each single item to delete in the stream, regardless of the stream size. | Removes the specified entries from the stream. Returns the number of items actually deleted, that may be different from the number of IDs passed in case certain IDs do not exist.
  RW delete | index 1 | range 0 1 0 |
xgroup | -2 |  | @slow |  | 0 0 0 | 5.0.0 | stream | Depends on subcommand. | A container for consumer groups commands
xgroup|create | -5 | write denyoom | @write @stream @slow |  | 2 2 1 | 5.0.0 | stream | O(1) | Create a consumer group.
  RW insert | index 2 | range 0 1 0 |
xgroup|createconsumer | 5 | write denyoom | @write @stream @slow |  | 2 2 1 | 6.2.0 | stream | O(1) | Create a consumer in a consumer group.
  RW insert | index 2 | range 0 1 0 |
xgroup|delconsumer | 5 | write | @write @stream @slow |  | 2 2 1 | 5.0.0 | stream | O(1) | Delete a consumer from a consumer group.
  RW delete | index 2 | range 0 1 0 |
xgroup|destroy | 4 | write | @write @stream @slow |  | 2 2 1 | 5.0.0 | stream | O(N) where N is the number of entries in the group's pending entries list (PEL). | Destroy a consumer group.
  RW delete | index 2 | range 0 1 0 |
xgroup|help | 2 | loading stale | @stream @slow |  | 0 0 0 | 5.0.0 | stream | O(1) | Show helpful text about the different subcommands
xgroup|setid | -5 | write | @write @stream @slow |  | 2 2 1 | 5.0.0 | stream | O(1) | Set a consumer group to an arbitrary last delivered ID value.
  RW update | index 2 | range 0 1 0 |
xinfo | -2 |  | @slow |  | 0 0 0 | 5.0.0 | stream | Depends on subcommand. | A container for stream introspection commands
xinfo|consumers | 4 | readonly | @read @stream @slow | nondeterministic_output | 2 2 1 | 5.0.0 | stream | O(1) | List the consumers in a consumer group
  RO access | index 2 | range 0 1 0 |
xinfo|groups | 3 | readonly | @read @stream @slow |  | 2 2 1 | 5.0.0 | stream | O(1) | List the consumer groups of a stream
  RO access | index 2 | range 0 1 0 |
xinfo|help | 2 | loading stale | @stream @slow |  | 0 0 0 | 5.0.0 | stream | O(1) | Show helpful text about the different subcommands
xinfo|stream | -3 | readonly | @read @stream @slow |  | 2 2 1 | 5.0.0 | stream | O(1) | Get information about a stream
  RO access | index 2 | range 0 1 0 |
xlen | 2 | readonly fast | @read @stream @fast |  | 1 1 1 | 5.0.0 | stream | O(1) | Return the number of entries in a stream
  RO | index 1 | range 0 1 0 |
xpending | -3 | readonly | @read @stream @slow | nondeterministic_output | 1 1 1 | 5.0.0 | stream | O(N) with N being the number of elements returned, so asking for a small fixed number of entries per call is O(1). O(M), where M is the total number of entries scanned when used with the IDLE filter. When the command returns just the summary and the list of consumers is small, it runs in O(1) time; otherwise, an additional O(N) time for iterating every consumer. | Return information and entries from a stream consumer group pending entries list, that are messages fetched but never acknowledged.
  RO access | index 1 | range 0 1 0 |
xrange | -4 | readonly | @read @stream @slow |  | 1 1 1 | 5.0.0 | stream | O(N) with N being the number of elements being returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1). | Return a range of elements in a stream, with IDs matching the specified IDs interval
  RO access | index 1 | range 0 1 0 |
xread | -4 | readonly blocking movablekeys | @read @stream @slow @blocking |  | 0 0 0 | 5.0.0 | stream | For each stream mentioned: O(N) with N being the number of elements being returned, it means that XREAD-ing with a fixed COUNT is O(1). Note that when the BLOCK option is used, XADD will pay O(M) time in order to serve the M clients blocked on the stream getting new data. | Return never seen elements in multiple streams, with IDs greater than the ones reported by the caller for each stream. Can block.
  RO access | keyword STREAMS 1 | range -1 1 2 |
xreadgroup | -7 | write blocking movablekeys | @write @stream @slow @blocking |  | 0 0 0 | 5.0.0 | stream | For each stream mentioned: O(M) with M being the number of elements returned. If M is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1). On the other side when XREADGROUP blocks, XADD will pay the O(N) time in order to serve the N clients blocked on the stream getting new data. | Return new entries from a stream using a consumer group, or access the history of the pending entries for a given consumer. Can block.
  RO access | keyword STREAMS 4 | range -1 1 2 |
xrevrange | -4 | readonly | @read @stream @slow |  | 1 1 1 | 5.0.0 | stream | O(N) with N being the number of elements returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1). | Return a range of elements in a stream, with IDs matching the specified IDs interval, in reverse order (from greater to smaller IDs) compared to XRANGE
  RO access | index 1 | range 0 1 0 |
xsetid | -3 | write denyoom fast | @write @stream @fast |  | 1 1 1 | 5.0.0 | stream | O(1) | An internal command for replicating stream values
  RW update | index 1 | range 0 1 0 |
xtrim | -4 | write | @write @stream @slow | nondeterministic_output | 1 1 1 | 5.0.0 | stream | O(N), with N being the number of evicted entries. Constant times are very small however, since entries are organized in macro nodes containing multiple entries that can be released with a single deallocation. | Trims the stream to (approximately if '~' is passed) a certain size
  RW delete | index 1 | range 0 1 0 |
zadd | -4 | write denyoom fast | @write @sortedset @fast |  | 1 1 1 | 1.2.0 | sorted-set | O(log(N)) for each item added, where N is the number of elements in the sorted set. | Add one or more members to a sorted set, or update its score if it already exists
  RW update | index 1 | range 0 1 0 |
zcard | 2 | readonly fast | @read @sortedset @fast |  | 1 1 1 | 1.2.0 | sorted-set | O(1) | Get the number of members in a sorted set
  RO | index 1 | range 0 1 0 |
zcount | 4 | readonly fast | @read @sortedset @fast |  | 1 1 1 | 2.0.0 | sorted-set | O(log(N)) with N being the number of elements in the sorted set. | Count the members in a sorted set with scores within the given values
  RO access | index 1 | range 0 1 0 |
zdiff | -3 | readonly movablekeys | @read @sortedset @slow |  | 0 0 0 | 6.2.0 | sorted-set | O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the size of the first set, and K is the size of the result set. | Subtract multiple sorted sets
  RO access | index 1 | keynum 0 1 1 |
zdiffstore | -4 | write denyoom movablekeys | @write @sortedset @slow |  | 1 1 1 | 6.2.0 | sorted-set | O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is the size of the first set, and K is the size of the result set. | Subtract multiple sorted sets and store the resulting sorted set in a new key
  OW update | index 1 | range 0 1 0 |
  RO access | index 2 | keynum 0 1 1 |
zincrby | 4 | write denyoom fast | @write @sortedset @fast |  | 1 1 1 | 1.2.0 | sorted-set | O(log(N)) where N is the number of elements in the sorted set. | Increment the score of a member in a sorted set
  RW access update | index 1 | range 0 1 0 |
zinter | -3 | readonly movablekeys | @read @sortedset @slow |  | 0 0 0 | 6.2.0 | sorted-set | O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of input sorted sets and M being the number of elements in the resulting sorted set. | Intersect multiple sorted sets
  RO access | index 1 | keynum 0 1 1 |
zintercard | -3 | readonly movablekeys | @read @sortedset @slow |  | 0 0 0 | 7.0.0 | sorted-set | O(N*K) worst case with N being the smallest input sorted set, K being the number of input sorted sets. | Intersect multiple sorted sets and return the cardinality of the result
  RO access | index 1 | keynum 0 1 1 |
zinterstore | -4 | write denyoom movablekeys | @write @sortedset @slow |  | 1 1 1 | 2.0.0 | sorted-set | O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number of input sorted sets and M being the number of elements in the resulting sorted set. | Intersect multiple sorted sets and store the resulting sorted set in a new key
  OW update | index 1 | range 0 1 0 |
  RO access | index 2 | keynum 0 1 1 |
zlexcount | 4 | readonly fast | @read @sortedset @fast |  | 1 1 1 | 2.8.9 | sorted-set | O(log(N)) with N being the number of elements in the sorted set. | Count the number of members in a sorted set between a given lexicographical range
  RO access | index 1 | range 0 1 0 |
zmpop | -4 | write movablekeys | @write @sortedset @slow |  | 0 0 0 | 7.0.0 | sorted-set | O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped. | Remove and return members with scores in a sorted set
  RW access delete | index 1 | keynum 0 1 1 |
zmscore | -3 | readonly fast | @read @sortedset @fast |  | 1 1 1 | 6.2.0 | sorted-set | O(N) where N is the number of members being requested. | Get the score associated with the given members in a sorted set
  RO access | index 1 | range 0 1 0 |
zpopmax | -2 | write fast | @write @sortedset @fast |  | 1 1 1 | 5.0.0 | sorted-set | O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements popped. | Remove and return members with the highest scores in a sorted set
  RW access delete | index 1 | range 0 1 0 |
zpopmin | -2 | write fast | @write @sortedset @fast |  | 1 1 1 | 5.0.0 | sorted-set | O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements popped. | Remove and return members with the lowest scores in a sorted set
  RW access delete | index 1 | range 0 1 0 |
zrandmember | -2 | readonly | @read @sortedset @slow | nondeterministic_output | 1 1 1 | 6.2.0 | sorted-set | O(N) where N is the number of elements returned | Get one or multiple random elements from a sorted set
  RO access | index 1 | range 0 1 0 |
zrange | -4 | readonly | @read @sortedset @slow |  | 1 1 1 | 1.2.0 | sorted-set | O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned. | Return a range of members in a sorted set
  RO access | index 1 | range 0 1 0 |
zrangebylex | -4 | readonly | @read @sortedset @slow |  | 1 1 1 | 2.8.9 | sorted-set | O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)). | Return a range of members in a sorted set, by lexicographical range
  RO access | index 1 | range 0 1 0 |
zrangebyscore | -4 | readonly | @read @sortedset @slow |  | 1 1 1 | 1.0.5 | sorted-set | O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)). | Return a range of members in a sorted set, by score
  RO access | index 1 | range 0 1 0 |
zrangestore | -5 | write denyoom | @write @sortedset @slow |  | 1 2 1 | 6.2.0 | sorted-set | O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements stored into the destination key. | Store a range of members from sorted set into another key
  OW update | index 1 | range 0 1 0 |
  RO access | index 2 | range 0 1 0 |
zrank | 3 | readonly fast | @read @sortedset @fast |  | 1 1 1 | 2.0.0 | sorted-set | O(log(N)) | Determine the index of a member in a sorted set
  RO access | index 1 | range 0 1 0 |
zrem | -3 | write fast | @write @sortedset @fast |  | 1 1 1 | 1.2.0 | sorted-set | O(M*log(N)) with N being the number of elements in the sorted set and M the number of elements to be removed. | Remove one or more members from a sorted set
  RW delete | index 1 | range 0 1 0 |
zremrangebylex | 4 | write | @write @sortedset @slow |  | 1 1 1 | 2.8.9 | sorted-set | O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation. | Remove all members in a sorted set between the given lexicographical range
  RW delete | index 1 | range 0 1 0 |
zremrangebyrank | 4 | write | @write @sortedset @slow |  | 1 1 1 | 2.0.0 | sorted-set | O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation. | Remove all members in a sorted set within the given indexes
  RW delete | index 1 | range 0 1 0 |
zremrangebyscore | 4 | write | @write @sortedset @slow |  | 1 1 1 | 1.2.0 | sorted-set | O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation. | Remove all members in a sorted set within the given scores
  RW delete | index 1 | range 0 1 0 |
zrevrange | -4 | readonly | @read @sortedset @slow |  | 1 1 1 | 1.2.0 | sorted-set | O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned. | Return a range of members in a sorted set, by index, with scores ordered from high to low
  RO access | index 1 | range 0 1 0 |
zrevrangebylex | -4 | readonly | @read @sortedset @slow |  | 1 1 1 | 2.8.9 | sorted-set | O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)). | Return a range of members in a sorted set, by lexicographical range, ordered from higher to lower strings.
  RO access | index 1 | range 0 1 0 |
zrevrangebyscore | -4 | readonly | @read @sortedset @slow |  | 1 1 1 | 2.2.0 | sorted-set | O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)). | Return a range of members in a sorted set, by score, with scores ordered from high to low
  RO access | index 1 | range 0 1 0 |
zrevrank | 3 | readonly fast | @read @sortedset @fast |  | 1 1 1 | 2.0.0 | sorted-set | O(log(N)) | Determine the index of a member in a sorted set, with scores ordered from high to low
  RO access | index 1 | range 0 1 0 |
zscan | -3 | readonly | @read @sortedset @slow | nondeterministic_output | 1 1 1 | 2.8.0 | sorted-set | O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection.. | Incrementally iterate sorted sets elements and associated scores
  RO access | index 1 | range 0 1 0 |
zscore | 3 | readonly fast | @read @sortedset @fast |  | 1 1 1 | 1.2.0 | sorted-set | O(1) | Get the score associated with the given member in a sorted set
  RO access | index 1 | range 0 1 0 |
zunion | -3 | readonly movablekeys | @read @sortedset @slow |  | 0 0 0 | 6.2.0 | sorted-set | O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set. | Add multiple sorted sets
  RO access | index 1 | keynum 0 1 1 |
zunionstore | -4 | write denyoom movablekeys | @write @sortedset @slow |  | 1 1 1 | 2.0.0 | sorted-set | O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of elements in the resulting sorted set. | Add multiple sorted sets and store the resulting sorted set in a new key
  OW update | index 1 | range 0 1 0 |
  RO access | index 2 | keynum 0 1 1 |
`;
