/* SPDX-License-Identifier: Apache-2.0 */
/* Random conditions, and their text. */
#ifndef TESTS_UNIT_QUERY_CONDITION_H
#define TESTS_UNIT_QUERY_CONDITION_H

#include "base/geo.h"
#include "base/id.h"
#include "base/number.h"
#include "query_moment.h"
#include "query_random.h"

#include <math.h>

/* -- random conditions ------------------------------------------------------------------------- */

enum op {
    EQ,
    NE,
    LT,
    LE,
    GT,
    GE,
    IN,
    NOT_IN,
    LIKE,
    NOT_LIKE,
    IS_NULL,
    NOT_NULL,
    TAGGED,
    NEAR,
    MEMBER,
    FIELD,
    OPS
};
static const char *const op_texts[] = {"=", "!=", "<", "<=", ">", ">="};

static const struct length {
    const char *text;
    double metres;
} lengths[] = {{"0m", 0},         {"1.5m", 1.5},        {"2km", 2e3},       {"20km", 2e4},
               {"3mi", 4828.032}, {"600.25km", 600250}, {"12000km", 1.2e7}, {"20037km", 20037e3}};

struct way {                  /* a path; the last field NULL: id */
    const struct rtype *type; /* that has the last field */
    const struct rfield *fields[4];
    uint32_t count;
    bool many;         /* through links, or ends in links */
    enum taken taken;  /* of its value */
    kith_value origin; /* of a distance */
};
struct cond {
    enum { AND, OR, NOT, LEAF, RELATED, WORD } kind;
    const struct cond *a, *b; /* of RELATED: a is what they must satisfy, or NULL */
    struct way of; /* of RELATED and WORD: to the record that is asked about, if not here */
    bool no;       /* of WORD: withdrawn(), not consent() */
    const char *purpose;
    const struct rfield *via; /* of RELATED: the link that leads here */
    bool counted;             /* their number is compared with values[0] */
    enum op op, cmp;          /* cmp: of FIELD */
    struct way way, other;
    kith_value values[3]; /* null: a parameter that has no value */
    uint32_t count;
    const struct length *radius;
};

/* The text of a query under construction; `bound` writes parameters where it can. */
struct text {
    struct buf b;
    kith_value params[256];
    uint32_t count;
    bool bound;
};

static void random_way(struct way *w, const struct rtype *type, bool many) {
    *w = (struct way){0};
    for (;;) {
        const struct rfield *f = type->fields[below(type->field_count)];
        bool link = f->kind == KITH_F_LINK && !f->any_target, links = f->kind == KITH_F_LINKS;
        if (links && !many)
            continue;
        if ((link || links) && w->count < 3 && chance(70)) {
            w->fields[w->count++] = f;
            w->many |= links;
            type = f->target;
            continue;
        }
        w->fields[w->count++] = chance(5) ? NULL : f;
        w->type = type;
        f = w->fields[w->count - 1];
        w->many |= links && f;
        w->taken = f ? random_taken(f) : WHOLE;
        if (w->taken == DISTANCE)
            w->origin = random_place();
        return;
    }
}

/* What a value at the end is like; NULL: an id. */
static const struct rfield *field_at_end(const struct way *w) {
    static const struct rfield whole = {.kind = KITH_F_INTEGER}, text = {.kind = KITH_F_TEXT};
    return w->taken == WHOLE ? w->fields[w->count - 1] : w->taken == CURRENCY ? &text : &whole;
}

static uint32_t kind_at_end(const struct way *w) {
    const struct rfield *f = field_at_end(w);
    return f ? f->kind : 0;
}

static bool is_text(uint32_t kind) {
    return kind == KITH_F_TEXT || kind == KITH_F_LONGTEXT;
}

/* Its options are ordered by their places. */
static bool ranked(const struct rfield *f) {
    return f && f->kind == KITH_F_CHOICE && f->measure == KITH_M_ORDINAL;
}

/* Two fields that have the same order, or none of their own. */
static bool same_order(const struct rfield *f, const struct rfield *g) {
    if (!ranked(f) || !ranked(g))
        return !ranked(f) && !ranked(g);
    bool same = f->option_count == g->option_count;
    for (uint32_t i = 0; same && i < f->option_count; i++)
        same = strcmp(f->options[i], g->options[i]) == 0;
    return same;
}

static bool op_allowed(const struct way *w, enum op op) {
    uint32_t kind = kind_at_end(w);
    bool through_many = w->many && !(w->count == 1 || kind != KITH_F_LINKS);
    if (op == TAGGED || kind == KITH_F_TAGS)
        return kind == KITH_F_TAGS && (op == TAGGED || op == IS_NULL || op == NOT_NULL);
    if (op == NEAR || kind == KITH_F_PLACE)
        return kind == KITH_F_PLACE && (op == NEAR || op == IS_NULL || op == NOT_NULL);
    if (op == MEMBER)
        return w->taken == WHOLE && (kind == 0 || kind == KITH_F_LINK || kind == KITH_F_LINKS);
    if (w->many && (op == NE || op == NOT_IN || op == NOT_LIKE || op == FIELD))
        return false;
    if (op == IS_NULL || op == NOT_NULL) /* links behind links are refused */
        return !(through_many && w->count > 1);
    if (op == LIKE || op == NOT_LIKE)
        return is_text(kind) || kind == KITH_F_CHOICE;
    if (op >= LT && op <= GE)
        return kind != KITH_F_BOOLEAN && kind != KITH_F_LINK && kind != KITH_F_LINKS &&
               (kind != KITH_F_CHOICE || ranked(field_at_end(w)));
    return true;
}

/* By vectors; the language has it by angles. */
static double naive_metres(const kith_value *a, const kith_value *b) {
    const kith_value *ends[2] = {a, b};
    long double at[2][3], square = 0;
    for (int i = 0; i < 2; i++) {
        long double lat = ends[i]->as.place.lat * M_PIl / 180,
                    lon = ends[i]->as.place.lon * M_PIl / 180;
        at[i][0] = cosl(lat) * cosl(lon);
        at[i][1] = cosl(lat) * sinl(lon);
        at[i][2] = sinl(lat);
    }
    for (int i = 0; i < 3; i++)
        square += (at[0][i] - at[1][i]) * (at[0][i] - at[1][i]);
    return (double)(2 * GEO_RADIUS * asinl(fminl(1, sqrtl(square) / 2)));
}

static kith_value taken_of(const struct way *w, kith_value v) {
    if (w->taken == DISTANCE && v.kind != KITH_NULL)
        return value_int(llround(naive_metres(&w->origin, &v)));
    return take(w->taken, v);
}

static bool nulls; /* some parameters have no value */

/* A segment that may hold what the way leads to. */
static kith_value random_segment(const struct way *w) {
    const struct rfield *f = w->fields[w->count - 1];
    const struct rtype *type = f ? f->target : w->type;
    uint32_t s;
    do
        s = below(ROWS);
    while (type && members_of(s)->type != type);
    return value_int(s);
}

/* The type of the record whose id or link is compared. */
static kith_value random_literal(const struct way *w, enum op op) {
    const struct rfield *f = w->fields[w->count - 1];
    if (op == MEMBER)
        return random_segment(w);
    if (nulls && op != TAGGED && chance(20))
        return value_null();
    if (!f)
        return value_link(tables[below(TYPES)].ids[below(ROWS)], 0);
    if (op == TAGGED)
        return value_str(str_of(ANY(labels)));
    if (f->kind == KITH_F_LINKS)
        return random_link(f);
    bool moment = w->taken == WHOLE && (f->kind == KITH_F_DATE || f->kind == KITH_F_TIME);
    if (moment && chance(30))
        return random_period();
    if (moment && f->kind == KITH_F_TIME && chance(40))
        return (kith_value){.kind = KITH_DATE, .as.i = today + (int64_t)below(5) - 2};
    if (op != LIKE && op != NOT_LIKE)
        return taken_of(w, random_value(f));
    static const char *const patterns[] = {"%",   "a%",  "%a", "%b%",  "_",   "__",
                                           "A_B", "%_%", "",   "str%", "ä%",  "😀%",
                                           "_%_", "%ß%", "l%", "%%a",  "re_", "é%"};
    return value_str(str_of(ANY(patterns)));
}

static bool same_kind(const struct way *a, const struct way *b) {
    uint32_t x = kind_at_end(a), y = kind_at_end(b);
    if (x == KITH_F_TAGS || x == KITH_F_LINKS || x == KITH_F_PLACE)
        return false;
    if (x == KITH_F_DECIMAL && y == x)
        return field_at_end(a)->scale == field_at_end(b)->scale;
    return x == y || (is_text(x) && is_text(y));
}

static const struct cond *random_leaf(const struct rtype *type) {
    struct cond *c = ARENA_NEW(&arena, struct cond);
    c->kind = LEAF;
    do {
        random_way(&c->way, type, true);
        c->op = kind_at_end(&c->way) == KITH_F_PLACE && chance(80) ? NEAR : below(OPS);
    } while (!op_allowed(&c->way, c->op));
    c->count = c->op == IN || c->op == NOT_IN ? 1 + below(3) : 1;
    if (c->op == FIELD) {
        for (uint32_t tries = 0;; tries++) {
            random_way(&c->other, type, false);
            if (same_kind(&c->way, &c->other))
                break;
            if (tries == 30)
                return random_leaf(type);
        }
        do
            c->cmp = below(GE + 1);
        while (!op_allowed(&c->way, c->cmp) ||
               (c->cmp >= LT && c->cmp <= GE &&
                !same_order(field_at_end(&c->way), field_at_end(&c->other))));
        return c;
    }
    c->radius = &ANY(lengths);
    for (uint32_t i = 0; i < c->count; i++)
        c->values[i] = random_literal(&c->way, c->op);
    return c;
}

static const struct cond *random_cond(const struct rtype *type, uint32_t depth);

/* Some field of some type that links to this one; NULL: none was found. */
static const struct rfield *random_way_in(const struct rtype *to) {
    for (uint32_t tries = 0; tries < 40; tries++) {
        const struct rtype *from = tables[below(TYPES)].type;
        const struct rfield *f = from->fields[below(from->field_count)];
        if ((f->kind == KITH_F_LINK || f->kind == KITH_F_LINKS) &&
            (f->any_target || f->target == to))
            return f;
    }
    return NULL;
}

/* Through links to one, to a record of some type; false: none was found. */
static bool random_way_to(struct way *w, const struct rtype *from, const struct rtype **to) {
    for (uint32_t tries = 0; tries < 40; tries++) {
        random_way(w, from, false);
        const struct rfield *f = w->fields[w->count - 1];
        if (!f || f->kind != KITH_F_LINK || f->any_target)
            continue;
        *to = f->target;
        return true;
    }
    return false;
}

static void random_of(struct way *w, const struct rtype **type) {
    if (chance(60) || !random_way_to(w, *type, type))
        *w = (struct way){0};
}

static const struct cond *random_word(const struct rtype *type) {
    struct cond *c = ARENA_NEW(&arena, struct cond);
    const struct rtype *whose = type;
    c->kind = WORD;
    for (uint32_t tries = 0; tries < 10; tries++) {
        if (whose == tables[CONTACT].type || whose == tables[POINT].type)
            break;
        whose = type;
        random_way_to(&c->of, type, &whose);
    }
    if (whose != tables[CONTACT].type && whose != tables[POINT].type)
        return random_leaf(type);
    c->no = chance(40);
    c->purpose = ANY(purposes);
    return c;
}

static const struct cond *random_related(const struct rtype *type, uint32_t depth) {
    struct cond *c = ARENA_NEW(&arena, struct cond);
    const struct rtype *whose = type;
    c->kind = RELATED;
    random_of(&c->of, &whose);
    c->via = random_way_in(whose);
    c->counted = chance(40);
    c->cmp = below(GE + 1);
    c->values[0] = value_int(below(4));
    if (!c->via)
        return random_leaf(type);
    c->a = chance(25) ? NULL : random_cond(c->via->type, depth - 1);
    return c;
}

static const struct cond *random_cond(const struct rtype *type, uint32_t depth) {
    if (depth == 0 || chance(35))
        return random_leaf(type);
    if (chance(25))
        return random_related(type, depth);
    if (chance(15))
        return random_word(type);
    struct cond *c = ARENA_NEW(&arena, struct cond);
    c->kind = below(3);
    c->a = random_cond(type, depth - 1);
    c->b = c->kind == NOT ? NULL : random_cond(type, depth - 1);
    return c;
}

/* Links followed to many, and to one below them: the language allows 12 in a query. */
static uint32_t links_in(const struct cond *c) {
    if (c->kind == RELATED) /* a scope of its own */
        return c->of.count + (c->a && links_in(c->a) > 9 ? 10 : 0);
    if (c->kind == WORD)
        return c->of.count + 1;
    if (c->kind != LEAF)
        return links_in(c->a) + (c->b ? links_in(c->b) : 0);
    return c->way.count + (c->op == FIELD ? c->other.count : 0);
}

/* -- writing them as text ---------------------------------------------------------------------- */

static void put_quoted(struct buf *b, kith_str s) {
    buf_putc(b, '\'');
    for (uint64_t i = 0; i < s.len; i++) {
        buf_putc(b, s.ptr[i]);
        if (s.ptr[i] == '\'')
            buf_putc(b, '\'');
    }
    buf_putc(b, '\'');
}

static void put_literal(struct buf *b, const kith_value *v, bool typed) {
    char text[64] = "";
    switch (v->kind) {
    case KITH_BOOL:
        buf_puts(b, v->as.i ? "true" : "false");
        return;
    case KITH_INT:
        buf_printf(b, "%lld", (long long)v->as.i);
        return;
    case KITH_PLACE:
        buf_printf(b, "'%.4f,%.4f'", v->as.place.lat, v->as.place.lon);
        return;
    case PERIOD:
        put_period(b, v);
        return;
    case KITH_DURATION:
        buf_printf(b, "%lldms", (long long)v->as.i);
        return;
    case KITH_DECIMAL:
        decimal_format(v->as.decimal.units, v->as.decimal.scale, text);
        buf_puts(b, text);
        return;
    case KITH_DATE:
        if (chance(40) && put_business(b, v->as.i))
            return;
        if (chance(50)) {
            put_moment(b, "today", v->as.i - today, "d");
            return;
        }
        date_format(v->as.i, text);
        break;
    case KITH_TIME:
        if (chance(40) && put_business_time(b, v->as.i))
            return;
        if (chance(50)) {
            put_moment(b, "now", v->as.i - env.now, "ms");
            return;
        }
        if (chance(50) || !wall_clock(v->as.i, text))
            time_format(v->as.i, text);
        break;
    case KITH_MONEY:
        money_format(v->as.money.minor, v->as.money.currency, text);
        break;
    case KITH_LINK:
        if (typed)
            snprintf(text, 32, "%s/", schema_type_by_id(schema, v->as.link.type)->name);
        id_format(v->as.link.id, text + strlen(text));
        break;
    default:
        put_quoted(b, v->as.s);
        return;
    }
    put_quoted(b, str_of(text));
}

static void put_value(struct text *t, const struct cond *c, uint32_t i) {
    const struct rfield *f = c->way.fields[c->way.count - 1];
    if (c->values[i].kind == KITH_NULL ||
        (t->bound && t->count < 200 && c->values[i].kind != PERIOD && chance(60))) {
        t->params[t->count] = c->values[i];
        buf_printf(&t->b, ":p%u", t->count++);
        return;
    }
    put_literal(&t->b, &c->values[i], f && f->any_target);
}

static void put_way(struct text *t, const struct way *w) {
    bool call = w->taken != WHOLE && w->taken != CURRENCY;
    buf_printf(&t->b, "%s%s", call ? taken_names[w->taken] : "", call ? "(" : "");
    for (uint32_t i = 0; i < w->count; i++)
        buf_printf(&t->b, "%s%s", i ? "." : "", w->fields[i] ? w->fields[i]->name : "id");
    if (w->taken == DISTANCE) {
        buf_puts(&t->b, ", ");
        put_literal(&t->b, &w->origin, false);
    }
    buf_puts(&t->b, call ? ")" : w->taken == CURRENCY ? ".currency" : "");
}

/* What stands behind the path, or the total, of a comparison. */
static void put_behind(struct text *t, const struct cond *c) {
    if (c->op == IS_NULL || c->op == NOT_NULL) {
        buf_puts(&t->b, c->op == IS_NULL ? " is null" : " is not null");
    } else if (c->op == FIELD) {
        buf_printf(&t->b, " %s ", op_texts[c->cmp]);
        put_way(t, &c->other);
    } else if (c->op == IN || c->op == NOT_IN) {
        bool bare = c->count == 1 && c->values[0].kind == PERIOD && chance(50);
        buf_printf(&t->b, " %s %s", c->op == IN ? "in" : "not in", bare ? "" : "(");
        for (uint32_t i = 0; i < c->count; i++) {
            buf_puts(&t->b, i ? ", " : "");
            put_value(t, c, i);
        }
        buf_puts(&t->b, bare ? "" : ")");
    } else {
        buf_printf(&t->b, " %s ",
                   c->op == LIKE       ? "like"
                   : c->op == NOT_LIKE ? "not like"
                                       : op_texts[c->op]);
        put_value(t, c, 0);
    }
}

static void put_leaf(struct text *t, const struct cond *c) {
    if (c->op == TAGGED) {
        buf_puts(&t->b, "tagged(");
        put_way(t, &c->way);
        buf_puts(&t->b, ", ");
        put_value(t, c, 0);
        buf_puts(&t->b, ")");
        return;
    }
    if (c->op == NEAR) {
        buf_puts(&t->b, "near(");
        put_way(t, &c->way);
        buf_puts(&t->b, ", ");
        put_value(t, c, 0);
        buf_printf(&t->b, ", %s)", c->radius->text);
        return;
    }
    if (c->op == MEMBER) {
        buf_puts(&t->b, "in_segment(");
        if (c->way.count > 1 || c->way.fields[0] || chance(50)) {
            put_way(t, &c->way);
            buf_puts(&t->b, ", ");
        }
        buf_printf(&t->b, "'s%lld')", (long long)c->values[0].as.i);
        return;
    }
    put_way(t, &c->way);
    put_behind(t, c);
}

static void put_cond(struct text *t, const struct cond *c);

static void put_related(struct text *t, const struct cond *c) {
    buf_printf(&t->b, "%s(%s.%s", c->counted ? "count" : "exists", c->via->type->name,
               c->via->name);
    if (c->of.count) {
        buf_puts(&t->b, " of ");
        put_way(t, &c->of);
    }
    if (c->a) {
        buf_puts(&t->b, " where ");
        put_cond(t, c->a);
    }
    buf_puts(&t->b, ")");
    if (c->counted)
        buf_printf(&t->b, " %s %lld", op_texts[c->cmp], (long long)c->values[0].as.i);
}

static void put_word(struct text *t, const struct cond *c) {
    buf_puts(&t->b, c->no ? "withdrawn(" : "consent(");
    if (c->of.count) {
        put_way(t, &c->of);
        buf_puts(&t->b, ", ");
    }
    buf_printf(&t->b, "'%s')", c->purpose);
}

static void put_cond(struct text *t, const struct cond *c) {
    if (c->kind == LEAF) {
        put_leaf(t, c);
        return;
    }
    if (c->kind == RELATED) {
        put_related(t, c);
        return;
    }
    if (c->kind == WORD) {
        put_word(t, c);
        return;
    }
    buf_puts(&t->b, c->kind == NOT ? "not (" : "(");
    put_cond(t, c->a);
    if (c->b) {
        buf_puts(&t->b, c->kind == AND ? " and " : " or ");
        put_cond(t, c->b);
    }
    buf_puts(&t->b, ")");
}
#endif
