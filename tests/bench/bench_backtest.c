/* SPDX-License-Identifier: Apache-2.0 */
/* Measures a backtest: a past of leads that are made and updated once each, gone through with a
 * rule that writes at each update and a workflow that waits. Usage: bench_backtest DIR ROWS */
#include "bench.h"

#include "base/log.h"
#include "engine/backtest.h"
#include "script/script.h"

static const char file[] = "workflows/b.lua";
static const char text[] =
    "on('lead.updated', {name = 'score', fields = {'source'}}, function(lead)\n"
    "  update(lead, {score = #lead.name + count('lead where source = :s and name = :n',\n"
    "    {s = lead.source, n = lead.name})})\n"
    "end)\n"
    "workflow('follow', {on = 'lead.created', where = \"name like '%7'\"}, function(lead)\n"
    "  sleep(hours(1))\n"
    "  task {title = 'Call ' .. lead.name, about = lead}\n"
    "end)\n";

struct run {
    const char *dir;
    struct kclock *clock;
    double seconds;
    struct backtest_report report;
    struct arena arena;
};

static kith_status on_copy(void *arg, const char *path, kith_error *e) {
    struct run *r = arg;
    struct kclock clock;
    struct scripts *s;
    clock_set(&clock, clock_now(r->clock) - 30 * (int64_t)BACKTEST_DAY);
    struct script_options rules = {.limits = {.time_ms = 60000},
                                   .focus = {.file = file, .text = str_of(text), .only = true}};
    struct backtest_options o = {
        .file = file, .clock = &clock, .since = clock_now(&clock), .until = clock_now(r->clock)};
    struct engine *g =
        bench_open_as(&(struct engine_options){.path = path, .clock = &clock, .still = true});
    must(scripts_open(&s, g, r->dir, &rules, e), e);
    must_start(g);
    kith_status st = engine_backtest(g, &o, &r->arena, &r->report, e);
    engine_close(g);
    scripts_close(s);
    return st;
}

/* Half of the rows make leads, the others change them, over some hours. */
static void make_past(struct engine *g, struct kclock *clock, int64_t n) {
    enum { PARTS = 20 };
    struct order *leads = lead_orders(g, n / 2);
    int64_t part = n / 2 / PARTS;
    for (int i = 0; i < PARTS; i++) {
        post_all(g, leads + i * part, part);
        clock_advance(clock, 3600000);
    }
    free(leads);
    struct order *changes = new_orders(g, "lead", n / 2);
    const struct rtype *lead = schema_type(engine_schema(g), STR("lead"));
    struct arena a = {0};
    struct conn *c;
    kith_error e = KITH_ERROR_INIT;
    kith_id *ids;
    size_t count;
    must(engine_reader(g, &c, &e), &e);
    must(record_ids(c, lead, INT64_MAX, &a, &ids, &count, &e), &e);
    engine_reader_done(g, c);
    for (size_t i = 0; i < count; i++) {
        changes[i].id = ids[i];
        set_text(&changes[i], "source", "event");
    }
    for (int i = 0; i < PARTS; i++) {
        post_all(g, changes + i * part, part);
        clock_advance(clock, 3600000);
    }
    arena_free(&a);
    free(changes);
}

int main(int argc, char **argv) {
    int64_t n = argc > 2 ? atoll(argv[2]) : 100000;
    struct kclock clock;
    struct run r = {.clock = &clock};
    kith_error e = KITH_ERROR_INIT;
    char path[256];
    if (argc < 2)
        die("usage: bench_backtest DIR [ROWS]");
    n -= n % 40;
    log_setup(LOG_ERROR, -1);
    snprintf(path, sizeof path, "%s/kith.db", argv[1]);
    r.dir = argv[1];
    clock_set(&clock, INT64_C(1767225600000));
    struct engine *g =
        bench_open_as(&(struct engine_options){.path = path, .clock = &clock, .create = true});
    must_start(g);
    make_past(g, &clock, n);
    int64_t start = clock_ticks();
    must(engine_with_copy(g, on_copy, &r, &e), &e);
    double seconds = (double)(clock_ticks() - start) / 1e9, rate = (double)n / seconds * 60;
    if (r.report.rows != (uint64_t)n || r.report.unfit || r.report.failure_count)
        die("the backtest did not go through all of it");
    uint64_t began = 0;
    for (size_t i = 0; i < r.report.rule_count; i++)
        began += r.report.rules[i].began;
    if (began != (uint64_t)(n / 2 + n / 20))
        die("a rule did not run for each");
    row("backtest of a rule and a workflow, events of the past", "%.0f/min", rate, ">= 300,000/min",
        rate >= 300000);
    engine_close(g);
    arena_free(&r.arena);
    return 0;
}
