#include "arguments.h"
#include "batch.h"
#include "commands.h"
#include "index_builder.h"
#include "migrate.h"
#include "settings.h"

/* Arguments 1 to 3 of all these commands: host port timeout. */
static bool argument_target(Ctx *ctx, Str **argv, Target *target) {
    target->host = argv[1];
    target->port = argv[2];
    return argument_timeout(ctx, argv[3], &target->timeout_ms);
}

static int reply_moved(Ctx *ctx, long long moved) {
    return moved == MIGRATE_FAILED ? RM_OK : rmReplyWithLongLong(ctx, moved);
}

static int migrate_one(Ctx *ctx, const Target *target, Str *name) {
    /* Most keys that a proxy asks for during a move have gone already. */
    if (!key_exists(ctx, name)) return rmReplyWithLongLong(ctx, 0);
    KeyList keys = {0};
    size_t length;
    const char *bytes = rmStringPtrLen(name, &length);
    key_list_add(&keys, bytes, length);
    long long moved = migrate_keys(ctx, target, &keys);
    key_list_free(&keys);
    return reply_moved(ctx, moved);
}

/* SLOTSMGRTONE host port timeout key -> keys moved, 0 or 1. Needs no index. */
int slotsmgrtone_command(Ctx *ctx, Str **argv, int argc) {
    Target target;
    if (argc != 5) return rmWrongArity(ctx);
    if (!argument_target(ctx, argv, &target)) return RM_OK;
    return migrate_one(ctx, &target, argv[4]);
}

/* SLOTSMGRTTAGONE host port timeout key -> keys moved: the key, or all that share its tag, whether
 * it exists itself or not. */
int slotsmgrttagone_command(Ctx *ctx, Str **argv, int argc) {
    Target target;
    if (argc != 5) return rmWrongArity(ctx);
    if (!argument_target(ctx, argv, &target)) return RM_OK;
    size_t length;
    const char *name = rmStringPtrLen(argv[4], &length);
    KeyHash hash = hash_key(name, length);
    if (!hash.tagged) return migrate_one(ctx, &target, argv[4]);

    DbIndex *index = index_require_for_write(ctx, slotsmgrttagone_command);
    if (!index) return RM_OK;
    KeyList keys = {0};
    TagGroup *group = slot_table_group(index_slot(index, slot_of(hash)), hash.slot_crc);
    if (group) slot_table_each_of_group(group, key_list_add_entry, &keys);
    long long moved = migrate_keys(ctx, &target, &keys);
    key_list_free(&keys);
    return reply_moved(ctx, moved);
}

/* What follows the slot: [batch] [MAXBYTES bytes] [MAXKEY bytes] */
static bool argument_limits(Ctx *ctx, Str **argv, int argc, BatchLimits *limits) {
    int at = 5;
    if (at < argc && !argument_is(argv[at], "maxbytes") && !argument_is(argv[at], "maxkey")) {
        if (!argument_positive(ctx, argv[at], "batch size", &limits->max_keys)) return false;
        at++;
    }
    for (; at + 1 < argc; at += 2) {
        long long *limit = argument_is(argv[at], "maxbytes") ? &limits->max_bytes
                           : argument_is(argv[at], "maxkey") ? &limits->max_key_bytes
                                                             : NULL;
        if (!limit) break;
        if (!argument_positive(ctx, argv[at + 1], "number of bytes", limit)) return false;
    }
    if (at == argc) return true;
    rmReplyWithError(ctx, "ERR syntax error");
    return false;
}

static void reply_slot(Ctx *ctx, long long moved, uint32_t left, const Batch *batch,
                       const BatchLimits *limits) {
    bool tells_held = limits->max_key_bytes > 0;
    rmReplyWithArray(ctx, tells_held ? 3 : 2);
    rmReplyWithLongLong(ctx, moved);
    rmReplyWithLongLong(ctx, left);
    if (!tells_held) return;
    rmReplyWithArray(ctx, 2 * (long)batch->held.count);
    for (size_t i = 0; i < batch->held.count; i++) {
        size_t length;
        const char *name = rmStringPtrLen(batch->held.names[i], &length);
        rmReplyWithStringBuffer(ctx, name, length);
        rmReplyWithLongLong(ctx, batch->held_bytes[i]);
    }
}

static int migrate_slot(Ctx *ctx, Str **argv, int argc, bool with_tags, CommandFn command) {
    Target target;
    int slot;
    BatchLimits limits = {
        .max_keys = settings.batch,
        .max_bytes = settings.batch_bytes,
        .with_tags = with_tags,
    };
    if (argc < 5) return rmWrongArity(ctx);
    if (!argument_target(ctx, argv, &target)) return RM_OK;
    if (!argument_slot(ctx, argv[4], &slot)) return RM_OK;
    if (!argument_limits(ctx, argv, argc, &limits)) return RM_OK;
    DbIndex *index = index_require_for_write(ctx, command);
    if (!index) return RM_OK;

    Batch batch = batch_choose(ctx, index, slot, limits);
    long long moved = migrate_keys(ctx, &target, &batch.keys);
    if (moved != MIGRATE_FAILED)
        reply_slot(ctx, moved, slot_table_size(index_slot(index, slot)), &batch, &limits);
    batch_free(&batch);
    return RM_OK;
}

/* SLOTSMGRTSLOT host port timeout slot -> [keys moved, keys left in the slot]. Moves some keys of
 * the slot; Codis 2 moves one. Ours: [batch] [MAXBYTES bytes] and [MAXKEY bytes], which leaves
 * larger keys alone and adds an array of name and bytes of some of them to the reply. */
int slotsmgrtslot_command(Ctx *ctx, Str **argv, int argc) {
    return migrate_slot(ctx, argv, argc, false, slotsmgrtslot_command);
}

/* SLOTSMGRTTAGSLOT: the same, and keys of one tag go together. */
int slotsmgrttagslot_command(Ctx *ctx, Str **argv, int argc) {
    return migrate_slot(ctx, argv, argc, true, slotsmgrttagslot_command);
}
