/* A module for tests: commands with one key, with several, with movable ones and without any, as
 * modules of the wild have them. Needs no headers of Redis. */
#include <stddef.h>

typedef struct RedisModuleCtx Ctx;
typedef struct RedisModuleString Str;
typedef struct RedisModuleCallReply Reply;
typedef int (*Command)(Ctx *, Str **, int);

static int (*createCommand)(Ctx *, const char *, Command, const char *, int, int, int);
static void (*setModuleAttribs)(Ctx *, const char *, int, int);
static Reply *(*call)(Ctx *, const char *, const char *, ...);
static int (*replyWithCallReply)(Ctx *, Reply *);
static int (*replyWithLongLong)(Ctx *, long long);
static int (*isKeysPositionRequest)(Ctx *);
static void (*keyAtPos)(Ctx *, int);
static int (*wrongArity)(Ctx *);

static int get(Ctx *ctx, Str **argv, int argc) {
    if (argc != 2) return wrongArity(ctx);
    return replyWithCallReply(ctx, call(ctx, "GET", "s", argv[1]));
}

static int set(Ctx *ctx, Str **argv, int argc) {
    if (argc != 3) return wrongArity(ctx);
    return replyWithCallReply(ctx, call(ctx, "SET", "!ss", argv[1], argv[2]));
}

/* KEYMOD.EXISTS key [key ...] */
static int exists(Ctx *ctx, Str **argv, int argc) {
    return replyWithCallReply(ctx, call(ctx, "EXISTS", "v", argv + 1, (size_t)(argc - 1)));
}

/* KEYMOD.LAST word key: where the key is, only the module knows. */
static int last(Ctx *ctx, Str **argv, int argc) {
    if (isKeysPositionRequest(ctx)) {
        keyAtPos(ctx, argc - 1);
        return 0;
    }
    return replyWithCallReply(ctx, call(ctx, "GET", "s", argv[argc - 1]));
}

static int answer(Ctx *ctx, Str **argv, int argc) {
    (void)argv;
    (void)argc;
    return replyWithLongLong(ctx, 42);
}

int RedisModule_OnLoad(Ctx *ctx, Str **argv, int argc) {
    (void)argv;
    (void)argc;
    int (*getApi)(const char *, void *) = *(int (**)(const char *, void *))ctx;
    getApi("RedisModule_CreateCommand", &createCommand);
    getApi("RedisModule_SetModuleAttribs", &setModuleAttribs);
    getApi("RedisModule_Call", &call);
    getApi("RedisModule_ReplyWithCallReply", &replyWithCallReply);
    getApi("RedisModule_ReplyWithLongLong", &replyWithLongLong);
    getApi("RedisModule_IsKeysPositionRequest", &isKeysPositionRequest);
    getApi("RedisModule_KeyAtPos", &keyAtPos);
    getApi("RedisModule_WrongArity", &wrongArity);
    setModuleAttribs(ctx, "keymod", 1, 1);
    createCommand(ctx, "keymod.get", get, "readonly", 1, 1, 1);
    createCommand(ctx, "keymod.set", set, "write", 1, 1, 1);
    createCommand(ctx, "keymod.exists", exists, "readonly", 1, -1, 1);
    createCommand(ctx, "keymod.last", last, "readonly getkeys-api", 0, 0, 0);
    createCommand(ctx, "keymod.answer", answer, "readonly", 0, 0, 0);
    createCommand(ctx, "keymod.admin", answer, "admin", 0, 0, 0);
    return 0;
}
