/* Which slot a key lives in: the rule of Codis 2. */
#ifndef SLOT_HASH_H
#define SLOT_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SLOT_BITS = 10, SLOT_COUNT = 1 << SLOT_BITS };

typedef struct {
    uint32_t slot_crc;  /* crc32 of the tag, or of the whole key; equal for keys of one tag */
    uint32_t name_hash; /* crc32 of the whole key */
    bool tagged;
} KeyHash;

/* Must run once before hash_key. */
void slot_hash_init(void);

/* The tag stands between the first '{' and the first '}' after it. Unlike in Redis Cluster an empty
 * tag counts: "{}x" is in slot 0. */
KeyHash hash_key(const char *name, size_t length);

static inline int slot_of(KeyHash hash) {
    return (int)(hash.slot_crc & (SLOT_COUNT - 1));
}

#endif
