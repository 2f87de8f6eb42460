/* SPDX-License-Identifier: Apache-2.0 */
#include "base/aside.h"
#include "base/clock.h"
#include "test.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOOKS_MS 10 /* of the processor */

static atomic_bool enough;

static void *be_busy(void *arg) {
    (void)arg;
    while (!atomic_load(&enough))
        ;
    return NULL;
}

static int64_t used_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* How often this thread slept while it worked, looking every moment whether it is to rest. */
static long rests_in_work(void) {
    struct rusage before, after;
    int64_t end = used_ms() + LOOKS_MS;
    getrusage(RUSAGE_THREAD, &before);
    while (used_ms() < end)
        aside_rest();
    getrusage(RUSAGE_THREAD, &after);
    return after.ru_nvcsw - before.ru_nvcsw;
}

struct result {
    bool aside;
    long rests;
    int priority;
};

static void *work(void *arg) {
    struct result *r = arg;
    if (r->aside)
        aside_begin();
    r->rests = rests_in_work();
    r->priority = getpriority(PRIO_PROCESS, (id_t)gettid());
    return NULL;
}

/* Both on one processor, so that one of them always waits for the other. */
static struct result beside_another(bool aside) {
    struct result r = {.aside = aside};
    pthread_t other, self;
    cpu_set_t one;
    pthread_attr_t where;
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    pthread_attr_init(&where);
    pthread_attr_setaffinity_np(&where, sizeof one, &one);
    atomic_store(&enough, false);
    EXPECT_INT(0, pthread_create(&other, &where, be_busy, NULL));
    EXPECT_INT(0, pthread_create(&self, &where, work, &r));
    pthread_join(self, NULL);
    atomic_store(&enough, true);
    pthread_join(other, NULL);
    pthread_attr_destroy(&where);
    return r;
}

TEST("a thread that works aside rests when others want its processor, and no other thread does") {
    struct result aside = beside_another(true), plain = beside_another(false);
    EXPECT_INT(19, aside.priority);
    EXPECT(aside.rests >= 3);
    EXPECT_INT(0, plain.rests);
    EXPECT(plain.priority < 19);
}
