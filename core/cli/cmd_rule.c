/* SPDX-License-Identifier: Apache-2.0 */
/* kith rule list, check, reload, resume: the company's Lua rules. */
#include "cli/show.h"
#include <string.h>

static void json_rule(struct cmd *c, const struct rule_info *r, const struct script_info *file) {
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
    json_key(&j, "may");
    json_strz(&j, file->may);
    json_key(&j, "suspended");
    if (file->suspended)
        json_time(&j, file->suspended);
    else
        json_nil(&j);
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

static const char *place_text(struct cmd *c, const struct script_problem *p) {
    return p->line ? arena_printf(&c->arena, "%s:%u", p->file, p->line) : p->file;
}

static void show_script_problem(void *arg, const struct script_problem *p) {
    show_problem(arg, p->file, p->line, p->message);
}

/* -- list -------------------------------------------------------------------------------------- */

static const char *state_text(struct cmd *c, const struct script_info *f) {
    if (f->off)
        return "off: see below";
    if (!f->suspended)
        return "active";
    return arena_printf(&c->arena, "suspended since %s", show_time(c, f->suspended).ptr);
}

static const struct script_info *file_of(const struct scripts_view *v, const struct rule_info *r) {
    size_t i = 0;
    while (strcmp(v->files[i].file, r->file) != 0)
        i++;
    return &v->files[i];
}

static void list_rules(struct cmd *c, const struct scripts_view *v) {
    struct table t;
    uint64_t runs = 0;
    table_begin(
        &t, c,
        (const char *const[]){"rule", "when", "place", ">runs", ">failures", "what it does", NULL});
    for (size_t i = 0; i < v->rule_count; i++) {
        runs += v->rules[i].runs;
        if (c->json)
            json_rule(c, &v->rules[i], file_of(v, &v->rules[i]));
        else
            table_rule(c, &t, &v->rules[i]);
    }
    if (t.count > 0)
        table_print(&t);
    else if (!c->json)
        io_puts(c->io, "No rules: put files with Lua rules into the folder rules.\n");
    if (t.count > 0 && runs == 0)
        io_puts(c->io, "No rule has run since the company was opened; 'kith serve' keeps it open "
                       "and counts.\n");
}

static void list_files(struct cmd *c, const struct scripts_view *v) {
    struct table t;
    table_begin(&t, c, (const char *const[]){"file", "state", "may", NULL});
    for (size_t i = 0; i < v->file_count; i++) {
        const struct script_info *f = &v->files[i];
        table_cellz(&t, f->file);
        table_cellz(&t, state_text(c, f));
        table_cellz(&t, strcmp(f->may, "*") == 0 ? "everything" : f->may[0] ? f->may : "nothing");
    }
    if (t.count == 0)
        return;
    io_puts(c->io, "\n");
    table_print(&t);
}

static size_t say_suspended(struct cmd *c, const struct scripts_view *v) {
    size_t count = 0;
    for (size_t i = 0; i < v->file_count; i++) {
        const struct script_info *f = &v->files[i];
        if (!f->suspended)
            continue;
        io_say(c->io, "%s is suspended: %s; " SUSPENDED_REMEDY, f->file, f->reason,
               strrchr(f->file, '/') + 1);
        count++;
    }
    return count;
}

static kith_status run_list(struct cmd *c, kith_error *e) {
    struct scripts_view v;
    TRY(scripts_view(c->company->scripts, &c->arena, &v, e));
    list_rules(c, &v);
    if (!c->json)
        list_files(c, &v);
    for (size_t i = 0; i < v.problem_count; i++)
        io_say(c->io, "%s: %s", place_text(c, &v.problems[i]), v.problems[i].message);
    say_suspended(c, &v);
    return KITH_OK;
}

/* -- check and reload -------------------------------------------------------------------------- */

kith_status cmd_rule_problems(struct cmd *c, size_t *rules, kith_error *e) {
    return scripts_check(c->company->scripts, show_script_problem, c, rules, e);
}

kith_status cmd_rule_suspended(struct cmd *c, size_t *count, kith_error *e) {
    struct scripts_view v;
    *count = 0;
    TRY(scripts_view(c->company->scripts, &c->arena, &v, e));
    for (size_t i = 0; i < v.file_count; i++) {
        if (!v.files[i].suspended)
            continue;
        const char *text = arena_printf(&c->arena, "suspended: %s; " SUSPENDED_REMEDY,
                                        v.files[i].reason, strrchr(v.files[i].file, '/') + 1);
        show_problem(c, v.files[i].file, 0, text ? text : "suspended");
        ++*count;
    }
    return KITH_OK;
}

kith_status cmd_rule_say_suspended(struct cmd *c, size_t *count, kith_error *e) {
    struct scripts_view v;
    TRY(scripts_view(c->company->scripts, &c->arena, &v, e));
    *count = say_suspended(c, &v);
    return KITH_OK;
}

static kith_status run_check(struct cmd *c, kith_error *e) {
    size_t rules = 0;
    TRY(cmd_rule_problems(c, &rules, e));
    if (!c->json)
        io_printf(c->io, "%zu rule%s, no mistake found.\n", rules, rules == 1 ? "" : "s");
    return KITH_OK;
}

static kith_status run_reload(struct cmd *c, kith_error *e) {
    size_t rules = 0;
    TRY(scripts_reload(c->company->scripts, show_script_problem, c, &rules, e));
    if (!c->json)
        io_printf(c->io, "Reloaded: %zu rule%s.\n", rules, rules == 1 ? "" : "s");
    return KITH_OK;
}

static kith_status run_resume(struct cmd *c, kith_error *e) {
    TRY(scripts_resume(c->company->scripts, c->args[0], e));
    c->wrote = true;
    if (!c->json)
        io_printf(c->io, "Resumed: what waited is handled now.\n");
    return KITH_OK;
}

const struct command command_rule_list = {
    .name = "rule list",
    .args = "",
    .help = "the company's Lua rules and their files, and how often they ran since the start",
    .more = "'kith serve' counts as long as it runs, a command by itself only what it did "
            "itself.\nWhat a file may is set in rules.may and rules.scripts.",
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

const struct command command_rule_reload = {
    .name = "rule reload",
    .args = "",
    .help = "have the rules run as they stand in the files now; a mistake keeps the old ones",
    .more = "'kith serve' does so by itself, a second or two after a file was changed.",
    .needs = NEEDS_COMPANY,
    .quiet = true,
    .run = run_reload,
};

const struct command command_rule_resume = {
    .name = "rule resume",
    .args = "FILE",
    .help = "have a file of rules run again that was suspended because it kept failing",
    .more = "  kith rule resume score.lua\n\nWhat happened meanwhile is handled then. A file that "
            "is changed resumes by itself.",
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 1,
    .run = run_resume,
};
