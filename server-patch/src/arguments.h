/* Arguments of the SLOTS* commands. Each function returns false after it has replied an error, in
 * the words of Codis 2. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stdbool.h>

#include "redis_api.h"

/* A whole number that fits an int, as Codis 2 has it. */
bool argument_int(Ctx *ctx, Str *text, int *value);
/* 0 to 1023. */
bool argument_slot(Ctx *ctx, Str *text, int *slot);
/* Milliseconds; 0 means 100. */
bool argument_timeout(Ctx *ctx, Str *text, long long *ms);
/* 1 or more; `what` names it in the error. */
bool argument_positive(Ctx *ctx, Str *text, const char *what, long long *value);

/* Is it this word, in whatever case? */
bool argument_is(Str *text, const char *word);

#endif
