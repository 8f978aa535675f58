#include "index_builder.h"

#include <time.h>

#include "events.h"
#include "settings.h"

enum {
    BUCKETS_BETWEEN_CLOCKS = 32,
    IDLE_CHECK_MS = 1000,
    US_A_MS = 1000
};

/* A client whose command waits for the index of a database. */
typedef struct Waiter {
    struct Waiter *next;
    BlockedClient *client;
    CommandFn command;
    int db;
} Waiter;

static Waiter *waiters;
static TimerId build_timer, idle_timer;
static bool has_build_timer, has_idle_timer;
static long long builds, mismatches, worst_slice_us;

static long long clock_us(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static long long now_us(void) {
    return clock_us(CLOCK_MONOTONIC);
}

static void add_scanned(Ctx *ctx, Str *name, Key *key, void *arg) {
    (void)key;
    (void)arg;
    size_t length;
    const char *bytes = rmStringPtrLen(name, &length);
    index_add(rmGetSelectedDb(ctx), bytes, length);
}

/* Goes on with the selected database's index until it is ready or the slice is over. Keys that come
 * and go between slices are put right by the events. */
static void scan_for_a_slice(Ctx *ctx, DbIndex *index) {
    long long deadline = now_us() + settings.build_slice_us;
    do {
        for (int bucket = 0; bucket < BUCKETS_BETWEEN_CLOCKS; bucket++) {
            if (rmScan(ctx, index->scan, add_scanned, NULL)) continue;
            index_mark_ready(index);
            index->used_at_ms = now_us() / US_A_MS;
            return;
        }
    } while (now_us() < deadline);
}

static void build_slice(Ctx *ctx, DbIndex *index) {
    /* Of our own doing: not the time that other processes took from the server. */
    long long before = clock_us(CLOCK_THREAD_CPUTIME_ID);
    scan_for_a_slice(ctx, index);
    long long us = clock_us(CLOCK_THREAD_CPUTIME_ID) - before;
    if (us > worst_slice_us) worst_slice_us = us;
}

static DbIndex *begin(Ctx *ctx, int db) {
    events_subscribe(ctx);
    builds++;
    return index_create(db);
}

/* The wanted or begun index that is not ready, if any. Its database is selected. */
static DbIndex *next_to_build(Ctx *ctx) {
    for (Waiter *waiter = waiters; waiter; waiter = waiter->next) {
        DbIndex *index = index_of(waiter->db);
        if (index_is_ready(index)) continue;
        rmSelectDb(ctx, waiter->db);
        return index ? index : begin(ctx, waiter->db);
    }
    for (int db = 0; db < index_database_limit(); db++) {
        DbIndex *index = index_of(db);
        if (!index || index_is_ready(index)) continue;
        rmSelectDb(ctx, db);
        return index;
    }
    return NULL;
}

static void wake_waiters(void) {
    for (Waiter **link = &waiters; *link;) {
        Waiter *waiter = *link;
        if (!index_is_ready(index_of(waiter->db))) {
            link = &waiter->next;
            continue;
        }
        *link = waiter->next;
        rmUnblockClient(waiter->client, waiter);
    }
}

static void on_idle_timer(Ctx *ctx, void *arg);

static void ensure_idle_timer(Ctx *ctx) {
    if (has_idle_timer || settings.index_idle_ms == 0) return;
    long long ms = settings.index_idle_ms < IDLE_CHECK_MS ? settings.index_idle_ms : IDLE_CHECK_MS;
    idle_timer = rmCreateTimer(ctx, ms, on_idle_timer, NULL);
    has_idle_timer = true;
}

static void on_idle_timer(Ctx *ctx, void *arg) {
    (void)arg;
    has_idle_timer = false;
    long long now_ms = now_us() / US_A_MS;
    for (int db = 0; db < index_database_limit(); db++) {
        DbIndex *index = index_of(db);
        if (!index_is_ready(index) || now_ms - index->used_at_ms < settings.index_idle_ms) continue;
        rmLog(ctx, "verbose", "index of db %d dropped: not used for %lld ms", db,
              now_ms - index->used_at_ms);
        index_drop(db);
    }
    if (index_any()) ensure_idle_timer(ctx);
}

static void on_build_timer(Ctx *ctx, void *arg);

static void ensure_build_timer(Ctx *ctx) {
    if (has_build_timer) return;
    build_timer = rmCreateTimer(ctx, settings.build_pause_ms, on_build_timer, NULL);
    has_build_timer = true;
}

static void on_build_timer(Ctx *ctx, void *arg) {
    (void)arg;
    has_build_timer = false;
    /* While data is loaded it is not ours to look at; what was begun has been dropped. */
    if (!(rmGetContextFlags(ctx) & CONTEXT_LOADING)) {
        DbIndex *index = next_to_build(ctx);
        if (index) build_slice(ctx, index);
        wake_waiters();
        if (!next_to_build(ctx)) return;
    }
    ensure_build_timer(ctx);
}

static int on_ready(Ctx *ctx, Str **argv, int argc) {
    Waiter *waiter = rmGetBlockedClientPrivateData(ctx);
    return waiter->command(ctx, argv, argc);
}

static void free_waiter(Ctx *ctx, void *data) {
    (void)ctx;
    rmFree(data);
}

static DbIndex *reply_try_again(Ctx *ctx) {
    rmReplyWithError(ctx, "TRYAGAIN the slot index is being built");
    return NULL;
}

static DbIndex *wait_for_index(Ctx *ctx, int db, CommandFn command) {
    ensure_build_timer(ctx);
    int cannot_wait = CONTEXT_LUA | CONTEXT_MULTI | CONTEXT_DENY_BLOCKING;
    if (rmIsBlockedReplyRequest(ctx) || (rmGetContextFlags(ctx) & cannot_wait))
        return reply_try_again(ctx);

    Waiter *waiter = rmAlloc(sizeof *waiter);
    waiter->client = rmBlockClient(ctx, on_ready, NULL, free_waiter, 0);
    waiter->command = command;
    waiter->db = db;
    waiter->next = waiters;
    waiters = waiter;
    return NULL;
}

DbIndex *index_require(Ctx *ctx, CommandFn command) {
    int db = rmGetSelectedDb(ctx);
    DbIndex *index = index_of(db);
    /* The plug for holes that we do not know: other modules may add and delete without a word.
     * Who has waited takes what there is, or two of those could keep it waiting for ever. */
    if (index_is_ready(index) && index->total != rmDbSize(ctx) && !rmIsBlockedReplyRequest(ctx)) {
        rmLog(ctx, "notice", "index of db %d has %llu keys, the database %llu: building anew", db,
              index->total, rmDbSize(ctx));
        mismatches++;
        index_drop(db);
        index = NULL;
    }
    if (!index) index = begin(ctx, db);
    ensure_idle_timer(ctx);
    /* A command of our master, or of an append-only file, must not be put off or refused: an
     * original codis-server passes SLOTSDEL on as it is. */
    bool must_finish = rmGetContextFlags(ctx) & (CONTEXT_REPLICATED | CONTEXT_LOADING);
    do {
        if (!index_is_ready(index)) build_slice(ctx, index);
    } while (must_finish && !index_is_ready(index));
    if (!index_is_ready(index)) return wait_for_index(ctx, db, command);
    index->used_at_ms = now_us() / US_A_MS;
    return index;
}

DbIndex *index_require_for_write(Ctx *ctx, CommandFn command) {
    if (rmIsBlockedReplyRequest(ctx) && rmAvoidReplicaTraffic()) return reply_try_again(ctx);
    return index_require(ctx, command);
}

long long builder_builds(void) {
    return builds;
}

long long builder_mismatches(void) {
    return mismatches;
}

long long builder_worst_slice_us(void) {
    return worst_slice_us;
}

long long builder_waiting_clients(void) {
    long long count = 0;
    for (Waiter *waiter = waiters; waiter; waiter = waiter->next) count++;
    return count;
}

void builder_shutdown(Ctx *ctx) {
    if (has_build_timer) rmStopTimer(ctx, build_timer, NULL);
    if (has_idle_timer) rmStopTimer(ctx, idle_timer, NULL);
    has_build_timer = has_idle_timer = false;
}
