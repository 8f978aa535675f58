/* Another module: SILENTDEL key deletes a key, of which Redis before 7.2 tells nobody. */
#include "redis_api.h"

enum { KEY_WRITE = 1 << 1 };

static int (*delete_key)(Key *);

static int silentdel_command(Ctx *ctx, Str **argv, int argc) {
    if (argc != 2) return rmWrongArity(ctx);
    Key *key = rmOpenKey(ctx, argv[1], KEY_READ | KEY_WRITE);
    delete_key(key);
    rmCloseKey(key);
    return rmReplyWithSimpleString(ctx, "OK");
}

__attribute__((visibility("default"))) int RedisModule_OnLoad(Ctx *ctx, Str **argv, int argc) {
    (void)argv;
    (void)argc;
    if (redis_api_init(ctx, "silent_delete", 1) != RM_OK) return RM_ERR;
    int (*get_api)(const char *, void *) = *(int (**)(const char *, void *))(void *)ctx;
    if (get_api("RedisModule_DeleteKey", (void *)&delete_key) != RM_OK) return RM_ERR;
    return rmCreateCommand(ctx, "silentdel", silentdel_command, "write", 1, 1, 1);
}
