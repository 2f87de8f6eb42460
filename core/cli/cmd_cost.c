/* SPDX-License-Identifier: Apache-2.0 */
/* kith workflow cost: what rules and workflows have taken since the start. */
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

static const char *number(struct cmd *c, uint64_t n) {
    return arena_printf(&c->arena, "%llu", (unsigned long long)n);
}

static void json_cost(struct cmd *c, const struct rule_info *r) {
    struct buf b = {0};
    struct json_out j;
    const struct {
        const char *key;
        uint64_t value;
    } numbers[] = {{"line", r->line},     {"runs", r->runs},       {"failures", r->failures},
                   {"p50_ns", r->p50_ns}, {"p99_ns", r->p99_ns},   {"total_ns", r->total_ns},
                   {"writes", r->writes}, {"queries", r->queries}, {"steps", r->steps}};
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "rule");
    json_strz(&j, r->name);
    json_key(&j, "kind");
    json_strz(&j, rule_kind_name(r->kind));
    json_key(&j, "file");
    json_strz(&j, r->file);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        json_key(&j, numbers[i].key);
        json_int(&j, (int64_t)numbers[i].value);
    }
    json_object_end(&j);
    json_print(c, &b);
}

static void table_cost(struct cmd *c, struct table *t, const struct rule_info *r) {
    table_cellz(t, r->name);
    table_cellz(t, arena_printf(&c->arena, "%s:%u", r->file, r->line));
    table_cellz(t, number(c, r->runs));
    table_cellz(t, number(c, r->failures));
    table_cellz(t, span_text(c, r->p50_ns));
    table_cellz(t, span_text(c, r->p99_ns));
    table_cellz(t, span_text(c, r->total_ns));
    table_cellz(t, number(c, r->writes));
    table_cellz(t, number(c, r->queries));
    table_cellz(t, number(c, r->steps));
}

/* What took most time first; else in the order of the files. */
static int by_time(const void *a, const void *b) {
    const struct rule_info *x = a, *y = b;
    if (x->total_ns != y->total_ns)
        return x->total_ns < y->total_ns ? 1 : -1;
    int file = strcmp(x->file, y->file);
    return file ? file : (x->line > y->line) - (x->line < y->line);
}

static kith_status run_cost(struct cmd *c, kith_error *e) {
    struct scripts_view v;
    struct table t;
    TRY(scripts_view(c->company->scripts, &c->arena, &v, e));
    if (v.rule_count)
        qsort(v.rules, v.rule_count, sizeof *v.rules, by_time);
    table_begin(&t, c,
                (const char *const[]){"rule", "place", ">runs", ">failures", ">p50", ">p99",
                                      ">time", ">writes", ">searches", ">steps", NULL});
    for (size_t i = 0; i < v.rule_count; i++) {
        if (c->json)
            json_cost(c, &v.rules[i]);
        else if (v.rules[i].runs)
            table_cost(c, &t, &v.rules[i]);
    }
    if (t.count > 0)
        table_print(&t);
    else if (!c->json)
        io_puts(c->io, "Nothing has run since the company was opened; 'kith serve' keeps it open "
                       "and counts.\n");
    return KITH_OK;
}

const struct command command_workflow_cost = {
    .name = "workflow cost",
    .args = "",
    .help = "what rules and workflows have taken since the start: time, writes, searches, failures",
    .more =
        "A run is one call of a rule, or one step of a run of a workflow. p50 and p99 are the times"
        "\nthat half and 99 of 100 runs stay below, to an eighth. Time and writes are with what\n"
        "followed from a write at once, the hooks of others among it. Steps are Lua instructions\n"
        "and work like them, counted by the thousand. 'kith serve' counts as long as it runs, a\n"
        "command by itself only what it did itself.",
    .needs = NEEDS_COMPANY,
    .quiet = true,
    .run = run_cost,
};
