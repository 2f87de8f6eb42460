/* SPDX-License-Identifier: Apache-2.0 */
/* Random queries that group and total, and their text. */
#ifndef TESTS_UNIT_QUERY_GROUP_RANDOM_H
#define TESTS_UNIT_QUERY_GROUP_RANDOM_H

#include "query_condition.h"

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
struct claim { /* of having */
    enum { CLAIM_AND, CLAIM_OR, CLAIM_NOT, CLAIM_ONE } kind;
    const struct claim *a, *b;
    int key;       /* what is claimed is of this key; -1: of `sum` */
    int other_key; /* with which it is compared, or with `other` */
    const struct sum *sum, *other;
    struct cond cond; /* the rest, as it stands behind a field in where */
    bool bare;        /* of a boolean key, which says it all */
};

static struct grouped {
    const struct table *table;
    const struct cond *where;
    struct way keys[KEYS_MAX];
    const struct sum *terms[TERMS_MAX], *order;
    const struct claim *having;
    bool down, first_key;
    uint32_t key_count, term_count, limit;
} grouped;

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

/* A key is anything that can be sorted by and is no money; and links. Often it is of those that
 * have several ways to be compared. */
static bool random_key(struct way *w) {
    uint32_t kind, tries = chance(50) ? 8 : 1;
    do {
        random_way(w, grouped.table->type, true);
        kind = kind_at_end(w);
    } while (--tries && kind != KITH_F_TEXT && kind != KITH_F_CHOICE);
    return w->count <= 3 && kind != KITH_F_TAGS && kind != KITH_F_LONGTEXT &&
           kind != KITH_F_MONEY && kind != KITH_F_PLACE;
}

/* -- having ------------------------------------------------------------------------------------ */

/* A key as a path to one value, which is what it is within a group. */
static struct way key_way(uint32_t key) {
    struct way w = grouped.keys[key];
    w.many = false;
    return w;
}

/* Another key with which it may be compared; else the key itself. */
static uint32_t similar_key(uint32_t key) {
    struct way w = key_way(key);
    for (uint32_t i = 0; i < grouped.key_count; i++) {
        struct way other = key_way(i);
        if (i != key && same_kind(&w, &other))
            return i;
    }
    return key;
}

static struct claim *claim_of_key(struct claim *c) {
    c->key = (int)below(grouped.key_count);
    c->other_key = (int)similar_key((uint32_t)c->key);
    c->cond.way = key_way((uint32_t)c->key);
    const struct rfield *f = field_at_end(&c->cond.way);
    do
        c->cond.op = c->other_key != c->key && chance(40) ? FIELD : below(OPS);
    while (c->cond.op == MEMBER || !op_allowed(&c->cond.way, c->cond.op));
    c->bare = f && f->kind == KITH_F_BOOLEAN && chance(40);
    if (c->bare) {
        c->cond.op = EQ;
        c->cond.values[0] = (kith_value){.kind = KITH_BOOL, .as.i = 1};
        return c;
    }
    if (c->cond.op == FIELD) {
        c->cond.other = key_way((uint32_t)c->other_key);
        c->cond.cmp = same_order(f, field_at_end(&c->cond.other)) ? below(GE + 1) : EQ;
        return same_kind(&c->cond.way, &c->cond.other) && op_allowed(&c->cond.way, c->cond.cmp)
                   ? c
                   : claim_of_key(c);
    }
    for (uint32_t i = 0; i < c->cond.count; i++)
        c->cond.values[i] = random_literal(&c->cond.way, c->cond.op);
    return c;
}

/* The field from which the term has its sort. */
static const struct sum *origin_of(const struct sum *s) {
    if (s->kind == S_FIELD || !s->a || s->kind == S_VALUES || s->kind == S_DISTINCT)
        return s;
    return origin_of(s->a);
}

static kith_value random_amount(const struct sum *s, const struct sum *origin) {
    kith_value v = value_int((int64_t)below(30) - 5);
    if (s->sort != NUMBER)
        return random_literal(&origin->way, EQ);
    if (chance(50)) {
        v.kind = KITH_DECIMAL;
        v.as.decimal.units = (int64_t)below(3000) - 500;
        v.as.decimal.scale = 1 + (int32_t)below(3);
    }
    return v;
}

static struct claim *claim_of_sum(struct claim *c) {
    static const enum op ops[] = {EQ, NE, LT, LE, GT, GE, IN, NOT_IN, IS_NULL, NOT_NULL, FIELD};
    c->key = -1;
    c->sum = random_term();
    c->other = random_term();
    c->cond.op = ANY(ops);
    c->cond.cmp = below(GE + 1);
    if (c->cond.op == FIELD && c->other->sort != c->sum->sort)
        c->cond.op = NOT_NULL;
    const struct sum *origin = origin_of(c->sum);
    if (c->sum->sort != NUMBER)
        c->cond.way = origin->way;
    else
        c->cond.way = (struct way){.count = 1};
    for (uint32_t i = 0; i < c->cond.count; i++)
        c->cond.values[i] = random_amount(c->sum, origin);
    return c;
}

static const struct claim *random_claim(uint32_t depth) {
    struct claim *c = ARENA_NEW(&arena, struct claim);
    c->kind = CLAIM_ONE;
    if (depth && chance(50)) {
        c->kind = below(CLAIM_NOT + 1);
        c->a = random_claim(depth - 1);
        c->b = c->kind == CLAIM_NOT ? NULL : random_claim(depth - 1);
        return c;
    }
    c->cond.kind = LEAF;
    c->cond.count = 1 + below(3);
    return chance(50) ? claim_of_key(c) : claim_of_sum(c);
}

/* -- the whole --------------------------------------------------------------------------------- */

static void random_grouped(const struct table *t, const struct cond *where) {
    grouped = (struct grouped){.table = t, .where = where};
    uint32_t keys = below(KEYS_MAX + 1), terms = 1 + below(TERMS_MAX);
    while (grouped.key_count < keys)
        grouped.key_count += random_key(&grouped.keys[grouped.key_count]);
    for (uint32_t i = 0; keys > 1 && i < 40; i++) {
        struct way w;
        if (random_key(&w) && same_kind(&w, &grouped.keys[0])) {
            grouped.keys[1] = w;
            break;
        }
    }
    while (grouped.term_count < terms)
        grouped.terms[grouped.term_count++] = random_term();
    if (keys == 0) /* one row, about which there is nothing more to say */
        return;
    grouped.limit = chance(20) ? 1 + below(6) : 0;
    const struct sum *o = random_term();
    if (chance(70))
        grouped.having = random_claim(2);
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

static void put_one(struct text *t, const struct claim *c) {
    if (c->key >= 0)
        put_way(t, &grouped.keys[c->key]);
    else
        put_sum(t, c->sum);
    if (c->bare)
        return;
    if (c->key < 0 && c->cond.op == FIELD) {
        buf_printf(&t->b, " %s ", op_texts[c->cond.cmp]);
        put_sum(t, c->other);
        return;
    }
    put_behind(t, &c->cond);
}

static void put_claim(struct text *t, const struct claim *c) {
    if (c->kind == CLAIM_ONE) {
        put_one(t, c);
        return;
    }
    buf_puts(&t->b, c->kind == CLAIM_NOT ? "not (" : "(");
    put_claim(t, c->a);
    if (c->b) {
        buf_puts(&t->b, c->kind == CLAIM_AND ? " and " : " or ");
        put_claim(t, c->b);
    }
    buf_puts(&t->b, ")");
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
        put_claim(t, g->having);
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
#endif
