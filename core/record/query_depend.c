/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: what an answer depends on, so that a write can tell which answers it may
 * change. A dependency says in the language itself how to find the records whose answer it is. */
#include "record/query_internal.h"

struct level { /* of exists() and count() inside each other */
    const struct related *related;
    const struct level *outer; /* NULL: the query itself is outside */
};
struct collect {
    struct arena *arena;
    struct query_depends *out;
    const struct level *level;
    size_t cap;
    kith_error *e;
};

/* The way to what a step reaches; NULL: no memory. */
static const char *way_to(struct arena *a, const struct step *s) {
    if (!s->from)
        return arena_printf(a, "\"%s\"", s->via->name);
    const char *before = way_to(a, s->from);
    return before ? arena_printf(a, "%s.\"%s\"", before, s->via->name) : NULL;
}

static const char *outside(struct arena *a, const struct related *r, const char *condition) {
    const char *way = r->from ? way_to(a, r->from) : "";
    return way ? arena_printf(a, "exists(\"%s\".\"%s\"%s%s where %s)", r->scope.type->name,
                              r->via->name, r->from ? " of " : "", way, condition)
               : NULL;
}

/* A condition on the records of a level as one on the records of the query. */
static const char *from_outside(struct arena *a, const struct level *l, const char *condition) {
    for (; l && condition; l = l->outer)
        condition = outside(a, l->related, condition);
    return condition;
}

static bool same_text(const char *a, const char *b) {
    return a && b ? str_eqz(str_of(a), b) : a == b;
}

static struct query_dependency *add_entry(struct collect *c, const struct query_dependency *entry) {
    struct query_depends *d = c->out;
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].segment == entry->segment && d->items[i].type == entry->type &&
            d->items[i].via == entry->via && same_text(d->items[i].roots, entry->roots))
            return &d->items[i];
    struct query_dependency *items =
        arena_grow(c->arena, d->items, d->count, &c->cap, sizeof *items);
    if (!items)
        return NULL;
    d->items = items;
    d->linked |= entry->roots != NULL || entry->via != NULL;
    items[d->count] = *entry;
    return &items[d->count++];
}

/* The entry of a record that is reached by `from`; NULL: no memory. */
static struct query_dependency *entry_of(struct collect *c, const struct rtype *type,
                                         const struct step *from, kith_id segment) {
    struct query_dependency entry = {.type = type, .segment = segment};
    const struct level *l = c->level;
    bool linking = !from && !segment && l; /* it links to a record of the level outside */
    if (linking)
        entry.via = l->related->via;
    const struct step *whose = linking ? l->related->from : from;
    const char *way = whose ? way_to(c->arena, whose) : "id";
    l = linking ? l->outer : l;
    if (whose || l) {
        way = way ? arena_printf(c->arena, "%s = :id", way) : NULL;
        entry.roots = from_outside(c->arena, l, way);
        if (!entry.roots)
            return NULL;
    }
    return add_entry(c, &entry);
}

static kith_status add_field(struct collect *c, const struct rfield *f, const struct step *from) {
    struct query_dependency *d = entry_of(c, f->type, from, 0);
    if (!d)
        return err_nomem(c->e);
    fieldset_add(&d->fields, f->index);
    return KITH_OK;
}

static kith_status add_scope(struct collect *c, const struct scope *s);

static kith_status add_related(struct collect *c, const struct related *r) {
    struct level inner = {r, c->level};
    c->level = &inner;
    kith_status st = add_field(c, r->via, NULL);
    if (st == KITH_OK)
        st = add_scope(c, &r->scope);
    c->level = inner.outer;
    return st;
}

static kith_status add_path(struct collect *c, const struct path *path) {
    for (const struct step *s = path->from; s; s = s->from)
        TRY(add_field(c, s->via, s->from));
    if (path->related)
        return add_related(c, path->related);
    return path->field ? add_field(c, path->field, path->from) : KITH_OK;
}

/* The steps of a segment test end at the record that is in it or not. */
static kith_status add_member(struct collect *c, const struct test *t) {
    const struct path *path = &t->path;
    struct step last = {.from = path->from, .via = path->field};
    const struct rtype *type = path->field ? path->field->target : path->type;
    const struct step *to = path->field ? &last : path->from;
    return entry_of(c, type, to, t->operands[0].value.as.link.id) ? KITH_OK : err_nomem(c->e);
}

static kith_status add_words(struct collect *c, const struct rtype *t) {
    struct query_dependency *d = entry_of(c, t, NULL, 0);
    if (!d)
        return err_nomem(c->e);
    d->words = true;
    for (uint32_t i = 0; i < t->searched_count; i++)
        TRY(add_field(c, t->searched[i], NULL));
    if (!t->point_primary)
        return KITH_OK;
    TRY(add_field(c, t->point_primary, NULL));
    return add_field(c, t->point_kind, NULL);
}

static kith_status add_node(struct collect *c, const struct node *n) {
    for (; n; n = n->next) {
        if (n->test) {
            TRY(add_path(c, &n->test->path));
            if (n->test->other)
                TRY(add_path(c, n->test->other));
            if (n->test->kind == TEST_MEMBER)
                TRY(add_member(c, n->test));
            if (n->test->kind == TEST_MATCHES)
                TRY(add_words(c, n->test->path.type));
            bool timed = query_is_timed(n->test);
            c->out->timed |= timed;
            /* The words of a record are those of its contact points, too. */
            c->out->whole |= (timed && c->level) || n->test->kind == TEST_MATCHES;
        }
        TRY(add_node(c, n->first));
    }
    return KITH_OK;
}

static kith_status add_scope(struct collect *c, const struct scope *s) {
    return entry_of(c, s->type, NULL, 0) ? add_node(c, s->where) : err_nomem(c->e);
}

kith_status query_depends(const struct query *q, struct arena *a, struct query_depends *out,
                          kith_error *e) {
    struct collect c = {.arena = a, .out = out, .e = e};
    *out = (struct query_depends){.whole = q->limit >= 0};
    return add_scope(&c, &q->root);
}
