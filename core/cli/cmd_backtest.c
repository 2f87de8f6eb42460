/* SPDX-License-Identifier: Apache-2.0 */
/* kith workflow backtest: what a file of rules and workflows would have done over the past. */
#include "base/date.h"
#include "cli/backtest_show.h"
#include "cli/show.h"

#include <string.h>

#define SINCE_DEFAULT (INT64_C(90) * BACKTEST_DAY)
#define LIMIT_DEFAULT 20
#define LIMIT_MAX     10000

struct backtest_job {
    struct cmd *cmd;
    struct script_focus focus;
    struct backtest_options options;
};

/* -- which file -------------------------------------------------------------------------------- */

/* The file in which the rule or workflow of that name stands. */
static kith_status find_named(struct backtest_job *job, const char *name, kith_error *e) {
    struct cmd *c = job->cmd;
    struct scripts_view v;
    TRY(scripts_view(c->company->scripts, &c->arena, &v, e));
    for (size_t i = 0; i < v.rule_count; i++) {
        const char *only = job->focus.file;
        if (strcmp(v.rules[i].name, name) != 0 || (only && strcmp(only, v.rules[i].file) == 0))
            continue;
        if (only)
            return err_set(e, KITH_E_INVAL, NULL,
                           "'%s' stands in %s and in %s: name the file that you mean", name, only,
                           v.rules[i].file);
        job->focus.file = v.rules[i].file;
    }
    if (job->focus.file)
        return KITH_OK;
    const char *near = cmd_rule_near(&v, name);
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   "there is no rule or workflow '%s' (a file is named with its .lua)%s%s%s", name,
                   STR_MEANT(near));
}

static kith_status find_file(struct backtest_job *job, const char *arg, kith_error *e) {
    return cmd_names_script(arg) ? cmd_script_focus(job->cmd, arg, false, &job->focus, e)
                                 : find_named(job, arg, e);
}

/* -- when -------------------------------------------------------------------------------------- */

/* "90d" is so long ago. */
static kith_status moment_of(struct cmd *c, const char *option, int64_t now, int64_t otherwise,
                             int64_t *out, kith_error *e) {
    const char *text = cmd_option(c, option);
    int64_t ms;
    *out = otherwise;
    if (!text)
        return KITH_OK;
    if (!duration_parse(str_of(text), &ms))
        return option_moment(c, option, strcmp(option, "until") == 0, out, e);
    *out = now - ms;
    return KITH_OK;
}

static kith_status find_window(struct backtest_job *job, kith_error *e) {
    struct cmd *c = job->cmd;
    int64_t now = engine_now(c->company->engine), begins, samples;
    struct backtest_options *o = &job->options;
    TRY(moment_of(c, "since", now, now - SINCE_DEFAULT, &o->since, e));
    TRY(moment_of(c, "until", now, now, &o->until, e));
    TRY(cmd_option_int(c, "limit", 0, LIMIT_MAX, c->json ? LIMIT_DEFAULT : 0, &samples, e));
    o->samples = (size_t)samples;
    o->until = o->until > now ? now : o->until;
    if (o->since >= o->until)
        return err_set(e, KITH_E_INVAL, NULL,
                       "--since must be before %s: 90d is ninety days ago, 2026-05-01 that day",
                       cmd_option(c, "until") ? "--until" : "now");
    TRY(engine_backtest_begins(c->company->engine, &begins, e));
    o->since = begins > o->since ? begins - 1 : o->since;
    if (o->since < o->until)
        return KITH_OK;
    kith_str day = show_time(c, begins);
    return err_set(e, KITH_E_INVAL, NULL, "nothing is kept of the time before %.*s", (int)day.len,
                   day.ptr);
}

/* -- doing it ---------------------------------------------------------------------------------- */

static kith_status on_progress(void *arg, uint64_t done, uint64_t all, kith_error *e) {
    struct cmd *c = arg;
    char line[80];
    snprintf(line, sizeof line, "going through the past: %llu%%",
             (unsigned long long)(all ? done * 100 / all : 100));
    io_progress(c->io, line);
    return io_check(c->io, e);
}

static kith_status test_on(struct backtest_job *job, struct company *scratch, kith_error *e) {
    struct cmd *c = job->cmd;
    struct backtest_report r;
    job->options.clock = &scratch->clock;
    TRY(cmd_script_loads(c, scratch, job->focus.file, e)); /* else it would have done nothing */
    kith_status st = engine_backtest(scratch->engine, &job->options, &c->arena, &r, e);
    io_progress(c->io, "");
    TRY(st);
    if (c->json)
        backtest_json(c, job->focus.file, &r);
    else
        backtest_print(c, job->focus.file, &r, job->options.samples > 0);
    return KITH_OK;
}

static kith_status on_copy(void *arg, const char *path, kith_error *e) {
    struct backtest_job *job = arg;
    struct company *scratch = NULL;
    const struct company_trial t = {.dir = job->cmd->dir,
                                    .db = path,
                                    .still = true,
                                    .now = job->options.since,
                                    .focus = &job->focus,
                                    .original = job->cmd->company};
    kith_status st = company_open_trial(&scratch, job->cmd->program, &t, e);
    if (st == KITH_OK)
        st = engine_start(scratch->engine, e);
    if (st == KITH_OK)
        st = test_on(job, scratch, e);
    company_close(scratch);
    return st;
}

static kith_status run_backtest(struct cmd *c, kith_error *e) {
    struct backtest_job job = {.cmd = c, .options = {.watch = on_progress, .arg = c}};
    TRY(find_file(&job, c->args[0], e));
    TRY(find_window(&job, e));
    job.focus.only = true;
    job.options.file = job.focus.file;
    io_progress(c->io, "copying the database");
    return engine_with_copy(c->company->engine, on_copy, &job, e);
}

const struct command command_workflow_backtest = {
    .name = "workflow backtest",
    .args = "FILE|NAME",
    .help = "what a file of rules and workflows would have done over the past",
    .more =
        "  kith workflow backtest draft.lua --since 90d\n"
        "  kith workflow backtest 'unanswered inquiry' --since 2026-01-01 --until 2026-06-30\n"
        "\nIt goes through the past on a copy: at each event find() and get() see what was there"
        "\nthen. NAME is that of a rule or workflow; the whole file in which it stands is tested. A"
        "\nfile need not be in the company's folder. Nothing is kept and nothing is sent.",
    .options = {{"since", "WHEN", "from then on: a day, a time, or how long ago (90d)"},
                {"until", "WHEN", "up to then, and not up to now"},
                {"limit", "N", "show N occasions with all that would have been done (JSON: 20)"}},
    .needs = NEEDS_COMPANY,
    .quiet = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_backtest,
};
