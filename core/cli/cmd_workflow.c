/* SPDX-License-Identifier: Apache-2.0 */
/* kith workflow list, runs, run, start, cancel, retry: the company's workflows, and what became of
 * them. */
#include "base/id.h"
#include "cli/rehearse.h"
#include "cli/show.h"
#include "cli/why_run.h"

#include <stdlib.h>
#include <string.h>

/* -- list -------------------------------------------------------------------------------------- */

/* How many runs of it stand so, as far as the caller sees them. */
static kith_status count_runs(struct cmd *c, const char *workflow, const char *condition,
                              int64_t *n, kith_error *e) {
    struct query *q;
    struct find_page page = {.limit = 1};
    const char *text =
        arena_printf(&c->arena, "workflow_run where workflow = :w%s : count()", condition);
    const kith_value params[] = {value_str(str_of(workflow))};
    if (!text)
        return err_nomem(e);
    TRY(query_parse_for(&q, cmd_schema(c), &c->principal, &c->arena, str_of(text), e));
    TRY(engine_find(c->company->engine, &c->principal, q, params, &page, &c->arena, NULL, NULL, e));
    *n = page.count;
    return KITH_OK;
}

struct counts {
    int64_t under_way, failed, all;
};

static kith_status count_all(struct cmd *c, const char *workflow, struct counts *n, kith_error *e) {
    TRY(count_runs(c, workflow, "", &n->all, e));
    TRY(count_runs(c, workflow, " and (state = 'waiting' or state = 'retrying')", &n->under_way,
                   e));
    return count_runs(c, workflow, " and state = 'failed'", &n->failed, e);
}

static void json_workflow(struct cmd *c, const struct rule_info *r, const struct counts *n) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "workflow");
    json_strz(&j, r->name);
    json_key(&j, "begins");
    json_strz(&j, r->event);
    json_rule_head(&j, r);
    json_key(&j, "disabled");
    json_bool_(&j, r->disabled);
    json_key(&j, "under_way");
    json_int(&j, n->under_way);
    json_key(&j, "failed");
    json_int(&j, n->failed);
    json_key(&j, "runs");
    json_int(&j, n->all);
    json_object_end(&j);
    json_print(c, &b);
}

static const char *number(struct cmd *c, int64_t n) {
    return arena_printf(&c->arena, "%lld", (long long)n);
}

static kith_status show_workflow(struct cmd *c, struct table *t, const struct rule_info *r,
                                 kith_error *e) {
    struct counts n;
    TRY(count_all(c, r->name, &n, e));
    if (c->json) {
        json_workflow(c, r, &n);
        return KITH_OK;
    }
    table_cellz(t, r->name);
    table_cellz(t, r->disabled ? "disabled" : *r->event ? r->event : "by hand");
    table_cellz(t, arena_printf(&c->arena, "%s:%u", r->file, r->line));
    table_cellz(t, number(c, n.under_way));
    table_cellz(t, number(c, n.failed));
    table_cellz(t, number(c, n.all));
    table_cellz(t, r->doc);
    return KITH_OK;
}

static kith_status run_list(struct cmd *c, kith_error *e) {
    struct scripts_view v;
    struct table t;
    TRY(scripts_view(c->company->scripts, &c->arena, &v, e));
    table_begin(&t, c,
                (const char *const[]){"workflow", "begins", "place", ">under way", ">failed",
                                      ">runs", "what it does", NULL});
    for (size_t i = 0; i < v.rule_count; i++)
        if (v.rules[i].kind == RULE_WORKFLOW)
            TRY(show_workflow(c, &t, &v.rules[i], e));
    if (t.count > 0)
        table_print(&t);
    else if (!c->json)
        io_puts(c->io,
                "No workflows: put files with them, which end in .lua, into the folder workflows; "
                "'kith rule check' tells what is wrong with a file.\n");
    return KITH_OK;
}

/* -- runs -------------------------------------------------------------------------------------- */

#define RUNS_SHOWN 50
#define RUNS_PAGE  500 /* in JSON, where all are shown */

struct run_list {
    struct cmd *c;
    struct table table;
};

static kith_status show_run(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct run_list *l = arg;
    struct cmd *c = l->c;
    const struct base_workflow_run *f = &cmd_schema(c)->base.workflow_run;
    const struct rfield *fields[] = {f->workflow,  f->about, f->state,
                                     f->waits_for, f->due,   f->error};
    struct buf b = {0};
    struct json_out j;
    (void)e;
    if (c->json) {
        json_begin(&j, &b, false);
        json_record(c, &j, f->type, id, values);
        json_print(c, &b);
        return KITH_OK;
    }
    table_cellz(&l->table, show_id(c, id));
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        table_cell(&l->table, show_value(c, &values[fields[i]->index]));
    return KITH_OK;
}

static kith_status run_runs(struct cmd *c, kith_error *e) {
    struct run_list l = {.c = c};
    struct find_page page = {.limit = c->json ? RUNS_PAGE : RUNS_SHOWN};
    struct query *q;
    const char *state = cmd_option(c, "state");
    const char *name = c->arg_count ? c->args[0] : NULL;
    kith_value params[2];
    size_t n = 0;
    const char *text =
        arena_printf(&c->arena, "workflow_run%s%s%s%s order by -id", name || state ? " where " : "",
                     name ? "workflow = :workflow" : "", name && state ? " and " : "",
                     state ? "state = :state" : "");
    if (!text)
        return err_nomem(e);
    if (name)
        params[n++] = value_str(str_of(name));
    if (state)
        params[n++] = value_str(str_of(state));
    TRY(query_parse_for(&q, cmd_schema(c), &c->principal, &c->arena, str_of(text), e));
    table_begin(&l.table, c,
                (const char *const[]){"run", "workflow", "about", "state", "waits for", "until",
                                      "what went wrong", NULL});
    do {
        page.after = page.cursor;
        TRY(engine_find(c->company->engine, &c->principal, q, params, &page, &c->arena, show_run,
                        &l, e));
    } while (c->json && page.cursor.len);
    if (l.table.count > 0)
        table_print(&l.table);
    else if (!c->json)
        io_puts(c->io, "No run.\n");
    if (page.cursor.len && !c->json)
        io_puts(c->io, "There are more: 'kith find workflow_run' shows them all.\n");
    return KITH_OK;
}

/* -- one run ----------------------------------------------------------------------------------- */

/* by: who or what began it; NULL: that is no matter of this step, or not known. */
static void json_step(struct cmd *c, const struct run_step *s, const char *by) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "at");
    json_time(&j, s->at);
    json_key(&j, "step");
    json_strz(&j, s->what);
    json_key(&j, "branch");
    json_int(&j, s->branch);
    json_key(&j, "line");
    json_int(&j, s->line);
    json_key(&j, "call");
    json_strz(&j, s->name);
    json_key(&j, "arguments");
    json_str(&j, s->args);
    json_key(&j, "gave");
    json_str(&j, s->results);
    json_key(&j, "until");
    if (s->until)
        json_time(&j, s->until);
    else
        json_nil(&j);
    if (by) {
        json_key(&j, "by");
        json_strz(&j, by);
    }
    json_object_end(&j);
    json_print(c, &b);
}

static bool is_shown(const struct run_step *s) {
    return strcmp(s->name, "next") != 0; /* of a loop over find() */
}

static void add_line(struct cmd *c, struct table *t, bool branches, const char *n,
                     const struct run_step *s, kith_str text) {
    table_cellz(t, n);
    table_cell(t, show_time(c, s->at));
    table_cellz(t, s->line ? number(c, s->line) : "");
    if (branches)
        table_cellz(t, number(c, s->branch));
    table_cell(t, text);
}

static void list_steps(struct cmd *c, const struct run_step *steps, size_t count,
                       const struct run_step *failed) {
    struct table t;
    bool branches = false;
    int64_t n = 0;
    for (size_t i = 0; i < count; i++)
        branches |= steps[i].branch > 0;
    table_begin(&t, c, (const char *const[]){">step", "at", ">line", NULL});
    if (branches)
        table_head(&t, "branch", true);
    table_head(&t, "what", false);
    for (size_t i = 0; i < count; i++)
        if (is_shown(&steps[i]))
            add_line(c, &t, branches, number(c, ++n), &steps[i], run_step_text(c, &steps[i]));
    if (failed)
        add_line(c, &t, branches, "", failed,
                 str_of(arena_printf(&c->arena, "failed, and was taken back: %.*s",
                                     (int)failed->results.len, failed->results.ptr)));
    table_print(&t);
}

/* What a step that failed did is taken back, its entries in the log with it: only the record of
 * the run tells of it. Gives false when none did. */
static bool failed_step(struct cmd *c, const kith_value *values, struct run_step *out) {
    const struct base_workflow_run *f = &cmd_schema(c)->base.workflow_run;
    const kith_value *error = &values[f->error->index], *file = &values[f->file->index];
    if (error->kind == KITH_NULL || values[f->attempts->index].as.i == 0)
        return false;
    *out = (struct run_step){
        .what = "failed", .name = "", .at = values[FIELD_UPDATED].as.i, .results = error->as.s};
    kith_str rest = error->as.s; /* "workflows/nurture.lua:14: ..." */
    if (str_starts(rest, arena_str(&c->arena, file->as.s).ptr) && rest.len > file->as.s.len + 1 &&
        rest.ptr[file->as.s.len] == ':')
        out->line =
            (uint32_t)strtoul(arena_str(&c->arena, rest).ptr + file->as.s.len + 1, NULL, 10);
    return true;
}

/* -- what it knew at a step -------------------------------------------------------------------- */

/* "lead/0ABC.name" of "lead/0ABC.name = "Ada"". */
static kith_str known_name(struct cmd *c, const struct run_step *s) {
    kith_str text = run_step_text(c, s);
    return (kith_str){text.ptr, text.len - s->results.len - strlen(" = ")};
}

/* The newest of what was read under a name stands for it. */
static bool is_newest(const struct run_step *steps, size_t count, size_t i) {
    for (size_t k = i + 1; k < count; k++)
        if (strcmp(steps[k].what, "call") == 0 && strcmp(steps[k].name, steps[i].name) == 0 &&
            str_eq(steps[k].args, steps[i].args) && steps[k].results.len)
            return false;
    return true;
}

static void list_known(struct cmd *c, const struct run_step *steps, size_t count) {
    struct table t;
    table_begin(&t, c, (const char *const[]){"what it had read or done", "value", NULL});
    for (size_t i = 0; i < count; i++) {
        const struct run_step *s = &steps[i];
        bool gave = strcmp(s->what, "call") == 0 && s->results.len && is_shown(s);
        if (!gave || !is_newest(steps, count, i))
            continue;
        table_cell(&t, known_name(c, s));
        table_cell(&t, s->results);
    }
    io_puts(c->io, "\n");
    if (t.count > 0)
        table_print(&t);
}

/* How many entries make the first n steps that are shown. */
static size_t entries_of(const struct run_step *steps, size_t count, int64_t n) {
    size_t i = 0;
    for (; i < count && n > 0; i++)
        n -= is_shown(&steps[i]);
    return i;
}

/* then: how it stood at a step is told by the steps, and how it stands now is not that. */
static void show_head(struct cmd *c, kith_id id, const kith_value *values, bool then) {
    const struct base_workflow_run *f = &cmd_schema(c)->base.workflow_run;
    const struct rfield *fields[] = {f->workflow, f->file,  f->version,   f->about,
                                     f->parent,   f->state, f->waits_for, f->due,
                                     f->result,   f->error, f->attempts,  f->over};
    size_t count = then ? 5 : sizeof fields / sizeof *fields;
    io_printf(c->io, "run %s\n", show_id(c, id));
    for (size_t i = 0; i < count; i++) {
        const kith_value *v = &values[fields[i]->index];
        if (v->kind == KITH_NULL || (fields[i] == f->attempts && v->as.i == 0))
            continue;
        io_printf(c->io, "  %-10s ", fields[i]->name);
        io_lines(c->io, show_value(c, v), 13);
        io_puts(c->io, "\n");
    }
}

/* For administrators: the log tells what the run read. */
static kith_status run_run(struct cmd *c, kith_error *e) {
    const struct rtype *type = cmd_schema(c)->base.workflow_run.type;
    struct run_step *steps, failed;
    struct run_call run;
    kith_value *values;
    size_t count;
    kith_id id;
    int64_t at;
    TRY(arg_id(c, 0, &id, e));
    TRY(cmd_option_int(c, "at", 1, INT64_MAX, 0, &at, e));
    TRY(show_read(c, type, &id, &values, e));
    TRY(scripts_run_steps(c->company->scripts, id, &c->arena, &steps, &count, e));
    size_t shown = at ? entries_of(steps, count, at) : count;
    bool fails = shown == count && !at && failed_step(c, values, &failed);
    TRY(run_began(c, id, &run, e));
    if (!c->json)
        show_head(c, id, values, at > 0);
    if (!c->json && run.kept)
        show_began(c, &run, "  ");
    for (size_t i = 0; c->json && i < shown; i++)
        json_step(c, &steps[i], i == 0 && run.began.row.seq ? run.began.actor.name : NULL);
    if (c->json && fails)
        json_step(c, &failed, NULL);
    if (!c->json && (shown > 0 || fails))
        list_steps(c, steps, shown, fails ? &failed : NULL);
    if (!c->json && at)
        list_known(c, steps, shown);
    return KITH_OK;
}

/* -- what is done with runs -------------------------------------------------------------------- */

static kith_status call_for_run(struct cmd *c, const char *action, kith_error *e) {
    const char *word = arena_printf(&c->arena, "run=%s", c->args[0]);
    return word ? cmd_call(c, action, &word, 1, e) : err_nomem(e);
}

static kith_status run_cancel(struct cmd *c, kith_error *e) {
    return call_for_run(c, "workflow.cancel", e);
}

/* Who has mended the file is told that the run goes on without that. */
static kith_status tell_version(struct cmd *c, kith_error *e) {
    const struct base_workflow_run *f = &cmd_schema(c)->base.workflow_run;
    struct scripts_view v;
    kith_value *values;
    kith_id id;
    TRY(arg_id(c, 0, &id, e));
    TRY(show_read(c, f->type, &id, &values, e));
    TRY(scripts_view(c->company->scripts, &c->arena, &v, e));
    const kith_value *name = &values[f->workflow->index], *version = &values[f->version->index];
    for (size_t i = 0; i < v.rule_count && name->kind == KITH_TEXT && version->kind == KITH_TEXT;
         i++) {
        const struct rule_info *r = &v.rules[i];
        if (r->kind == RULE_WORKFLOW && str_eqz(name->as.s, r->name) &&
            !str_eqz(version->as.s, r->version))
            io_say(c->io,
                   "%s has changed since the run began, and the run goes on by what stood there"
                   " then: 'kith workflow migrate %s' has it go on by what stands there now",
                   r->file, c->args[0]);
    }
    return KITH_OK;
}

static kith_status run_retry(struct cmd *c, kith_error *e) {
    TRY(call_for_run(c, "workflow.retry", e));
    return tell_version(c, e);
}

static kith_status run_migrate(struct cmd *c, kith_error *e) {
    return call_for_run(c, "workflow.migrate", e);
}

static kith_status run_start(struct cmd *c, kith_error *e) {
    const char *data = cmd_option(c, "data");
    const char *words[3];
    size_t n = 0;
    words[n++] = arena_printf(&c->arena, "workflow=%s", c->args[0]);
    if (c->arg_count > 1)
        words[n++] = arena_printf(&c->arena, "record=%s", c->args[1]);
    if (data)
        words[n++] = arena_printf(&c->arena, "data=%s", data);
    for (size_t i = 0; i < n; i++)
        if (!words[i])
            return err_nomem(e);
    return cmd_call(c, "workflow.start", words, n, e);
}

const struct command command_workflow_start = {
    .name = "workflow start",
    .args = "WORKFLOW [TYPE/ID]",
    .help = "begin a workflow, for a record or by itself",
    .more = "  kith workflow start nurture lead/0SA818WY40000 --data '{\"round\": 1}'",
    .options = {{"data", "JSON", "what its function gets as event.data"}, REHEARSE_OPTION},
    .open = true,
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 2,
    .run = run_start,
};

const struct command command_workflow_cancel = {
    .name = "workflow cancel",
    .args = "RUN",
    .help = "end a run where it stands; 'kith undo' takes back what it did",
    .options = {REHEARSE_OPTION},
    .open = true,
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 1,
    .run = run_cancel,
};

const struct command command_workflow_migrate = {
    .name = "workflow migrate",
    .args = "RUN",
    .help = "have a run go on by the workflow as it is in its file now, not as it was",
    .more = "It is gone through anew with what it has recorded; when the new code goes another way,"
            " the\nrun stays with the old one, and both lines are told.",
    .options = {REHEARSE_OPTION},
    .open = true,
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 1,
    .run = run_migrate,
};

const struct command command_workflow_retry = {
    .name = "workflow retry",
    .args = "RUN",
    .help = "have a run that failed go on from the step at which it did",
    .more = "It goes on in the code with which it began: when the file was mended since, 'kith"
            " workflow\nmigrate RUN' has it go on by that.",
    .options = {REHEARSE_OPTION},
    .open = true,
    .needs = NEEDS_COMPANY,
    .args_min = 1,
    .args_max = 1,
    .run = run_retry,
};

const struct command command_workflow_list = {
    .name = "workflow list",
    .args = "",
    .help = "the company's workflows, and how many runs of each there are",
    .needs = NEEDS_COMPANY,
    .quiet = true,
    .run = run_list,
};

const struct command command_workflow_runs = {
    .name = "workflow runs",
    .args = "[WORKFLOW]",
    .help = "runs of workflows, the newest first: how they stand, and what they wait for",
    .more = "  kith workflow runs nurture --state waiting\n\nA run is a record of type"
            " workflow_run: 'kith find' asks more.",
    .options = {{"state", "waiting|retrying|failed|done|cancelled", "only those that stand so"}},
    .open = true,
    .needs = NEEDS_COMPANY,
    .quiet = true,
    .args_max = 1,
    .run = run_runs,
};

const struct command command_workflow_run = {
    .name = "workflow run",
    .args = "RUN",
    .help = "a run step by step: every call with what it was given and what it gave",
    .more =
        "'kith workflow cancel RUN' ends it where it stands, 'kith workflow retry RUN' has one that"
        "\nfailed go on, and 'kith undo RUN' takes back all that it did. --at N shows the run as it"
        "\nwas behind its step N: what each thing that it had read or done by then had given.",
    .options = {{"at", "N", "as it was behind step N, with what it knew there"}},
    .needs = NEEDS_COMPANY,
    .quiet = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_run,
};
