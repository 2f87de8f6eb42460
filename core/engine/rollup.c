/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-ups follow the records that they are kept from: what a record was and is to each of them is
 * taken from its values before and after the change, and only the records that it linked or links
 * to are touched, each once. The cost does not depend on how many records link there: counts and
 * sums take the difference, the others one seek in a table (record/rollup.h). Only when a record
 * gets another currency, what it keeps in its currency is computed anew from all of them. */
#include "record/rollup.h"
#include "engine/engine_internal.h"

#include <string.h>

/* What a record was and is to one roll-up; null: nothing. */
struct part {
    kith_value was, is;
};

struct parent {
    const struct rtype *type;
    kith_id id;
};
struct parents { /* those that the record linked or links to, each once */
    struct parent *items;
    size_t count, cap;
};

/* -- which records are touched ----------------------------------------------------------------- */

static kith_status add_parent(struct txn *t, struct parents *all, const struct rtype *type,
                              const kith_value *link, kith_error *e) {
    if (link->kind != KITH_LINK || link->as.link.type != type->id)
        return KITH_OK;
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].id == link->as.link.id && all->items[i].type == type)
            return KITH_OK;
    struct parent *more = arena_grow(t->arena, all->items, all->count, &all->cap, sizeof *more);
    if (!more)
        return err_nomem(e);
    all->items = more;
    all->items[all->count++] = (struct parent){type, link->as.link.id};
    return KITH_OK;
}

static kith_status add_parents(struct txn *t, struct parents *all, const struct rollup *r,
                               const kith_value *values, kith_error *e) {
    const kith_value *v = &values[r->via->index];
    if (v->kind != KITH_LIST)
        return add_parent(t, all, r->field->type, v, e);
    for (uint64_t i = 0; i < v->as.list.count; i++)
        TRY(add_parent(t, all, r->field->type, &v->as.list.items[i], e));
    return KITH_OK;
}

static kith_status look_at(struct txn *t, const struct change *c, const struct rollup *r,
                           struct part *part, struct parents *all, kith_error *e) {
    const struct zone *zone = t->g->opts.zone;
    if (c->kind == ROW_UPDATE && !fieldset_meets(&c->changed, &r->reads))
        return KITH_OK;
    if (c->before)
        TRY(rollup_part(r, zone, c->id, c->before, &part->was, e));
    if (c->kind != ROW_DELETE)
        TRY(rollup_part(r, zone, c->id, c->after, &part->is, e));
    if (value_eq(&part->was, &part->is) && part->is.kind != KITH_NULL &&
        value_eq(&c->before[r->via->index], &c->after[r->via->index])) {
        part->was = part->is = value_null();
        return KITH_OK;
    }
    if (part->was.kind != KITH_NULL)
        TRY(add_parents(t, all, r, c->before, e));
    return part->is.kind != KITH_NULL ? add_parents(t, all, r, c->after, e) : KITH_OK;
}

/* -- one roll-up of one of them ---------------------------------------------------------------- */

/* record: the values of the one that has the roll-up, whose value there becomes the new one. */
static kith_status add_number(const struct rollup *r, kith_value *record, int64_t less,
                              int64_t more, kith_error *e) {
    kith_value *v = &record[r->field->index];
    int64_t n = rollup_number(v), sum;
    /* Less first: what is moved about does not count twice on the way. */
    if (__builtin_sub_overflow(n, less, &sum) || __builtin_add_overflow(sum, more, &sum) ||
        (r->field->kind == KITH_F_INTEGER &&
         (sum > (INT64_C(1) << 53) - 1 || sum < -((INT64_C(1) << 53) - 1))))
        return err_set(e, KITH_E_LIMIT, r->field->name,
                       "%s.%s, kept from %s, would become larger than any number it can hold",
                       r->field->type->name, r->field->name, r->field->formula);
    *v = rollup_value(r, record, sum);
    return KITH_OK;
}

/* By how much the number of different values changes, before the row is put or once it is taken. */
static kith_status step_of(struct txn *t, const struct rollup *r, kith_id parent,
                           const kith_value *part, kith_id child, int64_t *step, kith_error *e) {
    bool shared;
    TRY(rollup_shared(t->g->writer, r, parent, part, child, &shared, e));
    *step = !shared;
    return KITH_OK;
}

static kith_status apply_table(struct txn *t, const struct rollup *r, kith_id parent,
                               kith_value *record, kith_id child, const kith_value *was,
                               const kith_value *is, kith_error *e) {
    struct conn *w = t->g->writer;
    int64_t less = 0, more = 0, number;
    bool found;
    if (was) {
        TRY(rollup_take(w, r, parent, was, child, e));
        if (r->function == ROLLUP_DISTINCT)
            TRY(step_of(t, r, parent, was, child, &less, e));
    }
    if (is) {
        if (r->function == ROLLUP_DISTINCT)
            TRY(step_of(t, r, parent, is, child, &more, e));
        TRY(rollup_put(w, r, parent, is, child, e));
    }
    if (r->function == ROLLUP_DISTINCT)
        return add_number(r, record, less, more, e);
    TRY(rollup_extreme(w, r, parent, &found, &number, e));
    record[r->field->index] = found ? rollup_value(r, record, number) : value_null();
    return KITH_OK;
}

static kith_status step(struct txn *t, const struct rollup *r, kith_id parent, kith_value *record,
                        kith_id child, const kith_value *was, const kith_value *is, kith_error *e) {
    if ((!was && !is) || (was && is && value_eq(was, is)))
        return KITH_OK;
    if (r->function == ROLLUP_COUNT || r->function == ROLLUP_SUM)
        return add_number(r, record, was ? was->as.i : 0, is ? is->as.i : 0, e);
    return apply_table(t, r, parent, record, child, was, is, e);
}

/* Is it a part of this record's value? If so, *part is its number. record NULL: it is gone, and
 * what stands beside it goes, whichever currency it had. */
static bool counts(const struct rollup *r, const kith_value *child, kith_id parent,
                   const kith_value *record, kith_value *part) {
    if (part->kind == KITH_NULL || !rollup_links(r, child, parent))
        return false;
    if (part->kind != KITH_MONEY)
        return true;
    bool same = !record || memcmp(part->as.money.currency, rollup_currency(r, record), 3) == 0;
    *part = value_int(part->as.money.minor);
    return same;
}

static kith_status apply(struct txn *t, const struct change *c, const struct rollup *r,
                         struct part part, const struct parent *p, bool there, kith_value *record,
                         kith_error *e) {
    const kith_value *of = there ? record : NULL;
    bool was = counts(r, c->before, p->id, of, &part.was),
         is = counts(r, c->after, p->id, of, &part.is);
    return step(t, r, p->id, record, c->id, was ? &part.was : NULL, is ? &part.is : NULL, e);
}

/* -- one record -------------------------------------------------------------------------------- */

struct kept { /* its values, which live in g->derived */
    kith_value *before, *after;
    bool there;
};

static kith_status read_kept(struct txn *t, const struct parent *p, struct kept *k, kith_error *e) {
    k->before = ARENA_ARRAY(&t->g->derived, kith_value, p->type->field_count);
    k->after = ARENA_ARRAY(&t->g->derived, kith_value, p->type->field_count);
    if (!k->before || !k->after)
        return err_nomem(e);
    TRY(record_find(t->g->writer, p->type, p->id, &t->g->derived, k->before, &k->there, e));
    memcpy(k->after, k->before, sizeof *k->after * p->type->field_count);
    return KITH_OK;
}

/* Writes what has become different, and passes it on. */
static kith_status write_kept(struct txn *t, const struct change *c, const struct parent *p,
                              const struct kept *k, kith_error *e) {
    struct change derived = {.kind = ROW_UPDATE,
                             .type = p->type,
                             .id = p->id,
                             .before = k->before,
                             .after = k->after,
                             .origin = c->origin};
    bool changed = false;
    for (uint32_t i = FIELD_FIRST; k->there && i < p->type->field_count; i++)
        if (fieldset_has(&p->type->kept, i) && !value_eq(&k->before[i], &k->after[i])) {
            fieldset_add(&derived.changed, i);
            changed = true;
        }
    if (!changed)
        return KITH_OK;
    TRY(record_update(t->g->writer, p->type, p->id, t->arena, k->after, &derived.changed, e));
    return derived_follow(t, &derived, e);
}

/* A record that goes and links to itself is gone already; what stands beside it goes, too. */
static kith_status follow_parent(struct txn *t, const struct change *c, const struct part *parts,
                                 const struct parent *p, kith_error *e) {
    struct kept k;
    TRY(read_kept(t, p, &k, e));
    for (uint32_t i = 0; i < c->type->rollup_count; i++)
        if (c->type->rollups[i]->field->type == p->type)
            TRY(apply(t, c, c->type->rollups[i], parts[i], p, k.there, k.after, e));
    return write_kept(t, c, p, &k, e);
}

static kith_status follow_parents(struct txn *t, const struct change *c, kith_error *e) {
    struct parents all = {0};
    if (c->type->rollup_count == 0)
        return KITH_OK;
    struct part *parts = ARENA_ARRAY(t->arena, struct part, c->type->rollup_count);
    if (!parts)
        return err_nomem(e);
    for (uint32_t i = 0; i < c->type->rollup_count; i++)
        TRY(look_at(t, c, c->type->rollups[i], &parts[i], &all, e));
    kith_status st = KITH_OK;
    for (size_t i = 0; st == KITH_OK && i < all.count; i++) {
        struct arena_mark mark = arena_mark(&t->g->derived);
        st = follow_parent(t, c, parts, &all.items[i], e);
        arena_release(&t->g->derived, mark);
    }
    return st;
}

/* -- a record that has another currency now ---------------------------------------------------- */

void rollup_begin(const struct change *c) {
    for (uint32_t i = FIELD_FIRST; i < c->type->field_count; i++) {
        const struct rollup *r = c->type->fields[i]->rollup;
        if (r && r->in)
            c->after[i] = rollup_empty(r, c->after);
    }
}

struct anew {
    struct txn *txn;
    const struct rollup *rollup;
    kith_id id;
    kith_value *record;
};

static kith_status add_child(void *arg, kith_id child, const kith_value *part, kith_error *e) {
    struct anew *x = arg;
    return step(x->txn, x->rollup, x->id, x->record, child, NULL, part, e);
}

static kith_status compute_anew(struct txn *t, const struct rollup *r, kith_id id,
                                kith_value *record, kith_error *e) {
    struct anew x = {t, r, id, record};
    record[r->field->index] = rollup_empty(r, record);
    TRY(rollup_clear(t->g->writer, r, id, e));
    return rollup_children(t->g->writer, r, t->g->opts.zone, id, rollup_currency(r, record),
                           add_child, &x, e);
}

static kith_status compute_changed(struct txn *t, const struct change *c, kith_error *e) {
    const struct parent self = {c->type, c->id};
    struct kept k;
    TRY(read_kept(t, &self, &k, e));
    for (uint32_t i = FIELD_FIRST; k.there && i < c->type->field_count; i++) {
        const struct rollup *r = c->type->fields[i]->rollup;
        if (r && r->in && memcmp(rollup_currency(r, c->before), rollup_currency(r, c->after), 3))
            TRY(compute_anew(t, r, c->id, k.after, e));
    }
    return write_kept(t, c, &self, &k, e);
}

/* Behind what follows from it as a child of itself: what is computed has that in it. */
static kith_status follow_currency(struct txn *t, const struct change *c, kith_error *e) {
    if (c->kind != ROW_UPDATE || !fieldset_meets(&c->changed, &c->type->currencies))
        return KITH_OK;
    struct arena_mark mark = arena_mark(&t->g->derived);
    kith_status st = compute_changed(t, c, e);
    arena_release(&t->g->derived, mark);
    return st;
}

kith_status rollup_follow(struct txn *t, const struct change *c, kith_error *e) {
    TRY(follow_parents(t, c, e));
    return follow_currency(t, c, e);
}

/* -- all of them ------------------------------------------------------------------------------- */

kith_status rollup_open(struct engine *g, kith_error *e) {
    return rollups_open(g->writer, g->schema, &g->rolled_up, e);
}

static kith_status compute(struct txn *t, void *arg, kith_error *e) {
    bool changed;
    (void)arg;
    TRY(rollups_forget(t->g->writer, e));
    TRY(rollups_open(t->g->writer, t->g->schema, &changed, e));
    return changed ? segments_settle_all(t->g, e) : KITH_OK;
}

kith_status engine_compute_rollups(struct engine *g, const struct principal *p, kith_error *e) {
    struct write_opts w = {.principal = p, .origin = ORIGIN_SYSTEM};
    return engine_write(g, &w, compute, NULL, NULL, e);
}
