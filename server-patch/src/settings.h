/* What the module was told when it was loaded:
 *
 *   loadmodule codis_slots.so [batch <keys>] [batch-bytes <bytes>] [index-idle-ms <ms>]
 *              [build-slice-us <us>] [build-pause-ms <ms>]
 *              [migrate-auth <password>] [migrate-user <name>] */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>

#include "redis_api.h"

typedef struct {
    long long batch;          /* keys a SLOTSMGRT*SLOT call moves at most */
    long long batch_bytes;    /* about as many bytes; but always one key, or one tag's keys */
    long long index_idle_ms;  /* an index that nobody asked for so long is dropped; 0: never */
    long long build_slice_us; /* an index is built in slices of this length */
    long long build_pause_ms; /* and between two slices the server serves its clients */
    Str *migrate_auth;        /* NULL: the target has the password that we demand ourselves */
    Str *migrate_user;        /* NULL: the default user */
} Settings;

extern Settings settings;

/* False, and a line in the server's log, if they are not understood. */
bool settings_parse(Ctx *ctx, Str **argv, int argc);
void settings_free(Ctx *ctx);

#endif
