#include "index_reaper.h"

#include <pthread.h>
#include <signal.h>

typedef struct Grave {
    struct Grave *next;
    DbIndex *index;
} Grave;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
/* Under the mutex: */
static Grave *graves;
static bool stopping;
/* Of the main thread: */
static pthread_t thread;
static bool running;

static void *reap(void *arg) {
    (void)arg;
    pthread_mutex_lock(&mutex);
    for (;;) {
        while (!graves && !stopping) pthread_cond_wait(&changed, &mutex);
        if (!graves) break;
        Grave *grave = graves;
        graves = grave->next;
        pthread_mutex_unlock(&mutex);
        index_free(grave->index);
        rmFree(grave);
        pthread_mutex_lock(&mutex);
    }
    pthread_mutex_unlock(&mutex);
    return NULL;
}

/* Signals are for the server's main thread. */
static bool start(void) {
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    stopping = false;
    running = pthread_create(&thread, NULL, reap, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return running;
}

void reaper_free(DbIndex *index) {
    if (!running && !start()) {
        index_free(index);
        return;
    }
    Grave *grave = rmAlloc(sizeof *grave);
    grave->index = index;
    pthread_mutex_lock(&mutex);
    grave->next = graves;
    graves = grave;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
}

void reaper_stop(void) {
    if (!running) return;
    pthread_mutex_lock(&mutex);
    stopping = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    running = false;
}
