/* Names of keys, kept as strings of the server's, to be handed to its commands. They are copies: a
 * command changes the index that names were taken from. */
#ifndef KEY_LIST_H
#define KEY_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "redis_api.h"
#include "slot_table.h"

typedef struct {
    Str **names;
    size_t count, capacity;
} KeyList;

/* All zero is an empty list. */
void key_list_add(KeyList *list, const char *name, size_t length);
/* Takes the string over. */
void key_list_take(KeyList *list, Str *name);
/* Frees the names from this one on. One that was taken out is NULL. */
void key_list_truncate(KeyList *list, size_t count);
void key_list_free(KeyList *list);

/* An EntryFn: arg is the KeyList. */
void key_list_add_entry(const KeyEntry *entry, void *arg);

/* Takes the key out of the selected database's index, if it is there. For those that the database
 * does not have: the server may have deleted them without telling. */
void key_forget(Ctx *ctx, Str *name);
/* Forgets those that the database does not have. */
void key_list_forget_missing(Ctx *ctx, const KeyList *list);
/* Entries that were forgotten so since the module was loaded. */
long long key_list_forgotten(void);

/* Does the selected database have it? An expired key may be deleted by the question. */
bool key_exists(Ctx *ctx, Str *name);

#endif
