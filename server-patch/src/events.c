/* How each kind of server tells that a key is new, and that it is gone:
 *
 *             new                                    gone
 *  6.2        every keyspace notification but ->     del expired evicted rename_from move_from
 *  7.0        notification "new"                     the same
 *  >= 7.2     notification "new"                     server event KEY, whatever deleted it
 *
 * "new" comes for a key that is already known as well: RENAME, COPY and RESTORE ... REPLACE put it
 * in the place of another. On 6.2 and 7.0 modules may delete without a notification, and on 6.2
 * create; index_require finds that by the number of keys. */
#include "events.h"

#include <string.h>

#include "slot_index.h"

enum {
    GONE_MASK = NOTIFY_GENERIC | NOTIFY_EXPIRED | NOTIFY_EVICTED,
    ANY_WRITE_MASK = GONE_MASK | NOTIFY_STRING | NOTIFY_LIST | NOTIFY_SET | NOTIFY_HASH |
                     NOTIFY_ZSET | NOTIFY_STREAM | NOTIFY_MODULE
};

static bool is_subscribed;
static bool any_event_may_be_new; /* Redis 6.2 */
static long long deletions;

long long events_deletions(void) {
    return deletions;
}

static bool means_gone(int type, const char *event) {
    if (type & (NOTIFY_EXPIRED | NOTIFY_EVICTED)) return true;
    if (!(type & NOTIFY_GENERIC)) return false;
    return !strcmp(event, "del") || !strcmp(event, "rename_from") || !strcmp(event, "move_from");
}

static int on_notification(Ctx *ctx, int type, const char *event, Str *key) {
    bool is_gone = means_gone(type, event);
    if (is_gone && !(type & (NOTIFY_EXPIRED | NOTIFY_EVICTED))) deletions++;
    if (!index_any()) return RM_OK;
    size_t length;
    const char *name = rmStringPtrLen(key, &length);
    int db = rmGetSelectedDb(ctx);
    if (is_gone) index_remove(db, name, length);
    else if (type & NOTIFY_NEW || any_event_may_be_new) index_add(db, name, length);
    return RM_OK;
}

static void on_key_gone(Ctx *ctx, Event event, uint64_t subevent, void *data) {
    (void)event;
    if (subevent == KEY_OVERWRITTEN) return;
    if (subevent == KEY_DELETED) deletions++;
    if (!index_any()) return;
    size_t length;
    const char *name = rmStringPtrLen(rmGetKeyNameFromModuleKey(((KeyInfo *)data)->key), &length);
    index_remove(rmGetSelectedDb(ctx), name, length);
}

static void on_flush(Ctx *ctx, Event event, uint64_t subevent, void *data) {
    (void)ctx;
    (void)event;
    /* ALL_DATABASES is the server's number for them too. */
    if (subevent == FLUSHDB_START) index_flush(((FlushInfo *)data)->db);
}

static void on_swap(Ctx *ctx, Event event, uint64_t subevent, void *data) {
    (void)ctx;
    (void)event;
    (void)subevent;
    SwapInfo *swap = data;
    /* A scan's cursor goes along with the table that it is in. */
    index_swap(swap->first, swap->second);
}

/* Keys come and go without notifications while a file or a master's data is loaded, and, with
 * repl-diskless-load swapdb on Redis 6.2, while the old data is set aside and brought back. (From
 * 7.0 on the server does that only if all modules declare that they can bear it; we do not.) */
static void on_load(Ctx *ctx, Event event, uint64_t subevent, void *data) {
    (void)ctx;
    (void)event;
    (void)subevent;
    (void)data;
    index_drop(ALL_DATABASES);
}

void events_subscribe(Ctx *ctx) {
    if (is_subscribed) return;
    is_subscribed = true;

    int known = rmGetKeyspaceNotificationFlagsAll();
    any_event_may_be_new = !(known & NOTIFY_NEW);
    bool tells_every_deletion =
        rmGetKeyNameFromModuleKey &&
        rmSubscribeToServerEvent(ctx, (Event){EVENT_KEY, 1}, on_key_gone) == RM_OK;
    int mask = any_event_may_be_new   ? ANY_WRITE_MASK
               : tells_every_deletion ? NOTIFY_NEW
                                      : NOTIFY_NEW | GONE_MASK;
    rmSubscribeToKeyspaceEvents(ctx, mask & known, on_notification);
    rmSubscribeToServerEvent(ctx, (Event){EVENT_FLUSHDB, 1}, on_flush);
    rmSubscribeToServerEvent(ctx, (Event){EVENT_SWAPDB, 1}, on_swap);
    rmSubscribeToServerEvent(ctx, (Event){EVENT_LOADING, 1}, on_load);
    if (any_event_may_be_new)
        rmSubscribeToServerEvent(ctx, (Event){EVENT_REPL_BACKUP, 1}, on_load);
}
