/* SPDX-License-Identifier: Apache-2.0 */
/* Clock: the only source of wall time in the engine; real, or virtual in tests and rehearsals.
 * Times are milliseconds since 1970-01-01 UTC. Any thread. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct kclock {
    _Atomic int64_t virtual_ms; /* INT64_MIN: the real clock. Zero-initialised is 1970. */
};
#define CLOCK_REAL                                                                                 \
    { INT64_MIN }

int64_t clock_now(struct kclock *c);
void clock_set(struct kclock *c, int64_t ms);     /* makes it virtual */
void clock_advance(struct kclock *c, int64_t ms); /* virtual only */
/* Monotonic nanoseconds, for measuring and deadlines; always real. */
int64_t clock_ticks(void);
int64_t clock_in(int64_t ms); /* clock_ticks so many ms from now */
void clock_sleep(int64_t ms);
/* A condition that goes by it, whatever the computer's clock is set to meanwhile. */
void clock_cond(pthread_cond_t *cond);
/* Waits on such a condition; false: `end` (clock_ticks) has passed. */
bool clock_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t end);

#endif
