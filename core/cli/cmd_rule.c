/* SPDX-License-Identifier: Apache-2.0 */
/* kith rule list, show, check, reload, resume: the company's Lua rules. */
#include "cli/show.h"
#include <stddef.h>
#include <string.h>

/* What a rule does, in the words of struct rule_info. */
static const struct set {
    const char *name;
    size_t at;
} sets[] = {{"reads", offsetof(struct rule_info, reads)},
            {"creates", offsetof(struct rule_info, creates)},
            {"updates", offsetof(struct rule_info, updates)},
            {"deletes", offsetof(struct rule_info, deletes)},
            {"publishes", offsetof(struct rule_info, publishes)},
            {"calls", offsetof(struct rule_info, calls)},
            {"needs", offsetof(struct rule_info, needs)}};
#define SETS (sizeof sets / sizeof *sets)

/* In the order of enum budget. */
static const struct {
    const char *key, *text;
} budgets[BUDGETS] = {{"writes", "rows"}, {"effects", "effects"}, {"time", "ms"}};

static const char *set_of(const struct rule_info *r, size_t i) {
    const char *words;
    memcpy(&words, (const char *)r + sets[i].at, sizeof words);
    return words;
}

static void json_sets(struct json_out *j, const struct rule_info *r) {
    for (size_t i = 0; i < SETS; i++) {
        kith_str rest = str_of(set_of(r, i)), word;
        json_key(j, sets[i].name);
        json_array_(j);
        while (str_split(&rest, ' ', &word))
            json_str(j, word);
        json_array_end(j);
    }
}

void json_rule_head(struct json_out *j, const struct rule_info *r) {
    json_key(j, "where");
    if (r->where)
        json_strz(j, r->where);
    else
        json_nil(j);
    json_key(j, "doc");
    json_strz(j, r->doc ? r->doc : "");
    json_key(j, "file");
    json_strz(j, r->file);
    json_key(j, "line");
    json_int(j, r->line);
    json_key(j, "version");
    json_strz(j, r->version);
}

/* source.ptr NULL: it is not asked for. */
static void json_rule(struct cmd *c, const struct rule_info *r, kith_str source) {
    const struct script_info *file = r->of;
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
    json_rule_head(&j, r);
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
    json_sets(&j, r);
    json_key(&j, "as");
    json_strz(&j, file->as);
    json_key(&j, "budgets");
    json_object_(&j);
    for (size_t i = 0; i < BUDGETS; i++) {
        json_key(&j, budgets[i].key);
        json_int(&j, file->budgets[i]);
    }
    json_object_end(&j);
    if (r->kind == RULE_WORKFLOW) {
        json_key(&j, "disabled");
        json_bool_(&j, r->disabled);
    }
    if (source.ptr) {
        json_key(&j, "source");
        json_str(&j, source);
    }
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

struct shown {
    struct cmd *c;
    size_t warnings;
};

static void show_script_problem(void *arg, const struct script_problem *p) {
    struct shown *s = arg;
    s->warnings += p->warning;
    if (p->warning)
        show_warning(s->c, p->file, p->line, p->message);
    else
        show_problem(s->c, p->file, p->line, p->message);
}

/* -- list -------------------------------------------------------------------------------------- */

static const char *state_text(struct cmd *c, const struct script_info *f) {
    if (f->off)
        return "off: see below";
    if (!f->suspended)
        return "active";
    return arena_printf(&c->arena, "suspended since %s", show_time(c, f->suspended).ptr);
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
            json_rule(c, &v->rules[i], (kith_str){NULL, 0});
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
    table_begin(&t, c, (const char *const[]){"file", "state", "acts as", "may", NULL});
    for (size_t i = 0; i < v->file_count; i++) {
        const struct script_info *f = &v->files[i];
        table_cellz(&t, f->file);
        table_cellz(&t, state_text(c, f));
        table_cellz(&t, f->as[0] ? f->as : "the company");
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
               script_name(f->file));
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
        io_say(c->io, "%s: %s", script_place(&c->arena, &v.problems[i]), v.problems[i].message);
    for (size_t i = 0; i < v.finding_count; i++)
        io_say(c->io, "%s: %s%s", script_place(&c->arena, &v.findings[i]),
               v.findings[i].warning ? "warning: " : "", v.findings[i].message);
    say_suspended(c, &v);
    return KITH_OK;
}

/* -- show -------------------------------------------------------------------------------------- */

static void show_line(struct cmd *c, const char *name, const char *text) {
    if (!text || !*text)
        return;
    io_printf(c->io, "  %-10s ", name);
    io_text(c->io, str_of(text));
    io_puts(c->io, "\n");
}

static void show_budgets(struct cmd *c, const struct script_info *file) {
    const char *text = "";
    for (size_t i = 0; text && i < BUDGETS; i++)
        if (file->budgets[i])
            text = arena_printf(&c->arena, "%s%s%lld %s", text, *text ? ", " : "",
                                (long long)file->budgets[i], budgets[i].text);
    if (text && *text)
        show_line(c, "budget", arena_printf(&c->arena, "%s within an hour", text));
}

void cmd_rule_print(struct cmd *c, const struct rule_info *r, kith_str source) {
    const struct script_info *file = r->of;
    if (c->json) {
        json_rule(c, r, source);
        return;
    }
    io_text(c->io, str_of(r->name));
    io_puts(c->io, "\n");
    show_line(c, "when", arena_printf(&c->arena, "%s %s", rule_kind_name(r->kind), r->event));
    show_line(c, "where", r->where);
    show_line(c, "place", arena_printf(&c->arena, "%s:%u", r->file, r->line));
    show_line(c, "doc", r->doc);
    for (size_t i = 0; i < SETS; i++)
        show_line(c, sets[i].name, set_of(r, i));
    show_line(c, "may", strcmp(file->may, "*") == 0 ? "everything" : file->may);
    show_line(c, "as", file->as);
    show_budgets(c, file);
    show_line(c, "version", r->version);
    if (file->suspended || r->disabled)
        show_line(c, "state", file->suspended ? state_text(c, file) : "disabled");
}

static const char *name_at(const void *view, size_t i) {
    return ((const struct scripts_view *)view)->rules[i].name;
}

const char *cmd_rule_near(const struct scripts_view *v, const char *name) {
    return str_nearest(str_of(name), name_at, v, v->rule_count);
}

static bool is_meant(const struct rule_info *r, const char *name) {
    return strcmp(r->name, name) == 0 || strcmp(script_name(r->file), name) == 0 ||
           strcmp(r->file, name) == 0;
}

static kith_status run_show(struct cmd *c, kith_error *e) {
    struct scripts_view v;
    size_t count = 0;
    TRY(scripts_view(c->company->scripts, &c->arena, &v, e));
    for (size_t i = 0; i < v.rule_count; i++) {
        if (!is_meant(&v.rules[i], c->args[0]))
            continue;
        io_puts(c->io, count++ && !c->json ? "\n" : "");
        cmd_rule_print(c, &v.rules[i], (kith_str){NULL, 0});
    }
    const char *near = cmd_rule_near(&v, c->args[0]);
    return count ? KITH_OK
                 : err_set(e, KITH_E_NOTFOUND, NULL,
                           "there is no rule and no file of rules '%s'%s%s%s", c->args[0],
                           STR_MEANT(near));
}

/* -- check and reload -------------------------------------------------------------------------- */

kith_status cmd_rule_problems(struct cmd *c, size_t *rules, kith_error *e) {
    struct shown shown = {.c = c};
    return scripts_check(c->company->scripts, show_script_problem, &shown, rules, e);
}

kith_status cmd_rule_tests(struct cmd *c, size_t *passed, kith_error *e) {
    struct shown shown = {.c = c};
    return scripts_test_all(c->company->scripts, show_script_problem, &shown, passed, e);
}

kith_status cmd_rule_suspended(struct cmd *c, size_t *count, kith_error *e) {
    struct scripts_view v;
    *count = 0;
    TRY(scripts_view(c->company->scripts, &c->arena, &v, e));
    for (size_t i = 0; i < v.file_count; i++) {
        if (!v.files[i].suspended)
            continue;
        const char *text = arena_printf(&c->arena, "suspended: %s; " SUSPENDED_REMEDY,
                                        v.files[i].reason, script_name(v.files[i].file));
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
    struct shown shown = {.c = c};
    TRY(scripts_check(c->company->scripts, show_script_problem, &shown, &rules, e));
    if (!c->json && shown.warnings)
        io_printf(c->io, "%zu rule%s, no mistake found, %zu warning%s.\n", rules,
                  rules == 1 ? "" : "s", shown.warnings, shown.warnings == 1 ? "" : "s");
    else if (!c->json)
        io_printf(c->io, "%zu rule%s, no mistake found.\n", rules, rules == 1 ? "" : "s");
    return KITH_OK;
}

static kith_status run_reload(struct cmd *c, kith_error *e) {
    size_t rules = 0;
    struct shown shown = {.c = c};
    TRY(scripts_reload(c->company->scripts, show_script_problem, &shown, &rules, e));
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

const struct command command_rule_show = {
    .name = "rule show",
    .args = "RULE",
    .help = "what a rule, or each rule of a file, reads and writes, and the rights it needs",
    .more = "  kith rule show 'call qualified leads'\n  kith rule show score.lua\n\nIt is what the "
            "source shows, with the functions that the rule uses. What the actions of modules "
            "do is not in it.",
    .needs = NEEDS_COMPANY,
    .quiet = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_show,
};

const struct command command_rule_check = {
    .name = "rule check",
    .args = "",
    .help = "compile all rules as they stand in the files now, and show every problem",
    .more =
        "A problem is what keeps a file from being loaded, or must fail when it runs. A warning "
        "may be\nmeant so, as two rules that set each other off until a condition ends it.",
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
    .help = "have a file of rules or workflows run again that was suspended",
    .more = "  kith rule resume score.lua\n  kith rule resume workflows/care.lua\n\nWhat happened "
            "meanwhile is handled then. A file that "
            "is changed resumes by itself.",
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 1,
    .run = run_resume,
};
