/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the tests that stand in the files of rules and workflows, each in a company of its own. */
#include "script/trial_internal.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define STEPS_MORE 100 /* times what a rule may take */

/* What a test finds on the clock: a Tuesday on which it is ten in the morning. */
static int64_t first_moment(const struct engine *g) {
    static const struct civil ten = {.year = 2025, .month = 3, .day = 11, .hour = 10};
    return zone_to_utc(engine_zone(g), &ten);
}

/* -- which there are --------------------------------------------------------------------------- */

struct listed {
    const char *file, *name;
    uint32_t line;
    const char *fault; /* the file cannot be loaded */
};
struct run {
    const struct test_host *host;
    const struct script_focus *focus;
    test_report report;
    void *arg;
    struct test_counts counts;
    struct arena arena;
    struct listed *tests;
    size_t count, cap;
};

static kith_status list_one(struct run *r, const struct listed *one, kith_error *e) {
    struct listed *tests = arena_grow(&r->arena, r->tests, r->count, &r->cap, sizeof *tests);
    if (!tests)
        return err_nomem(e);
    r->tests = tests;
    struct listed *t = &tests[r->count++];
    *t = (struct listed){.file = arena_strdup(&r->arena, one->file),
                         .name = arena_strdup(&r->arena, one->name),
                         .line = one->line,
                         .fault = one->fault ? arena_strdup(&r->arena, one->fault) : NULL};
    return t->file && t->name ? KITH_OK : err_nomem(e);
}

/* With focus on a file it is its tests alone; what does not load is as good as a test that failed.
 * A file that waits for a module has no tests until then; whoever asks for it alone is told so. */
static kith_status list_tests(struct run *r, const struct ruleset *set, kith_error *e) {
    const char *only = r->focus ? r->focus->file : NULL;
    for (const struct problem *p = set->problems; p; p = p->next)
        if (!p->p.absent || (only && strcmp(only, p->p.file) == 0))
            TRY(list_one(r,
                         &(struct listed){.file = p->p.file,
                                          .name = "the file is loaded",
                                          .line = p->p.line,
                                          .fault = p->p.message},
                         e));
    for (const struct script *s = set->files; s; s = s->next)
        for (const struct test *t = s->tests; t; t = t->next)
            if (!only || strcmp(only, s->file) == 0)
                TRY(list_one(r, &(struct listed){.file = s->file, .name = t->name, .line = t->line},
                             e));
    return KITH_OK;
}

/* -- one test ---------------------------------------------------------------------------------- */

static int enter(lua_State *L) {
    struct trial *t = lua_touserdata(L, 1);
    lua_settop(L, 0);
    lua_rawgeti(L, LUA_REGISTRYINDEX, t->test->function);
    trial_push(L);
    lua_call(L, 1, 0);
    return 0;
}

/* Splits "workflows/care.lua:12: a sentence" where that is the test's file. */
static void report_failure(struct run *r, const struct listed *one, struct test_result *out,
                           const char *message) {
    size_t len = strlen(one->file);
    char *end = NULL;
    out->failed = true;
    out->message = message;
    if (strncmp(message, one->file, len) == 0 && message[len] == ':') {
        unsigned long line = strtoul(message + len + 1, &end, 10);
        if (strncmp(end, ": ", 2) == 0) {
            out->line = (uint32_t)line;
            out->message = end + 2;
        }
    }
    r->counts.failed++;
    r->report(r->arg, out);
}

static void call_test(struct trial *t, kith_error *why) {
    struct frame f;
    int64_t steps = t->script->all->options.limits.steps;
    frame_begin(t->script, &f, NULL, NULL);
    f.left = f.given = steps < INT64_MAX / STEPS_MORE ? steps * STEPS_MORE : INT64_MAX;
    f.deadline = t->end;
    t->running = true;
    sandbox_call(t->script, enter, t, why);
    frame_end(t->script, &f);
}

static void run_loaded(struct run *r, struct trial *t, const struct listed *one) {
    struct test_result out = {.file = one->file, .name = one->name, .line = one->line};
    kith_error why = KITH_ERROR_INIT;
    int64_t begin = clock_ticks();
    out.effects = "";
    if (t->script->fault) {
        report_failure(r, one, &out, t->script->fault);
        return;
    }
    t->test = t->script->tests;
    while (t->test && (t->test->line != one->line || strcmp(t->test->name, one->name) != 0))
        t->test = t->test->next;
    if (!t->test) {
        report_failure(r, one, &out, "the file was changed meanwhile");
        return;
    }
    call_test(t, &why);
    if (why.code == KITH_OK)
        trial_unexpected(t, &why);
    out.ns = clock_ticks() - begin;
    if (why.code == KITH_OK) {
        r->counts.passed++;
        r->report(r->arg, &out);
        return;
    }
    if (!t->effects.len)
        trial_list(t);
    out.effects = t->effects.ptr ? t->effects.ptr : "";
    report_failure(r, one, &out, why.message);
}

static kith_status run_on(struct run *r, const struct test_bench *b, const struct listed *one,
                          int64_t end, kith_error *e) {
    struct trial t = {.bench = b, .end = clock_in(TRIAL_MS)};
    t.end = end && end < t.end ? end : t.end;
    clock_set(b->clock, first_moment(b->engine));
    b->scripts->twice = true;
    kith_status st = script_for_trial(b->scripts->set, one->file, &t, &t.script, e);
    if (st == KITH_OK)
        run_loaded(r, &t, one);
    if (t.script)
        script_unload(t.script);
    buf_free(&t.effects);
    arena_free(&t.arena);
    return st;
}

/* -- all of them ------------------------------------------------------------------------------- */

/* Each on a bench like the first, and the last on the first itself. */
static kith_status take_bench(struct run *r, struct test_bench *first, size_t i,
                              struct test_bench *out, kith_error *e) {
    while (++i < r->count && r->tests[i].fault)
        ;
    if (i < r->count)
        return r->host->open(r->host->arg, r->focus, first, out, e);
    *out = *first;
    *first = (struct test_bench){0};
    return KITH_OK;
}

static kith_status run_listed(struct run *r, struct test_bench *first, int64_t end, kith_error *e) {
    for (size_t i = 0; i < r->count; i++) {
        const struct listed *one = &r->tests[i];
        struct test_bench b = {0};
        if (one->fault) {
            struct test_result out = {.file = one->file, .name = one->name, .line = one->line};
            out.effects = "";
            report_failure(r, one, &out, one->fault);
            continue;
        }
        if (end && clock_ticks() > end)
            return err_set(e, KITH_E_LIMIT, NULL, "the tests take too long: %zu of %zu ran", i,
                           r->count);
        TRY(take_bench(r, first, i, &b, e));
        kith_status st = run_on(r, &b, one, end, e);
        r->host->close(r->host->arg, &b);
        TRY(st);
    }
    return KITH_OK;
}

kith_status scripts_test(const struct test_host *host, const struct script_focus *focus,
                         int64_t limit_ms, test_report report, void *arg, struct test_counts *out,
                         kith_error *e) {
    struct run r = {.host = host, .focus = focus, .report = report, .arg = arg};
    struct test_bench first = {0};
    int64_t end = limit_ms ? clock_in(limit_ms) : 0;
    kith_status st = host->open(host->arg, focus, NULL, &first, e);
    if (st == KITH_OK)
        st = list_tests(&r, first.scripts->set, e);
    if (st == KITH_OK)
        st = run_listed(&r, &first, end, e);
    if (first.engine)
        host->close(host->arg, &first);
    *out = r.counts;
    arena_free(&r.arena);
    return st;
}

/* -- those of a company that is open ----------------------------------------------------------- */

#define CHECK_MS 600000 /* when somebody asks for them */

struct problems {
    script_report report;
    void *arg;
};

static void report_problem(void *arg, const struct test_result *r) {
    const struct problems *p = arg;
    char text[sizeof((kith_error *)0)->message];
    if (!r->failed || !p->report)
        return;
    snprintf(text, sizeof text, "test \"%s\": %s", r->name, r->message);
    p->report(p->arg, &(struct script_problem){.file = r->file, .line = r->line, .message = text});
}

static kith_status run_all(struct scripts *s, int64_t ms, script_report report, void *arg,
                           size_t *passed, kith_error *e) {
    struct problems p = {report, arg};
    struct test_counts n = {0};
    kith_status st = scripts_test(s->host, NULL, ms, report_problem, &p, &n, e);
    if (passed)
        *passed = n.passed;
    if (st == KITH_E_LIMIT)
        return err_prefix(e, "within %d s ", (int)(ms / 1000));
    TRY(st);
    if (n.failed)
        return err_set(e, KITH_E_INVAL, NULL, "%zu of %zu tests failed", n.failed,
                       n.failed + n.passed);
    return KITH_OK;
}

kith_status trial_all(struct scripts *s, script_report report, void *arg, size_t *passed,
                      kith_error *e) {
    return run_all(s, s->options.tests_ms, report, arg, passed, e);
}

kith_status scripts_test_all(struct scripts *s, script_report report, void *arg, size_t *passed,
                             kith_error *e) {
    struct ruleset *set;
    *passed = 0;
    if (!s->host)
        return KITH_OK;
    TRY(ruleset_load(&set, s, e));
    bool none = !set->tests;
    ruleset_free(set);
    return none ? KITH_OK : run_all(s, CHECK_MS, report, arg, passed, e);
}
