// Threads for work outside programs: reading, drawing, waiting. The system may give fewer than are asked for, or none;
// work that is shared then takes longer, and ends all the same.

#include "internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct crew {
    atomic_llong next;
    int64_t count;
    void (*work)(void *context, int64_t index);
    void *context;
};

static void *take(void *argument) {
    struct crew *crew = argument;
    for (int64_t i; (i = atomic_fetch_add_explicit(&crew->next, 1, memory_order_relaxed)) < crew->count;)
        crew->work(crew->context, i);
    return NULL;
}

void rk_side_by_side(int threads, int64_t count, void (*work)(void *context, int64_t index), void *context) {
    struct crew crew = {.count = count, .work = work, .context = context};
    const int64_t wanted = threads < count ? threads : count;
    pthread_t *others = wanted > 1 ? malloc((size_t)(wanted - 1) * sizeof *others) : NULL;
    int64_t started = 0;
    while (others && started < wanted - 1 && pthread_create(&others[started], NULL, take, &crew) == 0) started++;
    take(&crew);
    for (int64_t i = 0; i < started; i++) pthread_join(others[i], NULL);
    free(others);
}

bool rk_start_thread(void *(*work)(void *context), void *context) {
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes) != 0) return false;
    // As much as the first thread has; macOS gives others a sixteenth of it.
    pthread_attr_setstacksize(&attributes, (size_t)8 << 20);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    const bool started = pthread_create(&thread, &attributes, work, context) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}
