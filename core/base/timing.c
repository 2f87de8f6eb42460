/* SPDX-License-Identifier: Apache-2.0 */
/* Timing: buckets whose widths grow with the time, four in each octave. */
#include "base/timing.h"

#define UNIT_NS      64 /* the width of the first buckets */
#define OCTAVE_PARTS 4

static unsigned bucket_of(uint64_t ns) {
    uint64_t n = ns / UNIT_NS;
    if (n < OCTAVE_PARTS)
        return (unsigned)n;
    unsigned octave = 63u - (unsigned)__builtin_clzll(n);
    unsigned i = (octave - 1) * OCTAVE_PARTS + (unsigned)((n >> (octave - 2)) % OCTAVE_PARTS);
    return i < TIMING_BUCKETS ? i : TIMING_BUCKETS - 1;
}

static uint64_t middle_of(unsigned i) {
    if (i < OCTAVE_PARTS)
        return i * UNIT_NS + UNIT_NS / 2;
    unsigned shift = i / OCTAVE_PARTS - 1;
    uint64_t from = (uint64_t)(OCTAVE_PARTS + i % OCTAVE_PARTS) << shift;
    return from * UNIT_NS + ((UINT64_C(1) << shift) * UNIT_NS) / 2;
}

static uint64_t count_in(const struct timing *t, unsigned i) {
    return atomic_load_explicit(&t->counts[i], memory_order_relaxed);
}

void timing_add(struct timing *t, uint64_t ns) {
    atomic_fetch_add_explicit(&t->counts[bucket_of(ns)], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&t->total_ns, ns, memory_order_relaxed);
}

static uint64_t percentile(const struct timing *t, uint64_t all, uint64_t percent) {
    uint64_t passed = 0;
    for (unsigned i = 0; i < TIMING_BUCKETS; i++) {
        passed += count_in(t, i);
        if (passed && passed * 100 >= all * percent)
            return middle_of(i);
    }
    return 0;
}

void timing_read(const struct timing *t, struct timing_sums *out) {
    *out =
        (struct timing_sums){.total_ns = atomic_load_explicit(&t->total_ns, memory_order_relaxed)};
    for (unsigned i = 0; i < TIMING_BUCKETS; i++)
        out->count += count_in(t, i);
    out->p50_ns = percentile(t, out->count, 50);
    out->p99_ns = percentile(t, out->count, 99);
}

void timing_take(struct timing *t, const struct timing *from) {
    atomic_store(&t->total_ns, atomic_load(&from->total_ns));
    for (unsigned i = 0; i < TIMING_BUCKETS; i++)
        atomic_store(&t->counts[i], atomic_load(&from->counts[i]));
}
