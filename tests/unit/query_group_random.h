/* SPDX-License-Identifier: Apache-2.0 */
/* Random queries that group and total, and what they give: every number is an integer of so many
 * 10^-12, and a sum is what is left when it has been added up. */
#ifndef TESTS_UNIT_QUERY_GROUP_RANDOM_H
#define TESTS_UNIT_QUERY_GROUP_RANDOM_H

#include "query_naive.h"

__extension__ typedef __int128 big;

#define ONE       ((big)1000000000000)
#define FAN_MAX   2000u /* rows of a grouping: a record counts for each that its keys lead to */
#define KEYS_MAX  3u
#define TERMS_MAX 4u

enum sort { NUMBER, MONEY, DURATION, DATE_SORT, TIME_SORT, SORTS };
enum sum_kind {
    S_NUMBER,
    S_FIELD,
    S_COUNT,
    S_VALUES,
    S_DISTINCT,
    S_SUM,
    S_AVG,
    S_MIN,
    S_MAX,
    S_NEGATE,
    S_ADD,
    S_SUBTRACT,
    S_MULTIPLY,
    S_DIVIDE
};
struct sum { /* a term */
    enum sum_kind kind;
    enum sort sort;
    struct way way;
    int64_t number;
    uint32_t shown; /* digits */
    bool one_currency;
    const struct sum *a, *b;
};
struct amount {
    bool null, no_base;
    big own, base;
    char cur[4]; /* of money; "*": several */
};

static struct grouped {
    const struct table *table;
    const struct cond *where;
    struct way keys[KEYS_MAX];
    const struct sum *terms[TERMS_MAX], *having, *order;
    enum op cmp;
    int64_t least;
    bool down, first_key, is_null;
    uint32_t key_count, term_count, limit;
} grouped;
/* What the evaluator met: a result too large, several currencies, more digits than it has. */
static bool too_large, several, unsure;

/* -- made up ----------------------------------------------------------------------------------- */

static enum sort sort_of(const struct way *w) {
    switch (kind_at_end(w)) {
    case KITH_F_INTEGER:
    case KITH_F_DECIMAL:
        return NUMBER;
    case KITH_F_MONEY:
        return MONEY;
    case KITH_F_DURATION:
        return DURATION;
    case KITH_F_DATE:
        return DATE_SORT;
    case KITH_F_TIME:
        return TIME_SORT;
    default:
        return SORTS;
    }
}

static struct sum *new_sum(enum sum_kind kind, enum sort sort) {
    struct sum *s = ARENA_NEW(&arena, struct sum);
    s->kind = kind;
    s->sort = sort;
    return s;
}

static const struct sum *literal(void) {
    struct sum *s = new_sum(S_NUMBER, NUMBER);
    s->shown = below(3);
    s->number = below(40);
    while (s->shown && s->number % 10 == 0) /* so is it written */
        s->number++;
    return s;
}

/* NULL: no field of that sort was found. */
static const struct sum *field_of(enum sort sort) {
    struct sum *s = new_sum(S_FIELD, sort);
    for (uint32_t tries = 0; tries < 60; tries++) {
        random_way(&s->way, grouped.table->type, false);
        const struct rfield *f = field_at_end(&s->way);
        bool tags = f && f->kind == KITH_F_TAGS;
        if (s->way.count > 2 || (sort == SORTS ? tags : sort_of(&s->way) != sort))
            continue;
        s->shown = f && f->kind == KITH_F_DECIMAL ? (uint32_t)f->scale : 0;
        s->one_currency = sort == MONEY && f->option_count == 1;
        return s;
    }
    return NULL;
}

static bool measurable(enum sort sort) {
    return sort <= DURATION;
}

static const struct sum *binary(enum sum_kind kind, const struct sum *a, const struct sum *b) {
    struct sum *s = new_sum(kind, a->sort);
    s->a = a;
    s->b = b;
    s->one_currency = a->one_currency;
    uint32_t sum = a->shown + b->shown;
    s->shown = kind == S_DIVIDE      ? 6
               : kind == S_MULTIPLY  ? (sum < 9 ? sum : 9)
               : a->shown > b->shown ? a->shown
                                     : b->shown;
    return s;
}

static const struct sum *negative(const struct sum *a) {
    struct sum *s = new_sum(S_NEGATE, a->sort);
    s->a = a;
    s->shown = a->shown;
    s->one_currency = a->one_currency;
    return s;
}

/* Calculated from one term: of its own sort it stays. */
static const struct sum *calculated(const struct sum *a, const struct sum *other) {
    if (chance(20))
        return negative(a);
    if (other && a->sort != MONEY && chance(50))
        return binary(chance(50) ? S_ADD : S_SUBTRACT, a, other);
    return binary(chance(50) ? S_MULTIPLY : S_DIVIDE, a, literal());
}

static const struct sum *random_total(void) {
    static const enum sort sorts[] = {NUMBER, NUMBER, MONEY, MONEY, DURATION, DATE_SORT, TIME_SORT};
    enum sum_kind kind = S_COUNT + below(S_MAX - S_COUNT + 1);
    if (kind == S_COUNT)
        return new_sum(S_COUNT, NUMBER);
    bool counts = kind <= S_DISTINCT;
    const struct sum *of = field_of(counts ? SORTS : ANY(sorts));
    if (!of)
        return new_sum(S_COUNT, NUMBER);
    if (!counts && measurable(of->sort) && chance(30))
        of = calculated(of, chance(50) ? field_of(of->sort) : NULL);
    if ((kind == S_SUM || kind == S_AVG) && !measurable(of->sort))
        kind = S_MAX;
    struct sum *s = new_sum(kind, counts ? NUMBER : of->sort);
    s->a = of;
    s->shown = counts ? 0 : kind == S_AVG ? 6 : of->shown;
    s->one_currency = of->one_currency;
    return s;
}

static const struct sum *random_term(void) {
    const struct sum *a = random_total();
    if (!measurable(a->sort) || chance(60))
        return a;
    const struct sum *b = random_total();
    return calculated(a, b->sort == a->sort ? b : NULL);
}

/* A key is anything that can be sorted by and is no money; and links. */
static bool random_key(struct way *w) {
    random_way(w, grouped.table->type, true);
    uint32_t kind = kind_at_end(w);
    return w->count <= 3 && kind != KITH_F_TAGS && kind != KITH_F_LONGTEXT &&
           kind != KITH_F_MONEY && kind != KITH_F_PLACE;
}

static void random_grouped(const struct table *t, const struct cond *where) {
    grouped = (struct grouped){.table = t, .where = where};
    uint32_t keys = below(KEYS_MAX + 1), terms = 1 + below(TERMS_MAX);
    while (grouped.key_count < keys)
        grouped.key_count += random_key(&grouped.keys[grouped.key_count]);
    while (grouped.term_count < terms)
        grouped.terms[grouped.term_count++] = random_term();
    if (keys == 0) /* one row, about which there is nothing more to say */
        return;
    grouped.limit = chance(20) ? 1 + below(6) : 0;
    const struct sum *s = random_term(), *o = random_term();
    if (s->sort == NUMBER && chance(40))
        grouped.having = s;
    grouped.cmp = below(GE + 1);
    grouped.least = below(8);
    grouped.is_null = chance(20);
    if (o->kind != S_NEGATE && (o->sort != MONEY || o->one_currency) && chance(40))
        grouped.order = o;
    grouped.first_key = !grouped.order && chance(50);
    grouped.down = chance(50);
}

/* -- written ----------------------------------------------------------------------------------- */

static void put_sum(struct text *t, const struct sum *s) {
    static const char *const names[] = {
        [S_COUNT] = "count(", [S_VALUES] = "count(", [S_DISTINCT] = "count(distinct ",
        [S_SUM] = "sum(",     [S_AVG] = "avg(",      [S_MIN] = "min(",
        [S_MAX] = "max("};
    static const char *const signs[] = {
        [S_ADD] = " + ", [S_SUBTRACT] = " - ", [S_MULTIPLY] = " * ", [S_DIVIDE] = " / "};
    char text[DECIMAL_TEXT];
    switch (s->kind) {
    case S_NUMBER:
        decimal_format(s->number, (int32_t)s->shown, text);
        buf_puts(&t->b, text);
        return;
    case S_FIELD:
        put_way(t, &s->way);
        return;
    case S_NEGATE:
        buf_puts(&t->b, "-(");
        put_sum(t, s->a);
        buf_puts(&t->b, ")");
        return;
    case S_ADD:
    case S_SUBTRACT:
    case S_MULTIPLY:
    case S_DIVIDE:
        buf_puts(&t->b, "(");
        put_sum(t, s->a);
        buf_puts(&t->b, signs[s->kind]);
        put_sum(t, s->b);
        buf_puts(&t->b, ")");
        return;
    default:
        buf_puts(&t->b, names[s->kind]);
        if (s->a)
            put_sum(t, s->a);
        buf_puts(&t->b, ")");
    }
}

static void put_grouped(struct text *t) {
    const struct grouped *g = &grouped;
    buf_printf(&t->b, "%s%s", g->table->type->name, g->where ? " where " : "");
    if (g->where)
        put_cond(t, g->where);
    for (uint32_t i = 0; i < g->key_count; i++) {
        buf_puts(&t->b, i ? ", " : " group by ");
        put_way(t, &g->keys[i]);
    }
    if (g->having) {
        buf_puts(&t->b, " having ");
        put_sum(t, g->having);
        if (g->is_null)
            buf_puts(&t->b, " is not null");
        else
            buf_printf(&t->b, " %s %d", op_texts[g->cmp], (int)g->least);
    }
    if (g->order || g->first_key)
        buf_printf(&t->b, " order by %s", g->down ? "-" : "");
    if (g->order)
        put_sum(t, g->order);
    else if (g->first_key)
        put_way(t, &g->keys[0]);
    if (g->limit)
        buf_printf(&t->b, " limit %u", g->limit);
    for (uint32_t i = 0; i < g->term_count; i++) {
        buf_puts(&t->b, i ? ", " : " : ");
        put_sum(t, g->terms[i]);
    }
}

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
    if (out.cur[0] == '*') { /* in the company's currency, when it is known of all */
        several |= unknown > 0;
        out.own = out.base;
        strcpy(out.cur, "EUR");
    }
    if (s->kind == S_AVG && n)
        out.own = naive_divide(out.own, n);
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

static bool group_kept(const struct naive_group *g) {
    if (!grouped.having)
        return true;
    struct amount v = naive_sum(grouped.having, g->rows, g->count, -1);
    big least = grouped.least * ONE;
    if (v.null || grouped.is_null)
        return !v.null;
    switch (grouped.cmp) {
    case EQ:
        return v.own == least;
    case NE:
        return v.own != least;
    case LT:
        return v.own < least;
    case LE:
        return v.own <= least;
    case GT:
        return v.own > least;
    default:
        return v.own >= least;
    }
}

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
        if (seen(grouped.table, i) &&
            (!grouped.where || naive(grouped.where, grouped.table, i) == YES))
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
