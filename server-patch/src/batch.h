/* Which keys of a slot to move next. */
#ifndef BATCH_H
#define BATCH_H

#include <stdbool.h>

#include "key_list.h"
#include "redis_api.h"
#include "slot_index.h"

typedef struct {
    long long max_keys;
    long long max_bytes;
    long long max_key_bytes; /* larger keys are held back; 0: none are */
    bool with_tags;          /* keys of one tag go together, or stay together */
} BatchLimits;

typedef struct {
    KeyList keys;
    /* Of the keys held back, the first few with their sizes. With tags the others of the tag stay
     * as well; they are not in here. */
    KeyList held;
    long long held_bytes[16];
} Batch;

/* Chooses from the selected database's slot. The limits are kept, except that a first key, or the
 * keys of a first tag, are taken whatever their size. Sizes are of the server's memory, estimated
 * for collections by MEMORY USAGE. An empty batch: the slot has nothing but keys held back. */
Batch batch_choose(Ctx *ctx, DbIndex *index, int slot, BatchLimits limits);
void batch_free(Batch *batch);

#endif
