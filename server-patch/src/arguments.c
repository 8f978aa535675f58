#include "arguments.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "slot_hash.h"

enum { DEFAULT_TIMEOUT_MS = 100, MAX_ERROR_LENGTH = 100 };

static bool reply_invalid(Ctx *ctx, const char *what, long long value) {
    char error[MAX_ERROR_LENGTH];
    snprintf(error, sizeof error, "ERR invalid %s = %lld", what, value);
    rmReplyWithError(ctx, error);
    return false;
}

static bool argument_number(Ctx *ctx, Str *text, long long *value) {
    if (rmStringToLongLong(text, value) == RM_OK) return true;
    rmReplyWithError(ctx, "ERR value is not an integer or out of range");
    return false;
}

bool argument_int(Ctx *ctx, Str *text, int *value) {
    long long number;
    if (!argument_number(ctx, text, &number)) return false;
    if (number < INT_MIN || number > INT_MAX) {
        rmReplyWithError(ctx, "ERR value is out of range");
        return false;
    }
    *value = (int)number;
    return true;
}

bool argument_slot(Ctx *ctx, Str *text, int *slot) {
    if (!argument_int(ctx, text, slot)) return false;
    return (*slot >= 0 && *slot < SLOT_COUNT) || reply_invalid(ctx, "slot number", *slot);
}

bool argument_timeout(Ctx *ctx, Str *text, long long *ms) {
    int value;
    if (!argument_int(ctx, text, &value)) return false;
    *ms = value ? value : DEFAULT_TIMEOUT_MS;
    return value >= 0 || reply_invalid(ctx, "timeout", value);
}

bool argument_positive(Ctx *ctx, Str *text, const char *what, long long *value) {
    if (!argument_number(ctx, text, value)) return false;
    return *value > 0 || reply_invalid(ctx, what, *value);
}

bool argument_is(Str *text, const char *word) {
    size_t length;
    const char *bytes = rmStringPtrLen(text, &length);
    return length == strlen(word) && !strncasecmp(bytes, word, length);
}
