/* SPDX-License-Identifier: Apache-2.0 */
#include "base/aside.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define LOWEST  19      /* of priorities */
#define WORK_NS 1000000 /* between two looks */
#define RESTS   3       /* times as long as it has worked */

static _Thread_local struct {
    bool aside;
    int64_t worked; /* ns of the processor at the last look */
    long put_off;   /* how often others were given it */
} self;

static int64_t worked(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static long put_off(void) {
    struct rusage u;
    return getrusage(RUSAGE_THREAD, &u) == 0 ? u.ru_nivcsw : 0;
}

void aside_begin(void) {
    setpriority(PRIO_PROCESS, (id_t)gettid(), LOWEST);
    self.aside = true;
    self.worked = worked();
    self.put_off = put_off();
}

void aside_rest(void) {
    if (!self.aside)
        return;
    int64_t ns = worked() - self.worked;
    if (ns < WORK_NS)
        return;
    long times = put_off();
    if (times != self.put_off) {
        ns *= RESTS;
        struct timespec rest = {ns / 1000000000, ns % 1000000000};
        nanosleep(&rest, NULL);
    }
    self.worked = worked();
    self.put_off = times;
}
