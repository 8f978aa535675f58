/* A thread that frees large indexes: those of two million keys take 180 ms, in which FLUSHALL ASYNC
 * would not be what its name says. */
#ifndef INDEX_REAPER_H
#define INDEX_REAPER_H

#include "slot_index.h"

/* Takes an index that nothing points to any more. */
void reaper_free(DbIndex *index);
/* Waits until all is freed and ends the thread. */
void reaper_stop(void);

#endif
