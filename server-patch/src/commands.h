/* The commands, as the server calls them. Reply forms are those of Codis 2's redis; what is ours
 * beyond it is said at each. docs/module.md is for their users. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "redis_api.h"

enum { MODULE_VERSION = 2 };

int slotshashkey_command(Ctx *ctx, Str **argv, int argc);
int slotsinfo_command(Ctx *ctx, Str **argv, int argc);
int slotsscan_command(Ctx *ctx, Str **argv, int argc);
int slotstagkeys_command(Ctx *ctx, Str **argv, int argc);
int slotscheck_command(Ctx *ctx, Str **argv, int argc);
int slotsversion_command(Ctx *ctx, Str **argv, int argc);

int slotsdel_command(Ctx *ctx, Str **argv, int argc);
int slotsrestore_command(Ctx *ctx, Str **argv, int argc);

int slotsmgrtone_command(Ctx *ctx, Str **argv, int argc);
int slotsmgrttagone_command(Ctx *ctx, Str **argv, int argc);
int slotsmgrtslot_command(Ctx *ctx, Str **argv, int argc);
int slotsmgrttagslot_command(Ctx *ctx, Str **argv, int argc);

#endif
