/* Keeps the indexes true by what the server tells about its keys. */
#ifndef EVENTS_H
#define EVENTS_H

#include "redis_api.h"

/* From now on events are listened to; a second call does nothing. Not at load time: a server whose
 * slots never move pays nothing. */
void events_subscribe(Ctx *ctx);

/* Counts keys that commands have deleted; evicted and expired ones are not among them. What MIGRATE
 * has moved is the difference, as it replies only OK. Needs events_subscribe. */
long long events_deletions(void);

#endif
