/* SPDX-License-Identifier: Apache-2.0 */
/* kith rule cost, kith module cost: what rules, workflows and modules have taken since the start.
 */
#include "cli/show.h"

#include <stdlib.h>
#include <string.h>

/* 850 ns, 12.5 us, 3.2 ms, 41 s */
static const char *span_text(struct cmd *c, uint64_t ns) {
    static const char *const units[] = {"ns", "us", "ms", "s"};
    double n = (double)ns;
    int unit = 0;
    while (n >= 1000 && unit < 3) {
        n /= 1000;
        unit++;
    }
    return arena_printf(&c->arena, "%.*f %s", unit && n < 100 ? 1 : 0, n, units[unit]);
}

/* One of the numbers that a line has behind its names. */
struct number {
    const char *key;
    uint64_t value;
    bool span; /* nanoseconds; else a count */
};

static void put_line(struct cmd *c, struct table *t, size_t n, const char *const (*names)[2],
                     size_t count, const struct number *numbers) {
    struct buf b = {0};
    struct json_out j;
    if (!c->json) {
        for (size_t i = 0; i < n; i++)
            table_cellz(t, names[i][1]);
        for (size_t i = 0; i < count; i++)
            table_cellz(t, numbers[i].span ? span_text(c, numbers[i].value)
                                           : arena_printf(&c->arena, "%llu",
                                                          (unsigned long long)numbers[i].value));
        return;
    }
    json_begin(&j, &b, false);
    json_object_(&j);
    for (size_t i = 0; i < n; i++) {
        json_key(&j, names[i][0]);
        json_strz(&j, names[i][1]);
    }
    for (size_t i = 0; i < count; i++) {
        json_key(&j, numbers[i].key);
        json_int(&j, (int64_t)numbers[i].value);
    }
    json_object_end(&j);
    json_print(c, &b);
}

static void print_all(struct cmd *c, struct table *t, const char *nothing) {
    if (t->count > 0)
        table_print(t);
    else if (!c->json)
        io_printf(c->io,
                  "%s since the company was opened; 'kith serve' keeps it open and counts.\n",
                  nothing);
}

/* -- rules ------------------------------------------------------------------------------------- */

static void put_rule(struct cmd *c, struct table *t, const struct rule_info *r) {
    const char *place = arena_printf(&c->arena, "%s:%u", r->file, r->line);
    const char *const names[][2] = {{"rule", r->name}, {"place", place}},
                      *const told[][2] = {
                          {"rule", r->name}, {"kind", rule_kind_name(r->kind)}, {"file", r->file}};
    const struct number numbers[] = {
        {"line", r->line, false},         {"runs", r->runs, false},
        {"failures", r->failures, false}, {"p50_ns", r->p50_ns, true},
        {"p99_ns", r->p99_ns, true},      {"total_ns", r->total_ns, true},
        {"writes", r->writes, false},     {"queries", r->queries, false},
        {"steps", r->steps, false},
    };
    size_t count = sizeof numbers / sizeof *numbers;
    if (c->json)
        put_line(c, t, 3, told, count, numbers);
    else /* the place has the line */
        put_line(c, t, 2, names, count - 1, numbers + 1);
}

/* What took most time first; else in the order of the files. */
static int by_time(const void *a, const void *b) {
    const struct rule_info *x = a, *y = b;
    if (x->total_ns != y->total_ns)
        return x->total_ns < y->total_ns ? 1 : -1;
    int file = strcmp(x->file, y->file);
    return file ? file : (x->line > y->line) - (x->line < y->line);
}

static kith_status run_rules(struct cmd *c, kith_error *e) {
    struct scripts_view v;
    struct table t;
    TRY(scripts_view(c->company->scripts, &c->arena, &v, e));
    if (v.rule_count)
        qsort(v.rules, v.rule_count, sizeof *v.rules, by_time);
    table_begin(&t, c,
                (const char *const[]){"rule", "place", ">runs", ">failures", ">p50", ">p99",
                                      ">time", ">writes", ">searches", ">steps", NULL});
    for (size_t i = 0; i < v.rule_count; i++)
        if (c->json || v.rules[i].runs)
            put_rule(c, &t, &v.rules[i]);
    print_all(c, &t, "Nothing has run");
    return KITH_OK;
}

/* -- modules ----------------------------------------------------------------------------------- */

struct costs { /* in the arena */
    struct cmd *c;
    struct plugin_cost *items;
    size_t count, cap;
    bool failed; /* no memory */
};

static void gather(void *arg, const struct plugin_cost *cost) {
    struct costs *all = arg;
    if (all->failed || !(all->c->json || cost->calls))
        return;
    struct plugin_cost *items =
        arena_grow(&all->c->arena, all->items, all->count, &all->cap, sizeof *items);
    all->failed = !items;
    if (all->failed)
        return;
    all->items = items;
    items[all->count++] = *cost;
}

static int by_cost(const void *a, const void *b) {
    const struct plugin_cost *x = a, *y = b;
    if (x->total_ns != y->total_ns)
        return x->total_ns < y->total_ns ? 1 : -1;
    int module = strcmp(x->module, y->module);
    return module ? module : strcmp(x->callback, y->callback);
}

static kith_status run_modules(struct cmd *c, kith_error *e) {
    struct costs all = {.c = c};
    struct table t;
    plugins_costs(c->company->plugins, gather, &all);
    if (all.failed)
        return err_nomem(e);
    if (all.count)
        qsort(all.items, all.count, sizeof *all.items, by_cost);
    table_begin(&t, c,
                (const char *const[]){"module", "function", ">calls", ">failures", ">p50", ">p99",
                                      ">time", ">writes", ">searches", ">memory", NULL});
    for (size_t i = 0; i < all.count; i++) {
        const struct plugin_cost *m = &all.items[i];
        const char *const names[][2] = {{"module", m->module}, {"function", m->callback}};
        const struct number numbers[] = {
            {"calls", m->calls, false},      {"failures", m->failures, false},
            {"p50_ns", m->p50_ns, true},     {"p99_ns", m->p99_ns, true},
            {"total_ns", m->total_ns, true}, {"writes", m->writes, false},
            {"queries", m->queries, false},  {"memory", m->memory, false},
        };
        put_line(c, &t, 2, names, sizeof numbers / sizeof *numbers, numbers);
    }
    print_all(c, &t, "No module was called");
    return KITH_OK;
}

#define RULE_COST(name_)                                                                           \
    {                                                                                              \
        .name = (name_), .args = "",                                                               \
        .help = "what rules and workflows have taken since the start: time, writes, searches, "    \
                "failures",                                                                        \
        .more = "A run is one call of a rule, or one step of a run of a workflow. p50 and p99 "    \
                "are the times\nthat half and 99 of 100 runs stay below, to an eighth. Time and "  \
                "writes are with what\nfollowed from a write at once, the hooks of others among "  \
                "it. Steps are Lua instructions\nand work like them, counted by the thousand. "    \
                "'kith serve' counts as long as it runs, a\ncommand by itself only what it did "   \
                "itself.",                                                                         \
        .needs = NEEDS_COMPANY, .quiet = true, .run = run_rules,                                   \
    }
const struct command command_rule_cost = RULE_COST("rule cost");
const struct command command_workflow_cost = RULE_COST("workflow cost");

const struct command command_module_cost = {
    .name = "module cost",
    .args = "",
    .help = "what modules have taken since the start: time, writes, searches, memory, failures",
    .more = "Each hook, reaction, timer, delivery and action of a module by itself; those that\n"
            "took most time come first. p50 and p99 are the times that half and 99 of 100 calls\n"
            "stay below, to an eighth. Time and writes are with what followed from a write at\n"
            "once, the hooks of others among it; a refusal is no failure. Memory is the most\n"
            "bytes that one call held of Kith. 'kith serve' counts as long as it runs, a command\n"
            "by itself only what it did itself.",
    .needs = NEEDS_COMPANY,
    .quiet = true,
    .run = run_modules,
};
