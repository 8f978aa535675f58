#include "batch.h"

enum {
    /* What a key costs beside a string's bytes: its name, the entry, the object. An estimate. */
    KEY_OVERHEAD_BYTES = 64,
    MAX_HELD = (int)(sizeof((Batch *)0)->held_bytes / sizeof(long long))
};

/* Units of keys that go together. */
typedef struct {
    KeyList names;
    size_t *ends; /* of each unit in `names`; it begins where the one before ends */
    size_t count, capacity;
} Candidates;

/* A walk down the buckets of a slot. In rounds: asking the server for the size of a key may expire
 * it, and so change the chain that we are in. The table is pinned meanwhile, so that what is left
 * stays where it is. */
typedef struct {
    SlotTable *table;
    bool with_tags;
    uint32_t stamp; /* marks the tags that this walk has met */
    Candidates found;
} Walk;

static uint32_t last_stamp;

static void end_unit(Candidates *found) {
    if (found->count == found->capacity) {
        found->capacity = found->capacity ? 2 * found->capacity : 64;
        found->ends = rmRealloc(found->ends, sizeof *found->ends * found->capacity);
    }
    found->ends[found->count++] = found->names.count;
}

static void add_candidate(const KeyEntry *entry, void *arg) {
    Walk *walk = arg;
    TagGroup *group = walk->with_tags ? entry_group(entry) : NULL;
    if (!group) {
        key_list_add_entry(entry, &walk->found.names);
    } else {
        if (group->stamp == walk->stamp) return;
        group->stamp = walk->stamp;
        slot_table_each_of_group(group, key_list_add_entry, &walk->found.names);
    }
    end_unit(&walk->found);
}

static long long memory_usage(Ctx *ctx, Str *name) {
    Reply *reply = rmCall(ctx, "MEMORY", "cs", "USAGE", name);
    bool is_number = reply && rmCallReplyType(reply) == REPLY_INTEGER;
    long long bytes = is_number ? rmCallReplyInteger(reply) : 0;
    if (reply) rmFreeCallReply(reply);
    return bytes;
}

/* -1: it is not there. */
static long long size_of_key(Ctx *ctx, Str *name) {
    Key *key = rmOpenKey(ctx, name, KEY_READ | KEY_NO_TOUCH);
    if (!key) return -1;
    bool is_string = rmKeyType(key) == KEY_TYPE_STRING;
    long long length = is_string ? (long long)rmValueLength(key) : 0;
    rmCloseKey(key);
    return is_string ? length + KEY_OVERHEAD_BYTES : memory_usage(ctx, name);
}

static void note_held(Batch *batch, Str *name, long long bytes) {
    if (batch->held.count == MAX_HELD) return;
    batch->held_bytes[batch->held.count] = bytes;
    size_t length;
    const char *text = rmStringPtrLen(name, &length);
    key_list_add(&batch->held, text, length);
}

typedef struct {
    Ctx *ctx;
    const BatchLimits *limits;
    Batch *batch;
    long long bytes;
    bool full;
} Choice;

/* Takes the names[from, to) or leaves all of them. */
static void choose_unit(Choice *choice, Str **names, size_t from, size_t to) {
    const BatchLimits *limits = choice->limits;
    KeyList *chosen = &choice->batch->keys;
    size_t count_before = chosen->count;
    long long total_bytes = choice->bytes;
    bool is_held = false;

    for (size_t i = from; i < to; i++) {
        long long bytes = size_of_key(choice->ctx, names[i]);
        if (bytes < 0) {
            key_forget(choice->ctx, names[i]);
            continue;
        }
        total_bytes += bytes;
        if (limits->max_key_bytes > 0 && bytes > limits->max_key_bytes) {
            note_held(choice->batch, names[i], bytes);
            is_held = true;
        }
        key_list_take(chosen, names[i]);
        names[i] = NULL;
    }
    bool exceeds = chosen->count > (size_t)limits->max_keys || total_bytes > limits->max_bytes;
    if (is_held || (exceeds && count_before > 0)) {
        key_list_truncate(chosen, count_before);
        choice->full = !is_held;
        return;
    }
    choice->bytes = total_bytes;
    choice->full = chosen->count >= (size_t)limits->max_keys || total_bytes >= limits->max_bytes;
}

Batch batch_choose(Ctx *ctx, DbIndex *index, int slot, BatchLimits limits) {
    Batch batch = {0};
    SlotTable *table = index_slot(index, slot);
    Walk walk = {.table = table, .with_tags = limits.with_tags, .stamp = ++last_stamp};
    Choice choice = {.ctx = ctx, .limits = &limits, .batch = &batch};

    table->pinned = true;
    uint32_t bucket = table->keys.bucket_count;
    while (bucket > 0 && !choice.full) {
        size_t wanted = (size_t)limits.max_keys - batch.keys.count;
        walk.found.count = 0;
        key_list_truncate(&walk.found.names, 0);
        while (bucket > 0 && walk.found.names.count < wanted)
            slot_table_each_of_bucket(table, --bucket, add_candidate, &walk);
        for (size_t unit = 0; unit < walk.found.count && !choice.full; unit++) {
            size_t from = unit ? walk.found.ends[unit - 1] : 0;
            choose_unit(&choice, walk.found.names.names, from, walk.found.ends[unit]);
        }
    }
    table->pinned = false;
    if (slot_table_size(table) == 0) slot_table_free(table);
    key_list_free(&walk.found.names);
    rmFree(walk.found.ends);
    return batch;
}

void batch_free(Batch *batch) {
    key_list_free(&batch->keys);
    key_list_free(&batch->held);
}
