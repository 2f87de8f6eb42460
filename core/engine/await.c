/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for what is durable. The writer only looks whether somebody waits, which costs it nothing
 * else. */
#include "engine/engine_internal.h"
#include "engine/happened.h"

void awaited_committed(struct engine *g) {
    if (atomic_load(&g->await.waiting) == 0)
        return;
    pthread_mutex_lock(&g->await.lock);
    pthread_cond_broadcast(&g->await.cond);
    pthread_mutex_unlock(&g->await.lock);
}

/* It counts as waiting before it looks, and the writer looks who waits after it has committed: so
 * one of them sees the other. */
void engine_await(struct engine *g, uint64_t after, int64_t ms, atomic_bool *nudged,
                  uint64_t *durable) {
    int64_t end = clock_in(ms);
    pthread_mutex_lock(&g->await.lock);
    atomic_fetch_add(&g->await.waiting, 1);
    while (!atomic_exchange(nudged, false) && atomic_load(&g->durable) <= after &&
           clock_wait(&g->await.cond, &g->await.lock, end))
        ;
    atomic_fetch_sub(&g->await.waiting, 1);
    pthread_mutex_unlock(&g->await.lock);
    *durable = atomic_load(&g->durable);
}

void engine_nudge(struct engine *g, atomic_bool *nudged) {
    if (atomic_exchange(nudged, true))
        return;
    pthread_mutex_lock(&g->await.lock);
    pthread_cond_broadcast(&g->await.cond);
    pthread_mutex_unlock(&g->await.lock);
}
