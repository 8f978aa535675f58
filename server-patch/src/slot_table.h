/* The keys of one slot of one database, and which of them share a hash tag. */
#ifndef SLOT_TABLE_H
#define SLOT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node_table.h"
#include "slot_hash.h"

typedef struct {
    NodeTable keys;   /* of KeyEntry */
    NodeTable groups; /* of TagGroup */
    bool pinned;      /* no entry may change its bucket: somebody walks over them */
} SlotTable;

/* A key. Its node's info holds the name's length and whether it is tagged; a tagged one is preceded
 * in memory by its links to the others of its tag, which most keys can do without. */
typedef struct KeyEntry {
    Node node;
    char name[];
} KeyEntry;

/* Keys of one tag, or of tags whose crc32 is equal: such move together too, as in Codis. Its node's
 * hash is the tag's crc32 and its info the number of keys. */
typedef struct {
    Node node;
    KeyEntry *first;
    uint32_t stamp; /* the walker's */
} TagGroup;

typedef void (*EntryFn)(const KeyEntry *entry, void *arg);

/* All zero is an empty table. */

/* False if it was there before. */
bool slot_table_add(SlotTable *table, KeyHash hash, const char *name, size_t length);
/* False if it was not there. */
bool slot_table_remove(SlotTable *table, KeyHash hash, const char *name, size_t length);
bool slot_table_has(const SlotTable *table, KeyHash hash, const char *name, size_t length);
void slot_table_free(SlotTable *table);

static inline uint32_t slot_table_size(const SlotTable *table) {
    return table->keys.used;
}

static inline size_t entry_length(const KeyEntry *entry) {
    return entry->node.info >> 1;
}

/* The group of a tagged entry, else NULL. */
TagGroup *entry_group(const KeyEntry *entry);

/* NULL if no key of a tag with this crc32 is there. */
TagGroup *slot_table_group(const SlotTable *table, uint32_t crc);
void slot_table_each_of_group(const TagGroup *group, EntryFn fn, void *arg);

/* See node_table_scan. */
uint32_t slot_table_scan(const SlotTable *table, uint32_t cursor, EntryFn fn, void *arg);

/* Calls fn with the entries of one bucket. From the last bucket, `keys.bucket_count - 1`, down to
 * 0: so the buckets that are emptied are those that go when the table shrinks. */
void slot_table_each_of_bucket(const SlotTable *table, uint32_t bucket, EntryFn fn, void *arg);

#endif
