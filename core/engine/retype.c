/* SPDX-License-Identifier: Apache-2.0 */
/* Retype: what the company's types would become with other files, tried on the database itself and
 * taken back. */
#include "engine/engine_internal.h"

#include <stdlib.h>
#include <string.h>

struct trial {
    struct engine *g;
    struct schema_source *sources;
    size_t count;
    struct arena *arena;
    struct retyped *out;
    bool done;
};

static kith_status copy_texts(struct arena *a, const char *const *from, size_t count,
                              const char ***to, kith_error *e) {
    *to = ARENA_ARRAY(a, const char *, count + 1);
    if (!*to)
        return err_nomem(e);
    for (size_t i = 0; i < count; i++)
        if (!((*to)[i] = arena_strdup(a, from[i])))
            return err_nomem(e);
    return KITH_OK;
}

static kith_status note_older(struct trial *t, struct conn *c, const struct rfield *f,
                              kith_error *e) {
    int64_t empty, outside;
    struct retyped *r = t->out;
    if (!f->where)
        return KITH_OK;
    TRY(record_older(c, f, &empty, &outside, e));
    if (empty == 0 && outside == 0)
        return KITH_OK;
    struct older_field *items =
        arena_grow(t->arena, r->older, r->older_count, &r->older_cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    r->older = items;
    r->older[r->older_count] = (struct older_field){
        .type = arena_strdup(t->arena, f->type->name),
        .field = arena_strdup(t->arena, f->name),
        .where = f->where ? arena_strdup(t->arena, f->where) : "",
        .empty = empty,
        .outside = outside,
    };
    return r->older[r->older_count].type && r->older[r->older_count++].field ? KITH_OK
                                                                             : err_nomem(e);
}

static kith_status look(struct trial *t, struct conn *c, const struct schema *s, kith_error *e) {
    struct arena defaults = {0};
    kith_status st = KITH_OK;
    TRY(copy_texts(t->arena, s->done, s->done_count, &t->out->done, e));
    TRY(copy_texts(t->arena, s->passed, s->passed_count, &t->out->passed, e));
    t->out->done_count = s->done_count;
    t->out->passed_count = s->passed_count;
    for (uint32_t i = 0; st == KITH_OK && i < s->type_count; i++) {
        kith_value *values;
        st = type_defaults(s, s->types[i], &defaults, &values, e);
        for (uint32_t k = 0; st == KITH_OK && k < s->types[i]->field_count; k++)
            st = note_older(t, c, s->types[i]->fields[k], e);
    }
    arena_free(&defaults);
    return st;
}

/* Fails in any case, so that nothing is kept. */
static kith_status try_types(struct txn *txn, void *arg, kith_error *e) {
    struct trial *t = arg;
    struct conn *c = txn_conn(txn);
    struct schema *s;
    t->done = false;
    t->out->older_count = 0;
    TRY(schema_build(&s, c, t->sources, t->count, t->g->opts.base_currency, e));
    s->zone = t->g->opts.zone;
    kith_status st = look(t, c, s, e);
    schema_free(s);
    conn_forget_statements(c);
    TRY(st);
    t->done = true;
    return err_set(e, KITH_E_REFUSED, NULL, "tried");
}

kith_status engine_try_types(struct engine *g, const struct principal *p,
                             const struct schema_source *company, struct arena *a,
                             struct retyped *out, kith_error *e) {
    struct write_opts o = {.principal = p, .origin = ORIGIN_CLI};
    kith_error why = KITH_ERROR_INIT;
    struct trial t = {.g = g, .arena = a, .out = out};
    *out = (struct retyped){0};
    t.sources = calloc(g->opts.source_count + 2, sizeof *t.sources);
    if (!t.sources)
        return err_nomem(e);
    t.sources[t.count++] = schema_core;
    for (size_t i = 0; i < g->opts.source_count; i++)
        if (strcmp(g->opts.sources[i].module, SCHEMA_COMPANY) != 0)
            t.sources[t.count++] = g->opts.sources[i];
    t.sources[t.count++] = *company;
    kith_status st = engine_write(g, &o, try_types, &t, NULL, &why);
    free(t.sources);
    if (t.done)
        return KITH_OK;
    err_copy(e, &why);
    return st;
}
