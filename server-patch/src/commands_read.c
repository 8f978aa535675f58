#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "commands.h"
#include "index_builder.h"
#include "key_list.h"
#include "settings.h"

/* SLOTSHASHKEY [key ...] -> slot numbers */
int slotshashkey_command(Ctx *ctx, Str **argv, int argc) {
    rmReplyWithArray(ctx, argc - 1);
    for (int i = 1; i < argc; i++) {
        size_t length;
        const char *name = rmStringPtrLen(argv[i], &length);
        rmReplyWithLongLong(ctx, slot_of(hash_key(name, length)));
    }
    return RM_OK;
}

/* SLOTSINFO [first [count]] -> [slot, keys] of those of the slots that are not empty */
int slotsinfo_command(Ctx *ctx, Str **argv, int argc) {
    int first = 0, count = SLOT_COUNT;
    if (argc > 3) return rmWrongArity(ctx);
    if (argc >= 2 && !argument_slot(ctx, argv[1], &first)) return RM_OK;
    if (argc == 3 && !argument_int(ctx, argv[2], &count)) return RM_OK;
    if (count < 0) {
        char error[64];
        snprintf(error, sizeof error, "ERR invalid slot count = %d", count);
        return rmReplyWithError(ctx, error);
    }
    DbIndex *index = index_require(ctx, slotsinfo_command);
    if (!index) return RM_OK;

    int end = count < SLOT_COUNT - first ? first + count : SLOT_COUNT;
    long filled = 0;
    for (int slot = first; slot < end; slot++)
        filled += slot_table_size(index_slot(index, slot)) > 0;
    rmReplyWithArray(ctx, filled);
    for (int slot = first; slot < end; slot++) {
        uint32_t keys = slot_table_size(index_slot(index, slot));
        if (keys == 0) continue;
        rmReplyWithArray(ctx, 2);
        rmReplyWithLongLong(ctx, slot);
        rmReplyWithLongLong(ctx, keys);
    }
    return RM_OK;
}

typedef struct {
    const KeyEntry **entries;
    size_t count, capacity;
} EntryList;

static void list_entry(const KeyEntry *entry, void *arg) {
    EntryList *list = arg;
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 16;
        list->entries = rmRealloc(list->entries, sizeof *list->entries * list->capacity);
    }
    list->entries[list->count++] = entry;
}

static void reply_entries(Ctx *ctx, const EntryList *list) {
    rmReplyWithArray(ctx, (long)list->count);
    for (size_t i = 0; i < list->count; i++)
        rmReplyWithStringBuffer(ctx, list->entries[i]->name, entry_length(list->entries[i]));
}

static bool argument_cursor(Ctx *ctx, Str *text, uint32_t *cursor) {
    const char *digits = rmStringPtrLen(text, NULL);
    char *end;
    errno = 0;
    unsigned long value = strtoul(digits, &end, 10);
    if (errno == 0 && end != digits && *end == '\0' && value <= UINT32_MAX) {
        *cursor = (uint32_t)value;
        return true;
    }
    rmReplyWithError(ctx, "ERR invalid cursor");
    return false;
}

/* SLOTSSCAN slot cursor [COUNT count] -> as SCAN replies */
int slotsscan_command(Ctx *ctx, Str **argv, int argc) {
    enum { DEFAULT_COUNT = 10, BUCKETS_A_KEY = 10 };
    int slot, count = DEFAULT_COUNT;
    uint32_t cursor;
    if (argc != 3 && argc != 5) return rmWrongArity(ctx);
    if (!argument_slot(ctx, argv[1], &slot)) return RM_OK;
    if (!argument_cursor(ctx, argv[2], &cursor)) return RM_OK;
    if (argc == 5) {
        if (!argument_is(argv[3], "count")) return rmReplyWithError(ctx, "ERR syntax error");
        if (!argument_int(ctx, argv[4], &count)) return RM_OK;
        if (count < 1) return rmReplyWithError(ctx, "ERR syntax error");
    }
    DbIndex *index = index_require(ctx, slotsscan_command);
    if (!index) return RM_OK;

    EntryList list = {0};
    long long buckets_left = (long long)count * BUCKETS_A_KEY;
    do {
        cursor = slot_table_scan(index_slot(index, slot), cursor, list_entry, &list);
    } while (cursor != 0 && --buckets_left > 0 && list.count < (size_t)count);

    char digits[16];
    int length = snprintf(digits, sizeof digits, "%u", cursor);
    rmReplyWithArray(ctx, 2);
    rmReplyWithStringBuffer(ctx, digits, (size_t)length);
    reply_entries(ctx, &list);
    rmFree(list.entries);
    return RM_OK;
}

/* SLOTSTAGKEYS key -> the key and all that share its tag, of those that exist: what SLOTSMGRTTAGONE
 * would move. Ours: so that whoever moves them can keep them until the target's replicas have them. */
int slotstagkeys_command(Ctx *ctx, Str **argv, int argc) {
    if (argc != 2) return rmWrongArity(ctx);
    size_t length;
    const char *name = rmStringPtrLen(argv[1], &length);
    KeyHash hash = hash_key(name, length);
    if (!hash.tagged) {
        bool exists = key_exists(ctx, argv[1]);
        rmReplyWithArray(ctx, exists);
        return exists ? rmReplyWithStringBuffer(ctx, name, length) : RM_OK;
    }
    DbIndex *index = index_require(ctx, slotstagkeys_command);
    if (!index) return RM_OK;
    EntryList list = {0};
    TagGroup *group = slot_table_group(index_slot(index, slot_of(hash)), hash.slot_crc);
    if (group) slot_table_each_of_group(group, list_entry, &list);
    reply_entries(ctx, &list);
    rmFree(list.entries);
    return RM_OK;
}

typedef struct {
    DbIndex *index;
    Str *missing; /* a key that the index lacks */
} Check;

static void check_key(Ctx *ctx, Str *name, Key *key, void *arg) {
    (void)ctx;
    (void)key;
    Check *check = arg;
    size_t length;
    const char *bytes = rmStringPtrLen(name, &length);
    KeyHash hash = hash_key(bytes, length);
    SlotTable *table = index_slot(check->index, slot_of(hash));
    if (check->missing || slot_table_has(table, hash, bytes, length)) return;
    check->missing = rmCreateString(NULL, bytes, length);
}

/* SLOTSCHECK -> OK, if the index has each key of the database where it belongs, and no other. Takes
 * as long as the database is large. The steps are our own: Codis 2 looks at each entry instead of
 * counting, which would expire keys. */
int slotscheck_command(Ctx *ctx, Str **argv, int argc) {
    (void)argv;
    if (argc != 1) return rmWrongArity(ctx);
    DbIndex *index = index_require(ctx, slotscheck_command);
    if (!index) return RM_OK;

    Check check = {index, NULL};
    ScanCursor *cursor = rmScanCursorCreate();
    while (rmScan(ctx, cursor, check_key, &check) && !check.missing) continue;
    rmScanCursorDestroy(cursor);

    char error[256];
    if (check.missing) {
        size_t length;
        const char *name = rmStringPtrLen(check.missing, &length);
        snprintf(error, sizeof error, "ERR step 2, miss = '%.*s'", length > 150 ? 150 : (int)length,
                 name);
        rmFreeString(NULL, check.missing);
        return rmReplyWithError(ctx, error);
    }
    unsigned long long entries = 0, keys = rmDbSize(ctx);
    for (int slot = 0; slot < SLOT_COUNT; slot++)
        entries += slot_table_size(index_slot(index, slot));
    if (entries != keys || index->total != keys) {
        snprintf(error, sizeof error, "ERR step 1, keys: %llu (%llu) in the index, %llu in fact",
                 entries, index->total, keys);
        return rmReplyWithError(ctx, error);
    }
    return rmReplyWithSimpleString(ctx, "OK");
}

static void reply_field(Ctx *ctx, const char *name, long long value) {
    rmReplyWithStringBuffer(ctx, name, strlen(name));
    rmReplyWithLongLong(ctx, value);
}

/* SLOTSVERSION -> names and numbers in turn; ours. A higher version can do all that a lower one
 * can. A server without this command is a stock one or an original codis-server. */
int slotsversion_command(Ctx *ctx, Str **argv, int argc) {
    (void)argv;
    if (argc != 1) return rmWrongArity(ctx);
    rmReplyWithArray(ctx, 6);
    reply_field(ctx, "version", MODULE_VERSION);
    reply_field(ctx, "batch", settings.batch);
    reply_field(ctx, "batch-bytes", settings.batch_bytes);
    return RM_OK;
}
