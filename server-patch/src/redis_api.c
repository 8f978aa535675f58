#include "redis_api.h"

#define DEFINE(type, name, arguments) type(*rm##name) arguments;
REDIS_API(DEFINE)
REDIS_OPTIONAL_API(DEFINE)

enum { REDIS_7 = 0x00070000 };

typedef int (*GetApiFn)(const char *name, void *pointer);

int redis_api_init(Ctx *ctx, const char *module_name, int version) {
    /* The interface's only fixed point: a context begins with a pointer to the look-up function. */
    GetApiFn get_api = *(GetApiFn *)(void *)ctx;

#define REQUIRE(type, name, arguments)                                                             \
    if (get_api("RedisModule_" #name, (void *)&rm##name) != RM_OK) return RM_ERR;
#define TRY(type, name, arguments)                                                                 \
    if (get_api("RedisModule_" #name, (void *)&rm##name) != RM_OK) rm##name = NULL;
    REDIS_API(REQUIRE)
    REDIS_OPTIONAL_API(TRY)

    if (rmIsModuleNameBusy && rmIsModuleNameBusy(module_name)) return RM_ERR;
    rmSetModuleAttribs(ctx, module_name, version, RM_API_VERSION);
    return RM_OK;
}

const char *redis_api_write_format(void) {
    /* "E": what keeps a command from running is a reply with the server's words, not NULL. Redis
     * 6.2 does not know it and would refuse the call. */
    int has_errors_as_replies = rmGetServerVersion && rmGetServerVersion() >= REDIS_7;
    return has_errors_as_replies ? "!Ev" : "!v";
}
