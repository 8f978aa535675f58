#include "arguments.h"
#include "commands.h"
#include "index_builder.h"
#include "key_list.h"

/* Keys that one UNLINK deletes. */
enum { DELETE_AT_ONCE = 512 };

/* True if the reply is an error or none, which is then replied. Frees it. */
static bool reply_failure(Ctx *ctx, Reply *reply, const char *refused) {
    bool failed = !reply || rmCallReplyType(reply) == REPLY_ERROR;
    if (!reply) rmReplyWithError(ctx, refused);
    else if (failed) rmReplyWithCallReply(ctx, reply);
    if (reply) rmFreeCallReply(reply);
    return failed;
}

static bool unlink_keys(Ctx *ctx, const KeyList *keys) {
    Reply *reply = rmCall(ctx, "UNLINK", redis_api_write_format(), keys->names, keys->count);
    return !reply_failure(ctx, reply, "ERR the server refuses to run UNLINK");
}

static bool empty_slot(Ctx *ctx, DbIndex *index, int slot) {
    SlotTable *table = index_slot(index, slot);
    while (slot_table_size(table) > 0) {
        KeyList keys = {0};
        uint32_t bucket = table->keys.bucket_count;
        while (bucket > 0 && keys.count < DELETE_AT_ONCE)
            slot_table_each_of_bucket(table, --bucket, key_list_add_entry, &keys);
        uint32_t before = slot_table_size(table);
        bool done = unlink_keys(ctx, &keys);
        /* What is still there did not exist: without this we would try for ever. */
        if (before - slot_table_size(table) < keys.count) key_list_forget_missing(ctx, &keys);
        key_list_free(&keys);
        if (!done) return false;
    }
    return true;
}

/* SLOTSDEL slot [slot ...] -> [slot, keys left] of each. Deletes all keys of these slots. */
int slotsdel_command(Ctx *ctx, Str **argv, int argc) {
    int slot;
    if (argc < 2) return rmWrongArity(ctx);
    for (int i = 1; i < argc; i++)
        if (!argument_slot(ctx, argv[i], &slot)) return RM_OK;
    DbIndex *index = index_require_for_write(ctx, slotsdel_command);
    if (!index) return RM_OK;

    for (int i = 1; i < argc; i++) {
        argument_slot(ctx, argv[i], &slot);
        if (!empty_slot(ctx, index, slot)) return RM_OK;
    }
    rmReplyWithArray(ctx, argc - 1);
    for (int i = 1; i < argc; i++) {
        argument_slot(ctx, argv[i], &slot);
        rmReplyWithArray(ctx, 2);
        rmReplyWithLongLong(ctx, slot);
        rmReplyWithLongLong(ctx, slot_table_size(index_slot(index, slot)));
    }
    return RM_OK;
}

static bool restore_key(Ctx *ctx, Str *name, Str *ttl, Str *payload) {
    Str *replace = rmCreateString(NULL, "REPLACE", 7);
    Str *arguments[] = {name, ttl, payload, replace};
    Reply *reply = rmCall(ctx, "RESTORE", redis_api_write_format(), arguments, (size_t)4);
    rmFreeString(NULL, replace);
    return !reply_failure(ctx, reply, "ERR the server refuses to run RESTORE");
}

/* SLOTSRESTORE key ttl payload [key ttl payload ...] -> OK. What an original codis-server sends to
 * the target of its SLOTSMGRT*. Replaces keys; ttl in milliseconds, 0 for none. */
int slotsrestore_command(Ctx *ctx, Str **argv, int argc) {
    if (argc < 4 || (argc - 1) % 3 != 0) return rmWrongArity(ctx);
    for (int i = 2; i < argc; i += 3) {
        long long ttl;
        if (rmStringToLongLong(argv[i], &ttl) != RM_OK)
            return rmReplyWithError(ctx, "ERR value is not an integer or out of range");
        if (ttl < 0) return rmReplyWithError(ctx, "ERR invalid ttl value, must be >= 0");
    }
    for (int i = 1; i < argc; i += 3) {
        if (restore_key(ctx, argv[i], argv[i + 1], argv[i + 2])) continue;
        /* After an error the sender keeps its keys and is their owner. A copy of ours would come
         * back to life when the sender's has been deleted before the next try. */
        KeyList restored = {0};
        for (int done = 1; done < i; done += 3) {
            size_t length;
            const char *name = rmStringPtrLen(argv[done], &length);
            key_list_add(&restored, name, length);
        }
        Reply *reply = NULL;
        if (restored.count > 0)
            reply = rmCall(ctx, "UNLINK", redis_api_write_format(), restored.names, restored.count);
        if (reply) rmFreeCallReply(reply);
        key_list_free(&restored);
        return RM_OK;
    }
    return rmReplyWithSimpleString(ctx, "OK");
}
