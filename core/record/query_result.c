/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: which groups a query gives, in which order, and their values. */
#include "base/number.h"
#include "base/text.h"
#include "record/query_total.h"

#include <stdlib.h>
#include <string.h>

#define WHOLE_MAX ((INT64_C(1) << 53) - 1) /* a whole number, as its fields hold it */

/* The text of a key that is none of the numbers. */
static kith_str cell_text(const struct run *x, const struct path *path, const struct cell *c) {
    return c->text.ptr && query_folds(path) ? text_fold(x->a, c->text) : c->text;
}

/* -- order ------------------------------------------------------------------------------------- */

struct sorted {
    const struct bucket *bucket;
    const struct run *run;
    struct value *by; /* of the terms of "order by" */
    kith_str *text;   /* of those that are texts, then of the keys */
    /* A term of which amounts in several currencies stood against each other. */
    const struct term **incomparable;
};

static int order_values(const struct sorted *s, const struct term *t, struct value a,
                        struct value b) {
    if (a.null || b.null)
        return a.null && b.null ? 0 : a.null ? -1 : 1;
    if (!total_comparable(&a, &b))
        *s->incomparable = t;
    return a.own < b.own ? -1 : a.own > b.own;
}

static int order_keys(const struct sorted *a, const struct sorted *b, uint32_t i, kith_str x,
                      kith_str y) {
    const struct cell *k = &a->bucket->keys[i], *l = &b->bucket->keys[i];
    if (k->null || l->null)
        return k->null && l->null ? 0 : k->null ? -1 : 1;
    const struct path *path = a->run->g->keys[i]->path;
    if (query_rule(path)->ranked)
        return field_option(path->field, k->text) - field_option(path->field, l->text);
    if (k->text.ptr) {
        int n = str_cmp(x, y);
        return n ? n : str_cmp(k->text, l->text);
    }
    if (k->i != l->i)
        return k->i < l->i ? -1 : 1;
    return k->base < l->base ? -1 : k->base > l->base;
}

static int compare_sorted(const void *pa, const void *pb) {
    const struct sorted *a = pa, *b = pb;
    const struct group *g = a->run->g;
    for (uint32_t i = 0; i < g->order_count; i++) {
        const struct term *t = g->order[i];
        int n = t->quantity == QUANTITY_OTHER
                    ? order_keys(a, b, t->index, a->text[t->index], b->text[t->index])
                    : order_values(a, t, a->by[i], b->by[i]);
        if (n)
            return g->descending[i] ? -n : n;
    }
    for (uint32_t i = 0; i < g->key_count; i++) {
        int n = order_keys(a, b, i, a->text[i], b->text[i]);
        if (n)
            return n;
    }
    return 0;
}

static kith_status prepare_sorted(struct run *x, const struct bucket *b,
                                  const struct term **incomparable, struct sorted *out) {
    const struct group *g = x->g;
    *out = (struct sorted){b, x, ARENA_ARRAY(x->a, struct value, g->order_count),
                           ARENA_ARRAY(x->a, kith_str, g->key_count), incomparable};
    if (!out->by || !out->text)
        return err_nomem(x->e);
    for (uint32_t i = 0; i < g->order_count; i++)
        if (g->order[i]->quantity != QUANTITY_OTHER)
            TRY(total_evaluate(x, b, g->order[i], &out->by[i]));
    for (uint32_t i = 0; i < g->key_count; i++) {
        out->text[i] = cell_text(x, g->keys[i]->path, &b->keys[i]);
        if (b->keys[i].text.ptr && !out->text[i].ptr)
            return err_nomem(x->e);
    }
    return KITH_OK;
}

static kith_status sort_groups(struct run *x, struct sorted **out) {
    const struct term *incomparable = NULL;
    struct sorted *rows = *out = ARENA_ARRAY(x->a, struct sorted, x->count);
    if (!rows)
        return err_nomem(x->e);
    for (size_t i = 0; i < x->count; i++)
        TRY(prepare_sorted(x, &x->buckets[i], &incomparable, &rows[i]));
    if (x->count > 1)
        qsort(rows, x->count, sizeof *rows, compare_sorted);
    if (incomparable)
        return err_set(x->e, KITH_E_INVAL, NULL,
                       "'%.*s': amounts in several currencies have no order: %s",
                       (int)text_cut(incomparable->text, 60).len, incomparable->text.ptr,
                       total_one_currency(x, incomparable));
    return KITH_OK;
}

/* -- results ----------------------------------------------------------------------------------- */

static kith_status as_int64(struct run *x, const struct term *t, wide n, int64_t most,
                            int64_t *out) {
    if (n > most || n < -(wide)most)
        return total_too_large(x, t->text);
    *out = (int64_t)n;
    return KITH_OK;
}

static kith_status give_money(struct run *x, const struct term *t, const struct value *v,
                              kith_value *out) {
    int32_t digits = currency_digits(v->cur);
    uint32_t shown = digits < 0 ? 2 : (uint32_t)digits;
    *out = (kith_value){.kind = KITH_MONEY};
    memcpy(out->as.money.currency, v->cur, sizeof v->cur);
    return as_int64(x, t, wide_scale_down(v->own, t->scale - shown), INT64_MAX,
                    &out->as.money.minor);
}

static kith_status give_number(struct run *x, const struct term *t, const struct value *v,
                               kith_value *out) {
    wide n = wide_scale_down(v->own, t->scale - t->shown);
    *out = (kith_value){.kind = t->shown ? KITH_DECIMAL : KITH_INT};
    if (t->shown == 0)
        return as_int64(x, t, n, WHOLE_MAX, &out->as.i);
    out->as.decimal.scale = (int32_t)t->shown;
    return as_int64(x, t, n, INT64_MAX, &out->as.decimal.units);
}

static kith_status give_value(struct run *x, const struct term *t, const struct value *v,
                              kith_value *out) {
    static const uint32_t kinds[] = {[QUANTITY_DURATION] = KITH_DURATION,
                                     [QUANTITY_DATE] = KITH_DATE,
                                     [QUANTITY_TIME] = KITH_TIME};
    *out = value_null();
    if (v->null)
        return KITH_OK;
    if (t->quantity == QUANTITY_MONEY && v->mixed)
        return err_set(x->e, KITH_E_INVAL, NULL, "'%.*s' is of amounts in several currencies: %s",
                       (int)text_cut(t->text, 60).len, t->text.ptr, total_one_currency(x, t));
    if (t->quantity == QUANTITY_MONEY)
        return give_money(x, t, v, out);
    if (t->quantity == QUANTITY_NUMBER)
        return give_number(x, t, v, out);
    if (t->quantity == QUANTITY_RANK) {
        *out = value_str(str_of(t->path->field->options[v->own]));
        return KITH_OK;
    }
    out->kind = kinds[t->quantity];
    return as_int64(x, t, wide_scale_down(v->own, t->scale), INT64_MAX, &out->as.i);
}

kith_value total_key(const struct term *t, const struct cell *c) {
    enum value_class class = query_rule(t->path)->class;
    if (c->null)
        return value_null();
    if (c->text.ptr)
        return value_str(c->text);
    switch (class) {
    case CLASS_DECIMAL:
        return (kith_value){.kind = KITH_DECIMAL,
                            .as.decimal = {.units = c->i, .scale = t->path->field->scale}};
    case CLASS_BOOL:
        return (kith_value){.kind = KITH_BOOL, .as.i = c->i};
    case CLASS_DATE:
        return (kith_value){.kind = KITH_DATE, .as.i = c->i};
    case CLASS_TIME:
        return value_time(c->i);
    case CLASS_DURATION:
        return (kith_value){.kind = KITH_DURATION, .as.i = c->i};
    case CLASS_ID:
        return value_link((kith_id)c->i, t->path->type->id);
    case CLASS_LINK: {
        const struct rfield *f = t->path->field;
        bool any = f && f->any_target;
        uint32_t type = !f ? t->path->type->id : any ? (uint32_t)c->base : f->target->id;
        kith_value v = value_link((kith_id)c->i, type);
        v.flags = any ? VALUE_TYPED : 0;
        return v;
    }
    default:
        return value_int(c->i);
    }
}

static kith_status give_row(struct run *x, const struct bucket *b, kith_value *out) {
    const struct group *g = x->g;
    struct value v;
    for (uint32_t i = 0; i < g->key_count; i++)
        out[i] = total_key(g->keys[i], &b->keys[i]);
    for (uint32_t i = 0; i < g->output_count; i++) {
        TRY(total_evaluate(x, b, g->outputs[i], &v));
        TRY(give_value(x, g->outputs[i], &v, &out[g->key_count + i]));
    }
    return KITH_OK;
}

kith_status total_rows(struct run *x, struct totals *out) {
    struct sorted *rows;
    int64_t limit;
    size_t columns = x->g->key_count + x->g->output_count;
    TRY(total_keep(x));
    TRY(sort_groups(x, &rows));
    TRY(query_given_limit(x->q, x->params, &limit, x->e));
    out->count = limit >= 0 && (uint64_t)limit < x->count ? (size_t)limit : x->count;
    out->columns = columns;
    kith_value *values = ARENA_ARRAY(x->a, kith_value, out->count * columns);
    if (!values)
        return err_nomem(x->e);
    out->values = values;
    for (size_t i = 0; i < out->count; i++)
        TRY(give_row(x, rows[i].bucket, &values[i * columns]));
    return KITH_OK;
}
