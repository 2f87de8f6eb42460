/* SPDX-License-Identifier: Apache-2.0 */
/* Timing: how long calls take, in numbers of a fixed size, from which the times are told that half
 * and 99 of 100 stay below. It may be added to and read on any thread. */
#ifndef BASE_TIMING_H
#define BASE_TIMING_H

#include <stdatomic.h>
#include <stdint.h>

#define TIMING_BUCKETS 128

/* A zeroed one has counted nothing. */
struct timing {
    _Atomic uint64_t total_ns;
    _Atomic uint64_t counts[TIMING_BUCKETS]; /* calls by their time */
};
struct timing_sums {
    uint64_t count, total_ns;
    uint64_t p50_ns, p99_ns; /* to an eighth; 0: none was counted */
};

void timing_add(struct timing *t, uint64_t ns);
void timing_read(const struct timing *t, struct timing_sums *out);
/* What the other one has counted, in place of its own. */
void timing_take(struct timing *t, const struct timing *from);

#endif
