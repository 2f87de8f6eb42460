/* SPDX-License-Identifier: Apache-2.0 */
/* Actions: declared once with typed parameters and results, called from every surface. */
#include "base/id.h"
#include "base/text.h"
#include "engine/engine_internal.h"
#include "engine/files.h"
#include "journal/once.h"

#include <string.h>

kith_status action_fields(struct engine *g, const char *module, kith_array declared,
                          struct rfield *const **out, uint32_t *count, kith_error *e) {
    return schema_fields(g->schema, &g->arena, module, declared, out, count, e);
}

kith_status engine_add_action(struct engine *g, const struct action *a, kith_error *e) {
    if (g->started)
        return err_set(e, KITH_E_THREAD, NULL, "actions are added before the engine starts");
    if (engine_action(g, str_of(a->name)))
        return err_set(e, KITH_E_CONFLICT, NULL, "action %s is declared twice", a->name);
    struct action_entry *entry = ARENA_NEW(&g->arena, struct action_entry);
    void *items =
        arena_grow(&g->arena, g->actions, g->action_count, &g->action_cap, sizeof *g->actions);
    if (!entry || !items)
        return err_nomem(e);
    g->actions = items;
    entry->action = *a;
    entry->action.name = arena_strdup(&g->arena, a->name);
    entry->action.module = arena_strdup(&g->arena, a->module);
    entry->action.doc = arena_strdup(&g->arena, a->doc ? a->doc : "");
    TRY(intern_source(g, &g->arena, &a->source, &entry->action.source, &entry->source, e));
    size_t i = g->action_count++;
    for (; i > 0 && strcmp(g->actions[i - 1]->action.name, a->name) > 0; i--)
        g->actions[i] = g->actions[i - 1];
    g->actions[i] = entry;
    return KITH_OK;
}

const struct action *engine_action(const struct engine *g, kith_str name) {
    for (size_t i = 0; i < g->action_count; i++)
        if (str_eqz(name, g->actions[i]->action.name))
            return &g->actions[i]->action;
    return NULL;
}

const struct action *engine_action_at(const struct engine *g, size_t i) {
    return i < g->action_count ? &g->actions[i]->action : NULL;
}

size_t engine_action_count(const struct engine *g) {
    return g->action_count;
}

const char *engine_action_name(const void *engine, size_t i) {
    return engine_action_at(engine, i)->name;
}

kith_status engine_no_action(const struct engine *g, kith_str name, kith_error *e) {
    const char *near = str_nearest(name, engine_action_name, g, g->action_count);
    return err_set(e, KITH_E_NOTFOUND, "action", "there is no action '%.*s'%s%s%s", (int)name.len,
                   name.ptr, near ? "; did you mean '" : "; 'kith run' lists them",
                   near ? near : "", near ? "'?" : "");
}

static kith_status check_args(struct engine *g, const struct action *action, const kith_value *args,
                              struct arena *a, kith_value *out, kith_error *e) {
    for (uint32_t i = 0; i < action->param_count; i++) {
        const struct rfield *p = action->params[i];
        out[i] = args[i];
        TRY(value_check(g->schema, p, false, a, &out[i], e));
        if (out[i].kind == KITH_NULL && p->default_text) { /* also of "", which says nothing */
            out[i] = value_str(str_of(p->default_text));
            TRY(value_check(g->schema, p, false, a, &out[i], e));
        }
        TRY(value_range(g->schema, p, &out[i], e));
        if (out[i].kind == KITH_NULL && (p->flags & KITH_FF_REQUIRED))
            return err_set(e, KITH_E_INVAL, p->name, "%s needs %s: %s", action->name, p->name,
                           p->doc);
    }
    return KITH_OK;
}

/* What the caller may not see is not there. */
static kith_status check_link(const struct call *call, struct conn *c, const struct rfield *p,
                              const kith_value *v, kith_error *e) {
    const struct schema *s = call->engine->schema;
    const struct rtype *target = schema_type_by_id(s, v->as.link.type);
    char id[ID_TEXT + 1];
    bool seen;
    TRY(link_exists(c, s, p, v, "", e));
    TRY(access_link(c, call->principal, s, v, call->arena, &seen, e));
    if (seen)
        return KITH_OK;
    id_format(v->as.link.id, id);
    return err_set(e, KITH_E_NOTFOUND, p->name, "%s: there is no %s %s", p->name,
                   target ? target->name : "record", id);
}

/* A record that was merged into another stands for that one. */
static kith_status follow_args(struct call *call, struct txn *t, kith_value *args, kith_error *e) {
    for (uint32_t i = 0; i < call->action->param_count; i++) {
        const struct rtype *type =
            args[i].kind == KITH_LINK
                ? schema_type_by_id(call->engine->schema, args[i].as.link.type)
                : NULL;
        if (t)
            TRY(txn_follow_links(t, call->action->params[i], &args[i], e));
        else if (type)
            TRY(engine_follow(call->engine, call->principal, type, &args[i].as.link.id, call->arena,
                              e));
    }
    return KITH_OK;
}

static kith_status check_links(const struct call *call, struct conn *c, kith_error *e) {
    for (uint32_t i = 0; !call->action->gone && i < call->action->param_count; i++) {
        const struct rfield *p = call->action->params[i];
        const kith_value *v = &call->args[i];
        if (v->kind == KITH_LINK)
            TRY(check_link(call, c, p, v, e));
        for (uint64_t k = 0;
             p->kind == KITH_F_LINKS && v->kind == KITH_LIST && k < v->as.list.count; k++)
            TRY(check_link(call, c, p, &v->as.list.items[k], e));
    }
    return KITH_OK;
}

static bool has_links(const struct call *call) {
    for (uint32_t i = 0; i < call->action->param_count; i++) {
        uint32_t kind = call->action->params[i]->kind;
        if ((kind == KITH_F_LINK || kind == KITH_F_LINKS) && call->args[i].kind != KITH_NULL)
            return true;
    }
    return false;
}

/* Whoever is given a record may count on it, as whoever reads a link in another record. */
static kith_status check_records(struct call *call, struct txn *t, kith_value *args,
                                 kith_error *e) {
    struct conn *reader;
    if (!has_links(call))
        return KITH_OK;
    TRY(follow_args(call, t, args, e));
    if (t)
        return check_links(call, txn_conn(t), e);
    TRY(engine_reader(call->engine, &reader, e));
    kith_status st = check_links(call, reader, e);
    engine_reader_done(call->engine, reader);
    return st;
}

/* -- rows -------------------------------------------------------------------------------------- */

static kith_status take_row(struct call *call, const kith_value *values, kith_value *out,
                            kith_error *e) {
    const struct action *a = call->action;
    for (uint32_t i = 0; i < a->column_count; i++) {
        kith_value v = values[i];
        TRY(value_check(call->engine->schema, a->columns[i], false, call->arena, &v, e));
        call->row_text += value_bytes(&v);
        out[i] = value_copy(call->arena, &v);
        if (out[i].kind == KITH_TEXT && !out[i].as.s.ptr)
            return err_nomem(e);
    }
    if (call->row_text > CALL_ROWS_TEXT)
        return err_set(e, KITH_E_LIMIT, NULL,
                       "%s answers with more than 8 MiB of text; ask it for less", a->name);
    return KITH_OK;
}

kith_status call_row(struct call *call, uint32_t count, const kith_value *values, kith_error *e) {
    const struct action *a = call->action;
    if (count != a->column_count || !count)
        return err_set(e, KITH_E_INVAL, NULL, "%s has %u columns; a row of %u values was given",
                       a->name, a->column_count, count);
    if (call->row_count == CALL_ROWS)
        return err_set(e, KITH_E_LIMIT, NULL, "%s answers with more than %d rows; ask it for fewer",
                       a->name, CALL_ROWS);
    kith_value *rows =
        arena_grow(call->arena, call->rows, call->row_count, &call->row_cap, sizeof *rows);
    kith_value *items = ARENA_ARRAY(call->arena, kith_value, count);
    if (!rows || !items)
        return err_nomem(e);
    call->rows = rows;
    TRY(take_row(call, values, items, e));
    rows[call->row_count++] =
        (kith_value){.kind = KITH_LIST, .as.list = {.items = items, .count = count}};
    return KITH_OK;
}

/* -- a file ------------------------------------------------------------------------------------ */

const kith_field action_file_fields[FILE_RESULTS] = {
    {.name = "name", .kind = KITH_F_TEXT, .doc = "What the file is called."},
    {.name = "media_type", .kind = KITH_F_TEXT, .doc = "What its bytes are."},
    {.name = "data", .kind = KITH_F_TEXT, .doc = "Its bytes; in JSON as base64."},
};

#define FILE_NAME_MAX 255

/* It becomes the name of a file, and stands in a header of HTTP. */
static bool is_file_name(kith_str name) {
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.ptr[i] < 0x20 || name.ptr[i] == 0x7f || name.ptr[i] == '/')
            return false;
    return name.len > 0 && name.len <= FILE_NAME_MAX && name.ptr[0] != '.' &&
           text_invalid_at(name) < 0;
}

kith_status call_file(struct call *call, kith_str name, kith_str bytes, kith_error *e) {
    const struct action *a = call->action;
    if (!a->file)
        return err_set(e, KITH_E_INVAL, NULL, "%s does not declare that it answers with a file",
                       a->name);
    if (!is_file_name(name))
        return err_set(e, KITH_E_INVAL, NULL, "%s: '%.*s' is no name of a file", a->name,
                       name.len < 100 ? (int)name.len : 100, name.ptr ? name.ptr : "");
    if (bytes.len > RECORD_FILE_MAX)
        return err_set(e, KITH_E_LIMIT, NULL, "%s answers with more than 10 MiB; ask it for less",
                       a->name);
    const kith_value all[FILE_RESULTS] = {value_str(name), value_str(str_of(a->file)),
                                          value_str(bytes)};
    for (size_t i = 0; i < FILE_RESULTS; i++) {
        call->results[i] = value_copy(call->arena, &all[i]);
        if (!call->results[i].as.s.ptr)
            return err_nomem(e);
    }
    return KITH_OK;
}

static kith_status check_file(const struct call *call, kith_error *e) {
    const struct action *a = call->action;
    if (!a->file || call->results[FILE_DATA].kind == KITH_TEXT)
        return KITH_OK;
    return err_set(e, KITH_E_INTERNAL, NULL, "%s answers with a file, and gave none", a->name);
}

/* -- the call ---------------------------------------------------------------------------------- */

struct invocation {
    struct call call;
    struct arena *results_arena;
    kith_value *args, *results;
    struct once *once; /* or NULL */
    bool repeated;
};

/* Results may point into the transaction's arena: they are copied before it goes. */
static kith_status invoke(struct txn *t, void *arg, kith_error *e) {
    struct invocation *in = arg;
    const struct action_entry *entry = (const struct action_entry *)in->call.action;
    const struct action *a = in->call.action;
    uint32_t n = action_answers(a);
    in->call.txn = t;
    in->call.arena = t ? txn_arena(t) : in->results_arena;
    TRY(check_records(&in->call, t, in->args, e));
    in->call.results = ARENA_ARRAY(in->call.arena, kith_value, n + 1);
    if (!in->call.results)
        return err_nomem(e);
    const struct source *code = t ? t->code : NULL;
    uint32_t source = t ? t->source : 0;
    if (t) {
        t->code = &entry->action.source;
        t->source = entry->source;
    }
    kith_status st = in->call.action->fn(in->call.action->self, &in->call, e);
    if (t) {
        t->code = code;
        t->source = source;
    }
    if (a->column_count)
        in->call.results[a->result_count] = (kith_value){
            .kind = KITH_LIST, .as.list = {.items = in->call.rows, .count = in->call.row_count}};
    if (st == KITH_OK)
        st = check_file(&in->call, e);
    for (uint32_t i = 0; st == KITH_OK && i < n; i++)
        in->results[i] = value_copy(in->results_arena, &in->call.results[i]);
    return st;
}

/* -- once -------------------------------------------------------------------------------------- */

/* Links of its results as they were: type and id of each, 0 where there was none. */
static kith_status recall(struct invocation *in) {
    const struct once *o = in->once;
    for (uint32_t i = 0; i < action_answers(in->call.action); i++) {
        bool linked = 2 * (size_t)i + 1 < o->count && o->ids[2 * i];
        in->results[i] =
            linked ? value_link(o->ids[2 * i + 1], (uint32_t)o->ids[2 * i]) : value_null();
    }
    return KITH_OK;
}

static kith_status note(struct txn *t, struct invocation *in, uint64_t before, kith_error *e) {
    uint32_t n = in->call.action->result_count;
    kith_id *ids = ARENA_ARRAY(txn_arena(t), kith_id, 2 * n + 1);
    struct once o = *in->once;
    if (!ids)
        return err_nomem(e);
    for (uint32_t i = 0; i < n; i++) {
        const kith_value *v = &in->results[i];
        ids[2 * i] = v->kind == KITH_LINK ? v->as.link.type : 0;
        ids[2 * i + 1] = v->kind == KITH_LINK ? v->as.link.id : 0;
    }
    o.tx = txn_writes(t) == before || in->call.secret ? 0 : txn_id(t);
    o.ids = ids;
    o.count = 2 * (size_t)n;
    return once_note(txn_conn(t), &o, txn_now(t), e);
}

static kith_status invoke_once(struct txn *t, void *arg, kith_error *e) {
    struct invocation *in = arg;
    uint64_t before = txn_writes(t);
    bool done;
    TRY(once_find(txn_conn(t), in->once, txn_now(t), in->results_arena, &done, e));
    in->repeated = done;
    if (done)
        return recall(in);
    TRY(invoke(t, arg, e));
    return note(t, in, before, e);
}

static kith_status call_in(struct engine *g, struct txn *in, const struct write_opts *o,
                           const struct action *action, const kith_value *args, struct arena *a,
                           kith_value *results, struct once *once, bool *repeated, kith_id *tx,
                           kith_error *e) {
    kith_value *checked = ARENA_ARRAY(a, kith_value, action->param_count + 1);
    if (!checked)
        return err_nomem(e);
    TRY(access_call(in, o ? o->principal : NULL, action, e));
    TRY(check_args(g, action, args, a, checked, e));
    struct invocation call = {
        .call = {.engine = g,
                 .action = action,
                 .args = checked,
                 .principal = in ? txn_principal(in) : o->principal},
        .results_arena = a,
        .args = checked,
        .results = results,
        .once = once,
    };
    if (in)
        return invoke(in, &call, e);
    if (tx)
        *tx = 0;
    if (action->effect == EFFECT_READ)
        return invoke(NULL, &call, e);
    TRY(engine_write(g, o, once ? invoke_once : invoke, &call, tx, e));
    if (repeated)
        *repeated = call.repeated;
    if (tx && call.repeated)
        *tx = once->tx;
    else if (tx && call.call.secret)
        *tx = 0;
    return KITH_OK;
}

kith_status engine_call(struct engine *g, struct txn *in, const struct write_opts *o,
                        const struct action *action, const kith_value *args, struct arena *a,
                        kith_value *results, kith_id *tx, kith_error *e) {
    return call_in(g, in, o, action, args, a, results, NULL, NULL, tx, e);
}

kith_status engine_call_once(struct engine *g, const struct write_opts *o, struct once *once,
                             const struct action *action, const kith_value *args, struct arena *a,
                             kith_value *results, bool *repeated, kith_id *tx, kith_error *e) {
    return call_in(g, NULL, o, action, args, a, results, once, repeated, tx, e);
}
