/* Makes indexes when they are asked for, a slice at a time, and drops them when nobody asks. */
#ifndef INDEX_BUILDER_H
#define INDEX_BUILDER_H

#include "redis_api.h"
#include "slot_index.h"

/* The complete index of the selected database; or NULL, and then the command must return RM_OK at
 * once, as one of these has been arranged:
 *  - the client waits, and `command` is called again with the same arguments when the index is
 *    there;
 *  - inside MULTI, a script, or another context that may not wait: -TRYAGAIN was replied. The index
 *    is being built all the same.
 *
 * Up to a slice of work is done at once, so that small databases never make anybody wait. */
DbIndex *index_require(Ctx *ctx, CommandFn command);

/* The same for commands that write. Those must not go on after a wait if CLIENT PAUSE, a failover
 * for example, began meanwhile: the server's data has to stand still then (-TRYAGAIN). */
DbIndex *index_require_for_write(Ctx *ctx, CommandFn command);

/* For INFO. */
long long builder_builds(void);
long long builder_mismatches(void);
long long builder_waiting_clients(void);
/* CPU time. */
long long builder_worst_slice_us(void);

void builder_shutdown(Ctx *ctx);

#endif
