/* SPDX-License-Identifier: Apache-2.0 */
/* Segments: what may stand in their own records and in those of list members, and what becomes of
 * it. Checked before the write, in undos, too; followed after it. */
#include "engine/engine_internal.h"

#include <string.h>

#include "base/text.h"

static const struct base_segment *fields(const struct change *c) {
    return &c->type->schema->base.segment;
}

static kith_str text_of(const kith_value *values, const struct rfield *f) {
    const kith_value *v = &values[f->index];
    return v->kind == KITH_TEXT ? v->as.s : (kith_str){0};
}

static bool changes(const struct change *c, const struct rfield *f) {
    return fieldset_has(&c->changed, f->index);
}

static bool is_list(const struct change *c, const kith_value *values) {
    return !str_eqz(text_of(values, fields(c)->kind), "live");
}

/* -- who uses it ------------------------------------------------------------------------------- */

static bool depends_on(const struct query *q, const void *segment) {
    struct query_depends d;
    struct arena a = {0};
    bool yes = query_depends(q, &a, &d, NULL) != KITH_OK; /* no memory: rather refuse */
    for (size_t i = 0; !yes && i < d.count; i++)
        yes = d.items[i].segment == *(const kith_id *)segment;
    arena_free(&a);
    return yes;
}

static const char *asker_in_hooks(const struct hook_list *l, query_asks asks, const void *what) {
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i]->hook.where && asks(predicate_query(l->items[i]->hook.where), what))
            return l->items[i]->hook.source.name;
    return NULL;
}

const char *code_that_asks(struct engine *g, query_asks asks, const void *what) {
    const struct subscribers *s = g->subs;
    for (size_t i = 0; i < s->reactions.count; i++) {
        const struct reaction *r = &s->reactions.items[i]->reaction;
        if (r->where && asks(predicate_query(r->where), what))
            return r->source.name;
    }
    for (uint32_t i = 0; i <= g->type_max; i++)
        for (size_t k = 0; k < 6; k++) {
            const char *name = asker_in_hooks(&s->types[i].hooks[k / 2][k % 2], asks, what);
            if (name)
                return name;
        }
    return NULL;
}

kith_status asked_by_record(struct txn *t, const struct rtype *type, kith_id id, kith_str name,
                            const char *what, kith_error *e) {
    if (!txn_tells(t, type, id))
        return err_set(e, KITH_E_REFUSED, NULL,
                       "it cannot be %s: a %s that you may not see asks for it by its name", what,
                       type->name);
    kith_str shown = text_cut(name, 60);
    return err_set(e, KITH_E_REFUSED, NULL,
                   "it cannot be %s: %s '%.*s' asks for it by its name; change that one first",
                   what, type->name, (int)shown.len, shown.ptr);
}

kith_status asked_by_code(const char *code, const char *what, kith_error *e) {
    return err_set(e, KITH_E_REFUSED, NULL,
                   "it cannot be %s: '%s' asks for it by its name; change that first", what, code);
}

/* in_segment() names it: what is named so must stay. */
kith_status segment_unused(struct txn *t, kith_id id, const char *what, kith_error *e) {
    const struct segment_list *all = &t->g->segments.all;
    const struct segment *asker = NULL;
    for (size_t i = 0; i < all->count && !asker; i++)
        for (size_t k = 0; k < all->items[i]->depends.count && !asker; k++)
            if (all->items[i]->depends.items[k].segment == id)
                asker = all->items[i];
    if (asker)
        return asked_by_record(t, t->g->schema->base.segment.type, asker->id, str_of(asker->name),
                               what, e);
    const char *code = code_that_asks(t->g, depends_on, &id);
    return code ? asked_by_code(code, what, e) : KITH_OK;
}

/* -- before the write -------------------------------------------------------------------------- */

static kith_status bad_query(kith_error *e) {
    kith_error why = *e;
    return err_set(e, why.code, "query", "query: %s", why.message);
}

/* "a > b > a" when a asks for b and b, along the way, for a. */
static bool leads_to(struct engine *g, const struct segment *s, kith_id id, struct buf *path) {
    size_t len = path->len;
    buf_printf(path, " > %s", s->name);
    if (s->id == id)
        return true;
    for (size_t i = 0; i < s->depends.count; i++) {
        const struct segment *next = segment_by_id(g, s->depends.items[i].segment);
        if (next && leads_to(g, next, id, path))
            return true;
    }
    path->len = len;
    return false;
}

static kith_status check_circle(struct txn *t, const struct change *c,
                                const struct query_depends *d, kith_error *e) {
    struct buf path = {0};
    kith_status st = KITH_OK;
    for (size_t i = 0; c->before && st == KITH_OK && i < d->count; i++) {
        const struct segment *s = segment_by_id(t->g, d->items[i].segment);
        if (s && leads_to(t->g, s, c->id, &path)) {
            kith_str own = text_of(c->after, fields(c)->name);
            st =
                err_set(e, KITH_E_INVAL, "query", "query: the segment would ask for itself: %.*s%s",
                        (int)own.len, own.ptr, path.ptr ? path.ptr : "");
        }
    }
    buf_free(&path);
    return st;
}

static kith_status check_live(struct txn *t, const struct change *c, kith_str text, kith_error *e) {
    struct query *q;
    struct query_depends d;
    const char *const *params;
    if (query_parse(&q, t->g->schema, t->arena, text, e) != KITH_OK ||
        query_purposes(q, t->principal, NULL, t->g->writer, e) != KITH_OK)
        return bad_query(e);
    if (query_counts(q) || query_totals(q))
        return err_set(e, KITH_E_INVAL, "query",
                       "query: a segment is which records, not how many; leave out what stands"
                       " behind the colon");
    if (query_params(q, &params) > 0)
        return err_set(e, KITH_E_INVAL, "query",
                       "query: nobody gives :%s a value; write the value itself", params[0]);
    if (query_depends(q, t->arena, &d, e) != KITH_OK)
        return err_nomem(e);
    return check_circle(t, c, &d, e);
}

static kith_status check_query(struct txn *t, const struct change *c, kith_error *e) {
    const struct rtype *type;
    kith_str text = str_trim(text_of(c->after, fields(c)->query));
    if (!text.len)
        return KITH_OK; /* required: refused after the hooks */
    bool list = is_list(c, c->after);
    if (list && schema_find_type(t->g->schema, text_cut(text, 60), &type, e) != KITH_OK)
        return err_set(e, KITH_E_INVAL, "query",
                       "query: of a list write the type of its records alone, such as contact");
    if (!list)
        TRY(check_live(t, c, text, e));
    type = segment_type(t->g->schema, text);
    if (type == t->g->schema->base.segment.type || type == t->g->schema->base.list_member.type)
        return err_set(e, KITH_E_INVAL, "query",
                       "query: there are no segments of records of type"
                       " %s",
                       type->name);
    if (c->before && type != segment_type(t->g->schema, text_of(c->before, fields(c)->query)))
        return err_set(e, KITH_E_INVAL, "query",
                       "query: a segment stays with the type of its records; make another one");
    return KITH_OK;
}

static kith_status check_keep(struct txn *t, const struct change *c, kith_error *e) {
    struct predicate *p;
    kith_str keep = str_trim(text_of(c->after, fields(c)->keep));
    const struct rtype *type = segment_type(t->g->schema, text_of(c->after, fields(c)->query));
    if (!keep.len || !type ||
        (predicate_parse(&p, t->g->schema, type, t->arena, keep, e) == KITH_OK &&
         query_purposes(predicate_query(p), t->principal, NULL, t->g->writer, e) == KITH_OK))
        return KITH_OK;
    kith_error why = *e;
    return err_set(e, why.code, "keep", "keep: %s", why.message);
}

static bool given(const struct change *c, const struct rfield *f) {
    return c->after[f->index].kind != KITH_NULL;
}

static kith_status check_rent(const struct change *c, kith_error *e) {
    const kith_value *max = &c->after[fields(c)->uses_max->index];
    bool rented = str_eqz(text_of(c->after, fields(c)->kind), "rented");
    if (rented && !given(c, fields(c)->valid_until) && max->kind == KITH_NULL)
        return err_set(e, KITH_E_INVAL, "valid_until",
                       "valid_until: a rented list has a term (valid_until) or a number of uses"
                       " (uses_max)");
    if (!rented && (given(c, fields(c)->valid_until) || max->kind != KITH_NULL))
        return err_set(e, KITH_E_INVAL, "kind", "kind: only a rented list has a term or uses");
    if (max->kind != KITH_NULL && max->as.i < 1)
        return err_set(e, KITH_E_INVAL, "uses_max", "uses_max: at least one use");
    return KITH_OK;
}

static kith_status check_segment(void *self, struct txn *t, struct change *c, kith_error *e) {
    (void)self;
    TRY(segments_load(t->g, e));
    if (c->kind == ROW_DELETE) {
        TRY(segment_unused(t, c->id, "deleted", e));
        return is_list(c, c->before)
                   ? segment_small(t, c->id, text_of(c->before, fields(c)->name), e)
                   : KITH_OK;
    }
    if (c->before && is_list(c, c->before) != is_list(c, c->after))
        return err_set(e, KITH_E_INVAL, "kind",
                       "kind: what finds its records stays so, and so does a list; make another"
                       " segment");
    if (c->before && changes(c, fields(c)->name))
        TRY(segment_unused(t, c->id, "renamed", e));
    TRY(check_keep(t, c, e));
    TRY(check_rent(c, e));
    return check_query(t, c, e);
}

/* -- members of lists -------------------------------------------------------------------------- */

static kith_status check_fits(struct txn *t, const struct segment *s, const kith_value *record,
                              kith_error *e) {
    bool in;
    char id[ID_TEXT + 1];
    id_format(record->as.link.id, id);
    if (s->expired && !t->undoing)
        return err_set(e, KITH_E_REFUSED, "segment",
                       "segment: list '%s' is spent and takes no more records", s->name);
    if (!s->list)
        return err_set(e, KITH_E_INVAL, "segment",
                       "segment: '%s' finds its records by its query; only a list takes others",
                       s->name);
    if (s->type && record->as.link.type != s->type->id)
        return err_set(e, KITH_E_INVAL, "record", "record: list '%s' takes records of type %s",
                       s->name, s->type->name);
    TRY(member_is(t->g->writer, s->id, record->as.link.id, &in, e));
    if (in)
        return err_set(e, KITH_E_CONFLICT, "record", "record: %s is in list '%s' already", id,
                       s->name);
    return KITH_OK;
}

static kith_status check_member(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct base_member *m = &t->g->schema->base.list_member;
    const kith_value *record = &c->after[m->record->index];
    const kith_value *segment = &c->after[m->segment->index];
    (void)self;
    if (c->before && (changes(c, m->record) || changes(c, m->segment)))
        return err_set(e, KITH_E_INVAL, NULL,
                       "a member of a list stays what it is; delete it and add another");
    if (c->before || record->kind != KITH_LINK || segment->kind != KITH_LINK)
        return KITH_OK; /* required: refused after the hooks */
    TRY(segments_load(t->g, e));
    if (t->undoing)
        TRY(segment_delete_not(t, segment->as.link.id, e));
    const struct segment *s = segment_by_id(t->g, segment->as.link.id);
    return s ? check_fits(t, s, record, e) : KITH_OK; /* no such segment: refused as a link */
}

/* -- after the write --------------------------------------------------------------------------- */

kith_status segment_defined(struct txn *t, const struct change *c, kith_error *e) {
    struct engine *g = t->g;
    g->segments.loaded = false;
    g->segments.touched = true;
    if (c->kind == ROW_DELETE) {
        struct settle drop = {.segment = c->id, .kind = SETTLE_DROP};
        TRY(settle_cancel(g->writer, c->id, 0, e));
        g->segments.settling = true;
        return settle_add(g->writer, &drop, e);
    }
    if (c->kind == ROW_CREATE)
        TRY(segment_set(g->writer, c->id, "members", 0, e));
    if (is_list(c, c->after)) {
        if (c->kind == ROW_CREATE)
            TRY(settle_cancel(g->writer, c->id, 0, e));
        TRY(segment_set_class(g->writer, c->id, "list", e));
        return segment_rent_due(t, c->id, c->after, e);
    }
    if (c->kind == ROW_UPDATE && !changes(c, fields(c)->query) && !changes(c, fields(c)->refresh))
        return KITH_OK;
    return segment_rebuild(t, c->id, SETTLE_BUILD, e);
}

/* -- registering ------------------------------------------------------------------------------- */

kith_status segment_hooks_add(struct engine *g, kith_error *e) {
    struct hook hooks[] = {
        {.type = g->schema->base.segment.type,
         .on = ON_CREATE | ON_UPDATE | ON_DELETE,
         .fn = check_segment,
         .source = {SOURCE_CORE, "segments", "", 0}},
        {.type = g->schema->base.list_member.type,
         .on = ON_CREATE | ON_UPDATE,
         .fn = check_member,
         .source = {SOURCE_CORE, "segments", "", 0}},
    };
    for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++) {
        hooks[i].priority = INT32_MAX - 1; /* behind all that may still change it */
        TRY(engine_add_hook(g, &hooks[i], e));
    }
    return KITH_OK;
}
