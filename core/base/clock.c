/* SPDX-License-Identifier: Apache-2.0 */
/* Clock: wall time, real or virtual, and ticks for measuring. */
#include "base/clock.h"

#include <time.h>

int64_t clock_now(struct kclock *c) {
    int64_t ms = atomic_load_explicit(&c->virtual_ms, memory_order_acquire);
    if (ms != INT64_MIN)
        return ms;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void clock_set(struct kclock *c, int64_t ms) {
    atomic_store_explicit(&c->virtual_ms, ms, memory_order_release);
}

void clock_advance(struct kclock *c, int64_t ms) {
    int64_t now = atomic_load_explicit(&c->virtual_ms, memory_order_acquire);
    while (now != INT64_MIN && !atomic_compare_exchange_weak(&c->virtual_ms, &now, now + ms)) {
    }
}

int64_t clock_ticks(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
