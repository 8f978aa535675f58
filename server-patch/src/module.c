#include <stdio.h>

#include "commands.h"
#include "index_builder.h"
#include "key_list.h"
#include "migrate.h"
#include "settings.h"

#define EXPORTED __attribute__((visibility("default")))

static const char MODULE_NAME[] = "codis_slots";

typedef struct {
    const char *name;
    CommandFn run;
    const char *flags;
    int first_key, last_key, key_step;
} Command;

/* Moving needs rights of an administrator, as the commands of Codis 2 and MIGRATE do: whoever may
 * run it can send keys anywhere. */
static const Command commands[] = {
    {"slotshashkey", slotshashkey_command, "readonly fast", 0, 0, 0},
    {"slotsinfo", slotsinfo_command, "readonly", 0, 0, 0},
    {"slotsscan", slotsscan_command, "readonly", 0, 0, 0},
    {"slotstagkeys", slotstagkeys_command, "readonly", 1, 1, 1},
    {"slotscheck", slotscheck_command, "readonly", 0, 0, 0},
    {"slotsversion", slotsversion_command, "readonly fast", 0, 0, 0},
    {"slotsdel", slotsdel_command, "write", 0, 0, 0},
    {"slotsrestore", slotsrestore_command, "write deny-oom", 1, -1, 3},
    {"slotsmgrtone", slotsmgrtone_command, "write admin", 4, 4, 1},
    {"slotsmgrttagone", slotsmgrttagone_command, "write admin", 4, 4, 1},
    {"slotsmgrtslot", slotsmgrtslot_command, "write admin", 0, 0, 0},
    {"slotsmgrttagslot", slotsmgrttagslot_command, "write admin", 0, 0, 0},
};

static void add_database(InfoCtx *info, int db) {
    DbIndex *index = index_of(db);
    if (!index) return;
    char name[32], value[64];
    snprintf(name, sizeof name, "db%d", db);
    snprintf(value, sizeof value, "state=%s,keys=%llu",
             index_is_ready(index) ? "ready" : "building", index->total);
    rmInfoAddFieldCString(info, name, value);
}

static void on_info(InfoCtx *info, int for_crash_report) {
    if (for_crash_report) return;
    rmInfoAddSection(info, "");
    rmInfoAddFieldLongLong(info, "version", MODULE_VERSION);
    rmInfoAddFieldLongLong(info, "keys_moved", migrate_moved());
    rmInfoAddFieldLongLong(info, "migrate_calls", migrate_calls());
    rmInfoAddFieldLongLong(info, "migrate_errors", migrate_errors());
    rmInfoAddFieldLongLong(info, "index_builds", builder_builds());
    rmInfoAddFieldLongLong(info, "index_worst_slice_us", builder_worst_slice_us());
    rmInfoAddFieldLongLong(info, "index_mismatches", builder_mismatches());
    rmInfoAddFieldLongLong(info, "index_forgotten_keys", key_list_forgotten());
    rmInfoAddFieldLongLong(info, "waiting_clients", builder_waiting_clients());
    for (int db = 0; db < index_database_limit(); db++) add_database(info, db);
}

EXPORTED int RedisModule_OnLoad(Ctx *ctx, Str **argv, int argc) {
    if (redis_api_init(ctx, MODULE_NAME, MODULE_VERSION) != RM_OK) return RM_ERR;
    slot_hash_init();
    if (!settings_parse(ctx, argv, argc)) return RM_ERR;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const Command *command = &commands[i];
        if (rmCreateCommand(ctx, command->name, command->run, command->flags, command->first_key,
                            command->last_key, command->key_step) == RM_OK)
            continue;
        rmLog(ctx, "warning", "the server has a command %s already", command->name);
        return RM_ERR;
    }
    return rmRegisterInfoFunc(ctx, on_info);
}

/* The server calls this only when no client waits in us. */
EXPORTED int RedisModule_OnUnload(Ctx *ctx) {
    builder_shutdown(ctx);
    index_shutdown();
    settings_free(ctx);
    return RM_OK;
}
