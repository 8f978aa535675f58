/* A hash table of nodes that belong to its user: chained, by linear hashing.
 *
 * It grows and shrinks by one bucket with an insertion or a removal. A table that doubles would
 * stop the server for some hundred milliseconds when a slot with millions of keys does. */
#ifndef NODE_TABLE_H
#define NODE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

/* The beginning of whatever is kept. */
typedef struct Node {
    struct Node *next;
    uint32_t hash; /* its low SLOT_BITS are alike for all nodes of a slot: they do not count */
    uint32_t info; /* the user's */
} Node;

typedef struct {
    Node **buckets;
    uint32_t bucket_count, capacity, used;
} NodeTable;

typedef void (*NodeFn)(Node *node, void *arg);

/* All zero is an empty table. */

void node_table_insert(NodeTable *table, Node *node);

/* The link that points to the first node whose hash may be this one, to go along: *link is a node
 * or NULL, and &(*link)->next the next link. NULL if there is no bucket. */
Node **node_table_chain(const NodeTable *table, uint32_t hash);

/* Takes out the node that a link of its chain points to; freeing it is the caller's. Without
 * may_shrink no other node changes its bucket. */
void node_table_unlink(NodeTable *table, Node **link, bool may_shrink);

/* Goes on from a cursor, 0 at first, and returns the next one, 0 at the end. Nodes that are there
 * all the time are seen at least once, whatever comes and goes between two calls. */
uint32_t node_table_scan(const NodeTable *table, uint32_t cursor, NodeFn fn, void *arg);

/* Calls fn with every node, which fn may free, and leaves an empty table. */
void node_table_drain(NodeTable *table, NodeFn fn, void *arg);

#endif
