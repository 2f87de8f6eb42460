/* SPDX-License-Identifier: Apache-2.0 */
/* kith rule list, check: the company's Lua rules. */
#include "cli/show.h"

static void json_rule(struct cmd *c, const struct rule_info *r) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "rule");
    json_strz(&j, r->name);
    json_key(&j, "kind");
    json_strz(&j, rule_kind_name(r->kind));
    json_key(&j, "event");
    json_strz(&j, r->event);
    json_key(&j, "where");
    if (r->where)
        json_strz(&j, r->where);
    else
        json_nil(&j);
    json_key(&j, "doc");
    json_strz(&j, r->doc ? r->doc : "");
    json_key(&j, "file");
    json_strz(&j, r->file);
    json_key(&j, "line");
    json_int(&j, r->line);
    json_key(&j, "version");
    json_strz(&j, r->version);
    json_key(&j, "runs");
    json_int(&j, (int64_t)r->runs);
    json_key(&j, "failures");
    json_int(&j, (int64_t)r->failures);
    json_key(&j, "total_ns");
    json_int(&j, (int64_t)r->total_ns);
    json_object_end(&j);
    json_print(c, &b);
}

static void table_rule(struct cmd *c, struct table *t, const struct rule_info *r) {
    table_cellz(t, r->name);
    table_cellz(t, arena_printf(&c->arena, "%s %s", rule_kind_name(r->kind), r->event));
    table_cellz(t, arena_printf(&c->arena, "%s:%u", r->file, r->line));
    table_cellz(t, arena_printf(&c->arena, "%llu", (unsigned long long)r->runs));
    table_cellz(t, arena_printf(&c->arena, "%llu", (unsigned long long)r->failures));
    table_cellz(t, r->doc);
}

static void show_problem(void *arg, const struct script_problem *p) {
    struct cmd *c = arg;
    struct buf b = {0};
    struct json_out j;
    if (c->json) {
        json_begin(&j, &b, false);
        json_object_(&j);
        json_key(&j, "file");
        json_strz(&j, p->file);
        json_key(&j, "line");
        json_int(&j, p->line);
        json_key(&j, "problem");
        json_strz(&j, p->message);
        json_object_end(&j);
        json_print(c, &b);
        return;
    }
    io_text(c->io, str_of(p->file));
    if (p->line > 0)
        io_printf(c->io, ":%u", p->line);
    io_puts(c->io, ": ");
    io_text(c->io, str_of(p->message));
    io_puts(c->io, "\n");
}

static kith_status run_list(struct cmd *c, kith_error *e) {
    (void)e;
    struct rule_info r;
    const struct script_problem *p;
    struct table t;
    table_begin(&t, c,
                (const char *const[]){"rule", "when", "where it stands", ">runs", ">failures",
                                      "what it does", NULL});
    for (size_t i = 0; scripts_rule(c->company->scripts, i, &r); i++) {
        if (c->json)
            json_rule(c, &r);
        else
            table_rule(c, &t, &r);
    }
    if (t.count > 0)
        table_print(&t);
    else if (!c->json)
        io_puts(c->io, "No rules: put files with Lua rules into the folder rules.\n");
    for (size_t i = 0; (p = scripts_problem(c->company->scripts, i)); i++)
        io_say(c->io, "%s%s: %s; the rules of this file are off", p->file,
               p->line ? arena_printf(&c->arena, ":%u", p->line) : "", p->message);
    return KITH_OK;
}

kith_status cmd_rule_problems(struct cmd *c, size_t *rules, kith_error *e) {
    struct script_limits limits = company_script_limits(c->company->settings);
    return scripts_check(c->company->engine, c->company->dir, &limits, show_problem, c, rules, e);
}

static kith_status run_check(struct cmd *c, kith_error *e) {
    size_t rules = 0;
    TRY(cmd_rule_problems(c, &rules, e));
    if (!c->json)
        io_printf(c->io, "%zu rule%s, no problem found.\n", rules, rules == 1 ? "" : "s");
    return KITH_OK;
}

const struct command command_rule_list = {
    .name = "rule list",
    .args = "",
    .help = "the company's Lua rules, and how often they ran since the start",
    .needs = NEEDS_COMPANY,
    .quiet = true,
    .run = run_list,
};

const struct command command_rule_check = {
    .name = "rule check",
    .args = "",
    .help = "compile all rules as they stand in the files now, and show every problem",
    .needs = NEEDS_COMPANY,
    .quiet = true,
    .run = run_check,
};
