#include "slot_table.h"

#include <string.h>

#include "redis_api.h"

/* Precedes a tagged KeyEntry. */
typedef struct {
    TagGroup *group;
    KeyEntry *previous, *next;
} TagLink;

static bool is_tagged(const KeyEntry *entry) {
    return entry->node.info & 1;
}

static TagLink *link_of(const KeyEntry *entry) {
    return (TagLink *)(void *)((char *)entry - sizeof(TagLink));
}

static void *allocation_of(KeyEntry *entry) {
    return is_tagged(entry) ? (void *)link_of(entry) : (void *)entry;
}

/* NULL, or the link to the entry, which is there. */
static Node **find(const SlotTable *table, KeyHash hash, const char *name, size_t length) {
    Node **link = node_table_chain(&table->keys, hash.name_hash);
    if (!link) return NULL;
    for (; *link; link = &(*link)->next) {
        if ((*link)->hash != hash.name_hash || (*link)->info >> 1 != length) continue;
        if (memcmp(((KeyEntry *)*link)->name, name, length) == 0) return link;
    }
    return NULL;
}

static Node **find_group(const SlotTable *table, uint32_t crc) {
    Node **link = node_table_chain(&table->groups, crc);
    if (!link) return NULL;
    while (*link && (*link)->hash != crc) link = &(*link)->next;
    return *link ? link : NULL;
}

static void join_group(SlotTable *table, KeyEntry *entry, uint32_t crc) {
    TagGroup *group = slot_table_group(table, crc);
    if (!group) {
        group = rmCalloc(1, sizeof *group);
        group->node.hash = crc;
        node_table_insert(&table->groups, &group->node);
    }
    *link_of(entry) = (TagLink){group, NULL, group->first};
    if (group->first) link_of(group->first)->previous = entry;
    group->first = entry;
    group->node.info++;
}

static void leave_group(SlotTable *table, KeyEntry *entry) {
    TagLink *link = link_of(entry);
    TagGroup *group = link->group;
    if (link->previous) link_of(link->previous)->next = link->next;
    else group->first = link->next;
    if (link->next) link_of(link->next)->previous = link->previous;
    if (--group->node.info > 0) return;
    node_table_unlink(&table->groups, find_group(table, group->node.hash), true);
    rmFree(group);
}

bool slot_table_add(SlotTable *table, KeyHash hash, const char *name, size_t length) {
    if (find(table, hash, name, length)) return false;
    size_t before = hash.tagged ? sizeof(TagLink) : 0;
    char *allocation = rmAlloc(before + sizeof(KeyEntry) + length);
    KeyEntry *entry = (KeyEntry *)(void *)(allocation + before);
    entry->node.hash = hash.name_hash;
    entry->node.info = (uint32_t)length << 1 | hash.tagged;
    memcpy(entry->name, name, length);
    node_table_insert(&table->keys, &entry->node);
    if (hash.tagged) join_group(table, entry, hash.slot_crc);
    return true;
}

bool slot_table_remove(SlotTable *table, KeyHash hash, const char *name, size_t length) {
    Node **link = find(table, hash, name, length);
    if (!link) return false;
    KeyEntry *entry = (KeyEntry *)*link;
    node_table_unlink(&table->keys, link, !table->pinned);
    if (is_tagged(entry)) leave_group(table, entry);
    rmFree(allocation_of(entry));
    return true;
}

bool slot_table_has(const SlotTable *table, KeyHash hash, const char *name, size_t length) {
    Node **link = find(table, hash, name, length);
    if (!link) return false;
    TagGroup *group = entry_group((KeyEntry *)*link);
    return hash.tagged ? group && group->node.hash == hash.slot_crc : !group;
}

static void free_entry(Node *node, void *arg) {
    (void)arg;
    rmFree(allocation_of((KeyEntry *)node));
}

static void free_group(Node *node, void *arg) {
    (void)arg;
    rmFree(node);
}

void slot_table_free(SlotTable *table) {
    node_table_drain(&table->keys, free_entry, NULL);
    node_table_drain(&table->groups, free_group, NULL);
}

TagGroup *entry_group(const KeyEntry *entry) {
    return is_tagged(entry) ? link_of(entry)->group : NULL;
}

TagGroup *slot_table_group(const SlotTable *table, uint32_t crc) {
    Node **link = find_group(table, crc);
    return link ? (TagGroup *)*link : NULL;
}

void slot_table_each_of_group(const TagGroup *group, EntryFn fn, void *arg) {
    for (KeyEntry *entry = group->first; entry; entry = link_of(entry)->next) fn(entry, arg);
}

typedef struct {
    EntryFn fn;
    void *arg;
} EntryCall;

static void call_with_entry(Node *node, void *arg) {
    EntryCall *call = arg;
    call->fn((KeyEntry *)node, call->arg);
}

uint32_t slot_table_scan(const SlotTable *table, uint32_t cursor, EntryFn fn, void *arg) {
    EntryCall call = {fn, arg};
    return node_table_scan(&table->keys, cursor, call_with_entry, &call);
}

void slot_table_each_of_bucket(const SlotTable *table, uint32_t bucket, EntryFn fn, void *arg) {
    for (Node *node = table->keys.buckets[bucket]; node; node = node->next)
        fn((KeyEntry *)node, arg);
}
