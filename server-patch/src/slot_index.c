#include "slot_index.h"

#include "index_reaper.h"

/* Freeing so many keys takes well below a millisecond: not worth another thread. */
enum { FREED_AT_ONCE = 5000 };

static DbIndex **databases;
static int database_limit;
static int index_count;

DbIndex *index_of(int db) {
    return db >= 0 && db < database_limit ? databases[db] : NULL;
}

int index_database_limit(void) {
    return database_limit;
}

bool index_any(void) {
    return index_count > 0;
}

static void reserve(int db) {
    if (db < database_limit) return;
    databases = rmRealloc(databases, sizeof *databases * (size_t)(db + 1));
    while (database_limit <= db) databases[database_limit++] = NULL;
}

DbIndex *index_create(int db) {
    reserve(db);
    DbIndex *index = rmCalloc(1, sizeof *index);
    index->scan = rmScanCursorCreate();
    databases[db] = index;
    index_count++;
    return index;
}

void index_mark_ready(DbIndex *index) {
    if (index->scan) rmScanCursorDestroy(index->scan);
    index->scan = NULL;
}

void index_add(int db, const char *name, size_t length) {
    DbIndex *index = index_of(db);
    if (!index) return;
    KeyHash hash = hash_key(name, length);
    if (slot_table_add(index_slot(index, slot_of(hash)), hash, name, length)) index->total++;
}

bool index_remove(int db, const char *name, size_t length) {
    DbIndex *index = index_of(db);
    if (!index) return false;
    KeyHash hash = hash_key(name, length);
    bool removed = slot_table_remove(index_slot(index, slot_of(hash)), hash, name, length);
    if (removed) index->total--;
    return removed;
}

void index_free(DbIndex *index) {
    for (int slot = 0; slot < SLOT_COUNT; slot++) slot_table_free(&index->slots[slot]);
    rmFree(index);
}

static void dispose(DbIndex *index) {
    index_mark_ready(index);
    if (index->total <= FREED_AT_ONCE) index_free(index);
    else reaper_free(index);
}

void index_drop(int db) {
    if (db == ALL_DATABASES) {
        for (int each = 0; each < database_limit; each++) index_drop(each);
        return;
    }
    DbIndex *index = index_of(db);
    if (!index) return;
    databases[db] = NULL;
    index_count--;
    dispose(index);
}

void index_flush(int db) {
    if (db == ALL_DATABASES) {
        for (int each = 0; each < database_limit; each++) index_flush(each);
        return;
    }
    DbIndex *full = index_of(db);
    if (!full) return;
    long long used_at_ms = full->used_at_ms;
    index_drop(db);
    /* Nothing is left to scan. */
    DbIndex *empty = index_create(db);
    empty->used_at_ms = used_at_ms;
    index_mark_ready(empty);
}

void index_swap(int first, int second) {
    if (!index_any()) return;
    reserve(first > second ? first : second);
    DbIndex *index = databases[first];
    databases[first] = databases[second];
    databases[second] = index;
}

void index_shutdown(void) {
    index_drop(ALL_DATABASES);
    reaper_stop();
    rmFree(databases);
    databases = NULL;
    database_limit = 0;
}
