/* SPDX-License-Identifier: Apache-2.0 */
/* Watchdog: a thread of the serving process that nothing can hold up. It takes the signals, names
 * modules that hang, and ends the process when it cannot stop. */
#ifndef CLI_WATCHDOG_H
#define CLI_WATCHDOG_H

#include "base/err.h"
#include <pthread.h>
#include <stdint.h>

struct watchdog {
    pthread_t thread;
    int signals;    /* a signalfd */
    int over;       /* an eventfd */
    int told[2];    /* a pipe: told[0] gives one byte, its number, for each signal */
    int64_t asked;  /* ms: the first signal to stop; 0: none yet */
    int64_t silent; /* ms: until when nothing more is said of modules that hang */
};

/* SIGINT, SIGTERM and SIGHUP must be blocked in all threads. A second SIGINT or SIGTERM ends the
 * process at once. */
kith_status watchdog_start(struct watchdog *w, kith_error *e);
void watchdog_end(struct watchdog *w);

#endif
