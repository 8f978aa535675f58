/* The index slot -> keys of each database. It is a cache of what the server has: a database has
 * none until somebody asks for it, and dropping one is right at any time. */
#ifndef SLOT_INDEX_H
#define SLOT_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "redis_api.h"
#include "slot_table.h"

/* For all functions: -1 is not a database but all of them where it says so. */
enum { ALL_DATABASES = -1 };

typedef struct {
    SlotTable slots[SLOT_COUNT];
    unsigned long long total;
    ScanCursor *scan; /* NULL: ready. Else keys that the scan has not come to may be missing. */
    long long used_at_ms;
} DbIndex;

/* NULL if the database has none, or a number above any in use. */
DbIndex *index_of(int db);
/* Numbers from this one on have no index. */
int index_database_limit(void);
/* Is there any at all? What the events ask first. */
bool index_any(void);

/* An empty one that is to be filled by a scan; there must be none. */
DbIndex *index_create(int db);
void index_mark_ready(DbIndex *index);
static inline bool index_is_ready(const DbIndex *index) {
    return index && !index->scan;
}

/* What happened in the server. Where there is no index nothing is done. */
void index_add(int db, const char *name, size_t length);
/* Was it there? */
bool index_remove(int db, const char *name, size_t length);
/* The database, or all of them, is about to be emptied. */
void index_flush(int db);
void index_swap(int first, int second);
/* Forgets the index of the database, or of all. */
void index_drop(int db);

static inline SlotTable *index_slot(DbIndex *index, int slot) {
    return &index->slots[slot];
}

/* Frees its parts; used by the thread that does it for large ones. */
void index_free(DbIndex *index);
/* Ends that thread, after it has freed all. */
void index_shutdown(void);

#endif
