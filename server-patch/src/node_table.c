#include "node_table.h"

#include "redis_api.h"
#include "slot_hash.h"

enum {
    MIN_CAPACITY = 4,
    /* More buckets than this can not be told apart by what is left of the hash. */
    MAX_BUCKETS = 1 << (32 - SLOT_BITS),
    /* Two a removal, so that a table that could not shrink for a while makes up for it. */
    MERGES_A_REMOVAL = 2
};

/* The highest power of two that is not above n; n is not 0. */
static uint32_t power_below(uint32_t n) {
    return 1u << (31 - __builtin_clz(n));
}

/* Of bucket_count = base + split buckets, those below `split` have been split: nodes of theirs that
 * differ in the bit `base` stand in bucket i + base. */
static uint32_t bucket_of(const NodeTable *table, uint32_t hash) {
    uint32_t base = power_below(table->bucket_count);
    uint32_t bucket = (hash >> SLOT_BITS) & (2 * base - 1);
    return bucket < table->bucket_count ? bucket : bucket & (base - 1);
}

static void set_capacity(NodeTable *table, uint32_t capacity) {
    table->buckets = rmRealloc(table->buckets, sizeof(Node *) * capacity);
    table->capacity = capacity;
}

static void add_bucket(NodeTable *table) {
    uint32_t added = table->bucket_count;
    if (added == table->capacity) {
        uint32_t quarter = table->capacity / 4;
        set_capacity(table, added + (quarter > MIN_CAPACITY ? quarter : MIN_CAPACITY));
    }
    table->buckets[added] = NULL;
    table->bucket_count++;
    if (added == 0) return;

    Node **link = &table->buckets[added - power_below(added)];
    while (*link) {
        Node *node = *link;
        if (bucket_of(table, node->hash) == added) {
            *link = node->next;
            node->next = table->buckets[added];
            table->buckets[added] = node;
        } else {
            link = &node->next;
        }
    }
}

static void remove_bucket(NodeTable *table) {
    uint32_t last = --table->bucket_count;
    Node **link = &table->buckets[last - power_below(last)];
    while (*link) link = &(*link)->next;
    *link = table->buckets[last];
}

static void shrink(NodeTable *table) {
    if (table->used == 0) {
        rmFree(table->buckets);
        *table = (NodeTable){0};
        return;
    }
    for (int merge = 0; merge < MERGES_A_REMOVAL; merge++) {
        uint32_t wanted = table->bucket_count - table->bucket_count / 4;
        if (table->bucket_count == 1 || table->used >= wanted) break;
        remove_bucket(table);
    }
    if (table->capacity > 4 * MIN_CAPACITY && table->bucket_count < table->capacity / 2)
        set_capacity(table, table->bucket_count + table->bucket_count / 4);
}

void node_table_insert(NodeTable *table, Node *node) {
    if (table->used >= table->bucket_count && table->bucket_count < MAX_BUCKETS) add_bucket(table);
    Node **first = &table->buckets[bucket_of(table, node->hash)];
    node->next = *first;
    *first = node;
    table->used++;
}

Node **node_table_chain(const NodeTable *table, uint32_t hash) {
    return table->bucket_count ? &table->buckets[bucket_of(table, hash)] : NULL;
}

void node_table_unlink(NodeTable *table, Node **link, bool may_shrink) {
    *link = (*link)->next;
    table->used--;
    if (may_shrink) shrink(table);
}

static uint32_t reverse_bits(uint32_t v) {
    v = ((v >> 1) & 0x55555555u) | ((v & 0x55555555u) << 1);
    v = ((v >> 2) & 0x33333333u) | ((v & 0x33333333u) << 2);
    v = ((v >> 4) & 0x0F0F0F0Fu) | ((v & 0x0F0F0F0Fu) << 4);
    return __builtin_bswap32(v);
}

static void visit(Node *node, NodeFn fn, void *arg) {
    while (node) {
        Node *next = node->next;
        fn(node, arg);
        node = next;
    }
}

uint32_t node_table_scan(const NodeTable *table, uint32_t cursor, NodeFn fn, void *arg) {
    if (table->bucket_count == 0) return 0;
    uint32_t base = power_below(table->bucket_count);
    uint32_t bucket = cursor & (base - 1);
    visit(table->buckets[bucket], fn, arg);
    if (bucket + base < table->bucket_count) visit(table->buckets[bucket + base], fn, arg);
    /* Counting from the highest bit down, as Redis's SCAN does: the buckets that a visited one is
     * later split into, or merged with, come before the cursor or at it, never in a gap. */
    cursor |= ~(base - 1);
    return reverse_bits(reverse_bits(cursor) + 1);
}

void node_table_drain(NodeTable *table, NodeFn fn, void *arg) {
    for (uint32_t bucket = 0; bucket < table->bucket_count; bucket++)
        visit(table->buckets[bucket], fn, arg);
    rmFree(table->buckets);
    *table = (NodeTable){0};
}
