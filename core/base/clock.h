/* SPDX-License-Identifier: Apache-2.0 */
/* Clock: the only source of wall time in the engine; real, or virtual in tests and rehearsals.
 * Times are milliseconds since 1970-01-01 UTC. Any thread. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdatomic.h>
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

#endif
