/* Moving keys to another server by the server's own MIGRATE. */
#ifndef MIGRATE_H
#define MIGRATE_H

#include "key_list.h"
#include "redis_api.h"

typedef struct {
    Str *host, *port;
    long long timeout_ms;
} Target;

enum { MIGRATE_FAILED = -1 };

/* Moves these keys of the selected database to the same database of the target, where they replace
 * keys of those names. One MIGRATE: the server is busy until it is over.
 *
 * Returns how many keys left this server; those that did not exist are not counted. Or replies the
 * server's error (-IOERR: the target was not reached or did not answer in time) and returns
 * MIGRATE_FAILED; then every key that the target did not acknowledge is still here, and calling
 * again is right. */
long long migrate_keys(Ctx *ctx, const Target *target, const KeyList *keys);

/* Since the module was loaded. */
long long migrate_calls(void);
long long migrate_errors(void);
long long migrate_moved(void);

#endif
