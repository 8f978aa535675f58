#include "settings.h"

#include <string.h>
#include <strings.h>

Settings settings = {
    .batch = 64,
    /* MIGRATE moves 100 to 200 MB a second: half a megabyte keeps a call near 5 ms. */
    .batch_bytes = 512 * 1024,
    .index_idle_ms = 60 * 1000,
    .build_slice_us = 1000,
    .build_pause_ms = 1,
};

typedef struct {
    const char *name;
    long long min, max;
    long long *value;
} NumberSetting;

static const NumberSetting numbers[] = {
    {"batch", 1, 1000 * 1000, &settings.batch},
    {"batch-bytes", 1, 1LL << 40, &settings.batch_bytes},
    {"index-idle-ms", 0, 1LL << 40, &settings.index_idle_ms},
    {"build-slice-us", 1, 1000 * 1000, &settings.build_slice_us},
    {"build-pause-ms", 1, 60 * 1000, &settings.build_pause_ms},
};

static bool parse_number(Ctx *ctx, const NumberSetting *setting, Str *text) {
    long long value;
    if (rmStringToLongLong(text, &value) == RM_OK && value >= setting->min &&
        value <= setting->max) {
        *setting->value = value;
        return true;
    }
    rmLog(ctx, "warning", "%s must be a number from %lld to %lld", setting->name, setting->min,
          setting->max);
    return false;
}

static Str *copy_of(Str *text) {
    size_t length;
    const char *bytes = rmStringPtrLen(text, &length);
    return rmCreateString(NULL, bytes, length);
}

static bool parse_one(Ctx *ctx, const char *name, Str *value) {
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!strcasecmp(name, numbers[i].name)) return parse_number(ctx, &numbers[i], value);
    Str **text = !strcasecmp(name, "migrate-auth")   ? &settings.migrate_auth
                 : !strcasecmp(name, "migrate-user") ? &settings.migrate_user
                                                     : NULL;
    if (!text) {
        rmLog(ctx, "warning", "unknown argument '%s'", name);
        return false;
    }
    if (*text) rmFreeString(NULL, *text);
    *text = copy_of(value);
    return true;
}

bool settings_parse(Ctx *ctx, Str **argv, int argc) {
    for (int i = 0; i < argc; i += 2) {
        const char *name = rmStringPtrLen(argv[i], NULL);
        if (i + 1 == argc) {
            rmLog(ctx, "warning", "argument '%s' has no value", name);
            return false;
        }
        if (!parse_one(ctx, name, argv[i + 1])) return false;
    }
    if (settings.migrate_user && !settings.migrate_auth) {
        rmLog(ctx, "warning", "migrate-user needs migrate-auth");
        return false;
    }
    return true;
}

void settings_free(Ctx *ctx) {
    (void)ctx;
    if (settings.migrate_auth) rmFreeString(NULL, settings.migrate_auth);
    if (settings.migrate_user) rmFreeString(NULL, settings.migrate_user);
    settings.migrate_auth = settings.migrate_user = NULL;
}
