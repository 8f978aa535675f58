#include "key_list.h"

#include "slot_index.h"

enum { MIN_CAPACITY = 16 };

static long long forgotten;

void key_list_take(KeyList *list, Str *name) {
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : MIN_CAPACITY;
        list->names = rmRealloc(list->names, sizeof *list->names * list->capacity);
    }
    list->names[list->count++] = name;
}

void key_list_add(KeyList *list, const char *name, size_t length) {
    key_list_take(list, rmCreateString(NULL, name, length));
}

void key_list_add_entry(const KeyEntry *entry, void *arg) {
    key_list_add(arg, entry->name, entry_length(entry));
}

void key_list_truncate(KeyList *list, size_t count) {
    while (list->count > count) {
        Str *name = list->names[--list->count];
        if (name) rmFreeString(NULL, name);
    }
}

void key_list_free(KeyList *list) {
    key_list_truncate(list, 0);
    rmFree(list->names);
    *list = (KeyList){0};
}

bool key_exists(Ctx *ctx, Str *name) {
    Key *key = rmOpenKey(ctx, name, KEY_READ | KEY_NO_TOUCH);
    if (!key) return false;
    rmCloseKey(key);
    return true;
}

void key_forget(Ctx *ctx, Str *name) {
    size_t length;
    const char *bytes = rmStringPtrLen(name, &length);
    forgotten += index_remove(rmGetSelectedDb(ctx), bytes, length);
}

void key_list_forget_missing(Ctx *ctx, const KeyList *list) {
    for (size_t i = 0; i < list->count; i++)
        if (!key_exists(ctx, list->names[i])) key_forget(ctx, list->names[i]);
}

long long key_list_forgotten(void) {
    return forgotten;
}
