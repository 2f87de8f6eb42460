/* SPDX-License-Identifier: Apache-2.0 */
/* kith run: calls an action of a module, or lists them. */
#include "base/csv.h"
#include "cli/reference.h"
#include "cli/rehearse.h"
#include "cli/run_file.h"
#include "cli/show.h"
#include "journal/once.h"
#include "record/access.h"
#include <sodium.h>
#include <string.h>

struct call_job {
    struct cmd *c;
    const struct action *action;
    size_t words; /* of the command line that name it */
    kith_value *args, *results;
    struct arena *arena; /* of the results */
};

static const char *params_text(struct cmd *c, const struct action *a) {
    struct buf b = {0};
    for (uint32_t i = 0; i < a->param_count; i++) {
        const struct rfield *p = a->params[i];
        bool must = p->flags & KITH_FF_REQUIRED;
        buf_printf(&b, "%s%s%s=%s%s", i > 0 ? " " : "", must ? "" : "[", p->name,
                   field_kind_name(p->kind), must ? "" : "]");
    }
    kith_str text = arena_str(&c->arena, buf_view(&b));
    buf_free(&b);
    return text.ptr ? text.ptr : "";
}

static void json_action(struct cmd *c, const struct action *a) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "action");
    json_strz(&j, a->name);
    json_key(&j, "module");
    json_strz(&j, a->module);
    json_key(&j, "effect");
    json_strz(&j, a->effect == EFFECT_READ    ? "read"
                  : a->effect == EFFECT_WRITE ? "write"
                                              : "external");
    json_key(&j, "parameters");
    json_object_(&j);
    for (uint32_t i = 0; i < a->param_count; i++) {
        json_key(&j, a->params[i]->name);
        json_strz(&j, field_kind_name(a->params[i]->kind));
    }
    json_object_end(&j);
    json_key(&j, "doc");
    json_strz(&j, a->doc ? a->doc : "");
    json_object_end(&j);
    json_print(c, &b);
}

/* module NULL: of all. */
static kith_status list_actions(struct cmd *c, const char *module) {
    const struct action *a;
    struct table t;
    table_begin(&t, c, (const char *const[]){"action", "what it does", "parameters", NULL});
    for (size_t i = 0; (a = engine_action_at(c->company->engine, i)); i++) {
        if ((module && strcmp(a->module, module) != 0) || !access_may_call(&c->principal, a))
            continue;
        if (c->json) {
            json_action(c, a);
            continue;
        }
        table_cellz(&t, a->name);
        table_cellz(&t, a->doc);
        table_cellz(&t, params_text(c, a)); /* last, since they are long */
    }
    if (!c->json && t.count > 0)
        table_print(&t);
    else if (!c->json)
        io_puts(c->io, "There are no actions.\n");
    return KITH_OK;
}

/* -- what one takes ---------------------------------------------------------------------------- */

static void help_fields(struct cmd *c, const char *head, struct rfield *const *fields,
                        uint32_t count) {
    struct table t;
    if (!count)
        return;
    io_printf(c->io, "\n%s\n", head);
    table_begin(&t, c, (const char *const[]){"name", "kind", "what it is", NULL});
    for (uint32_t i = 0; i < count; i++) {
        struct buf kind = {0};
        field_text(fields[i], &kind);
        table_cellz(&t, fields[i]->name);
        table_cell(&t, arena_str(&c->arena, buf_view(&kind)));
        table_cellz(&t, fields[i]->doc ? fields[i]->doc : "");
        buf_free(&kind);
    }
    table_print(&t);
}

static kith_status help_action(struct cmd *c, const struct action *a, kith_error *e) {
    if (!access_may_call(&c->principal, a))
        return engine_no_action(c->company->engine, str_of(a->name), e);
    if (c->json) {
        json_action(c, a);
        return KITH_OK;
    }
    io_printf(c->io, "%skith %s %s%s\n%s\n", io_style(c->io, STYLE_HEAD), a->name,
              params_text(c, a), io_style(c->io, STYLE_PLAIN), a->doc ? a->doc : "");
    help_fields(c, "Parameters", a->params, a->param_count);
    if (a->file)
        io_printf(c->io, "\nIts answer is a file, %s.\n", a->file);
    else
        help_fields(c, "Results", a->results, a->result_count);
    help_fields(c, "Rows", a->columns, a->column_count);
    io_puts(c->io, "\n'kith run --help' lists the options.\n");
    return KITH_OK;
}

/* -- which one --------------------------------------------------------------------------------- */

static bool has_actions(const struct cmd *c, const char *module) {
    const struct action *a;
    for (size_t i = 0; (a = engine_action_at(c->company->engine, i)); i++)
        if (strcmp(a->module, module) == 0)
            return true;
    return false;
}

/* `kith run cancel 0ABC` means the command `kith workflow cancel`, and the like. */
static const char *meant_command(struct cmd *c) {
    const struct action *a;
    for (size_t i = 0; (a = engine_action_at(c->company->engine, i)); i++) {
        const char *dot = strchr(a->name, '.');
        char *both =
            dot && strcmp(dot + 1, c->args[0]) == 0
                ? arena_printf(&c->arena, "%.*s %s", (int)(dot - a->name), a->name, dot + 1)
                : NULL;
        const struct command *found = both ? command_named(both) : NULL;
        if (found)
            return arena_printf(&c->arena, "kith %s %s", found->name, found->args);
    }
    return NULL;
}

/* Of a module that is out no action is there. */
static kith_status no_action(struct cmd *c, const char *name, kith_error *e) {
    struct plugin_status s;
    for (size_t i = 0; i < plugins_count(c->company->plugins); i++) {
        plugins_status(c->company->plugins, i, &s);
        size_t len = strlen(s.name);
        if (s.reason[0] && strncmp(name, s.name, len) == 0 && name[len] == '.')
            return err_set(e, KITH_E_UNSUPPORTED, "action", "module '%s' is out: %s", s.name,
                           s.reason);
    }
    return engine_no_action(c->company->engine, str_of(name), e);
}

/* sales.rescore, or its two words: sales rescore. */
static kith_status find_action(struct call_job *job, kith_error *e) {
    struct cmd *c = job->c;
    struct engine *g = c->company->engine;
    const char *name = c->args[0], *second = c->arg_count > 1 ? c->args[1] : NULL;
    job->words = 1;
    if (second && !strchr(name, '.') && !strchr(second, '=')) {
        job->words = 2;
        name = arena_printf(&c->arena, "%s.%s", name, second);
    }
    if (!name)
        return err_nomem(e);
    job->action = engine_action(g, str_of(name));
    if (job->action)
        return KITH_OK;
    const char *meant = meant_command(c);
    if (meant)
        return err_set(e, KITH_E_NOTFOUND, "action", "there is no action '%s'; did you mean '%s'?",
                       c->args[0], meant);
    return no_action(c, name, e);
}

static const char *param_name_at(const void *arg, size_t i) {
    const struct action *a = arg;
    return a->params[i]->name;
}

static kith_status unknown_param(const struct action *a, kith_str name, kith_error *e) {
    const char *near = str_nearest(name, param_name_at, a, a->param_count);
    char field[sizeof e->field];
    snprintf(field, sizeof field, "%.*s", (int)name.len, name.ptr);
    return err_set(e, KITH_E_INVAL, field, "%s has no parameter '%s'%s%s%s", a->name, field,
                   STR_MEANT(near));
}

static kith_status read_args(struct call_job *job, const char *const *words, size_t count,
                             kith_error *e) {
    const struct action *a = job->action;
    for (size_t i = 0; i < count; i++) {
        const char *word = words[i], *eq = strchr(word, '=');
        if (!eq)
            return err_set(e, KITH_E_INVAL, NULL, "'%s' is not parameter=value", word);
        kith_str name = {word, (uint64_t)(eq - word)}, by = name, first, value = str_of(eq + 1);
        uint32_t k = 0;
        str_split(&by, '.', &first);
        while (k < a->param_count && !str_eqz(first, a->params[k]->name))
            k++;
        if (k == a->param_count)
            return unknown_param(a, name, e);
        job->args[k] = value_str(value);
        if (first.len == name.len)
            TRY(engine_link_text(a->params[k], value, e));
        else if (value.len)
            TRY(engine_find_linked(job->c->company->engine, &job->c->principal, a->params[k], by,
                                   value, &job->c->arena, &job->args[k], e));
    }
    return KITH_OK;
}

static void json_cell(struct table *t, const json_t *value) {
    char *text = value && !json_is_string(value) ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    if (text)
        table_cellz(t, text);
    else
        table_cell(t, (kith_str){json_string_value(value), json_string_length(value)});
    free(text);
}

static bool has_head(const struct table *t, const char *head) {
    uint32_t i = 0;
    while (i < t->columns && strcmp(t->heads[i], head) != 0)
        i++;
    return i < t->columns;
}

/* A list of objects as a table. False: it is something else. */
static bool print_objects(struct cmd *c, const char *name, json_t *list) {
    struct table t;
    size_t i;
    const char *key;
    json_t *item, *value;
    if (!json_is_array(list) || json_array_size(list) == 0)
        return false;
    table_begin(&t, c, (const char *const[]){NULL});
    json_array_foreach(list, i, item) {
        if (!json_is_object(item))
            return false;
        json_object_foreach(item, key, value) if (!has_head(&t, key))
            table_head(&t, key, json_is_number(value));
    }
    json_array_foreach(list, i, item) for (uint32_t k = 0; k < t.columns; k++)
        json_cell(&t, json_object_get(item, t.heads[k]));
    io_printf(c->io, "%s:\n", name);
    table_print(&t);
    return true;
}

static void print_result(struct cmd *c, const struct rfield *f, const kith_value *v) {
    json_t *json = NULL;
    if (f->kind == KITH_F_JSON && v->kind == KITH_TEXT)
        (void)json_read(v->as.s, &json, NULL);
    if (!print_objects(c, f->name, json)) {
        io_printf(c->io, "%s: ", f->name);
        io_lines(c->io, show_value(c, v), 2);
        io_puts(c->io, "\n");
    }
    json_decref(json);
}

/* -- rows -------------------------------------------------------------------------------------- */

static void json_rows(void *arg, struct json_out *j) {
    const struct call_job *job = arg;
    const struct action *a = job->action;
    const struct action_rows rows = action_rows(a, job->results);
    if (!a->column_count)
        return;
    json_key(j, "rows");
    json_array_(j);
    for (size_t r = 0; r < rows.count; r++) {
        json_object_(j);
        for (uint32_t i = 0; i < a->column_count; i++) {
            json_key(j, a->columns[i]->name);
            value_json(cmd_schema(job->c), &rows.items[r].as.list.items[i], j);
        }
        json_object_end(j);
    }
    json_array_end(j);
}

static bool is_number(const struct rfield *f) {
    return f->kind == KITH_F_INTEGER || f->kind == KITH_F_DECIMAL || f->kind == KITH_F_MONEY;
}

static void print_rows(const struct call_job *job) {
    const struct action *a = job->action;
    const struct action_rows rows = action_rows(a, job->results);
    struct table t;
    if (!a->column_count)
        return;
    if (!rows.count) {
        io_puts(job->c->io, "There are no rows.\n");
        return;
    }
    table_begin(&t, job->c, (const char *const[]){NULL});
    for (uint32_t i = 0; i < a->column_count; i++)
        table_head(&t, a->columns[i]->name, is_number(a->columns[i]));
    for (size_t r = 0; r < rows.count; r++)
        for (uint32_t i = 0; i < t.columns; i++)
            table_cell(&t, show_value(job->c, &rows.items[r].as.list.items[i]));
    table_print(&t);
}

static kith_status csv_rows(const struct call_job *job, kith_error *e) {
    struct cmd *c = job->c;
    const struct action *a = job->action;
    const struct action_rows rows = action_rows(a, job->results);
    struct buf b = {0};
    for (uint32_t i = 0; i < a->column_count; i++)
        buf_printf(&b, "%s%s", i ? "," : "", a->columns[i]->name);
    buf_puts(&b, "\r\n");
    for (size_t r = 0; r < rows.count; r++) {
        for (uint32_t i = 0; i < a->column_count; i++) {
            kith_str text = value_text(cmd_schema(c), &rows.items[r].as.list.items[i], &c->arena);
            b.failed |= !text.ptr;
            buf_puts(&b, i ? "," : "");
            csv_put(&b, text, ',');
        }
        buf_puts(&b, "\r\n");
    }
    if (!b.failed)
        io_raw(c->io, buf_view(&b));
    kith_status st = b.failed ? err_nomem(e) : KITH_OK;
    buf_free(&b);
    return st;
}

static kith_status check_csv(const struct call_job *job, kith_error *e) {
    const struct action *a = job->action;
    if (!a->column_count)
        return err_set(e, KITH_E_INVAL, NULL,
                       "--csv is for actions that answer with rows, and %s has none", a->name);
    if (rehearsing(job->c) && a->effect != EFFECT_READ)
        return err_set(e, KITH_E_INVAL, NULL,
                       "--csv shows rows, and not what a rehearsal would do");
    return KITH_OK;
}

/* -- answers ----------------------------------------------------------------------------------- */

/* tx: what it wrote, 0: nothing. repeated: it was called before, with the same key. */
static void print_results(struct call_job *job, kith_id tx, bool repeated) {
    struct cmd *c = job->c;
    const struct action *a = job->action;
    const kith_value *results = job->results;
    struct buf b = {0};
    struct json_out j;
    if (c->json) {
        json_begin(&j, &b, false);
        json_object_(&j);
        for (uint32_t i = 0; i < a->result_count; i++) {
            json_key(&j, a->results[i]->name);
            value_json(cmd_schema(c), &results[i], &j);
        }
        json_rows(job, &j);
        if (tx) {
            json_key(&j, "transaction");
            json_id(&j, tx);
        }
        if (repeated) {
            json_key(&j, "repeated");
            json_bool_(&j, true);
        }
        json_object_end(&j);
        json_print(c, &b);
        return;
    }
    if (repeated)
        io_puts(c->io, "It was done before, with the same key:\n");
    for (uint32_t i = 0; i < a->result_count; i++)
        if (!repeated || results[i].kind != KITH_NULL)
            print_result(c, a->results[i], &results[i]);
    if (!repeated && a->column_count && a->result_count)
        io_puts(c->io, "\n");
    if (!repeated)
        print_rows(job);
    if (action_answers(a) == 0)
        io_puts(c->io, "Done.\n");
    if (tx && !a->final)
        io_printf(c->io, "'kith undo %s' takes this back.\n", show_id(c, tx));
}

/* [writer], in a rehearsal */
static kith_status call_in(struct txn *t, void *arg, kith_error *e) {
    struct call_job *job = arg;
    return engine_call(txn_engine(t), t, NULL, job->action, job->args, job->arena, job->results,
                       NULL, e);
}

static kith_status rehearse(struct call_job *job, const struct write_opts *o, kith_error *e) {
    struct cmd *c = job->c;
    struct rehearsal r = {0};
    TRY(engine_rehearse(c->company->engine, o, call_in, job, &c->arena, &r, e));
    print_rehearsal(c, &r, json_rows, job);
    if (!c->json)
        print_rows(job);
    return KITH_OK;
}

/* The words as they were given are the request. */
static kith_status take_key(struct call_job *job, struct once *once, kith_error *e) {
    struct cmd *c = job->c;
    crypto_generichash_state h;
    crypto_generichash_init(&h, NULL, 0, ONCE_DIGEST);
    const char *name = job->action->name;
    crypto_generichash_update(&h, (const unsigned char *)name, strlen(name) + 1);
    for (size_t i = job->words; i < c->arg_count; i++)
        crypto_generichash_update(&h, (const unsigned char *)c->args[i], strlen(c->args[i]) + 1);
    crypto_generichash_final(&h, once->request, ONCE_DIGEST);
    return once_name(once, c->principal.user, str_of(cmd_option(c, "once")), e);
}

static kith_status carry_out(struct call_job *job, const struct write_opts *o, bool *repeated,
                             kith_id *tx, kith_error *e) {
    struct cmd *c = job->c;
    struct engine *g = c->company->engine;
    struct once once = {0};
    const char *key = cmd_option(c, "once");
    *repeated = false;
    if (!key || job->action->effect == EFFECT_READ)
        return engine_call(g, NULL, o, job->action, job->args, &c->arena, job->results, tx, e);
    TRY(take_key(job, &once, e));
    return engine_call_once(g, o, &once, job->action, job->args, &c->arena, job->results, repeated,
                            tx, e);
}

static kith_status call(struct call_job *job, kith_error *e) {
    struct cmd *c = job->c;
    kith_id tx = 0;
    bool repeated, csv = cmd_option(c, "csv") != NULL;
    struct write_opts o = {.principal = &c->principal, .origin = ORIGIN_ACTION};
    if (csv)
        TRY(check_csv(job, e));
    TRY(run_file_check(c, job->action, e));
    if (rehearsing(c) && job->action->effect != EFFECT_READ)
        return rehearse(job, &o, e);
    TRY(carry_out(job, &o, &repeated, &tx, e));
    c->wrote = job->action->effect != EFFECT_READ;
    if (csv)
        return csv_rows(job, e);
    if (job->action->file)
        return run_file_put(c, job->results, e);
    print_results(job, tx, repeated);
    return KITH_OK;
}

static kith_status call_with(struct call_job *job, const char *const *words, size_t count,
                             kith_error *e) {
    struct cmd *c = job->c;
    struct arena own = {0}; /* the writer's thread fills it in a rehearsal */
    job->arena = &own;
    job->args = ARENA_ARRAY(&c->arena, kith_value, job->action->param_count + 1);
    job->results = ARENA_ARRAY(&c->arena, kith_value, action_answers(job->action) + 1);
    if (!job->args || !job->results)
        return err_nomem(e);
    kith_status st = read_args(job, words, count, e);
    if (st == KITH_OK)
        st = call(job, e);
    arena_free(&own);
    return st;
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct call_job job = {.c = c};
    if (c->arg_count == 0)
        return list_actions(c, NULL);
    if (c->arg_count == 1 && has_actions(c, c->args[0]))
        return list_actions(c, c->args[0]);
    TRY(find_action(&job, e));
    if (c->help)
        return help_action(c, job.action, e);
    return call_with(&job, (const char *const *)c->args + job.words, c->arg_count - job.words, e);
}

kith_status cmd_call(struct cmd *c, const char *action, const char *const *words, size_t count,
                     kith_error *e) {
    struct call_job job = {.c = c, .action = engine_action(c->company->engine, str_of(action))};
    return job.action ? call_with(&job, words, count, e)
                      : err_set(e, KITH_E_INTERNAL, NULL, "there is no action %s", action);
}

/* Of a module's field `score` it is the action explain_score, which reads, has rows, and has the
 * record first. */
static const struct action *explaining(struct cmd *c, const struct rfield *field) {
    const char *name = arena_printf(&c->arena, "%s.explain_%s", field->module, field->name);
    const struct action *a = name ? engine_action(c->company->engine, str_of(name)) : NULL;
    bool fits = a && a->effect == EFFECT_READ && a->column_count && a->param_count &&
                a->params[0]->kind == KITH_F_LINK && a->params[0]->target == field->type;
    return fits && access_may_call(&c->principal, a) ? a : NULL;
}

kith_status cmd_explain(struct cmd *c, const struct rfield *field, kith_id id, struct json_out *j,
                        kith_error *e) {
    struct call_job job = {.c = c, .action = explaining(c, field)};
    const struct write_opts o = {.principal = &c->principal, .origin = ORIGIN_ACTION};
    kith_error why = KITH_ERROR_INIT;
    if (!job.action)
        return KITH_OK;
    job.args = ARENA_ARRAY(&c->arena, kith_value, job.action->param_count + 1);
    job.results = ARENA_ARRAY(&c->arena, kith_value, action_answers(job.action) + 1);
    if (!job.args || !job.results)
        return err_nomem(e);
    job.args[0] = value_link(id, field->type->id);
    if (engine_call(c->company->engine, NULL, &o, job.action, job.args, &c->arena, job.results,
                    NULL, &why) != KITH_OK)
        return KITH_OK; /* of this record it says nothing, as of one that has ended */
    if (j) {
        json_object_(j);
        json_key(j, "action");
        json_strz(j, job.action->name);
        json_rows(&job, j);
        json_object_end(j);
        return KITH_OK;
    }
    io_printf(c->io, "As things are now it is made of (%s):\n", job.action->name);
    print_rows(&job);
    return KITH_OK;
}

const struct command command_run = {
    .name = "run",
    .args = "ACTION PARAMETER=VALUE ...",
    .help = "call an action; without one, list them all",
    .more = "  kith run sales.rescore\n"
            "  kith run commerce.price product.code=PEN quantity=7\n\n"
            "LINK.FIELD=VALUE names the one record that has the value in this field.\n"
            "'kith sales.rescore' and 'kith sales rescore' do the same, 'kith sales' lists what\n"
            "the module has. 'kith sales.rescore --help' tells what it takes and answers.",
    .options = {REHEARSE_OPTION,
                {"once", "KEY",
                 "once: what was called with this key within a day is not called again"},
                {"csv", NULL, "answer with its rows, in CSV, for spreadsheets"},
                {"output", "FILE", "where the file that it answers with goes; -: standard output"}},
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_max = 10000,
    .helps = true,
    .run = run,
};
