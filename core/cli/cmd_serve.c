/* SPDX-License-Identifier: Apache-2.0 */
/* kith serve: owns the company until it is told to stop. */
#include "base/clock.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/wire.h"
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#define OWNER_WAIT_MS 5000 /* for a company that another command has open for the moment */

/* Every thread inherits the mask: the signals come to the server's signalfd and to nobody else. */
static void hold_signals(int how) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(how, &set, NULL);
}

static kith_status check_unserved(struct cmd *c, kith_error *e) {
    int fd;
    TRY(sock_connect(c->dir, &fd, e));
    if (fd < 0)
        return KITH_OK;
    close(fd);
    return err_set(e, KITH_E_BUSY, NULL, "another 'kith serve' serves this company already");
}

/* On success the signals stay blocked. */
static kith_status open_company(struct cmd *c, struct company **company, kith_error *e) {
    int64_t deadline = clock_ticks() + (int64_t)OWNER_WAIT_MS * 1000000;
    for (;;) {
        struct settings_problems problems = {0};
        TRY(check_unserved(c, e));
        hold_signals(SIG_BLOCK);
        kith_status st = company_open(company, c->program, c->dir, false, &problems, e);
        c->said = st == KITH_E_INVAL && problems.count > 1;
        cli_print_problems(c->io, &problems);
        if (st == KITH_OK)
            return st;
        hold_signals(SIG_UNBLOCK);
        if (st != KITH_E_BUSY || clock_ticks() > deadline || io_interrupted(c->io))
            return st;
        poll(NULL, 0, 50);
    }
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct company *company;
    log_setup(LOG_INFO, -1);
    TRY(open_company(c, &company, e));
    int level = log_level_of(settings_text(company->settings, "", "log.level").ptr);
    log_setup((enum log_level)level, -1);
    kith_status st = serve(c->program, company, e);
    company_close(company);
    log_info("serve", "stopped");
    return st;
}

const struct command command_serve = {
    .name = "serve",
    .args = "",
    .help = "keep the company open: run rules and timers, and carry out other commands",
    .more =
        "Runs in the foreground and logs to standard error. SIGTERM and Ctrl-C finish what was\n"
        "accepted, and end it. Every other command then runs in this process by itself.",
    .needs = NEEDS_FOLDER,
    .run = run,
};
