/* SPDX-License-Identifier: Apache-2.0 */
/* What rules and workflows did in a trial: rows of the journal, calls of actions, and what waits in
 * the outbox, as one list. */
#include "script/trial_internal.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

const char *trial_kind_name(enum trial_kind kind) {
    return kind == TRIAL_CALL      ? "call"
           : kind == TRIAL_SEND    ? "send"
           : kind == TRIAL_PUBLISH ? "publish"
                                   : row_kind_name(kind);
}

/* -- notes of calls ---------------------------------------------------------------------------- */

struct note {
    const struct action *action;
    const kith_value *args, *results;
    int64_t at;
    kith_id tx, run;
    uint64_t row; /* the next one when it was called */
    struct source source;
};
struct call_notes {
    struct arena arena;
    struct note *items;
    size_t count, cap;
};

size_t notes_mark(const struct scripts *s) {
    return s->notes ? s->notes->count : 0;
}

void notes_back(struct scripts *s, size_t mark) {
    if (s->notes && s->notes->count > mark)
        s->notes->count = mark;
}

void notes_free(struct scripts *s) {
    if (s->notes)
        arena_free(&s->notes->arena);
    free(s->notes);
    s->notes = NULL;
}

static const kith_value *copy_values(struct arena *a, const kith_value *v, uint32_t count) {
    kith_value *out = ARENA_ARRAY(a, kith_value, count + 1);
    for (uint32_t i = 0; out && i < count; i++)
        out[i] = value_copy(a, &v[i]);
    return out;
}

void notes_add(lua_State *L, const struct action *a, const kith_value *args,
               const kith_value *results, uint64_t row) {
    const struct script *s = script_of(L);
    struct call_notes *n = s->all->notes;
    const struct rule *r = s->frame->rule;
    if (!n || !r)
        return;
    struct note *items = arena_grow(&n->arena, n->items, n->count, &n->cap, sizeof *items);
    if (!items)
        raisef(L, "no memory");
    n->items = items;
    struct note *note = &items[n->count];
    *note = (struct note){.action = a,
                          .args = copy_values(&n->arena, args, a->param_count),
                          .results = copy_values(&n->arena, results, action_answers(a)),
                          .at = txn_now(s->frame->txn),
                          .row = row,
                          .tx = txn_id(s->frame->txn),
                          .run = s->frame->flow ? s->frame->flow->run->id : 0,
                          .source = rule_source(r)};
    if (!note->args || !note->results)
        raisef(L, "no memory");
    n->count++;
}

/* -- a place in what happens ------------------------------------------------------------------- */

kith_status trial_mark(const struct test_bench *b, struct trial_mark *out, kith_error *e) {
    struct conn *c;
    struct scripts *s = b->scripts;
    if (!s->notes && !(s->notes = calloc(1, sizeof *s->notes)))
        return err_nomem(e);
    TRY(engine_reader(b->engine, &c, e));
    kith_status st = journal_head(c, &out->row, e);
    if (st == KITH_OK)
        st = outbox_high_id(c, &out->sent, e);
    engine_reader_done(b->engine, c);
    out->called = s->notes->count;
    return st;
}

/* -- gathering --------------------------------------------------------------------------------- */

struct gathering {
    const struct schema *schema;
    struct arena *arena;
    struct conn *conn;
    struct trial_effect *items;
    size_t count, cap;
    struct tx_head head; /* of the last row */
};

static struct trial_effect *add(struct gathering *g) {
    struct trial_effect *items = arena_grow(g->arena, g->items, g->count, &g->cap, sizeof *items);
    if (!items)
        return NULL;
    g->items = items;
    items[g->count] = (struct trial_effect){.kind = TRIAL_CREATE};
    return &items[g->count++];
}

static kith_status add_event(struct gathering *g, const struct journal_row *row,
                             struct trial_effect *f, kith_error *e) {
    uint32_t topic, version;
    kith_str json;
    TRY(image_decode_event(row, &topic, &version, &json, e));
    TRY(journal_topic_name(g->conn, topic, g->arena, &f->name, e));
    f->json = arena_str(g->arena, json);
    f->inner = strncmp(f->name, "workflow.", 9) == 0;
    return KITH_OK;
}

static kith_status add_row(void *arg, const struct journal_row *row, kith_error *e) {
    struct gathering *g = arg;
    struct image_field *fields = NULL;
    struct trial_effect *f = add(g);
    if (!f)
        return err_nomem(e);
    if (g->head.id != row->tx)
        TRY(journal_tx_read(g->conn, row->tx, g->arena, &g->head, e));
    f->kind = (enum trial_kind)row->kind;
    f->at = g->head.at;
    f->own = row->source == 0;
    f->tx = row->tx;
    f->run = g->head.run;
    f->row = row->seq;
    f->cause = row->cause ? row->cause : g->head.cause;
    f->type = schema_type_by_id(g->schema, row->type);
    f->id = row->record;
    f->order = 2 * row->seq + 1;
    f->inner = f->type && f->type == g->schema->base.workflow_run.type;
    if (row->source)
        TRY(journal_source(g->conn, row->source, g->arena, &f->source, e));
    if (row->kind == ROW_EVENT)
        return add_event(g, row, f, e);
    TRY(image_decode(g->schema, row, g->arena, &fields, &f->field_count, e));
    f->fields = fields;
    return KITH_OK;
}

static kith_status add_calls(struct gathering *g, const struct call_notes *n, size_t from,
                             kith_error *e) {
    for (size_t i = from; n && i < n->count; i++) {
        struct trial_effect *f = add(g);
        if (!f)
            return err_nomem(e);
        f->kind = TRIAL_CALL;
        f->at = n->items[i].at;
        f->name = n->items[i].action->name;
        f->action = n->items[i].action;
        f->args = n->items[i].args;
        f->results = n->items[i].results;
        f->source = n->items[i].source;
        f->order = 2 * n->items[i].row;
        f->tx = n->items[i].tx;
        f->run = n->items[i].run;
    }
    return KITH_OK;
}

static kith_status add_sent(struct gathering *g, kith_id after, kith_error *e) {
    struct outbox_item *items;
    size_t n;
    TRY(outbox_since(g->conn, after, g->arena, &items, &n, e));
    for (size_t i = 0; i < n; i++) {
        struct trial_effect *f = add(g);
        if (!f)
            return err_nomem(e);
        f->kind = TRIAL_SEND;
        f->at = items[i].at;
        f->name = items[i].delivery;
        f->json = items[i].payload;
        f->endpoint = items[i].endpoint;
        f->key = items[i].key;
        f->type = schema_type_by_id(g->schema, items[i].type);
        f->id = items[i].subject;
        f->order = UINT64_MAX - n + i;
        f->tx = items[i].tx;
        f->run = items[i].run;
        f->cause = items[i].cause;
    }
    return KITH_OK;
}

static int by_time(const void *a, const void *b) {
    const struct trial_effect *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

kith_status trial_effects(const struct test_bench *b, const struct trial_mark *since,
                          struct arena *a, struct trial_effect **out, size_t *count,
                          kith_error *e) {
    struct gathering g = {.schema = engine_schema(b->engine), .arena = a};
    TRY(engine_reader(b->engine, &g.conn, e));
    kith_status st = journal_walk(g.conn, since->row, UINT64_MAX, add_row, &g, e);
    if (st == KITH_OK)
        st = add_calls(&g, b->scripts->notes, since->called, e);
    if (st == KITH_OK)
        st = add_sent(&g, since->sent, e);
    engine_reader_done(b->engine, g.conn);
    if (st == KITH_OK && g.count)
        qsort(g.items, g.count, sizeof *g.items, by_time);
    *out = g.items;
    *count = g.count;
    return st;
}

/* -- in words ---------------------------------------------------------------------------------- */

const char *trial_text(const struct trial_effect *f, struct arena *a) {
    char id[ID_TEXT + 1] = "";
    if (f->id)
        id_format(f->id, id);
    const char *name = f->kind <= TRIAL_DELETE ? f->type ? f->type->name : "record" : f->name;
    const char *about = "";
    if (f->kind == TRIAL_DELETE || f->kind == TRIAL_UPDATE)
        about = arena_printf(a, " %s", id);
    else if (f->type && f->id && f->kind != TRIAL_CREATE)
        about = arena_printf(a, " of %s/%s", f->type->name, id);
    return arena_printf(a, "%s %s%s%s%.*s", trial_kind_name(f->kind), name, about ? about : "",
                        f->kind == TRIAL_SEND ? " to " : "", (int)f->endpoint.len,
                        f->endpoint.ptr ? f->endpoint.ptr : "");
}

static void put_value(const struct test_bench *b, struct arena *a, const char *name,
                      const kith_value *v, trial_part fn, void *arg) {
    kith_str text = value_text(engine_schema(b->engine), v, a);
    if (v->kind == KITH_TEXT)
        text = str_of(arena_printf(a, "\"%.*s\"", (int)text.len, text.ptr));
    fn(arg, name, text.len ? text : STR("null"));
}

static void put_json(struct arena *a, kith_str json, trial_part fn, void *arg) {
    json_t *root, *value;
    const char *key;
    if (!json.len || json_read(json, &root, NULL) != KITH_OK)
        return;
    json_object_foreach(root, key, value) {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
        fn(arg, key, str_of(text ? arena_strdup(a, text) : NULL));
        free(text);
    }
    json_decref(root);
}

void trial_parts(const struct test_bench *b, const struct trial_effect *f, struct arena *a,
                 trial_part fn, void *arg) {
    for (size_t i = 0; i < f->field_count; i++) {
        const struct image_field *x = &f->fields[i];
        const kith_value *v = f->kind == TRIAL_DELETE ? &x->before : &x->after;
        bool told = x->field && x->field->index >= FIELD_FIRST;
        if (told && (v->kind != KITH_NULL || f->kind == TRIAL_UPDATE))
            put_value(b, a, x->field->name, v, fn, arg);
    }
    for (uint32_t i = 0; f->action && i < f->action->param_count; i++)
        if (f->args[i].kind != KITH_NULL)
            put_value(b, a, f->action->params[i]->name, &f->args[i], fn, arg);
    put_json(a, f->json, fn, arg);
}

/* -- time -------------------------------------------------------------------------------------- */

#define STEPS_MAX 200000 /* moments on the way */

kith_status trial_settle(const struct test_bench *b, int64_t end, kith_error *e) {
    int64_t left = (end - clock_ticks()) / 1000000;
    kith_status st = left > 0 ? engine_drain(b->engine, left, e) : KITH_E_LIMIT;
    if (st != KITH_E_LIMIT)
        return st;
    return err_set(e, KITH_E_LIMIT, NULL,
                   "what follows does not come to an end in the time that there is for it: does"
                   " something go round in a circle?");
}

kith_status trial_advance(const struct test_bench *b, int64_t to, int64_t end, kith_error *e) {
    for (int i = 0; i < STEPS_MAX; i++) {
        int64_t due = engine_next_due(b->engine);
        if (due > to) {
            clock_set(b->clock, to);
            return trial_settle(b, end, e);
        }
        if (due > engine_now(b->engine))
            clock_set(b->clock, due);
        TRY(trial_settle(b, end, e));
    }
    return err_set(e, KITH_E_LIMIT, NULL, "more than %d moments at which something falls due",
                   STEPS_MAX);
}
