/* SPDX-License-Identifier: Apache-2.0 */
/* Clock: wall time, real or virtual, ticks for measuring, and waits that go by them. */
#include "base/clock.h"

#include <time.h>

#define NS_PER_MS 1000000
#define NS_PER_S  1000000000

int64_t clock_now(struct kclock *c) {
    int64_t ms = atomic_load_explicit(&c->virtual_ms, memory_order_acquire);
    if (ms != INT64_MIN)
        return ms;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / NS_PER_MS;
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
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t clock_in(int64_t ms) {
    return clock_ticks() + ms * NS_PER_MS;
}

static struct timespec span(int64_t ns) {
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = ns % NS_PER_S};
}

void clock_sleep(int64_t ms) {
    const struct timespec pause = span(ms * NS_PER_MS);
    nanosleep(&pause, NULL);
}

void clock_cond(pthread_cond_t *cond) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

bool clock_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t end) {
    const struct timespec at = span(end);
    return pthread_cond_timedwait(cond, lock, &at) == 0;
}
