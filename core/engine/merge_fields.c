/* SPDX-License-Identifier: Apache-2.0 */
/* Which value each field of a kept record has after a merge: its own; the first of the others'
 * where it has none; that of the record that was named for the field. */
#include "engine/merge_internal.h"

#include "record/unique.h"
#include <string.h>

#define TREE_LEVELS 1000

/* Fields that say one thing together. They are taken together, or not at all: half an address of
 * each would be that of nobody. What is named for the first one holds for all of them. */
static const struct {
    const char *type, *fields;
} together[] = {
    {"contact", "name,first_name,last_name"},
    {"contact", "street,city,region,postal_code,country,place"},
    {"household", "street,city,region,postal_code,country,place"},
    {"account", "billing_street,billing_city,billing_region,billing_postal_code,billing_country"},
    {"account",
     "shipping_street,shipping_city,shipping_region,shipping_postal_code,shipping_country"},
};
#define FIELDS_TOGETHER 8

/* The fields that go with f, f included, the first one first. */
static size_t fields_with(const struct rfield *f, const struct rfield **out) {
    for (size_t i = 0; i < sizeof together / sizeof *together; i++) {
        kith_str rest = str_of(together[i].fields), name;
        size_t n = 0;
        bool has = false;
        if (strcmp(f->type->name, together[i].type) != 0)
            continue;
        while (n < FIELDS_TOGETHER && str_split(&rest, ',', &name)) {
            out[n] = type_field(f->type->schema, f->type, name);
            has |= out[n] == f;
            n += out[n] != NULL;
        }
        if (has)
            return n;
    }
    out[0] = f;
    return 1;
}

bool set_has(const struct set *s, kith_id id) {
    for (size_t i = 0; i < s->count; i++)
        if (s->others[i] == id)
            return true;
    return false;
}

bool set_owns(const struct set *s, const kith_value *v) {
    return v->kind == KITH_LINK && v->as.link.type == s->type->id &&
           (v->as.link.id == s->keep || set_has(s, v->as.link.id));
}

/* -- one field --------------------------------------------------------------------------------- */

/* Links to what becomes the record itself say nothing any more. */
static kith_status clean(struct merging *m, const struct set *s, kith_value *v, kith_error *e) {
    if (set_owns(s, v))
        *v = value_null();
    if (v->kind != KITH_LIST || v->as.list.count == 0 || v->as.list.items[0].kind != KITH_LINK)
        return KITH_OK;
    kith_value *items = ARENA_ARRAY(m->txn->arena, kith_value, v->as.list.count);
    uint64_t n = 0;
    if (!items)
        return err_nomem(e);
    for (uint64_t i = 0; i < v->as.list.count; i++)
        if (!set_owns(s, &v->as.list.items[i]))
            items[n++] = v->as.list.items[i];
    *v = n ? (kith_value){.kind = KITH_LIST, .as.list = {items, n}} : value_null();
    return KITH_OK;
}

bool list_has(const kith_value *items, uint64_t n, const kith_value *v) {
    for (uint64_t i = 0; i < n; i++)
        if (value_eq(&items[i], v))
            return true;
    return false;
}

/* What is in any of the lists, in their order. */
static kith_status join(struct merging *m, const struct set *s, const struct rfield *f,
                        const kith_value *kept, kith_value *out, kith_error *e) {
    uint64_t n = 0, most = kept->kind == KITH_LIST ? kept->as.list.count : 0;
    for (size_t i = 0; i < s->count; i++)
        most += s->values[i][f->index].kind == KITH_LIST ? s->values[i][f->index].as.list.count : 0;
    kith_value *items = ARENA_ARRAY(m->txn->arena, kith_value, most + 1);
    if (!items)
        return err_nomem(e);
    for (size_t i = 0; i <= s->count; i++) {
        const kith_value *v = i ? &s->values[i - 1][f->index] : kept;
        for (uint64_t k = 0; v->kind == KITH_LIST && k < v->as.list.count; k++)
            if (!list_has(items, n, &v->as.list.items[k]))
                items[n++] = v->as.list.items[k];
    }
    *out = n ? (kith_value){.kind = KITH_LIST, .as.list = {items, n}} : value_null();
    return clean(m, s, out, e);
}

static const struct merge_pick *pick_of(const struct set *s, const struct rfield *f) {
    for (size_t i = 0; i < s->pick_count; i++)
        if (s->picks[i].field == f)
            return &s->picks[i];
    return NULL;
}

/* The values of the record with this id; kept: those of the kept one. */
static const kith_value *values_of(const struct set *s, const kith_value *kept, kith_id id) {
    for (size_t i = 0; i < s->count; i++)
        if (s->others[i] == id)
            return s->values[i];
    return kept;
}

/* The first of the others that has more to say about the fields than the kept one, and nothing
 * else. */
static const kith_value *first_with(const struct set *s, const kith_value *kept,
                                    const struct rfield *const *with, size_t n, kith_id *from) {
    for (size_t i = 0; i < s->count; i++) {
        bool more = false, against = false;
        for (size_t k = 0; k < n; k++) {
            const kith_value *own = &kept[with[k]->index], *v = &s->values[i][with[k]->index];
            if (v->kind == KITH_NULL || set_owns(s, v))
                continue;
            more |= own->kind == KITH_NULL;
            against |= own->kind != KITH_NULL && !value_eq(own, v);
        }
        *from = s->others[i];
        if (more && !against)
            return s->values[i];
    }
    return NULL;
}

/* Has the field another value afterwards, and whose? from 0: it is joined from several. */
static kith_status value_after(struct merging *m, const struct set *s, const kith_value *kept,
                               const struct rfield *f, kith_value *out, kith_id *from,
                               kith_error *e) {
    const struct rfield *with[FIELDS_TOGETHER];
    size_t n = fields_with(f, with);
    const struct merge_pick *pick = pick_of(s, f) ? pick_of(s, f) : pick_of(s, with[0]);
    *out = kept[f->index];
    *from = s->keep;
    if (pick) {
        *from = pick->from;
        *out = values_of(s, kept, pick->from)[f->index];
        return clean(m, s, out, e);
    }
    if (f->kind == KITH_F_TAGS || f->kind == KITH_F_LINKS) {
        *from = 0;
        return join(m, s, f, &kept[f->index], out, e);
    }
    const kith_value *values = first_with(s, kept, with, n, from);
    if (values && out->kind == KITH_NULL)
        *out = values[f->index];
    return clean(m, s, out, e);
}

/* -- all fields -------------------------------------------------------------------------------- */

/* Fields that follow from others, or that a module keeps by itself, are left to those. */
static bool is_filled(const struct rfield *f) {
    return !field_derived(f) && !(f->flags & KITH_FF_READONLY) && f->index != FIELD_CREATED &&
           f->index != FIELD_UPDATED;
}

static kith_status tell(struct merging *m, const struct rfield *f, kith_id from, kith_error *e) {
    struct merge_report *r = m->report;
    if (!m->txn->principal->all && !access_reads(m->txn->principal, f))
        return KITH_OK;
    struct merge_pick *items =
        arena_grow(m->arena, r->taken, r->taken_count, &r->taken_cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    r->taken = items;
    items[r->taken_count++] = (struct merge_pick){f, from};
    return KITH_OK;
}

/* -- the kept record's own links --------------------------------------------------------------- */

static kith_status parent_of(struct merging *m, const struct rfield *f, kith_id id, kith_value *up,
                             kith_error *e) {
    const kith_value *values;
    TRY(txn_lookup(m->txn, f->type, id, &values, e));
    *up = values ? values[f->index] : value_null();
    return KITH_OK;
}

/* The parent of the topmost of the others that the kept record lies within; else its own. */
static kith_status place_in_tree(struct merging *m, const struct set *s, const struct rfield *f,
                                 kith_value *out, kith_error *e) {
    kith_value up = *out;
    for (int level = 0; up.kind == KITH_LINK; level++) {
        kith_id at = up.as.link.id;
        if (level == TREE_LEVELS)
            return err_set(e, KITH_E_LIMIT, f->name, "%s: more than %d levels", f->name,
                           TREE_LEVELS);
        TRY(parent_of(m, f, at, &up, e));
        if (set_has(s, at))
            *out = up;
    }
    return KITH_OK;
}

/* -- what is written ----------------------------------------------------------------------------
 */

static bool is_written(const struct rfield *f, enum merge_step step) {
    if (step == MERGE_LINKS)
        return f->kind == KITH_F_LINK || f->kind == KITH_F_LINKS;
    return is_filled(f) && !unique_is(f) == (step == MERGE_VALUES);
}

static kith_status value_in(struct merging *m, const struct set *s, enum merge_step step,
                            const kith_value *kept, const struct rfield *f, kith_value *out,
                            kith_id *from, kith_error *e) {
    if (step != MERGE_LINKS)
        return value_after(m, s, kept, f, out, from, e);
    *out = kept[f->index];
    *from = s->keep;
    return f->flags & KITH_FF_TREE ? place_in_tree(m, s, f, out, e) : clean(m, s, out, e);
}

kith_status merge_write(struct merging *m, const struct set *s, enum merge_step step,
                        kith_error *e) {
    struct txn *t = m->txn;
    const kith_value *kept;
    struct assign *set = ARENA_ARRAY(t->arena, struct assign, s->type->field_count);
    size_t n = 0;
    if (!set)
        return err_nomem(e);
    TRY(txn_get(t, s->type, s->keep, &kept, e));
    for (uint32_t i = 0; i < s->type->field_count; i++) {
        const struct rfield *f = s->type->fields[i];
        kith_id from;
        if (!is_written(f, step))
            continue;
        TRY(value_in(m, s, step, kept, f, &set[n].value, &from, e));
        if (value_eq(&set[n].value, &kept[i]))
            continue;
        TRY(merge_drop(m, s, f, s->keep, &kept[i], &set[n].value, e));
        set[n++].field = f;
        if (s->asked && from != s->keep)
            TRY(tell(m, f, from, e));
    }
    return txn_update(t, s->type, s->keep, set, n, e);
}
