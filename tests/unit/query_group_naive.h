/* SPDX-License-Identifier: Apache-2.0 */
/* What random queries that group and total give: every number is an integer of so many 10^-12, and
 * a sum is what is left when it has been added up. */
#ifndef TESTS_UNIT_QUERY_GROUP_NAIVE_H
#define TESTS_UNIT_QUERY_GROUP_NAIVE_H

#include "query_group_random.h"
#include "query_naive.h"

__extension__ typedef __int128 big;

#define ONE     ((big)1000000000000)
#define FAN_MAX 2000u /* rows of a grouping: a record counts for each that its keys lead to */

struct amount {
    bool null, no_base;
    big own, base;
    char cur[4]; /* of money; "*": several */
};
/* What the evaluator met: a result too large, several currencies, more digits than it has. */
static bool too_large, several, unsure;

/* -- numbers ----------------------------------------------------------------------------------- */

/* Half to even. b is not 0. */
static big naive_divide(big a, big b) {
    big q = a / b, twice = a % b * 2;
    bool minus = (a < 0) != (b < 0);
    big size = twice < 0 ? -twice : twice, whole = b < 0 ? -b : b;
    if (size > whole || (size == whole && q % 2 != 0))
        q += minus ? -1 : 1;
    return q;
}

static big checked_multiply(big a, big b) {
    big out;
    if (__builtin_mul_overflow(a, b, &out)) {
        unsure = true;
        return 0;
    }
    return out;
}

/* Without the zeros at their ends the digits fit, or there is no answer. */
static big naive_calculate(enum sum_kind kind, big a, big b) {
    big left = ONE;
    switch (kind) {
    case S_ADD:
        return a + b;
    case S_SUBTRACT:
        return a - b;
    case S_MULTIPLY:
        for (; left > 1 && a % 10 == 0; left /= 10)
            a /= 10;
        for (; left > 1 && b % 10 == 0; left /= 10)
            b /= 10;
        return naive_divide(checked_multiply(a, b), left);
    default:
        while (a % 10 == 0 && b % 10 == 0 && a)
            a /= 10, b /= 10;
        return naive_divide(checked_multiply(a, ONE), b);
    }
}

static struct amount amount_of(const struct rfield *f, const kith_value *v) {
    static const big tens[] = {1, 10, 100, 1000};
    struct amount a = {.own = v->as.i * ONE, .null = v->kind == KITH_NULL};
    if (v->kind == KITH_DECIMAL)
        a.own = v->as.decimal.units * ONE;
    for (int i = 0; v->kind == KITH_DECIMAL && i < f->scale; i++)
        a.own /= 10;
    a.base = a.own;
    if (v->kind != KITH_MONEY)
        return a;
    memcpy(a.cur, v->as.money.currency, 4);
    a.own = v->as.money.minor * (ONE / tens[currency_digits(a.cur)]);
    kith_value base = naive_base(v);
    a.no_base = base.kind == KITH_NULL;
    a.base = a.no_base ? 0 : base.as.i * (ONE / 100);
    return a;
}

/* A term about one record (NULL rows) or over those of a group. */
static struct amount naive_sum(const struct sum *s, const int *rows, uint32_t count, int row);

static kith_value field_value(const struct sum *s, int row) {
    return naive_value(grouped.table, row, &s->way, 0);
}

static struct amount naive_count(const struct sum *s, const int *rows, uint32_t count) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (s->kind == S_COUNT) {
            n++;
            continue;
        }
        kith_value v = field_value(s->a, rows[i]);
        bool known = v.kind == KITH_NULL;
        for (uint32_t k = 0; s->kind == S_DISTINCT && k < i && !known; k++) {
            kith_value before = field_value(s->a, rows[k]);
            known = value_eq(&v, &before);
        }
        n += !known;
    }
    return (struct amount){.own = n * ONE, .base = n * ONE};
}

static struct amount naive_total(const struct sum *s, const int *rows, uint32_t count) {
    struct amount out = {.null = true};
    int64_t n = 0, unknown = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct amount v = naive_sum(s->a, NULL, 0, rows[i]);
        if (v.null)
            continue;
        bool adds = s->kind == S_SUM || s->kind == S_AVG;
        if (n && strcmp(out.cur, v.cur) != 0)
            strcpy(out.cur, "*");
        else if (!n)
            memcpy(out.cur, v.cur, 4);
        out.null = false;
        if (adds || !n || (s->kind == S_MIN ? v.own < out.own : v.own > out.own))
            out.own = v.own + (adds ? out.own : 0);
        if (!v.no_base &&
            (adds || n == unknown || (s->kind == S_MIN ? v.base < out.base : v.base > out.base)))
            out.base = v.base + (adds ? out.base : 0);
        unknown += v.no_base;
        n++;
    }
    out.no_base = unknown > 0;
    if (out.cur[0] == '*') { /* in the company's currency, when it is known of all */
        several |= unknown > 0;
        out.own = out.base;
        strcpy(out.cur, "EUR");
    }
    if (s->kind == S_AVG && n) {
        out.own = naive_divide(out.own, n);
        out.base = naive_divide(out.base, n);
    }
    return out;
}

static struct amount naive_sum(const struct sum *s, const int *rows, uint32_t count, int row) {
    struct amount a, b;
    kith_value v;
    switch (s->kind) {
    case S_NUMBER:
        v = (kith_value){.kind = KITH_DECIMAL, .as.decimal.units = s->number};
        return amount_of(&(struct rfield){.scale = (int32_t)s->shown}, &v);
    case S_FIELD:
        v = field_value(s, row);
        return amount_of(field_at_end(&s->way), &v);
    case S_NEGATE:
        a = naive_sum(s->a, rows, count, row);
        a.own = -a.own;
        a.base = -a.base;
        return a;
    case S_ADD:
    case S_SUBTRACT:
    case S_MULTIPLY:
    case S_DIVIDE:
        a = naive_sum(s->a, rows, count, row);
        b = naive_sum(s->b, rows, count, row);
        a.null |= b.null || (s->kind == S_DIVIDE && b.own == 0);
        if (!a.null) {
            a.own = naive_calculate(s->kind, a.own, b.own);
            a.base = a.no_base ? 0 : naive_calculate(s->kind, a.base, b.base);
        }
        return a;
    case S_COUNT:
    case S_VALUES:
    case S_DISTINCT:
        return naive_count(s, rows, count);
    default:
        return naive_total(s, rows, count);
    }
}

/* As it is given out. */
static kith_value shown_amount(const struct sum *s, const struct amount *a) {
    static const uint32_t kinds[] = {
        [DURATION] = KITH_DURATION, [DATE_SORT] = KITH_DATE, [TIME_SORT] = KITH_TIME};
    uint32_t shown = s->sort == NUMBER  ? s->shown
                     : s->sort == MONEY ? (uint32_t)currency_digits(a->cur)
                                        : 0;
    big unit = ONE, most = shown || s->sort != NUMBER ? INT64_MAX : (INT64_C(1) << 53) - 1;
    if (a->null)
        return value_null();
    for (uint32_t i = 0; i < shown; i++)
        unit /= 10;
    big n = naive_divide(a->own, unit);
    too_large |= n > most || n < -most;
    kith_value v = {.kind = kinds[s->sort], .as.i = (int64_t)n};
    if (s->sort == NUMBER)
        v.kind = shown ? KITH_DECIMAL : KITH_INT;
    if (s->sort == MONEY) {
        v = (kith_value){.kind = KITH_MONEY, .as.money.minor = (int64_t)n};
        memcpy(v.as.money.currency, a->cur, 4);
    } else if (shown) {
        v.as.decimal.units = (int64_t)n;
        v.as.decimal.scale = (int32_t)shown;
    }
    return v;
}

/* -- groups ------------------------------------------------------------------------------------ */

struct fan_row {
    int row;
    kith_value keys[KEYS_MAX];
};
struct naive_group {
    kith_value keys[KEYS_MAX];
    int rows[FAN_MAX];
    uint32_t count;
};
static struct fan_row fan[FAN_MAX];
static uint32_t fan_count;

/* Which of its many records a links field leads to in this row: keys that go the same way go to the
 * same one. */
struct turn {
    const struct rfield *way[4];
    uint32_t length;
    int64_t to; /* index; -1: none */
};
struct turns {
    struct turn turns[8];
    uint32_t count;
};

static void naive_fan(int row, struct turns turns, kith_value *keys, uint32_t key);

/* Key number `key` from its step `at` on, at a record of t (row < 0: none). */
static void naive_walk(int row, struct turns turns, kith_value *keys, uint32_t key,
                       const struct table *t, int at_row, uint32_t at) {
    const struct way *w = &grouped.keys[key];
    const struct rfield *f = w->fields[at];
    bool last = at + 1 == w->count;
    kith_value v = value_null();
    if (at_row >= 0)
        v = f ? t->values[at_row][f->index] : value_link(t->ids[at_row], t->type->id);
    if (!f || f->kind != KITH_F_LINKS) {
        if (last) {
            keys[key] = taken_of(w, v);
            naive_fan(row, turns, keys, key + 1);
            return;
        }
        const struct table *to = table_of(f->target);
        naive_walk(row, turns, keys, key, to, v.kind == KITH_LINK ? seen_row(to, v.as.link.id) : -1,
                   at + 1);
        return;
    }
    const struct table *to = table_of(f->target);
    int64_t ways[8];
    uint32_t n = 0, known = 0;
    while (known < turns.count &&
           (turns.turns[known].length != at + 1 ||
            memcmp(turns.turns[known].way, w->fields, (at + 1) * sizeof *w->fields) != 0))
        known++;
    if (known < turns.count) {
        n = 1;
        ways[0] = turns.turns[known].to;
    } else {
        for (; v.kind == KITH_LIST && n < v.as.list.count; n++)
            ways[n] = n;
        if (n == 0)
            ways[n++] = -1;
        turns.count++;
        memcpy(turns.turns[known].way, w->fields, sizeof w->fields);
        turns.turns[known].length = at + 1;
    }
    for (uint32_t i = 0; i < n; i++) {
        turns.turns[known].to = ways[i];
        kith_value link = ways[i] < 0 ? value_null() : v.as.list.items[ways[i]];
        if (last) {
            keys[key] = link;
            naive_fan(row, turns, keys, key + 1);
        } else {
            naive_walk(row, turns, keys, key, to,
                       link.kind == KITH_LINK ? seen_row(to, link.as.link.id) : -1, at + 1);
        }
    }
}

static void naive_fan(int row, struct turns turns, kith_value *keys, uint32_t key) {
    if (key < grouped.key_count) {
        naive_walk(row, turns, keys, key, grouped.table, row, 0);
        return;
    }
    if (fan_count == FAN_MAX) {
        unsure = true;
        return;
    }
    fan[fan_count].row = row;
    memcpy(fan[fan_count++].keys, keys, KEYS_MAX * sizeof *keys);
}

/* Empty first, then by the order of the field, then letter by letter. */
static int key_order(uint32_t key, const kith_value *a, const kith_value *b) {
    const struct rfield *f = field_at_end(&grouped.keys[key]);
    if (a->kind == KITH_NULL || b->kind == KITH_NULL)
        return (a->kind != KITH_NULL) - (b->kind != KITH_NULL);
    if (a->kind == KITH_LINK)
        return a->as.link.id != b->as.link.id
                   ? (a->as.link.id < b->as.link.id ? -1 : 1)
                   : (a->as.link.type > b->as.link.type) - (a->as.link.type < b->as.link.type);
    int o = naive_order(f, f, false, a, b);
    return o || a->kind != KITH_TEXT ? o : str_cmp(a->as.s, b->as.s);
}

static int group_order(const void *pa, const void *pb) {
    const struct naive_group *a = *(struct naive_group *const *)pa,
                             *b = *(struct naive_group *const *)pb;
    int o = 0;
    if (grouped.order) {
        struct amount x = naive_sum(grouped.order, a->rows, a->count, -1);
        struct amount y = naive_sum(grouped.order, b->rows, b->count, -1);
        o = x.null || y.null ? y.null - x.null : x.own < y.own ? -1 : x.own > y.own;
    } else if (grouped.first_key) {
        o = key_order(0, &a->keys[0], &b->keys[0]);
    }
    o = grouped.down ? -o : o;
    for (uint32_t i = 0; i < grouped.key_count && o == 0; i++)
        o = key_order(i, &a->keys[i], &b->keys[i]);
    return o;
}

/* -- having ------------------------------------------------------------------------------------ */

/* Two amounts in different currencies are compared in the company's, or not at all. */
static enum truth compare_amounts(enum op op, struct amount a, struct amount b) {
    if (a.null || b.null)
        return UNKNOWN;
    if (strcmp(a.cur, b.cur) != 0) {
        if (a.no_base || b.no_base)
            return op == NE ? YES : NO;
        a.own = a.base;
        b.own = b.base;
    }
    int o = a.own < b.own ? -1 : a.own > b.own;
    bool yes[] = {
        [EQ] = o == 0, [NE] = o != 0, [LT] = o<0, [LE] = o <= 0, [GT] = o> 0, [GE] = o >= 0};
    return yes[op] ? YES : NO;
}

static struct amount written(const kith_value *v) {
    struct amount a = amount_of(&(struct rfield){.scale = v->as.decimal.scale}, v);
    if (v->kind == KITH_MONEY) { /* no day says what it is worth */
        a.no_base = strcmp(a.cur, "EUR") != 0;
        a.base = a.own;
    }
    return a;
}

static enum truth naive_of_sum(const struct claim *c, const struct naive_group *g) {
    struct amount a = naive_sum(c->sum, g->rows, g->count, -1), b;
    const struct cond *cond = &c->cond;
    enum truth any = NO;
    if (cond->op == FIELD) {
        b = naive_sum(c->other, g->rows, g->count, -1);
        return compare_amounts(cond->cmp, a, b);
    }
    if (c->sum->sort >= DATE_SORT) {
        kith_value v = shown_amount(c->sum, &a);
        return naive_test(cond, &v, NULL);
    }
    if (cond->op == IS_NULL || cond->op == NOT_NULL)
        return a.null == (cond->op == IS_NULL) ? YES : NO;
    if (cond->op != IN && cond->op != NOT_IN)
        return compare_amounts(cond->op, a, written(&cond->values[0]));
    for (uint32_t i = 0; i < cond->count; i++) {
        enum truth one = compare_amounts(EQ, a, written(&cond->values[i]));
        any = one > any ? one : any;
    }
    return cond->op == IN ? any : negated(any);
}

static enum truth naive_claim(const struct claim *c, const struct naive_group *g) {
    if (c->kind == CLAIM_ONE)
        return c->key < 0 ? naive_of_sum(c, g)
                          : naive_test(&c->cond, &g->keys[c->key], &g->keys[c->other_key]);
    enum truth a = naive_claim(c->a, g);
    if (c->kind == CLAIM_NOT)
        return negated(a);
    enum truth b = naive_claim(c->b, g);
    return c->kind == CLAIM_AND ? (a < b ? a : b) : (a > b ? a : b);
}

static bool group_kept(const struct naive_group *g) {
    return !grouped.having || naive_claim(grouped.having, g) == YES;
}

/* -- the whole --------------------------------------------------------------------------------- */

static struct naive_group *group_for(struct naive_group **groups, uint32_t *count,
                                     const kith_value *keys) {
    for (uint32_t i = 0; i < *count; i++) {
        bool same = true;
        for (uint32_t k = 0; k < grouped.key_count && same; k++)
            same = value_eq(&groups[i]->keys[k], &keys[k]);
        if (same)
            return groups[i];
    }
    struct naive_group *g = groups[(*count)++] = ARENA_NEW(&arena, struct naive_group);
    memcpy(g->keys, keys, sizeof g->keys);
    return g;
}

/* The rows, key by key and term by term. */
static uint32_t naive_grouped(kith_value **out) {
    static struct naive_group *groups[FAN_MAX];
    kith_value none[KEYS_MAX] = {0};
    uint32_t count = 0, kept = 0, columns = grouped.key_count + grouped.term_count;
    too_large = several = unsure = false;
    fan_count = 0;
    for (int i = 0; i < (int)ROWS; i++)
        if (seen(grouped.table, i) && naive_finds(grouped.where, grouped.table, i))
            naive_fan(i, (struct turns){0}, none, 0);
    if (!grouped.key_count)
        group_for(groups, &count, (kith_value[KEYS_MAX]){0});
    for (uint32_t i = 0; i < fan_count; i++) {
        struct naive_group *g = group_for(groups, &count, fan[i].keys);
        g->rows[g->count++] = fan[i].row;
    }
    for (uint32_t i = 0; i < count; i++)
        if (group_kept(groups[i]))
            groups[kept++] = groups[i];
    qsort(groups, kept, sizeof *groups, group_order);
    if (grouped.order && kept == 1) /* it is worked out all the same */
        naive_sum(grouped.order, groups[0]->rows, groups[0]->count, -1);
    kept = grouped.limit && grouped.limit < kept ? grouped.limit : kept;
    *out = ARENA_ARRAY(&arena, kith_value, kept * columns + 1);
    for (uint32_t i = 0; i < kept; i++) {
        memcpy(&(*out)[i * columns], groups[i]->keys, grouped.key_count * sizeof **out);
        for (uint32_t k = 0; k < grouped.term_count; k++) {
            struct amount a = naive_sum(grouped.terms[k], groups[i]->rows, groups[i]->count, -1);
            (*out)[i * columns + grouped.key_count + k] = shown_amount(grouped.terms[k], &a);
        }
    }
    return kept;
}
#endif
