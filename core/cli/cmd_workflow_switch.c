/* SPDX-License-Identifier: Apache-2.0 */
/* kith workflow show, disable, enable: one workflow, and whether it begins. */
#include "base/id.h"
#include "cli/conf_file.h"
#include "cli/rehearse.h"
#include "cli/show.h"

#include <string.h>
#include <unistd.h>

#define KEY  "workflows.disabled"
#define PART 1000 /* runs that are cancelled together */

/* -- show -------------------------------------------------------------------------------------- */

static const struct rule_info *find_workflow(const struct scripts_view *v, const char *name) {
    for (size_t i = 0; i < v->rule_count; i++)
        if (v->rules[i].kind == RULE_WORKFLOW && strcmp(v->rules[i].name, name) == 0)
            return &v->rules[i];
    return NULL;
}

static kith_status run_show(struct cmd *c, kith_error *e) {
    struct scripts_view v;
    kith_str text;
    TRY(scripts_source(c->company->scripts, c->args[0], &c->arena, &text, e));
    TRY(scripts_view(c->company->scripts, &c->arena, &v, e));
    const struct rule_info *r = find_workflow(&v, c->args[0]);
    if (!r)
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no workflow '%s' any more", c->args[0]);
    cmd_rule_print(c, r, text);
    if (c->json)
        return KITH_OK;
    io_puts(c->io, "\n");
    io_lines(c->io, text, 0);
    io_puts(c->io, "\n");
    return KITH_OK;
}

kith_status cmd_workflow_disabled(struct cmd *c, kith_error *e) {
    struct scripts_view v;
    TRY(scripts_view(c->company->scripts, &c->arena, &v, e));
    for (size_t i = 0; i < v.rule_count; i++) {
        const struct rule_info *r = &v.rules[i];
        const char *text =
            arena_printf(&c->arena,
                         "the workflow '%s' is disabled: 'kith workflow enable' has it"
                         " begin again",
                         r->name);
        if (r->disabled)
            show_problem(c, r->file, (int)r->line, text ? text : "disabled");
    }
    return KITH_OK;
}

/* -- what is kept ------------------------------------------------------------------------------ */

static void put_list(struct buf *b, const struct settings *s, const char *name, bool off) {
    size_t count = settings_count(s, "", KEY), put = 0;
    buf_puts(b, "# Written by 'kith workflow disable' and 'kith workflow enable'.\n"
                "workflows: { disabled = [");
    for (size_t i = 0; i < count; i++) {
        kith_value v = settings_item(s, "", KEY, i, NULL);
        if (!str_eqz(v.as.s, name))
            conf_quoted(b, put++ == 0, v.as.s.ptr);
    }
    if (off)
        conf_quoted(b, put == 0, name);
    buf_puts(b, "]; };\n");
}

/* By the files as they are now: somebody may have changed them since the company was opened. */
static kith_status write_list(struct cmd *c, bool off, kith_error *e) {
    struct settings_problems problems = {0};
    struct settings *s = NULL;
    struct buf b = {0};
    kith_status st = company_read_core(c->dir, &s, &problems, e);
    settings_problems_free(&problems);
    const struct setting *at = s ? settings_find(s, "", KEY) : NULL;
    if (s && at && at->file && strcmp(at->file, WORKFLOWS_CONF) != 0)
        st = err_set(e, KITH_E_CONFLICT, NULL, KEY " is set at %s:%d: change it there", at->file,
                     at->line);
    if (st == KITH_OK) {
        put_list(&b, s, c->args[0], off);
        st = conf_replace(c->dir, WORKFLOWS_CONF, &b, e);
    }
    buf_free(&b);
    settings_free(s);
    return st;
}

static kith_status keep(struct cmd *c, bool off, kith_error *e) {
    int folder;
    kith_status st = conf_lock(c->dir, &folder, e);
    if (st == KITH_OK)
        st = write_list(c, off, e);
    if (folder >= 0)
        close(folder);
    return st;
}

/* What cannot be kept is not done. */
static kith_status switch_to(struct cmd *c, bool off, kith_error *e) {
    TRY(scripts_disable(c->company->scripts, c->args[0], off, e));
    kith_status st = keep(c, off, e);
    if (st != KITH_OK)
        scripts_disable(c->company->scripts, c->args[0], !off, NULL);
    return st;
}

/* -- runs under way ---------------------------------------------------------------------------- */

struct cancelling {
    struct cmd *c;
    size_t count; /* of the last part */
};

struct ids {
    struct arena *arena;
    struct id_list list;
};

static kith_status keep_id(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct ids *ids = arg;
    (void)values;
    return id_list_add(&ids->list, ids->arena, id, e);
}

static kith_status cancel_run(struct txn *t, kith_id run, kith_error *e) {
    struct engine *g = txn_engine(t);
    const struct action *a = engine_action(g, STR("workflow.cancel"));
    const struct write_opts o = {.principal = txn_principal(t), .origin = ORIGIN_CLI};
    kith_value args[] = {value_link(run, engine_schema(g)->base.workflow_run.type->id)};
    kith_value results[1];
    return engine_call(g, t, &o, a, args, txn_arena(t), results, NULL, e);
}

/* A write_fn. */
static kith_status cancel_part(struct txn *t, void *arg, kith_error *e) {
    struct cancelling *x = arg;
    struct ids ids = {.arena = txn_arena(t)};
    const kith_value params[] = {value_str(str_of(x->c->args[0]))};
    struct query *q;
    TRY(query_parse(&q, engine_schema(txn_engine(t)), txn_arena(t),
                    STR("workflow_run where workflow = :w and (state = 'waiting' or state ="
                        " 'retrying') order by id"),
                    e));
    TRY(txn_find(t, q, params, PART, keep_id, &ids, e));
    for (size_t i = 0; i < ids.list.count; i++)
        TRY(cancel_run(t, ids.list.items[i], e));
    x->count = ids.list.count;
    return KITH_OK;
}

static kith_status cancel_all(struct cmd *c, size_t *count, kith_error *e) {
    struct cancelling x = {.c = c};
    kith_id tx;
    do {
        TRY(write_or_rehearse(c, ORIGIN_CLI, cancel_part, &x, &tx, e));
        *count += x.count;
    } while (x.count == PART && !rehearsing(c));
    return KITH_OK;
}

/* -- commands ---------------------------------------------------------------------------------- */

static void say_done(struct cmd *c, const char *did, size_t cancelled) {
    struct buf b = {0};
    struct json_out j;
    if (!c->json) {
        io_printf(c->io, "The workflow %s is %s.\n", c->args[0], did);
        if (cmd_option(c, "cancel"))
            io_printf(c->io, "%zu run%s cancelled.\n", cancelled, cancelled == 1 ? "" : "s");
        return;
    }
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, did);
    json_strz(&j, c->args[0]);
    json_key(&j, "cancelled");
    json_int(&j, (int64_t)cancelled);
    json_object_end(&j);
    json_print(c, &b);
}

static kith_status run_disable(struct cmd *c, kith_error *e) {
    size_t cancelled = 0;
    kith_str text;
    if (rehearsing(c) && !cmd_option(c, "cancel"))
        return err_set(e, KITH_E_INVAL, NULL,
                       "--rehearse shows which runs --cancel would end: give both");
    if (rehearsing(c)) {
        TRY(scripts_source(c->company->scripts, c->args[0], &c->arena, &text, e));
        return cancel_all(c, &cancelled, e);
    }
    TRY(switch_to(c, true, e));
    if (cmd_option(c, "cancel"))
        TRY(cancel_all(c, &cancelled, e));
    say_done(c, "disabled", cancelled);
    return KITH_OK;
}

static kith_status run_enable(struct cmd *c, kith_error *e) {
    TRY(switch_to(c, false, e));
    say_done(c, "enabled", 0);
    return KITH_OK;
}

const struct command command_workflow_show = {
    .name = "workflow show",
    .args = "WORKFLOW",
    .help = "a workflow: what it reads and writes, its settings, and its source as it runs now",
    .more = "  kith workflow show nurture\n\n'kith rule show' tells the same of rules. Runs that"
            " began with an earlier version go on with\nthat one.",
    .needs = NEEDS_COMPANY,
    .quiet = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_show,
};

const struct command command_workflow_disable = {
    .name = "workflow disable",
    .args = "WORKFLOW",
    .help = "have a workflow begin no more; runs that are under way go on",
    .more = "  kith workflow disable nurture --cancel --rehearse\n\nWhat happens while it is"
            " disabled does not begin a run later either. It is kept in\n" WORKFLOWS_CONF ".",
    .options = {{"cancel", NULL, "end the runs that are under way, too"}, REHEARSE_OPTION},
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 1,
    .run = run_disable,
};

const struct command command_workflow_enable = {
    .name = "workflow enable",
    .args = "WORKFLOW",
    .help = "have a workflow begin again that was disabled",
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 1,
    .run = run_enable,
};
