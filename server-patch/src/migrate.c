#include "migrate.h"

#include "events.h"
#include "settings.h"

static long long calls, errors, moved_in_all;

/* Servers of one product share a password in Codis: what we ask of clients is what the target asks
 * of us. Read each time, as CONFIG SET changes it. NULL: none. */
static Str *own_password(Ctx *ctx) {
    Reply *reply = rmCall(ctx, "CONFIG", "cc", "GET", "requirepass");
    Str *password = NULL;
    if (reply && rmCallReplyType(reply) == REPLY_ARRAY && rmCallReplyLength(reply) == 2) {
        size_t length;
        const char *text = rmCallReplyStringPtr(rmCallReplyArrayElement(reply, 1), &length);
        if (text && length > 0) password = rmCreateString(NULL, text, length);
    }
    if (reply) rmFreeCallReply(reply);
    return password;
}

static void add_text(KeyList *arguments, const char *text) {
    size_t length = 0;
    while (text[length]) length++;
    key_list_add(arguments, text, length);
}

static void add_copy(KeyList *arguments, const Str *text) {
    size_t length;
    const char *bytes = rmStringPtrLen(text, &length);
    key_list_add(arguments, bytes, length);
}

static void add_number(KeyList *arguments, long long number) {
    key_list_take(arguments, rmCreateStringFromLongLong(NULL, number));
}

static void add_authentication(Ctx *ctx, KeyList *arguments) {
    if (settings.migrate_auth) {
        add_text(arguments, settings.migrate_user ? "AUTH2" : "AUTH");
        if (settings.migrate_user) add_copy(arguments, settings.migrate_user);
        add_copy(arguments, settings.migrate_auth);
        return;
    }
    Str *password = own_password(ctx);
    if (!password) return;
    add_text(arguments, "AUTH");
    key_list_take(arguments, password);
}

/* MIGRATE host port "" db timeout REPLACE [AUTH password | AUTH2 user password] KEYS key ...
 * Replicas and the append-only file get a plain DEL of it. */
static Reply *call_migrate(Ctx *ctx, const Target *target, const KeyList *keys) {
    KeyList arguments = {0};
    add_copy(&arguments, target->host);
    add_copy(&arguments, target->port);
    add_text(&arguments, "");
    add_number(&arguments, rmGetSelectedDb(ctx));
    add_number(&arguments, target->timeout_ms);
    add_text(&arguments, "REPLACE");
    add_authentication(ctx, &arguments);
    add_text(&arguments, "KEYS");
    size_t own_count = arguments.count;
    for (size_t i = 0; i < keys->count; i++) key_list_take(&arguments, keys->names[i]);
    Reply *reply = rmCall(ctx, "MIGRATE", redis_api_write_format(), arguments.names,
                          arguments.count);
    /* The rest are the caller's. */
    arguments.count = own_count;
    key_list_free(&arguments);
    return reply;
}

long long migrate_keys(Ctx *ctx, const Target *target, const KeyList *keys) {
    if (keys->count == 0) return 0;
    events_subscribe(ctx);
    calls++;
    long long deletions_before = events_deletions();
    Reply *reply = call_migrate(ctx, target, keys);
    long long moved = events_deletions() - deletions_before;
    moved_in_all += moved;

    bool failed = !reply || rmCallReplyType(reply) == REPLY_ERROR;
    if (!reply) rmReplyWithError(ctx, "ERR the server refuses to run MIGRATE");
    else if (failed) rmReplyWithCallReply(ctx, reply);
    if (reply) rmFreeCallReply(reply);
    if (moved < (long long)keys->count) key_list_forget_missing(ctx, keys);
    errors += failed;
    return failed ? MIGRATE_FAILED : moved;
}

long long migrate_calls(void) {
    return calls;
}

long long migrate_errors(void) {
    return errors;
}

long long migrate_moved(void) {
    return moved_in_all;
}
