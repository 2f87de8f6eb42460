/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: one test as SQL, about the record that its path leads to. */
#include "base/text.h"
#include "record/access.h"
#include "record/query_emit.h"

/* -- comparisons ------------------------------------------------------------------------------- */

static const char *const signs[] = {[CMP_LT] = " < ", [CMP_EQ] = " = ",  [CMP_LE] = " <= ",
                                    [CMP_GT] = " > ", [CMP_NE] = " != ", [CMP_GE] = " >= "};

/* A value as its column stores it. */
static kith_value stored(kith_value v) {
    switch (v.kind) {
    case KITH_DECIMAL:
        return value_int(v.as.decimal.units);
    case KITH_MONEY:
        return value_int(v.as.money.minor);
    case KITH_LINK:
        return value_int((int64_t)v.as.link.id);
    case KITH_TEXT:
        return v;
    default:
        return value_int(v.as.i);
    }
}

static void put_compare(struct emit *m, const struct path *path, uint32_t cmp, kith_value v) {
    emit_column(m, path);
    buf_puts(&m->b, signs[cmp]);
    emit_value(m, stored(v));
}

/* Minor units are ordered within one currency only. */
static void put_money(struct emit *m, const struct path *path, uint32_t cmp, const kith_value *v) {
    char *currency = arena_strndup(m->arena, v->as.money.currency, 3);
    buf_putc(&m->b, '(');
    put_compare(m, path, cmp, *v);
    buf_puts(&m->b, cmp == CMP_NE ? " OR " : " AND ");
    emit_suffixed(m, path, "__cur");
    buf_puts(&m->b, cmp == CMP_NE ? " != " : " = ");
    emit_value(m, value_str(str_of(currency)));
    buf_putc(&m->b, ')');
}

static void put_typed_link(struct emit *m, const struct path *path, uint32_t cmp,
                           const kith_value *v) {
    buf_putc(&m->b, '(');
    put_compare(m, path, cmp, *v);
    buf_puts(&m->b, cmp == CMP_NE ? " OR " : " AND ");
    emit_suffixed(m, path, "__type");
    buf_puts(&m->b, signs[cmp]);
    emit_value(m, value_int(v->as.link.type));
    buf_putc(&m->b, ')');
}

/* Dates are of the years 1 to 9999; the zone may put a time into the one beside them. */
static int64_t year_start(int64_t year) {
    int64_t near = year < 0 ? 0 : year > 10001 ? 10001 : year;
    return date_days((int32_t)near, 1, 1);
}

/* A time or date and the days [from, to): within them, before their begin, before their end, ... */
static void put_span(struct emit *m, const struct path *path, uint32_t cmp, int64_t from,
                     int64_t to) {
    bool time = query_rule(path)->class == CLASS_TIME;
    kith_value begin = value_int(time ? query_day_start(m->env, from) : from);
    kith_value end = value_int(time ? query_day_start(m->env, to) : to);
    buf_putc(&m->b, '(');
    if (cmp == CMP_EQ || cmp == CMP_NE) {
        put_compare(m, path, cmp == CMP_EQ ? CMP_GE : CMP_LT, begin);
        buf_puts(&m->b, cmp == CMP_EQ ? " AND " : " OR ");
        put_compare(m, path, cmp == CMP_EQ ? CMP_LT : CMP_GE, end);
    } else {
        bool before = (cmp & CMP_LT) != 0, whole = cmp == CMP_LE || cmp == CMP_GT;
        put_compare(m, path, before ? CMP_LT : CMP_GE, whole ? end : begin);
    }
    buf_putc(&m->b, ')');
}

/* What the years [least, most] of a date or time narrow its value to, which an index can seek to,
 * before the year itself decides. One day more on either side leaves the zone's changes to that. */
static void put_years(struct emit *m, const struct path *year, int64_t least, int64_t most) {
    struct path whole = *year;
    whole.part = PART_ALL;
    if (least > INT64_MIN) {
        put_span(m, &whole, CMP_GE, year_start(least) - 1, 0);
        buf_puts(&m->b, " AND ");
    }
    if (most < INT64_MAX) {
        int64_t end = year_start(most + 1) + 1;
        put_span(m, &whole, CMP_LT, end, end);
        buf_puts(&m->b, " AND ");
    }
}

static void put_year(struct emit *m, const struct path *path, uint32_t cmp, kith_value v) {
    if (cmp != CMP_NE)
        put_years(m, path, cmp & CMP_LT ? INT64_MIN : v.as.i, cmp & CMP_GT ? INT64_MAX : v.as.i);
    put_compare(m, path, cmp, v);
}

/* Equality is binary; where only the folded column has an index, it leads the way. */
static bool fold_indexed(const struct path *path) {
    return query_folds(path); /* by itself or, in a declared index, with others */
}

static void put_text_equal(struct emit *m, const struct path *path, kith_value v) {
    if (fold_indexed(path)) {
        kith_str fold = text_fold(m->arena, v.as.s);
        m->b.failed |= !fold.ptr;
        emit_suffixed(m, path, "__fold");
        buf_puts(&m->b, " = ");
        emit_value(m, value_str(fold));
        buf_puts(&m->b, " AND ");
    }
    put_compare(m, path, CMP_EQ, v);
}

static void put_with_value(struct emit *m, const struct test *t, kith_value v) {
    const struct path *path = &t->path;
    enum value_class class = query_rule(path)->class;
    if (query_is_day(path, &v)) {
        put_span(m, path, t->cmp, v.as.i, v.as.i + 1);
    } else if (class == CLASS_MONEY) {
        put_money(m, path, t->cmp, &v);
    } else if (class == CLASS_LINK && path->field && path->field->any_target && v.as.link.type) {
        put_typed_link(m, path, t->cmp, &v);
    } else if (query_rule(path)->ranked && t->cmp != CMP_EQ && t->cmp != CMP_NE) {
        emit_rank(m, path);
        buf_printf(&m->b, "%s%d", signs[t->cmp], field_option(path->field, v.as.s));
    } else if (path->part == PART_YEAR) {
        put_year(m, path, t->cmp, v);
    } else if (class == CLASS_TEXT && t->cmp == CMP_EQ) {
        put_text_equal(m, path, v);
    } else if (class == CLASS_TEXT && t->cmp != CMP_NE) {
        emit_ordered(m, path);
        buf_puts(&m->b, signs[t->cmp]);
        emit_value(m, v);
    } else {
        put_compare(m, path, t->cmp, v);
    }
}

static kith_status operand(struct emit *m, const struct test *t, uint32_t i, kith_value *out) {
    return query_operand(m->q, t, &t->operands[i], m->env, m->params, m->arena, out, m->e);
}

/* Two fields. Folded forms are compared only when both have them. */
static void put_paths(struct emit *m, const struct test *t) {
    const struct path *a = &t->path, *b = t->other;
    bool ordered = t->cmp != CMP_EQ && t->cmp != CMP_NE;
    bool fold = ordered && query_folds(a) && query_folds(b);
    bool money = query_rule(a)->class == CLASS_MONEY;
    bool rank = ordered && query_rule(a)->ranked;
    void (*put)(struct emit *, const struct path *) = rank   ? emit_rank
                                                      : fold ? emit_ordered
                                                             : emit_column;
    buf_puts(&m->b, "(");
    put(m, a);
    buf_puts(&m->b, signs[t->cmp]);
    put(m, b);
    if (money) {
        buf_puts(&m->b, t->cmp == CMP_NE ? " OR " : " AND ");
        emit_suffixed(m, a, "__cur");
        buf_puts(&m->b, t->cmp == CMP_NE ? " != " : " = ");
        emit_suffixed(m, b, "__cur");
    }
    buf_puts(&m->b, ")");
}

static kith_status put_comparison(struct emit *m, const struct test *t) {
    kith_value v;
    int64_t from, to;
    if (t->other) {
        put_paths(m, t);
        return KITH_OK;
    }
    if (t->operands[0].kind == OPERAND_PERIOD) {
        struct operand known;
        TRY(query_given(m->q, &t->operands[0], m->params, &known, m->e));
        query_span(&known, m->env, &from, &to);
        put_span(m, &t->path, t->cmp, from, to);
        return KITH_OK;
    }
    TRY(operand(m, t, 0, &v));
    if (v.kind == KITH_NULL)
        buf_puts(&m->b, "FALSE"); /* a parameter that is null */
    else
        put_with_value(m, t, v);
    return KITH_OK;
}

struct items { /* of "in", being put */
    bool fold, first;
    int64_t least, most; /* of numbers; least > most: there was none */
};

static void put_item(struct emit *m, kith_value v, struct items *x) {
    if (x->fold && v.kind != KITH_NULL)
        v.as.s = text_fold(m->arena, v.as.s);
    m->b.failed |= v.kind == KITH_TEXT && !v.as.s.ptr;
    buf_puts(&m->b, x->first ? "" : ", ");
    emit_value(m, v.kind == KITH_NULL ? v : stored(v));
    x->first = false;
    if (v.kind != KITH_INT)
        return;
    x->least = v.as.i < x->least ? v.as.i : x->least;
    x->most = v.as.i > x->most ? v.as.i : x->most;
}

/* A parameter that is a list stands for all its values. */
static kith_status put_items(struct emit *m, const struct test *t, const struct operand *o,
                             struct items *x) {
    const kith_value *list = &m->params[o->value.as.i];
    if (list->as.list.count > QUERY_VALUES_MAX)
        return err_set(m->e, KITH_E_LIMIT, NULL, "more than %u values", QUERY_VALUES_MAX);
    for (uint64_t i = 0; i < list->as.list.count; i++) {
        kith_value v = list->as.list.items[i];
        TRY(query_fit(m->q->schema, &t->path, USE_EQUAL, m->arena, &v, m->e));
        put_item(m, v, x);
    }
    return KITH_OK;
}

/* One list of a column. Null in it matches nothing; "not in" a list with null is never true. */
static kith_status put_list(struct emit *m, const struct test *t, struct items *x) {
    if (x->fold)
        emit_suffixed(m, &t->path, "__fold");
    else
        emit_column(m, &t->path);
    buf_puts(&m->b, t->negated ? " NOT IN (" : " IN (");
    for (uint32_t i = 0; i < t->count; i++) {
        const struct operand *o = &t->operands[i];
        kith_value v;
        if (o->kind == OPERAND_PARAM && m->params[o->value.as.i].kind == KITH_LIST) {
            TRY(put_items(m, t, o, x));
            continue;
        }
        TRY(operand(m, t, i, &v));
        put_item(m, v, x);
    }
    buf_putc(&m->b, ')');
    return KITH_OK;
}

static kith_status put_in(struct emit *m, const struct test *t) {
    struct items plain = {false, true, INT64_MAX, INT64_MIN}, folded = plain;
    folded.fold = true;
    if (!t->negated && fold_indexed(&t->path)) {
        TRY(put_list(m, t, &folded));
        buf_puts(&m->b, " AND ");
    }
    TRY(put_list(m, t, &plain));
    if (t->path.part == PART_YEAR && !t->negated && plain.least <= plain.most) {
        buf_puts(&m->b, " AND ");
        put_years(m, &t->path, plain.least, plain.most);
        buf_puts(&m->b, "TRUE");
    }
    return KITH_OK;
}

/* What the pattern begins with as a range, which an index on the folded column can seek to. */
static void put_prefix(struct emit *m, const struct path *path, kith_str pattern) {
    size_t n = 0;
    while (n < pattern.len && pattern.ptr[n] != '%' && pattern.ptr[n] != '_')
        n++;
    if (n == 0)
        return;
    char *end = arena_strndup(m->arena, pattern.ptr, n);
    if (!end) {
        m->b.failed = true;
        return;
    }
    end[n - 1] =
        (char)((unsigned char)end[n - 1] + 1); /* the first bytes behind all with that prefix */
    emit_ordered(m, path);
    buf_puts(&m->b, " >= ");
    emit_value(m, value_str((kith_str){pattern.ptr, n}));
    buf_puts(&m->b, " AND ");
    emit_ordered(m, path);
    buf_puts(&m->b, " < ");
    emit_value(m, value_str((kith_str){end, n}));
    buf_puts(&m->b, " AND ");
}

static kith_status put_like(struct emit *m, const struct test *t) {
    kith_value v;
    TRY(operand(m, t, 0, &v));
    if (v.kind == KITH_NULL) {
        buf_puts(&m->b, "FALSE");
        return KITH_OK;
    }
    if (!t->negated && query_folds(&t->path))
        put_prefix(m, &t->path, v.as.s);
    emit_ordered(m, &t->path);
    buf_puts(&m->b, t->negated ? " NOT " : " ");
    buf_puts(&m->b, m->dialect->like);
    emit_value(m, v);
    buf_puts(&m->b, m->dialect->like_end);
    return KITH_OK;
}

static kith_status put_tagged(struct emit *m, const struct test *t) {
    kith_value v;
    TRY(operand(m, t, 0, &v));
    buf_puts(&m->b, t->negated ? "NOT EXISTS" : "EXISTS");
    buf_printf(&m->b, " (SELECT 1 FROM %s", m->dialect->tags);
    emit_column(m, &t->path);
    buf_printf(&m->b, "%s WHERE j.value = ", m->dialect->tags_end);
    emit_value(m, v);
    buf_putc(&m->b, ')');
    return KITH_OK;
}

/* In a segment that the caller may not read there is nobody. */
static void put_segment_seen(struct emit *m) {
    const struct rtype *segment = m->q->schema->base.segment.type;
    if (!segment || access_rule(m->env->principal, segment) == ACCESS_ALL)
        return;
    uint32_t n = m->names++;
    buf_printf(&m->b, " AND EXISTS (SELECT 1 FROM segment AS t%u WHERE t%u.id = s.segment", n, n);
    emit_access(m, segment, n, false);
    buf_putc(&m->b, ')');
}

/* Of few records an index can begin with those that are in it. */
static void put_few(struct emit *m, const struct test *t) {
    emit_column(m, &t->path);
    buf_puts(&m->b, " IN (SELECT s.record FROM kith_member AS s WHERE s.segment = ");
    emit_value(m, stored(t->operands[0].value));
    put_segment_seen(m);
    buf_putc(&m->b, ')');
}

static void put_member(struct emit *m, const struct test *t) {
    if (t->few && !t->negated) {
        put_few(m, t);
        return;
    }
    buf_puts(&m->b, t->negated ? "NOT EXISTS" : "EXISTS");
    buf_puts(&m->b, " (SELECT 1 FROM kith_member AS s WHERE s.segment = ");
    emit_value(m, stored(t->operands[0].value));
    buf_puts(&m->b, " AND s.record = ");
    emit_column(m, &t->path);
    put_segment_seen(m);
    buf_putc(&m->b, ')');
}

static kith_status put_near(struct emit *m, const struct test *t) {
    kith_value v;
    TRY(operand(m, t, 0, &v));
    if (v.kind == KITH_NULL)
        buf_puts(&m->b, "FALSE");
    else
        TRY(emit_near(m, t, &v));
    return KITH_OK;
}

kith_status emit_test(struct emit *m, const struct test *t) {
    switch (t->kind) {
    case TEST_COMPARE:
        return put_comparison(m, t);
    case TEST_IN:
        return put_in(m, t);
    case TEST_LIKE:
        return put_like(m, t);
    case TEST_TAGGED:
        return put_tagged(m, t);
    case TEST_NULL:
        emit_column(m, &t->path);
        buf_puts(&m->b, t->negated ? " IS NOT NULL" : " IS NULL");
        return KITH_OK;
    case TEST_LINKED:
        buf_puts(&m->b, "TRUE");
        return KITH_OK;
    case TEST_NEAR:
        return put_near(m, t);
    case TEST_EXISTS:
        emit_related(m, t->path.related, t->negated ? "NOT EXISTS (SELECT 1" : "EXISTS (SELECT 1");
        return KITH_OK;
    case TEST_MEMBER:
        put_member(m, t);
        return KITH_OK;
    case TEST_MATCHES:
        return emit_matches(m, t);
    }
    return err_set(m->e, KITH_E_INTERNAL, NULL, "a test of kind %d", (int)t->kind);
}
