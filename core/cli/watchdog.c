/* SPDX-License-Identifier: Apache-2.0 */
/* Watchdog: what must go on when the writer or the main thread hangs inside a module. */
#include "cli/watchdog.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/signals.h"
#include "plugin/plugin.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define LOOK_MS  1000
#define HANGS_MS 5000  /* a callback that runs for so long is named */
#define AGAIN_MS 10000 /* and again */
#define SAME_MS  1000  /* signals so close together are one: timeout(1) sends two */
#define STOP_MS  60000 /* less than TimeoutStopSec of the unit for systemd */

static int64_t now_ms(void) {
    return clock_ticks() / 1000000;
}

/* Without the rest of the clean-up: that is what hangs. The journal stands a kill. */
static void end_at_once(const char *why) {
    log_error("serve",
              "%s: ending at once; what was acknowledged is kept, what was under way is not", why);
    _exit(EXIT_INTERRUPTED);
}

static void say_hangs(void *arg, const char *module, const char *callback, int64_t ms,
                      bool writing) {
    struct watchdog *w = arg;
    log_warn("serve", "module '%s' has been in %s for %lld s%s", module, callback,
             (long long)(ms / 1000), writing ? ": writes wait for it" : "");
    w->silent = now_ms() + AGAIN_MS;
}

static void look(struct watchdog *w) {
    int64_t now = now_ms();
    if (now >= w->silent)
        plugins_running(HANGS_MS, say_hangs, w);
    if (w->asked && now - w->asked >= STOP_MS)
        end_at_once("it could not stop within a minute");
}

static void take_signal(struct watchdog *w) {
    struct signalfd_siginfo info;
    if (read(w->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    unsigned char number = (unsigned char)info.ssi_signo;
    bool stop = info.ssi_signo != SIGHUP;
    int64_t now = now_ms();
    if (stop && w->asked && now - w->asked >= SAME_MS)
        end_at_once("it was told to stop again");
    if (stop && !w->asked)
        w->asked = now;
    ssize_t n = write(w->told[1], &number, 1);
    (void)n; /* full: the main thread has thousands to read already */
}

static void *watch(void *arg) {
    struct watchdog *w = arg;
    struct pollfd p[2] = {{.fd = w->signals, .events = POLLIN}, {.fd = w->over, .events = POLLIN}};
    while (!(p[1].revents & POLLIN)) {
        poll(p, 2, LOOK_MS);
        if (p[0].revents & POLLIN)
            take_signal(w);
        look(w);
    }
    return NULL;
}

static void close_all(struct watchdog *w) {
    const int fds[] = {w->signals, w->over, w->told[0], w->told[1]};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

kith_status watchdog_start(struct watchdog *w, kith_error *e) {
    sigset_t set;
    signals_of_server(&set);
    *w = (struct watchdog){.told = {-1, -1}};
    w->signals = signalfd(-1, &set, SFD_CLOEXEC);
    w->over = eventfd(0, EFD_CLOEXEC);
    if (w->signals >= 0 && w->over >= 0 && pipe2(w->told, O_CLOEXEC | O_NONBLOCK) == 0 &&
        pthread_create(&w->thread, NULL, watch, w) == 0)
        return KITH_OK;
    close_all(w);
    return err_set(e, KITH_E_LIMIT, NULL,
                   "the system has no room for another thread and four open files");
}

void watchdog_end(struct watchdog *w) {
    const uint64_t one = 1;
    ssize_t n = write(w->over, &one, sizeof one);
    (void)n;
    pthread_join(w->thread, NULL);
    close_all(w);
}
