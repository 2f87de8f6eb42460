/* SPDX-License-Identifier: Apache-2.0 */
/* kith serve: owns the company until it is told to stop. */
#include "base/log.h"
#include "cli/cli.h"
#include <signal.h>

/* Every thread inherits the mask: the signals come to the server's signalfd and to nobody else. */
static void block_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct settings_problems problems = {0};
    struct company *company;
    log_setup(LOG_INFO, -1);
    block_signals();
    kith_status st = company_open(&company, c->program, c->dir, false, &problems, e);
    cli_print_problems(c->io, &problems);
    TRY(st);
    int level = log_level_of(settings_text(company->settings, "", "log.level").ptr);
    log_setup((enum log_level)level, -1);
    st = serve(c->program, company, e);
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
