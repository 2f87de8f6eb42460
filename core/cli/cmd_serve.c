/* SPDX-License-Identifier: Apache-2.0 */
/* kith serve: owns the company until it is told to stop. */
#include "base/clock.h"
#include "base/log.h"
#include "cli/show.h"
#include "cli/signals.h"
#include "cli/watchdog.h"
#include "cli/wire.h"
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Every thread inherits the mask: the signals come to the watchdog and to nobody else. */
static void hold_signals(int how) {
    sigset_t set;
    signals_of_server(&set);
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
    int64_t deadline = clock_in(OWNER_WAIT_MS);
    for (bool told = false;; told = true) {
        struct settings_problems problems = {0};
        TRY(check_unserved(c, e));
        hold_signals(SIG_BLOCK);
        kith_status st = io_check(c->io, e); /* told to stop before it began */
        if (st == KITH_OK)
            st = company_open(company, c->program, c->dir, &problems, e);
        cli_print_problems(c, &problems);
        if (st == KITH_OK)
            return st;
        hold_signals(SIG_UNBLOCK);
        if (st != KITH_E_BUSY || clock_ticks() > deadline || io_interrupted(c->io))
            return st;
        if (!told)
            log_info("serve", "another command has the company open; waiting for its end");
        poll(NULL, 0, 50);
    }
}

/* -- the log ----------------------------------------------------------------------------------- */

/* As the settings say; --log-level has the last word. */
static kith_status set_log(struct cmd *c, const struct settings *s, kith_error *e) {
    const char *level = cmd_option(c, "log-level"), *rooms[LOG_ROOMS + 1];
    kith_str file = settings_text(s, "", "log.file");
    struct log_options o = {.rooms = rooms};
    o.room_count = company_text_list(s, "log.rooms", rooms, LOG_ROOMS + 1);
    o.level = (enum log_level)log_level_of(level ? level : settings_text(s, "", "log.level").ptr);
    if (str_eqz(settings_text(s, "", "log.format"), "json"))
        o.format = LOG_JSON;
    else if (file.len == 0 && log_to_journal())
        o.format = LOG_JOURNAL;
    char *path = file.len > 0 ? company_file(c->dir, file.ptr) : NULL;
    o.file = path;
    kith_status st = file.len > 0 && !path ? err_nomem(e) : log_configure(&o, e);
    free(path);
    return st;
}

/* Reads the settings of the log again, and begins its file anew if it was moved away. [main] */
static void on_hangup(void *arg) {
    struct cmd *c = arg;
    struct settings_problems problems = {0};
    struct settings *s = NULL;
    kith_error e = KITH_ERROR_INIT;
    kith_status st = company_read_core(c->dir, &s, &problems, &e);
    if (st == KITH_OK && problems.count > 0)
        st = err_set(&e, KITH_E_INVAL, NULL, "%s:%d: %s", problems.items[0].file,
                     problems.items[0].line, problems.items[0].text);
    if (st == KITH_OK)
        st = company_check_places(c->dir, s, &e);
    if (st == KITH_OK)
        st = set_log(c, s, &e);
    if (st == KITH_OK)
        log_info("serve", "the settings of the log were read again");
    else
        log_error("serve", "the log goes on as it was: %s", e.message);
    settings_free(s);
    settings_problems_free(&problems);
}

/* What a crash ended half-way: nobody may be looking at it. */
static void tell_unfinished(struct cmd *c, struct engine *g) {
    static const struct principal server = {.name = "serve", .all = true};
    struct unfinished *u;
    size_t n = 0;
    if (engine_unfinished(g, &server, &c->arena, &u, &n, NULL) != KITH_OK)
        return;
    for (size_t i = 0; i < n; i++)
        log_warn("serve", "%.*s is " UNFINISHED " with 'kith undo %s'", (int)u[i].what.len,
                 u[i].what.ptr, show_id(c, u[i].run));
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct company *company;
    struct watchdog watchdog;
    log_setup(LOG_INFO, -1);
    TRY(open_company(c, &company, e));
    kith_status st = set_log(c, company->settings, e);
    engine_check_clock(company->engine);
    tell_unfinished(c, company->engine);
    bool watched = st == KITH_OK && (st = watchdog_start(&watchdog, e)) == KITH_OK;
    if (watched)
        st = serve(c->program, &company, watchdog.told[0], on_hangup, c, e);
    company_close(company);
    if (watched)
        watchdog_end(&watchdog);
    log_info("serve", "stopped");
    return st;
}

const struct command command_serve = {
    .name = "serve",
    .args = "",
    .help = "keep the company open: run rules and timers, and carry out other commands",
    .more =
        "Runs in the foreground. Every other command then runs in this process by itself. SIGTERM\n"
        "and Ctrl-C finish what was accepted, and end it; a second one ends it at once, as does a\n"
        "minute without an end. What was acknowledged is kept in any case.\n\n"
        "It logs to standard error, or where the settings say: 'kith explain log'. SIGHUP reads\n"
        "these settings again. Started by systemd it says when it is ready.",
    .options = {{"log-level", "error|warn|info|debug", "whatever the settings say"}},
    .needs = NEEDS_FOLDER,
    .run = run,
};
