#include "slot_hash.h"

#include <string.h>

static uint32_t table[4][256];

void slot_hash_init(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xEDB88320u & -(crc & 1));
        table[0][byte] = crc;
    }
    for (int row = 1; row < 4; row++) {
        for (int byte = 0; byte < 256; byte++) {
            uint32_t crc = table[row - 1][byte];
            table[row][byte] = (crc >> 8) ^ table[0][crc & 255];
        }
    }
}

/* IEEE crc32, four bytes a step: the events of a busy server hash every new key. */
static uint32_t crc32_of(const char *bytes, size_t length) {
    const unsigned char *at = (const unsigned char *)bytes;
    uint32_t crc = ~0u;
    for (; length >= 4; length -= 4, at += 4) {
        crc ^= at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
        crc = table[3][crc & 255] ^ table[2][(crc >> 8) & 255] ^ table[1][(crc >> 16) & 255] ^
              table[0][crc >> 24];
    }
    for (; length > 0; length--) crc = (crc >> 8) ^ table[0][(crc ^ *at++) & 255];
    return ~crc;
}

KeyHash hash_key(const char *name, size_t length) {
    uint32_t whole = crc32_of(name, length);
    const char *open = memchr(name, '{', length);
    if (open) {
        const char *tag = open + 1;
        const char *close = memchr(tag, '}', length - (size_t)(tag - name));
        if (close) return (KeyHash){crc32_of(tag, (size_t)(close - tag)), whole, true};
    }
    return (KeyHash){whole, whole, false};
}
