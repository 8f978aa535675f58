/* The index of a slot without a server, under sanitizers: random additions, removals, scans and
 * walks over a few names, each compared with a plain array. `slot-table-check [steps [seed]]` */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_api.h"
#include "slot_table.h"

/* What of redis_api.c the table needs. */
static void *zeroed(size_t count, size_t size) {
    return calloc(count, size);
}
void *(*rmAlloc)(size_t) = malloc;
void *(*rmCalloc)(size_t, size_t) = zeroed;
void *(*rmRealloc)(void *, size_t) = realloc;
void (*rmFree)(void *) = free;

enum { NAMES = 4000, TAGS = 7, SCAN_STEPS = 40 };

static char names[NAMES][24];
static bool present[NAMES];
static int present_count;
static int seen[NAMES];
static SlotTable table;

static void fail(const char *what, long step) {
    fprintf(stderr, "step %ld: %s\n", step, what);
    exit(1);
}

static KeyHash hash_of(int name) {
    return hash_key(names[name], strlen(names[name]));
}

static int number_of(const KeyEntry *entry) {
    char digits[8] = "";
    memcpy(digits, entry->name, 4);
    return atoi(digits);
}

static void see(const KeyEntry *entry, void *arg) {
    (void)arg;
    seen[number_of(entry)]++;
}

static void change(int name, long step) {
    size_t length = strlen(names[name]);
    bool add = rand() % 2;
    bool changed = add ? slot_table_add(&table, hash_of(name), names[name], length)
                       : slot_table_remove(&table, hash_of(name), names[name], length);
    if (changed != (add ? !present[name] : present[name])) fail("wrong answer", step);
    if (changed) present_count += add ? 1 : -1;
    present[name] = add;
    bool has = slot_table_has(&table, hash_of(name), names[name], length);
    if (has != add) fail("not as told", step);
}

static void check_size(long step) {
    if (slot_table_size(&table) != (uint32_t)present_count) fail("wrong size", step);
    uint32_t buckets = table.keys.bucket_count;
    if (buckets > table.keys.capacity) fail("more buckets than room", step);
    if (!table.pinned && present_count > 100 && buckets > 2 * (uint32_t)present_count)
        fail("does not shrink", step);
}

/* All names that stay in during a scan, with changes between its steps, must be seen. */
static void check_scan(long step) {
    static bool stays[NAMES];
    memcpy(stays, present, sizeof stays);
    memset(seen, 0, sizeof seen);
    uint32_t cursor = 0;
    long scans = 0;
    do {
        cursor = slot_table_scan(&table, cursor, see, NULL);
        if (++scans % SCAN_STEPS == 0) {
            /* Now and then by much, so that the table grows or shrinks under the scan. */
            int changes = rand() % 50 == 0 ? NAMES : 3;
            for (int i = 0; i < changes; i++) {
                int name = rand() % NAMES;
                change(name, step);
                if (!present[name]) stays[name] = false;
            }
        }
    } while (cursor != 0);
    for (int name = 0; name < NAMES; name++)
        if (stays[name] && !seen[name]) fail("a scan has missed a key", step);
}

static void check_walk(long step) {
    memset(seen, 0, sizeof seen);
    table.pinned = true;
    for (uint32_t bucket = table.keys.bucket_count; bucket > 0;) {
        slot_table_each_of_bucket(&table, --bucket, see, NULL);
        if (bucket % 16 != 0) continue;
        int name = rand() % NAMES;
        if (!present[name]) continue;
        slot_table_remove(&table, hash_of(name), names[name], strlen(names[name]));
        present[name] = false;
        present_count--;
        seen[name] = 1; /* before its removal, or not at all */
    }
    table.pinned = false;
    for (int name = 0; name < NAMES; name++)
        if (present[name] && seen[name] != 1) fail("a walk has not seen a key once", step);
}

static void check_groups(long step) {
    for (int tag = 0; tag < TAGS; tag++) {
        memset(seen, 0, sizeof seen);
        char key[24];
        snprintf(key, sizeof key, "{t%d}", tag);
        TagGroup *group = slot_table_group(&table, hash_key(key, strlen(key)).slot_crc);
        if (group) slot_table_each_of_group(group, see, NULL);
        uint32_t expected = 0;
        for (int name = 0; name < NAMES; name++) {
            bool is_member = present[name] && strstr(names[name], key);
            expected += is_member;
            if (seen[name] != is_member) fail("a group is not its keys", step);
        }
        if (group && group->node.info != expected) fail("a group's count is wrong", step);
        if (!group && expected) fail("a group is missing", step);
    }
}

int main(int argc, char **argv) {
    long steps = argc > 1 ? atol(argv[1]) : 200000;
    unsigned seed = argc > 2 ? (unsigned)atol(argv[2]) : 1;
    srand(seed);
    slot_hash_init();
    for (int name = 0; name < NAMES; name++) {
        if (name % 3 == 0) snprintf(names[name], sizeof *names, "%04d{t%d}", name, name % TAGS);
        else snprintf(names[name], sizeof *names, "%04d", name);
    }
    for (long step = 0; step < steps; step++) {
        /* In phases over a part of the names, so that the table is small at times. */
        int range = step / 5000 % 3 == 0 ? 20 : step / 5000 % 3 == 1 ? 300 : NAMES;
        change(rand() % range, step);
        check_size(step);
        if (step % 997 == 0) check_scan(step);
        if (step % 1499 == 0) check_walk(step);
        if (step % 1999 == 0) check_groups(step);
        if (step % 60000 == 59999) {
            slot_table_free(&table);
            memset(present, 0, sizeof present);
            present_count = 0;
        }
    }
    slot_table_free(&table);
    printf("%ld steps, seed %u: no difference\n", steps, seed);
    return 0;
}
