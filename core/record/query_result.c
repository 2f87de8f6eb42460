/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: which groups a query gives, in which order, and their values. */
#include "base/number.h"
#include "base/text.h"
#include "record/query_total.h"

#include <stdlib.h>
#include <string.h>

#define WHOLE_MAX ((INT64_C(1) << 53) - 1) /* a whole number, as its fields hold it */

/* -- having ------------------------------------------------------------------------------------ */

enum truth { NO, YES, UNKNOWN };

static uint32_t order_wide(wide a, wide b) {
    return a < b ? CMP_LT : a > b ? CMP_GT : CMP_EQ;
}

/* The value of a parameter, now(), a text, as a number at the term's scale. *to: the day behind it,
 * when a time is compared with a whole day. */
static kith_status operand_value(struct run *x, const struct term *t, struct value *out,
                                 kith_value *whole) {
    struct test test = {.kind = TEST_COMPARE, .cmp = CMP_LT};
    *out = (struct value){0};
    if (t->measure == MEASURE_NUMBER) { /* a parameter */
        kith_value v = x->params[t->operand.value.as.i];
        kith_str text = v.kind == KITH_TEXT ? v.as.s : STR("");
        int64_t n = v.as.i;
        if (v.kind == KITH_DECIMAL)
            n = v.as.decimal.units;
        else if (v.kind == KITH_TEXT && !decimal_parse(text, 9, &n))
            return err_set(x->e, KITH_E_INVAL, NULL, ":%s: write a number",
                           x->q->params[t->operand.value.as.i]);
        uint32_t scale = v.kind == KITH_TEXT      ? 9
                         : v.kind == KITH_DECIMAL ? (uint32_t)v.as.decimal.scale
                                                  : 0;
        out->null = v.kind == KITH_NULL;
        out->own = out->base = (wide)n * wide_tens[9 - scale];
        return KITH_OK;
    }
    test.path = *t->path;
    TRY(query_operand(x->q, &test, &t->operand, x->env, x->params, x->a, whole, x->e));
    out->null = whole->kind == KITH_NULL;
    out->own = out->base = whole->as.i;
    if (whole->kind == KITH_MONEY) {
        memcpy(out->cur, whole->as.money.currency, sizeof out->cur);
        out->own = total_money(x, whole->as.money.minor, out->cur);
        out->no_base = memcmp(out->cur, x->q->schema->base_currency, 3) != 0;
        out->base = out->own;
    }
    return KITH_OK;
}

/* The text of a key that is none of the numbers. */
static kith_str cell_text(const struct run *x, const struct path *path, const struct cell *c) {
    return c->text.ptr && query_folds(path) ? text_fold(x->a, c->text) : c->text;
}

static uint32_t order_text(kith_str a, kith_str b) {
    int n = str_cmp(a, b);
    return n < 0 ? CMP_LT : n > 0 ? CMP_GT : CMP_EQ;
}

/* A key of text, options or links and a value. */
static enum truth compare_other(struct run *x, const struct bucket *b, const struct term *key,
                                uint32_t cmp, const kith_value *v) {
    const struct cell *c = &b->keys[key->index];
    if (c->null || v->kind == KITH_NULL)
        return UNKNOWN;
    if (v->kind == KITH_LINK)
        return cmp & order_wide(c->i, (int64_t)v->as.link.id) ? YES : NO;
    if (v->kind != KITH_TEXT)
        return cmp & order_wide(c->i, v->as.i) ? YES : NO;
    if (cmp == CMP_EQ || cmp == CMP_NE)
        return (cmp == CMP_EQ) == str_eq(c->text, v->as.s) ? YES : NO;
    const struct rfield *f = key->path->field;
    if (query_rule(key->path)->ranked)
        return cmp & order_wide(field_option(f, c->text), field_option(f, v->as.s)) ? YES : NO;
    return cmp & order_text(cell_text(x, key->path, c), v->as.s) ? YES : NO;
}

static bool comparable(struct value *l, struct value *r) {
    if (!l->cur[0] || !r->cur[0] || memcmp(l->cur, r->cur, 3) == 0)
        return true;
    if (l->no_base || r->no_base)
        return false;
    l->own = l->base;
    r->own = r->base;
    return true;
}

static uint32_t mirrored(uint32_t cmp) {
    return (cmp & CMP_EQ) | (cmp & CMP_LT ? CMP_GT : 0u) | (cmp & CMP_GT ? CMP_LT : 0u);
}

static kith_status compare_value(struct run *x, const struct bucket *b, const struct term *l,
                                 uint32_t cmp, const struct term *operand, enum truth *out) {
    struct value a, v;
    kith_value whole = value_null();
    struct test equal = {.kind = TEST_COMPARE, .cmp = CMP_EQ};
    if (l->measure == MEASURE_OTHER) {
        equal.path = *l->path;
        equal.cmp = cmp;
        TRY(query_operand(x->q, &equal, &operand->operand, x->env, x->params, x->a, &whole, x->e));
        *out = compare_other(x, b, l, cmp, &whole);
        return KITH_OK;
    }
    TRY(total_evaluate(x, b, l, &a));
    TRY(operand_value(x, operand, &v, &whole));
    if (a.null || v.null) {
        *out = UNKNOWN;
        return KITH_OK;
    }
    if (l->measure == MEASURE_TIME && whole.kind == KITH_DATE) {
        bool before = a.own < query_day_start(x->env, whole.as.i);
        bool behind = a.own >= query_day_start(x->env, whole.as.i + 1);
        *out = cmp & (before ? CMP_LT : behind ? CMP_GT : CMP_EQ) ? YES : NO;
        return KITH_OK;
    }
    if (!comparable(&a, &v)) { /* amounts are ordered within one currency only */
        *out = cmp == CMP_NE ? YES : NO;
        return KITH_OK;
    }
    uint32_t have = l->scale, want = operand->scale;
    if ((have < want && !wide_scale_up(&a.own, want - have)) ||
        (want < have && !wide_scale_up(&v.own, have - want)))
        return total_too_large(x, l->text);
    *out = cmp & order_wide(a.own, v.own) ? YES : NO;
    return KITH_OK;
}

static kith_status compare_terms(struct run *x, const struct bucket *b, const struct term *t,
                                 enum truth *out) {
    struct value l, r;
    if (t->right->kind == TERM_OPERAND)
        return compare_value(x, b, t->left, t->index, t->right, out);
    if (t->left->kind == TERM_OPERAND)
        return compare_value(x, b, t->right, mirrored(t->index), t->left, out);
    if (t->left->measure == MEASURE_OTHER) {
        const struct cell *a = &b->keys[t->left->index], *c = &b->keys[t->right->index];
        uint32_t o =
            a->text.ptr && c->text.ptr ? order_text(a->text, c->text) : order_wide(a->i, c->i);
        *out = a->null || c->null ? UNKNOWN : t->index & o ? YES : NO;
        return KITH_OK;
    }
    TRY(total_evaluate(x, b, t->left, &l));
    TRY(total_evaluate(x, b, t->right, &r));
    if (l.null || r.null) {
        *out = UNKNOWN;
        return KITH_OK;
    }
    if (!comparable(&l, &r)) {
        *out = t->index == CMP_NE ? YES : NO;
        return KITH_OK;
    }
    uint32_t a = t->left->scale, c = t->right->scale;
    if ((a < c && !wide_scale_up(&l.own, c - a)) || (c < a && !wide_scale_up(&r.own, a - c)))
        return total_too_large(x, t->text);
    *out = t->index & order_wide(l.own, r.own) ? YES : NO;
    return KITH_OK;
}

static kith_status holds(struct run *x, const struct bucket *b, const struct term *t,
                         enum truth *out) {
    struct value v;
    enum truth r;
    switch (t->kind) {
    case TERM_COMPARE:
        return compare_terms(x, b, t, out);
    case TERM_IS_NULL:
        if (t->left->measure == MEASURE_OTHER)
            v.null = b->keys[t->left->index].null;
        else
            TRY(total_evaluate(x, b, t->left, &v));
        *out = v.null != (t->index != 0) ? YES : NO;
        return KITH_OK;
    case TERM_NOT:
        TRY(holds(x, b, t->left, out));
        *out = *out == YES ? NO : *out == NO ? YES : UNKNOWN;
        return KITH_OK;
    default:
        TRY(holds(x, b, t->left, out));
        TRY(holds(x, b, t->right, &r));
        if (t->kind == TERM_AND)
            *out = *out == NO || r == NO ? NO : *out == YES && r == YES ? YES : UNKNOWN;
        else
            *out = *out == YES || r == YES ? YES : *out == NO && r == NO ? NO : UNKNOWN;
        return KITH_OK;
    }
}

static kith_status keep_groups(struct run *x) {
    size_t kept = 0;
    for (size_t i = 0; x->g->having && i < x->count; i++) {
        enum truth is;
        TRY(holds(x, &x->buckets[i], x->g->having, &is));
        if (is == YES)
            x->buckets[kept++] = x->buckets[i];
    }
    x->count = x->g->having ? kept : x->count;
    return KITH_OK;
}

/* -- order ------------------------------------------------------------------------------------- */

struct sorted {
    const struct bucket *bucket;
    const struct run *run;
    struct value *by;   /* of the terms of "order by" */
    kith_str *text;     /* of those that are texts, then of the keys */
    bool *incomparable; /* amounts in several currencies stood against each other */
};

static int order_values(const struct sorted *s, struct value a, struct value b) {
    if (a.null || b.null)
        return a.null && b.null ? 0 : a.null ? -1 : 1;
    if (!comparable(&a, &b))
        *s->incomparable = true;
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
        int n = t->measure == MEASURE_OTHER
                    ? order_keys(a, b, t->index, a->text[t->index], b->text[t->index])
                    : order_values(a, a->by[i], b->by[i]);
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

static kith_status prepare_sorted(struct run *x, const struct bucket *b, bool *incomparable,
                                  struct sorted *out) {
    const struct group *g = x->g;
    *out = (struct sorted){b, x, ARENA_ARRAY(x->a, struct value, g->order_count),
                           ARENA_ARRAY(x->a, kith_str, g->key_count), incomparable};
    if (!out->by || !out->text)
        return err_nomem(x->e);
    for (uint32_t i = 0; i < g->order_count; i++)
        if (g->order[i]->measure != MEASURE_OTHER)
            TRY(total_evaluate(x, b, g->order[i], &out->by[i]));
    for (uint32_t i = 0; i < g->key_count; i++) {
        out->text[i] = cell_text(x, g->keys[i]->path, &b->keys[i]);
        if (b->keys[i].text.ptr && !out->text[i].ptr)
            return err_nomem(x->e);
    }
    return KITH_OK;
}

static kith_status sort_groups(struct run *x, struct sorted **out) {
    bool incomparable = false;
    struct sorted *rows = *out = ARENA_ARRAY(x->a, struct sorted, x->count);
    if (!rows)
        return err_nomem(x->e);
    for (size_t i = 0; i < x->count; i++)
        TRY(prepare_sorted(x, &x->buckets[i], &incomparable, &rows[i]));
    if (x->count > 1)
        qsort(rows, x->count, sizeof *rows, compare_sorted);
    if (incomparable)
        return err_set(x->e, KITH_E_INVAL, NULL,
                       "amounts in several currencies have no order: sort by something else, or "
                       "ask for one currency");
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
    static const uint32_t kinds[] = {
        [MEASURE_DURATION] = KITH_DURATION, [MEASURE_DATE] = KITH_DATE, [MEASURE_TIME] = KITH_TIME};
    *out = value_null();
    if (v->null)
        return KITH_OK;
    if (t->measure == MEASURE_MONEY && v->mixed)
        return err_set(x->e, KITH_E_INVAL, NULL,
                       "'%.*s' is of amounts in several currencies: group by the currency",
                       (int)text_cut(t->text, 60).len, t->text.ptr);
    if (t->measure == MEASURE_MONEY)
        return give_money(x, t, v, out);
    if (t->measure == MEASURE_NUMBER)
        return give_number(x, t, v, out);
    out->kind = kinds[t->measure];
    return as_int64(x, t, wide_scale_down(v->own, t->scale), INT64_MAX, &out->as.i);
}

/* A key as its field gives it. */
static kith_value key_value(const struct term *t, const struct cell *c) {
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
        uint32_t type = !f ? t->path->type->id : f->any_target ? (uint32_t)c->base : f->target->id;
        return value_link((kith_id)c->i, type);
    }
    default:
        return value_int(c->i);
    }
}

static kith_status give_row(struct run *x, const struct bucket *b, kith_value *out) {
    const struct group *g = x->g;
    struct value v;
    for (uint32_t i = 0; i < g->key_count; i++)
        out[i] = key_value(g->keys[i], &b->keys[i]);
    for (uint32_t i = 0; i < g->output_count; i++) {
        TRY(total_evaluate(x, b, g->outputs[i], &v));
        TRY(give_value(x, g->outputs[i], &v, &out[g->key_count + i]));
    }
    return KITH_OK;
}

kith_status total_rows(struct run *x, struct totals *out) {
    struct sorted *rows;
    size_t columns = x->g->key_count + x->g->output_count;
    TRY(keep_groups(x));
    TRY(sort_groups(x, &rows));
    out->count =
        x->q->limit >= 0 && (uint64_t)x->q->limit < x->count ? (size_t)x->q->limit : x->count;
    out->columns = columns;
    kith_value *values = ARENA_ARRAY(x->a, kith_value, out->count * columns);
    if (!values)
        return err_nomem(x->e);
    out->values = values;
    for (size_t i = 0; i < out->count; i++)
        TRY(give_row(x, rows[i].bucket, &values[i * columns]));
    return KITH_OK;
}
