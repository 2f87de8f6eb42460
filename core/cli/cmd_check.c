/* SPDX-License-Identifier: Apache-2.0 */
/* kith check: settings, modules, rules and what records name, everything that is wrong at once. */
#include "base/clock.h"
#include "cli/backup_plan.h"
#include "cli/bench.h"
#include "cli/privacy.h"
#include "cli/show.h"
#include "cli/stale_names.h"
#include "cli/type_faults.h"
#include "engine/outbox.h"
#include "engine/retention.h"
#include "record/record.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void show_settings(struct cmd *c, const struct settings_problems *p) {
    for (size_t i = 0; i < p->count; i++)
        show_problem(c, p->items[i].file, p->items[i].line, p->items[i].text);
}

static void show_grant(void *arg, const struct setting *grant, const char *text) {
    struct cmd *c = arg;
    const char *full = arena_printf(&c->arena, "%s: %s", grant->path, text);
    show_problem(c, grant->file ? grant->file : "", grant->line, full ? full : text);
}

static size_t show_modules(struct cmd *c, const struct company *company) {
    size_t failed = 0;
    for (size_t i = 0; company && company->plugins && i < plugins_count(company->plugins); i++) {
        struct plugin_status s;
        plugins_status(company->plugins, i, &s);
        if (s.state == PLUGIN_FAILED) {
            failed++;
            show_problem(c, "", 0, arena_printf(&c->arena, "module %s: %s", s.name, s.reason));
        }
    }
    return failed;
}

/* "contact.size: 3 records have no value" */
static void show_older(struct cmd *c, const struct rfield *f, int64_t n, const char *what) {
    const char *colon = f->where ? strrchr(f->where, ':') : NULL;
    const char *file = colon ? arena_strndup(&c->arena, f->where, (size_t)(colon - f->where)) : "";
    if (n > 0)
        show_problem(c, file ? file : "", colon ? atoi(colon + 1) : 0,
                     arena_printf(&c->arena, "%s.%s: %lld record%s %s", f->type->name, f->name,
                                  (long long)n, n == 1 ? " has" : "s have", what));
}

static kith_status show_older_of(struct cmd *c, struct conn *conn, const struct rtype *t,
                                 kith_error *e) {
    for (uint32_t i = FIELD_FIRST; i < t->field_count; i++) {
        const struct rfield *f = t->fields[i];
        int64_t empty, outside;
        if (!f->where)
            continue;
        TRY(record_older(conn, f, &empty, &outside, e));
        show_older(c, f, empty, "no value, which new ones need");
        show_older(c, f, outside, "a value out of its range");
    }
    return KITH_OK;
}

/* Remarks, not faults: records that are older than what the company's own types ask for, and what
 * is declared about types that are not there. */
static kith_status show_types(struct cmd *c, kith_error *e) {
    const struct schema *s = engine_schema(c->company->engine);
    struct conn *conn;
    for (size_t i = 0; i < s->passed_count; i++)
        show_problem(c, "", 0, s->passed[i]);
    TRY(engine_reader(c->company->engine, &conn, e));
    kith_status st = KITH_OK;
    for (uint32_t i = 0; st == KITH_OK && i < s->type_count; i++)
        st = show_older_of(c, conn, s->types[i], e);
    engine_reader_done(c->company->engine, conn);
    return st;
}

static kith_status show_retention(struct cmd *c, size_t *wrong, kith_error *e) {
    const struct setting *at = settings_find(c->company->settings, "", "retention.rules");
    const struct retention_rule *r;
    for (size_t i = 0; (r = engine_retention_rule(c->company->engine, i)); i++) {
        kith_error why = KITH_ERROR_INIT;
        if (r->query && check_purposes(c, r->query, &why) == KITH_OK)
            continue;
        if (why.code == KITH_E_BUSY || why.code == KITH_E_NOMEM)
            return err_set(e, why.code, NULL, "%s", why.message);
        ++*wrong;
        show_problem(c, at && at->file ? at->file : "", at ? at->line : 0,
                     arena_printf(&c->arena, "retention rule '%s' is off: %s", r->name,
                                  r->query ? why.message : r->wrong));
    }
    return KITH_OK;
}

struct modules_now {
    struct cmd *c;
    size_t failed;
};

static kith_status show_next(void *arg, const struct plugin_status *now,
                             const struct plugin_status *next, kith_error *e) {
    struct modules_now *m = arg;
    bool fails = next->state == PLUGIN_FAILED;
    (void)e;
    if (!fails && (!now || now->state != PLUGIN_FAILED))
        return KITH_OK;
    m->failed++;
    show_problem(
        m->c, "", 0,
        arena_printf(&m->c->arena, "module %s: %s%s", next->name,
                     fails ? next->reason : now->reason,
                     fails ? "" : "; with the files as they are now it runs: 'kith reload'"));
    return KITH_OK;
}

/* A server has them as they were when it began: what the files make of them is tried beside it. */
static kith_status show_modules_now(struct cmd *c, size_t *wrong, kith_error *e) {
    struct modules_now m = {.c = c};
    if (c->host)
        TRY(bench_each_module(c->company, show_next, &m, e));
    else
        m.failed = show_modules(c, c->company);
    *wrong += m.failed;
    return KITH_OK;
}

static kith_status show_others(struct cmd *c, size_t *rules, size_t *wrong, kith_error *e) {
    *wrong += cmd_rule_problems(c, rules, NULL) != KITH_OK;
    return show_stale_names(c, wrong, e);
}

kith_status show_unfit(struct cmd *c, size_t *rules, size_t *wrong, kith_error *e) {
    *wrong += show_modules(c, c->company);
    return show_others(c, rules, wrong, e);
}

#define SWEEP_WAIT_MS 2000

static kith_status count_row(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    (void)id, (void)values, (void)e;
    ++*(size_t *)arg;
    return KITH_OK;
}

/* A sweep goes on when the company is opened: it has a moment to end, or to be held up again. */
static kith_status show_sweep(struct cmd *c, size_t *wrong, kith_error *e) {
    int64_t end = clock_in(SWEEP_WAIT_MS);
    struct engine *g = c->company->engine;
    struct query *q;
    kith_error why = KITH_ERROR_INIT;
    TRY(query_parse(&q, cmd_schema(c), &c->arena, STR("erasure where swept is null"), e));
    for (;; usleep(20000)) {
        struct find_page page = {.limit = 1000};
        size_t n = 0;
        TRY(io_check(c->io, e));
        TRY(engine_find(g, &c->principal, q, NULL, &page, &c->arena, count_row, &n, e));
        if (n == 0)
            return KITH_OK;
        kith_status held = engine_sweep_held(g, &why);
        if (held == KITH_OK && clock_ticks() < end)
            continue;
        *wrong += held != KITH_OK;
        show_problem(c, "", 0,
                     arena_printf(&c->arena, "%zu erasure%s not swept from the files yet%s%s", n,
                                  n == 1 ? " is" : "s are",
                                  held ? ", since the sweep is held up: " : "; that is under way",
                                  held ? why.message : ""));
        return KITH_OK;
    }
}

/* Those of commands that run now will be. */
static kith_status show_unfinished(struct cmd *c, size_t *wrong, kith_error *e) {
    struct unfinished *u;
    size_t n;
    TRY(engine_unfinished(c->company->engine, &c->principal, &c->arena, &u, &n, e));
    for (size_t i = 0; i < n; i++) {
        kith_str at = show_time(c, u[i].started);
        if (u[i].under_way)
            continue;
        ++*wrong;
        show_problem(c, "", 0,
                     arena_printf(&c->arena,
                                  "%.*s, begun at %.*s, is " UNFINISHED " with 'kith undo %s'",
                                  (int)u[i].what.len, u[i].what.ptr, (int)at.len, at.ptr,
                                  show_id(c, u[i].run)));
    }
    return KITH_OK;
}

/* What was set aside is somebody's to look at; what waits for a module that is not there would wait
 * for ever. */
static kith_status show_outbox(struct cmd *c, size_t *wrong, kith_error *e) {
    struct outbox_queue *q;
    size_t n;
    TRY(engine_outbox_queues(c->company->engine, &c->arena, &q, &n, e));
    for (size_t i = 0; i < n; i++) {
        unsigned long long dead = q[i].dead, waiting = q[i].waiting;
        const char *to = arena_printf(&c->arena, "%s to %.*s", q[i].delivery,
                                      (int)q[i].endpoint.len, q[i].endpoint.ptr);
        if (dead)
            show_problem(c, "", 0,
                         arena_printf(&c->arena,
                                      "%s: %llu effect%s set aside; 'kith deadletter"
                                      " list --dead' tells why",
                                      to, dead, dead == 1 ? " is" : "s are"));
        if (waiting && !q[i].active)
            show_problem(c, "", 0,
                         arena_printf(&c->arena,
                                      "%s: %llu effect%s for a module that is not"
                                      " enabled",
                                      to, waiting, waiting == 1 ? " waits" : "s wait"));
        *wrong += waiting && !q[i].active;
    }
    return KITH_OK;
}

/* Of rules that compile. */
static kith_status show_tests(struct cmd *c, size_t *passed, size_t *wrong, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    kith_status st = cmd_rule_tests(c, passed, &why);
    if (st == KITH_E_LIMIT)
        show_problem(c, "", 0, why.message);
    else if (st != KITH_OK && st != KITH_E_INVAL)
        return err_copy(e, &why), st;
    *wrong += st != KITH_OK;
    return KITH_OK;
}

/* What only shows when the company is open: in the process that owns it. */
static kith_status run_check_opened(struct cmd *c, kith_error *e) {
    size_t wrong = plugins_check_grants(c->company->plugins, show_grant, c);
    size_t rules = 0, suspended = 0, tests = 0;
    TRY(cmd_rule_suspended(c, &suspended, e));
    TRY(cmd_workflow_disabled(c, e));
    wrong += suspended;
    TRY(show_retention(c, &wrong, e));
    TRY(privacy_check(c, &wrong, e));
    TRY(backup_check(c, &wrong, e));
    TRY(show_sweep(c, &wrong, e));
    TRY(show_unfinished(c, &wrong, e));
    TRY(show_outbox(c, &wrong, e));
    TRY(show_types(c, e));
    size_t before = wrong;
    TRY(show_modules_now(c, &wrong, e));
    TRY(show_others(c, &rules, &wrong, e));
    if (wrong == before)
        TRY(show_tests(c, &tests, &wrong, e));
    if (wrong > 0)
        return err_set(e, KITH_E_INVAL, NULL, "the company has problems; they are listed above");
    if (!c->json)
        io_printf(c->io, "No problem found: settings, %zu module%s, %zu rule%s, %zu test%s.\n",
                  plugins_count(c->company->plugins),
                  plugins_count(c->company->plugins) == 1 ? "" : "s", rules, rules == 1 ? "" : "s",
                  tests, tests == 1 ? "" : "s");
    return KITH_OK;
}

static void show_fault(void *arg, const char *file, int line, const char *text) {
    show_problem(arg, file, line, text);
}

static kith_status run_check(struct cmd *c, kith_error *e) {
    struct settings_problems problems = {0};
    struct company *company = NULL;
    kith_error why = KITH_ERROR_INIT;
    kith_status st = company_read(&company, c->program, c->dir, &problems, &why);
    show_settings(c, &problems);
    if (st != KITH_OK) {
        show_modules(c, company);
        if (problems.count == 0)
            show_problem(c, "", 0, why.message);
    }
    size_t faults = st == KITH_OK ? type_faults(company, show_fault, c) : 0;
    if (faults == TYPE_FAULTS_MAX)
        show_problem(c, "", 0, "these are the first of the types' problems; there may be more");
    company_close(company);
    settings_problems_free(&problems);
    if (st != KITH_OK || faults > 0)
        return err_set(e, KITH_E_INVAL, NULL, "the company has problems; they are listed above");
    return cli_sub_command(c, &command_check_opened, e);
}

const struct command command_check = {
    .name = "check",
    .args = "",
    .help = "look for everything that is wrong with the settings, modules and rules",
    .needs = NEEDS_FOLDER,
    .quiet = true,
    .run = run_check,
};

const struct command command_check_opened = {
    .name = "check-opened",
    .args = "",
    .needs = NEEDS_COMPANY,
    .quiet = true,
    .run = run_check_opened,
};
