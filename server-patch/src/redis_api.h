/* The part of the module interface of Redis and Valkey that we use: its names, prototypes and
 * numbers, which are a stable binary interface. Functions are looked up at load time, so that
 * building needs no headers of a server and one binary serves all versions from 6.2 on.
 *
 * The server's RedisModule_Call is our rmCall, and so on. */
#ifndef REDIS_API_H
#define REDIS_API_H

#include <stddef.h>
#include <stdint.h>

typedef struct RedisModuleCtx Ctx;
typedef struct RedisModuleString Str;
typedef struct RedisModuleKey Key;
typedef struct RedisModuleCallReply Reply;
typedef struct RedisModuleScanCursor ScanCursor;
typedef struct RedisModuleBlockedClient BlockedClient;
typedef struct RedisModuleInfoCtx InfoCtx;
typedef uint64_t TimerId;
typedef struct {
    uint64_t id, dataver;
} Event;

typedef int (*CommandFn)(Ctx *, Str **argv, int argc);
typedef int (*NotificationFn)(Ctx *, int type, const char *event, Str *key);
typedef void (*EventFn)(Ctx *, Event, uint64_t subevent, void *data);
typedef void (*ScanFn)(Ctx *, Str *name, Key *key, void *arg);
typedef void (*TimerFn)(Ctx *, void *arg);
typedef void (*InfoFn)(InfoCtx *, int for_crash_report);
typedef void (*FreePrivateDataFn)(Ctx *, void *data);

enum { RM_OK = 0, RM_ERR = 1, RM_API_VERSION = 1 };
enum { REPLY_STRING = 0, REPLY_ERROR = 1, REPLY_INTEGER = 2, REPLY_ARRAY = 3 };
enum { KEY_READ = 1 << 0, KEY_NO_TOUCH = 1 << 16 };
enum { KEY_TYPE_STRING = 1 };
enum {
    CONTEXT_LUA = 1 << 0,
    CONTEXT_MULTI = 1 << 1,
    CONTEXT_REPLICATED = 1 << 12,
    CONTEXT_LOADING = 1 << 13,
    CONTEXT_DENY_BLOCKING = 1 << 21
};
enum {
    NOTIFY_GENERIC = 1 << 2,
    NOTIFY_STRING = 1 << 3,
    NOTIFY_LIST = 1 << 4,
    NOTIFY_SET = 1 << 5,
    NOTIFY_HASH = 1 << 6,
    NOTIFY_ZSET = 1 << 7,
    NOTIFY_EXPIRED = 1 << 8,
    NOTIFY_EVICTED = 1 << 9,
    NOTIFY_STREAM = 1 << 10,
    NOTIFY_MODULE = 1 << 13,
    NOTIFY_NEW = 1 << 14 /* Redis >= 7.0 */
};
enum {
    EVENT_FLUSHDB = 2,
    EVENT_LOADING = 3,
    EVENT_SWAPDB = 11,
    EVENT_REPL_BACKUP = 12, /* Redis 6.2 */
    EVENT_KEY = 17          /* Redis >= 7.2 */
};
enum { FLUSHDB_START = 0, KEY_DELETED = 0, KEY_OVERWRITTEN = 3 };

typedef struct {
    uint64_t version;
    int32_t sync, db; /* db -1: all of them */
} FlushInfo;
typedef struct {
    uint64_t version;
    int32_t first, second;
} SwapInfo;
typedef struct {
    uint64_t version;
    Key *key;
} KeyInfo;

/* X(returned type, name, arguments): in every server from 6.2 on. */
#define REDIS_API(X)                                                                               \
    X(void, SetModuleAttribs, (Ctx *, const char *name, int version, int api))                     \
    X(int, CreateCommand, (Ctx *, const char *, CommandFn, const char *flags, int, int, int))      \
    X(int, SubscribeToKeyspaceEvents, (Ctx *, int types, NotificationFn))                          \
    X(int, GetKeyspaceNotificationFlagsAll, (void))                                                \
    X(int, SubscribeToServerEvent, (Ctx *, Event, EventFn))                                        \
    X(int, RegisterInfoFunc, (Ctx *, InfoFn))                                                      \
    X(int, InfoAddSection, (InfoCtx *, const char *name))                                          \
    X(int, InfoAddFieldLongLong, (InfoCtx *, const char *name, long long))                         \
    X(int, InfoAddFieldCString, (InfoCtx *, const char *name, const char *))                       \
    X(void *, Alloc, (size_t))                                                                     \
    X(void *, Calloc, (size_t, size_t))                                                            \
    X(void *, Realloc, (void *, size_t))                                                           \
    X(void, Free, (void *))                                                                        \
    X(int, GetContextFlags, (Ctx *))                                                               \
    X(int, AvoidReplicaTraffic, (void))                                                            \
    X(int, GetSelectedDb, (Ctx *))                                                                 \
    X(int, SelectDb, (Ctx *, int))                                                                 \
    X(unsigned long long, DbSize, (Ctx *))                                                         \
    X(Key *, OpenKey, (Ctx *, Str *, int mode))                                                    \
    X(void, CloseKey, (Key *))                                                                     \
    X(int, KeyType, (Key *))                                                                       \
    X(size_t, ValueLength, (Key *))                                                                \
    X(ScanCursor *, ScanCursorCreate, (void))                                                      \
    X(void, ScanCursorDestroy, (ScanCursor *))                                                     \
    X(int, Scan, (Ctx *, ScanCursor *, ScanFn, void *arg))                                         \
    X(TimerId, CreateTimer, (Ctx *, long long ms, TimerFn, void *arg))                             \
    X(int, StopTimer, (Ctx *, TimerId, void **arg))                                                \
    X(BlockedClient *, BlockClient,                                                                \
      (Ctx *, CommandFn reply, CommandFn timeout, FreePrivateDataFn, long long timeout_ms))        \
    X(int, UnblockClient, (BlockedClient *, void *data))                                           \
    X(int, IsBlockedReplyRequest, (Ctx *))                                                         \
    X(void *, GetBlockedClientPrivateData, (Ctx *))                                                \
    X(const char *, StringPtrLen, (const Str *, size_t *))                                         \
    X(int, StringToLongLong, (const Str *, long long *))                                           \
    X(Str *, CreateString, (Ctx *, const char *, size_t))                                          \
    X(Str *, CreateStringFromLongLong, (Ctx *, long long))                                         \
    X(void, FreeString, (Ctx *, Str *))                                                            \
    X(Reply *, Call, (Ctx *, const char *command, const char *format, ...))                        \
    X(void, FreeCallReply, (Reply *))                                                              \
    X(int, CallReplyType, (Reply *))                                                               \
    X(long long, CallReplyInteger, (Reply *))                                                      \
    X(const char *, CallReplyStringPtr, (Reply *, size_t *))                                       \
    X(size_t, CallReplyLength, (Reply *))                                                          \
    X(Reply *, CallReplyArrayElement, (Reply *, size_t))                                           \
    X(int, ReplyWithCallReply, (Ctx *, Reply *))                                                   \
    X(int, ReplyWithError, (Ctx *, const char *))                                                  \
    X(int, ReplyWithSimpleString, (Ctx *, const char *))                                           \
    X(int, ReplyWithLongLong, (Ctx *, long long))                                                  \
    X(int, ReplyWithStringBuffer, (Ctx *, const char *, size_t))                                   \
    X(int, ReplyWithArray, (Ctx *, long))                                                          \
    X(int, WrongArity, (Ctx *))                                                                    \
    X(void, Log, (Ctx *, const char *level, const char *format, ...))

/* NULL where the server does not have them. */
#define REDIS_OPTIONAL_API(X)                                                                      \
    X(int, GetServerVersion, (void))                                                               \
    X(int, IsModuleNameBusy, (const char *))                                                       \
    X(const Str *, GetKeyNameFromModuleKey, (Key *)) /* Redis >= 7.2, Valkey */

#define REDIS_API_DECLARE(type, name, arguments) extern type(*rm##name) arguments;
REDIS_API(REDIS_API_DECLARE)
REDIS_OPTIONAL_API(REDIS_API_DECLARE)

/* Looks all of it up and introduces the module. RM_ERR: the server is too old, or it has a module
 * of that name. Nothing else of this header may be called before. */
int redis_api_init(Ctx *ctx, const char *module_name, int version);

/* The format for rmCall of a command that gets its arguments as one array and whose effects go to
 * replicas and the append-only file. */
const char *redis_api_write_format(void);

#endif
