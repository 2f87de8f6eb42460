/* SPDX-License-Identifier: Apache-2.0 */
#include "base/timing.h"
#include "test.h"

#include <pthread.h>

static struct timing_sums sums_of(const struct timing *t) {
    struct timing_sums s;
    timing_read(t, &s);
    return s;
}

TEST("what was counted is told: how many, how long, half and 99 of 100 to an eighth") {
    static struct timing t;
    EXPECT_INT(0, sums_of(&t).count);
    EXPECT_INT(0, sums_of(&t).p99_ns);
    for (int i = 0; i < 980; i++)
        timing_add(&t, 1000);
    for (int i = 0; i < 20; i++)
        timing_add(&t, 50000000);
    struct timing_sums s = sums_of(&t);
    EXPECT_INT(1000, s.count);
    EXPECT_INT(980 * 1000 + 20 * 50000000LL, s.total_ns);
    EXPECT(s.p50_ns > 875 && s.p50_ns < 1125);
    EXPECT(s.p99_ns > 43750000 && s.p99_ns < 56250000);
}

TEST("every time falls into a bucket within an eighth of it, the longest ones into the last") {
    for (uint64_t ns = 256; ns < UINT64_C(1) << 36; ns = ns * 9 / 8 + 1) {
        struct timing t = {0};
        timing_add(&t, ns);
        uint64_t told = sums_of(&t).p50_ns, off = told > ns ? told - ns : ns - told;
        if (off > ns / 8)
            TEST_FAIL("%llu ns are told as %llu", (unsigned long long)ns, (unsigned long long)told);
    }
    struct timing t = {0};
    timing_add(&t, 0);
    timing_add(&t, UINT64_MAX / 2);
    EXPECT_INT(2, sums_of(&t).count);
    EXPECT(sums_of(&t).p50_ns < 64);
}

static void *add_many(void *arg) {
    for (int i = 0; i < 10000; i++)
        timing_add(arg, (uint64_t)i);
    return NULL;
}

TEST("none is lost when several threads count") {
    static struct timing t;
    struct timing copy = {0};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        EXPECT(pthread_create(&threads[i], NULL, add_many, &t) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    timing_take(&copy, &t);
    EXPECT_INT(40000, sums_of(&copy).count);
    EXPECT_INT(4 * 9999 * 5000LL, sums_of(&copy).total_ns);
}
