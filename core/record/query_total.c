/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: totals. The rows of one SELECT of all leaves are counted and added up in a
 * table of groups here: SQLite would sort them first, and its sum() over numbers that do not fit
 * gives an error or a REAL. Amounts of money are added in their own currency and in the company's
 * at the same time; which of them counts is known at the end of a group. */
#include "record/query_total.h"
#include "base/number.h"
#include "base/text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* -- exact numbers ----------------------------------------------------------------------------- */

const int64_t wide_tens[TERM_SCALE + 1] = {
    1,        10,        100,        1000,        10000,        100000,       1000000,
    10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000};

bool wide_scale_up(wide *n, uint32_t digits) {
    return !__builtin_mul_overflow(*n, (wide)wide_tens[digits], n);
}

/* n / d, rounded half to even; d is not 0. */
static wide divide(wide n, wide d) {
    if (d < 0) {
        n = -n;
        d = -d;
    }
    wide q = n / d, r = n % d, size = r < 0 ? -r : r;
    bool up = size > d - size || (size == d - size && q % 2 != 0);
    return up ? q + (n < 0 ? -1 : 1) : q;
}

wide wide_scale_down(wide n, uint32_t digits) {
    return digits ? divide(n, wide_tens[digits]) : n;
}

kith_status total_too_large(struct run *x, kith_str what) {
    kith_str s = text_cut(what, 60);
    return err_set(x->e, KITH_E_LIMIT, NULL, "'%.*s' is too large a number", (int)s.len, s.ptr);
}

const char *total_one_currency(struct run *x, const struct term *t) {
    kith_str field = text_cut(t->path->text, 60);
    const char *s = arena_printf(
        x->a, "group by %.*s.currency, or ask for one of them (%.*s.currency = '%s')",
        (int)field.len, field.ptr, (int)field.len, field.ptr, x->q->schema->base_currency);
    return s ? s : "group by the currency";
}

/* -- calculating ------------------------------------------------------------------------------- */

/* The currency of two amounts together. */
static void join_currency(struct value *out, const struct value *a, const struct value *b) {
    const struct value *from = a->cur[0] ? a : b;
    bool differ = a->cur[0] && b->cur[0] && memcmp(a->cur, b->cur, 3) != 0;
    memcpy(out->cur, from->cur, sizeof out->cur);
    out->mixed = a->mixed || b->mixed || differ;
    out->no_base = a->no_base || b->no_base;
}

static bool add_one(wide a, wide b, const struct term *t, wide *out) {
    uint32_t l = t->left->scale, r = t->right->scale;
    if ((l < t->scale && !wide_scale_up(&a, t->scale - l)) ||
        (r < t->scale && !wide_scale_up(&b, t->scale - r)))
        return false;
    return t->kind == TERM_ADD ? !__builtin_add_overflow(a, b, out)
                               : !__builtin_sub_overflow(a, b, out);
}

static bool multiply_one(wide a, wide b, const struct term *t, wide *out) {
    if (__builtin_mul_overflow(a, b, out))
        return false;
    *out = wide_scale_down(*out, t->left->scale + t->right->scale - t->scale);
    return true;
}

static bool divide_one(wide a, wide b, const struct term *t, wide *out) {
    if (!wide_scale_up(&a, TERM_SCALE - t->left->scale) ||
        (t->right->scale && !wide_scale_up(&a, t->right->scale)))
        return false;
    *out = divide(a, b);
    return true;
}

static bool calculate_one(const struct term *t, wide a, wide b, wide *out) {
    if (t->kind == TERM_MULTIPLY)
        return multiply_one(a, b, t, out);
    return t->kind == TERM_DIVIDE ? divide_one(a, b, t, out) : add_one(a, b, t, out);
}

static kith_status calculate(struct run *x, const struct term *t, const struct value *a,
                             const struct value *b, struct value *out) {
    bool zero = t->kind == TERM_DIVIDE && (b->own == 0 || (!b->no_base && b->base == 0));
    out->null = a->null || b->null || zero;
    if (out->null)
        return KITH_OK;
    join_currency(out, a, b);
    if ((!out->mixed && !calculate_one(t, a->own, b->own, &out->own)) ||
        (!out->no_base && !calculate_one(t, a->base, b->base, &out->base)))
        return total_too_large(x, t->text);
    if (t->quantity != QUANTITY_MONEY && (a->cur[0] || b->cur[0])) { /* money divided by money */
        if (out->mixed && out->no_base)
            return err_set(x->e, KITH_E_INVAL, NULL,
                           "'%.*s': amounts in several currencies cannot be divided: %s",
                           (int)text_cut(t->text, 60).len, t->text.ptr,
                           total_one_currency(x, t->left));
        out->own = out->base = out->mixed ? out->base : out->own;
        out->mixed = out->no_base = false;
        out->cur[0] = '\0';
    }
    return KITH_OK;
}

/* Most amounts are of the currency of the one before. */
wide total_money(struct run *x, int64_t minor, const char *cur) {
    if (memcmp(cur, x->last_cur, sizeof x->last_cur) != 0) {
        int32_t digits = currency_digits(cur);
        memcpy(x->last_cur, cur, sizeof x->last_cur);
        x->last_factor = wide_tens[MONEY_SCALE - (uint32_t)(digits < 0 ? 2 : digits)];
    }
    return (wide)minor * x->last_factor;
}

static void cell_value(struct run *x, const struct cell *c, const struct term *t,
                       struct value *out) {
    *out = (struct value){.null = c->null, .own = c->i, .base = c->i};
    if (t->quantity == QUANTITY_RANK && !c->null) {
        out->own = out->base = field_option(t->path->field, c->text);
        out->null = out->own < 0;
    }
    if (t->quantity != QUANTITY_MONEY || c->null)
        return;
    memcpy(out->cur, c->cur, sizeof out->cur);
    out->no_base = c->no_base;
    out->base = c->no_base ? 0 : total_money(x, c->base, x->q->schema->base_currency);
    out->own = total_money(x, c->i, c->cur);
}

static kith_status total_value(struct run *x, const struct bucket *b, uint32_t i,
                               struct value *out);

/* The amount in the company's currency stands for one in several. */
static void settle(const struct run *x, struct value *v) {
    v->own = v->base;
    v->mixed = false;
    memcpy(v->cur, x->q->schema->base_currency, sizeof v->cur);
}

/* A term over one record (b NULL) or over a group. */
kith_status total_evaluate(struct run *x, const struct bucket *b, const struct term *t,
                           struct value *out) {
    struct value l, r;
    *out = (struct value){0};
    switch (t->kind) {
    case TERM_NUMBER:
        out->own = out->base = t->number;
        return KITH_OK;
    case TERM_LEAF:
        cell_value(x, &x->cells[t->index], t, out);
        return KITH_OK;
    case TERM_KEY:
        cell_value(x, &b->keys[t->index], t, out);
        return KITH_OK;
    case TERM_TOTAL:
        return total_value(x, b, t->index, out);
    case TERM_NEGATE:
        TRY(total_evaluate(x, b, t->left, out));
        out->own = -out->own;
        out->base = -out->base;
        return KITH_OK;
    default:
        TRY(total_evaluate(x, b, t->left, &l));
        TRY(total_evaluate(x, b, t->right, &r));
        TRY(calculate(x, t, &l, &r, out));
        if (b && out->mixed && !out->no_base)
            settle(x, out);
        return KITH_OK;
    }
}

/* -- tallies ----------------------------------------------------------------------------------- */

static kith_status add_up(struct run *x, const struct total *total, struct tally *t,
                          const struct value *v) {
    struct value *s = &t->sum;
    bool differ = s->cur[0] && memcmp(s->cur, v->cur, 3) != 0;
    if (t->count == 0)
        memcpy(s->cur, v->cur, sizeof s->cur);
    s->mixed |= v->mixed || differ;
    t->no_base += v->no_base;
    t->count++;
    if (__builtin_add_overflow(s->own, v->own, &s->own) ||
        __builtin_add_overflow(s->base, v->base, &s->base))
        return total_too_large(x, total->text);
    return KITH_OK;
}

static void keep_extreme(const struct total *total, struct tally *t, const struct value *v) {
    struct value *s = &t->sum;
    bool least = total->kind == TOTAL_MIN;
    bool differ = s->cur[0] && memcmp(s->cur, v->cur, 3) != 0;
    if (t->count == 0) {
        memcpy(s->cur, v->cur, sizeof s->cur);
        s->own = v->own;
    }
    if (!v->no_base && (t->count == t->no_base || (least ? v->base < s->base : v->base > s->base)))
        s->base = v->base;
    if (least ? v->own < s->own : v->own > s->own)
        s->own = v->own;
    s->mixed |= v->mixed || differ;
    t->no_base += v->no_base;
    t->count++;
}

static uint64_t mix(uint64_t h, uint64_t v) {
    h = (h ^ v) * 0x9E3779B97F4A7C15u;
    return h ^ (h >> 29);
}

static uint64_t hash_text(uint64_t h, kith_str s) {
    uint64_t word;
    while (s.len >= sizeof word) {
        memcpy(&word, s.ptr, sizeof word);
        h = mix(h, word);
        s.ptr += sizeof word;
        s.len -= sizeof word;
    }
    word = s.len;
    for (uint64_t i = 0; i < s.len; i++)
        word = word << 8 | (unsigned char)s.ptr[i];
    return mix(h, word);
}

static uint64_t hash_cell(uint64_t h, const struct cell *c) {
    if (c->null)
        return mix(h, 0x5bd1e995);
    return c->text.ptr ? hash_text(h, c->text) : mix(mix(h, (uint64_t)c->i), (uint64_t)c->base);
}

static bool same_cell(const struct cell *a, const struct cell *b) {
    if (a->null || b->null)
        return a->null == b->null;
    if (a->text.ptr)
        return a->text.len == b->text.len && memcmp(a->text.ptr, b->text.ptr, a->text.len) == 0;
    return a->i == b->i && a->base == b->base;
}

/* A value by 128 bits: the number itself, or a digest that no two texts can be made to share. */
static void digest(const struct cell *c, enum quantity quantity, uint64_t out[2]) {
    out[0] = (uint64_t)c->i;
    out[1] = (uint64_t)c->base;
    if (quantity == QUANTITY_MONEY) {
        out[1] = 0;
        memcpy(&out[1], c->cur, 3);
    }
    if (c->text.ptr)
        crypto_generichash((unsigned char *)out, 16, (const unsigned char *)c->text.ptr,
                           c->text.len, NULL, 0);
}

static size_t place_of(const struct distinct *d, const struct distinct_slot *v) {
    return mix(mix(mix(v->group, v->low), v->high), 1) & (d->cap - 1);
}

static kith_status grow_distinct(struct run *x, struct distinct *d) {
    struct distinct old = *d;
    d->cap = old.cap ? 2 * old.cap : 64;
    d->slots = calloc(d->cap, sizeof *d->slots);
    if (!d->slots) {
        *d = old;
        return err_nomem(x->e);
    }
    for (size_t i = 0; i < old.cap; i++) {
        size_t at = place_of(d, &old.slots[i]);
        while (old.slots[i].group && d->slots[at].group)
            at = (at + 1) & (d->cap - 1);
        if (old.slots[i].group)
            d->slots[at] = old.slots[i];
    }
    free(old.slots);
    return KITH_OK;
}

/* Is the value new to the group? */
static kith_status is_new(struct run *x, struct distinct *d, const struct distinct_slot *value,
                          bool *yes) {
    if (2 * d->count >= d->cap)
        TRY(grow_distinct(x, d));
    size_t at = place_of(d, value);
    for (; d->slots[at].group; at = (at + 1) & (d->cap - 1))
        if (memcmp(&d->slots[at], value, sizeof *value) == 0)
            break;
    *yes = d->slots[at].group == 0;
    if (!*yes)
        return KITH_OK;
    if (x->distinct_count == QUERY_DISTINCT_MAX)
        return err_set(x->e, KITH_E_LIMIT, NULL,
                       "more than %u different values to count; narrow the query",
                       QUERY_DISTINCT_MAX);
    d->slots[at] = *value;
    d->count++;
    x->distinct_count++;
    return KITH_OK;
}

static kith_status tally_distinct(struct run *x, uint32_t i, size_t bucket, const struct cell *c,
                                  bool *fresh) {
    uint64_t id[2];
    digest(c, x->g->totals[i].of->quantity, id);
    return is_new(x, &x->distinct[i], &(struct distinct_slot){bucket + 1, id[1], id[0]}, fresh);
}

static kith_status tally_one(struct run *x, size_t bucket, uint32_t i) {
    const struct total *total = &x->g->totals[i];
    struct tally *t = &x->buckets[bucket].tallies[i];
    struct value v;
    bool fresh = true;
    if (total->kind <= TOTAL_DISTINCT) {
        const struct cell *c = total->of ? &x->cells[total->of->index] : NULL;
        if (c && c->null)
            return KITH_OK;
        if (total->kind == TOTAL_DISTINCT)
            TRY(tally_distinct(x, i, bucket, c, &fresh));
        t->count += fresh;
        return KITH_OK;
    }
    TRY(total_evaluate(x, NULL, total->of, &v));
    if (v.null)
        return KITH_OK;
    if (total->kind == TOTAL_SUM || total->kind == TOTAL_AVG)
        return add_up(x, total, t, &v);
    keep_extreme(total, t, &v);
    return KITH_OK;
}

/* A sum as one amount: in the only currency that there was, else in the company's. */
static kith_status one_currency(struct run *x, const struct total *total, const struct tally *t,
                                struct value *v) {
    if (!v->cur[0] || !v->mixed) {
        v->no_base = t->no_base > 0;
        return KITH_OK;
    }
    if (t->no_base > 0)
        return err_set(x->e, KITH_E_INVAL, NULL,
                       "'%.*s' is of amounts in several currencies, and %lld of them have no known "
                       "amount in %s: %s",
                       (int)text_cut(total->text, 60).len, total->text.ptr, (long long)t->no_base,
                       x->q->schema->base_currency, total_one_currency(x, total->of));
    settle(x, v);
    return KITH_OK;
}

static kith_status total_value(struct run *x, const struct bucket *b, uint32_t i,
                               struct value *out) {
    const struct total *total = &x->g->totals[i];
    const struct tally *t = &b->tallies[i];
    *out = (struct value){.own = t->count, .base = t->count};
    if (total->kind <= TOTAL_DISTINCT)
        return KITH_OK;
    *out = t->sum;
    out->null = t->count == 0;
    if (out->null)
        return KITH_OK;
    TRY(one_currency(x, total, t, out));
    if (total->kind != TOTAL_AVG)
        return KITH_OK;
    if (!wide_scale_up(&out->own, TERM_SCALE - total->of->scale) ||
        !wide_scale_up(&out->base, TERM_SCALE - total->of->scale))
        return total_too_large(x, total->text);
    out->own = divide(out->own, t->count);
    out->base = divide(out->base, t->count);
    return KITH_OK;
}

/* -- groups ------------------------------------------------------------------------------------ */

static bool same_keys(const struct run *x, const struct bucket *b) {
    for (uint32_t i = 0; i < x->g->key_count; i++)
        if (!same_cell(&b->keys[i], &x->cells[x->g->keys[i]->index]))
            return false;
    return true;
}

static kith_status grow_slots(struct run *x) {
    size_t count = x->slot_count ? 2 * x->slot_count : 64;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (!slots)
        return err_nomem(x->e);
    for (size_t i = 0; i < x->count; i++) {
        size_t at = x->buckets[i].hash & (count - 1);
        while (slots[at])
            at = (at + 1) & (count - 1);
        slots[at] = (uint32_t)i + 1;
    }
    free(x->slots);
    x->slots = slots;
    x->slot_count = count;
    return KITH_OK;
}

static kith_status check_groups(struct run *x) {
    size_t tallies = (x->count + 1) * (x->g->total_count ? x->g->total_count : 1);
    if (x->count < QUERY_GROUPS_MAX && tallies <= QUERY_TALLIES_MAX && x->bytes <= QUERY_KEYS_BYTES)
        return KITH_OK;
    return err_set(
        x->e, KITH_E_LIMIT, NULL,
        "more than %zu groups, and limit and having choose only among all of them: narrow "
        "the query with where, ask for it in parts, or group by something coarser",
        x->count);
}

static kith_status new_bucket(struct run *x, uint64_t hash) {
    const struct group *g = x->g;
    TRY(check_groups(x));
    struct bucket *more = arena_grow(x->a, x->buckets, x->count, &x->cap, sizeof *more);
    struct cell *keys = ARENA_ARRAY(x->a, struct cell, g->key_count);
    struct tally *tallies = ARENA_ARRAY(x->a, struct tally, g->total_count);
    if (!more || !keys || !tallies)
        return err_nomem(x->e);
    for (uint32_t i = 0; i < g->key_count; i++) {
        keys[i] = x->cells[g->keys[i]->index];
        if (!keys[i].text.ptr)
            continue;
        x->bytes += keys[i].text.len;
        keys[i].text = arena_str(x->a, keys[i].text);
        if (!keys[i].text.ptr)
            return err_nomem(x->e);
    }
    x->buckets = more;
    x->buckets[x->count++] = (struct bucket){hash, keys, tallies};
    return KITH_OK;
}

/* The group of the row at hand. */
static kith_status find_bucket(struct run *x, size_t *out) {
    uint64_t hash = 0;
    for (uint32_t i = 0; i < x->g->key_count; i++)
        hash = hash_cell(hash, &x->cells[x->g->keys[i]->index]);
    if (2 * x->count >= x->slot_count)
        TRY(grow_slots(x));
    size_t at = hash & (x->slot_count - 1);
    for (; x->slots[at]; at = (at + 1) & (x->slot_count - 1)) {
        const struct bucket *b = &x->buckets[x->slots[at] - 1];
        if (b->hash == hash && same_keys(x, b)) {
            *out = x->slots[at] - 1;
            return KITH_OK;
        }
    }
    TRY(new_bucket(x, hash));
    *out = x->count - 1;
    x->slots[at] = (uint32_t)x->count;
    return KITH_OK;
}

/* -- rows -------------------------------------------------------------------------------------- */

/* An amount in the company's currency is its own amount there. */
static void read_money(const struct run *x, sqlite3_stmt *st, int column, struct cell *c) {
    kith_str cur = column_str(st, column + 1);
    memcpy(c->cur, cur.ptr ? cur.ptr : "", cur.len < 3 ? cur.len : 3);
    c->base = c->i;
    if (memcmp(c->cur, x->q->schema->base_currency, 3) == 0)
        return;
    c->no_base = sqlite3_column_type(st, column + 2) == SQLITE_NULL;
    c->base = sqlite3_column_int64(st, column + 2);
}

/* Parts of dates are taken here; the SELECT gives the whole. */
static int64_t part_of(const struct run *x, const struct path *path, int64_t v) {
    if (path->part == PART_ALL || path->part >= PART_CURRENCY)
        return v;
    return path->field->kind == KITH_F_TIME ? query_time_part(path->part, v, x->env->zone)
                                            : query_date_part(path->part, v);
}

static void read_cell(const struct run *x, sqlite3_stmt *st, const struct leaf *l,
                      struct cell *out) {
    int column = (int)l->column;
    sqlite3_value *v = sqlite3_column_value(st, column); /* the connection is this thread's */
    int type = sqlite3_value_type(v);
    *out = (struct cell){.null = type == SQLITE_NULL};
    if (out->null)
        return;
    if (type == SQLITE_TEXT) {
        out->text.ptr = (const char *)sqlite3_value_text(v);
        out->text.len = (uint64_t)sqlite3_value_bytes(v);
        out->text.ptr = out->text.ptr ? out->text.ptr : "";
        return;
    }
    if (type == SQLITE_FLOAT) { /* a place: the same when its two numbers are */
        double lat = sqlite3_value_double(v) + 0.0;
        double lon = sqlite3_column_double(st, column + 1) + 0.0;
        memcpy(&out->i, &lat, sizeof out->i);
        memcpy(&out->base, &lon, sizeof out->base);
        return;
    }
    out->i = part_of(x, &l->path, sqlite3_value_int64(v));
    if (l->money)
        read_money(x, st, column, out);
    else if (l->path.field && l->path.field->any_target && l->path.part == PART_ALL)
        out->base = sqlite3_column_int64(st, column + 1);
}

static kith_status read_rows(struct run *x, struct conn *c, sqlite3_stmt *st) {
    size_t bucket = 0;
    bool row;
    if (x->g->key_count == 0) /* one row, also of nothing */
        TRY(find_bucket(x, &bucket));
    for (;;) {
        TRY(conn_step(c, st, &row, x->e));
        if (!row)
            return KITH_OK;
        for (uint32_t i = 0; i < x->g->leaf_count; i++)
            read_cell(x, st, &x->g->leaves[i], &x->cells[i]);
        if (x->g->key_count)
            TRY(find_bucket(x, &bucket));
        for (uint32_t i = 0; i < x->g->total_count; i++)
            TRY(tally_one(x, bucket, i));
    }
}

/* -- the whole --------------------------------------------------------------------------------- */

kith_status query_select(const struct query *q, const struct query_env *env,
                         const kith_value *params, struct conn *c, struct arena *a,
                         struct totals *out, kith_error *e) {
    struct query_sql sql;
    sqlite3_stmt *st;
    *out = (struct totals){0};
    if (!q->group)
        return err_set(e, KITH_E_INVAL, NULL, "the query gives records, not totals");
    TRY(query_leaves_sql(q, env, params, a, &sql, e));
    struct run *x = ARENA_NEW(a, struct run);
    if (!x)
        return err_nomem(e);
    *x = (struct run){.q = q, .g = q->group, .env = env, .params = params, .a = a, .e = e};
    TRY(conn_prepare_once(c, sql.sql, &st, e));
    query_bind(st, &sql);
    kith_status status = read_rows(x, c, st);
    sqlite3_finalize(st);
    if (status == KITH_OK)
        status = total_rows(x, out);
    free(x->slots);
    for (uint32_t i = 0; i < QUERY_TOTALS_MAX; i++)
        free(x->distinct[i].slots);
    return status;
}
