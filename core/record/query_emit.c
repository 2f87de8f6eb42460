/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: conditions as SQL. Values are always bound, never written; names come from
 * the schema only. */
#include "record/query_emit.h"
#include "base/text.h"
#include "record/access.h"

#include <stdio.h>

/* -- names and values -------------------------------------------------------------------------- */

/* A value that is bound; its number: ?1, ?2, ... */
uint32_t emit_add(struct emit *m, kith_value v) {
    kith_value *more = arena_grow(m->arena, m->values, m->count, &m->cap, sizeof *more);
    if (!more) {
        m->b.failed = true;
        return 0;
    }
    m->values = more;
    m->values[m->count++] = v;
    return m->count;
}

void emit_parameter(struct emit *m, uint32_t number) {
    buf_printf(&m->b, "%c%u", m->dialect->parameter, number);
}

void emit_value(struct emit *m, kith_value v) {
    emit_parameter(m, emit_add(m, v));
}

struct emit emit_begin(const struct query *q, const struct query_env *env, struct arena *a,
                       kith_error *e) {
    return (struct emit){.q = q,
                         .env = env,
                         .dialect = env->dialect ? env->dialect : &query_sqlite,
                         .arena = a,
                         .e = e,
                         .names = 1};
}

/* Where the scope stands whose record is t<record>. */
struct place emit_place(struct emit *m, const struct scope *s, uint32_t record) {
    struct place place = {.scope = s, .record = record, .base = m->names - 1};
    m->names += s->steps;
    return place;
}

static uint32_t name_of(const struct emit *m, const struct step *step) {
    return step ? m->place->base + step->number : m->place->record;
}

void emit_record(struct emit *m, const struct step *step) {
    buf_printf(&m->b, "t%u", name_of(m, step));
}

/* Every field that a condition, an order, a group or a link goes by comes through here. */
static void need_field(struct emit *m, const struct rfield *f) {
    if (m->status == KITH_OK && !access_reads(m->env->principal, f))
        m->status = access_no_field(f, m->e);
}

void emit_nth(struct emit *m, const struct path *path, uint32_t n) {
    need_field(m, path->field);
    emit_record(m, path->from);
    buf_putc(&m->b, '.');
    sql_name(&m->b, path->field->type->columns[path->field->column + n]);
}

void emit_suffixed(struct emit *m, const struct path *path, const char *suffix) {
    char column[80];
    need_field(m, path->field);
    emit_record(m, path->from);
    snprintf(column, sizeof column, "%s%s", path->field->type->columns[path->field->column],
             suffix);
    buf_putc(&m->b, '.');
    sql_name(&m->b, column);
}

static void put_related(struct emit *m, const struct related *r, const char *select);

/* A part of a date, or of a time in the company's zone. */
static void put_part(struct emit *m, const struct path *path) {
    bool time = path->field->kind == KITH_F_TIME;
    buf_printf(&m->b, "%s(%d, ", time ? "kith_time_part" : "kith_date_part", (int)path->part);
    emit_suffixed(m, path, "");
    if (time) {
        buf_puts(&m->b, ", ");
        emit_value(m, (kith_value){.kind = QUERY_POINTER, .as.s.ptr = (const char *)m->env->zone});
    }
    buf_putc(&m->b, ')');
}

/* The column that holds the value; the first of several. */
void emit_column(struct emit *m, const struct path *path) {
    if (path->part == PART_COUNT) {
        put_related(m, path->related, "(SELECT count(*)");
    } else if (path->part == PART_DISTANCE) {
        emit_metres(m, path);
    } else if (path->part == PART_CURRENCY) {
        emit_suffixed(m, path, "__cur");
    } else if (path->part != PART_ALL) {
        put_part(m, path);
    } else if (path->link) {
        buf_printf(&m->b, "l%u.target", name_of(m, path->from));
    } else if (path->field) {
        emit_suffixed(m, path, "");
    } else {
        emit_record(m, path->from);
        buf_puts(&m->b, ".id");
    }
}

/* The column that text is ordered and matched by. */
void emit_ordered(struct emit *m, const struct path *path) {
    if (query_folds(path))
        emit_suffixed(m, path, "__fold");
    else
        emit_column(m, path);
}

/* The place among the options, from 0. */
void emit_rank(struct emit *m, const struct path *path) {
    buf_puts(&m->b, "CASE ");
    emit_column(m, path);
    for (uint32_t i = 0; i < path->field->option_count; i++) {
        buf_puts(&m->b, " WHEN ");
        emit_value(m, value_str(str_of(path->field->options[i])));
        buf_printf(&m->b, " THEN %u", i);
    }
    buf_puts(&m->b, " END");
}

/* -- tests ------------------------------------------------------------------------------------- */

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
        query_span(&t->operands[0], m->env, &from, &to);
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

static uint32_t access_value(void *arg, kith_value v) {
    return emit_add(arg, v);
}

/* The caller's access rule of a type, about its record t<n>. */
static void put_access(struct emit *m, const struct rtype *t, uint32_t n, bool root) {
    struct buf rule = {0};
    struct access_sql out = {&rule, access_value, m, m->access_names, m->dialect};
    char alias[16];
    snprintf(alias, sizeof alias, "t%u", n);
    bool few = root && (m->q->counts || access_few(m->env->principal, t));
    if (access_put(&out, m->env->principal, t, alias, few)) {
        buf_puts(&m->b, " AND ");
        buf_str(&m->b, buf_view(&rule));
    }
    m->b.failed |= rule.failed;
    m->access_names = out.names;
    buf_free(&rule);
}

/* In a segment that the caller may not read there is nobody. */
static void put_segment_seen(struct emit *m) {
    const struct rtype *segment = schema_type(m->q->schema, STR("segment"));
    if (!segment || access_rule(m->env->principal, segment) == ACCESS_ALL)
        return;
    uint32_t n = m->names++;
    buf_printf(&m->b, " AND EXISTS (SELECT 1 FROM segment AS t%u WHERE t%u.id = s.segment", n, n);
    put_access(m, segment, n, false);
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
        emit_near(m, t, &v);
    return KITH_OK;
}

static kith_status put_plain_test(struct emit *m, const struct test *t) {
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
        put_related(m, t->path.related, t->negated ? "NOT EXISTS (SELECT 1" : "EXISTS (SELECT 1");
        return KITH_OK;
    case TEST_MEMBER:
        put_member(m, t);
        return KITH_OK;
    case TEST_MATCHES:
        return emit_matches(m, t);
    }
    return err_set(m->e, KITH_E_INTERNAL, NULL, "a test of kind %d", (int)t->kind);
}

/* -- joins ------------------------------------------------------------------------------------- */

/* "contact" AS t1 ON t1.id = ..., with the access rule of the type. */
static void put_target(struct emit *m, const struct step *s) {
    sql_name(&m->b, s->type->name);
    uint32_t n = name_of(m, s);
    buf_printf(&m->b, " AS t%u ON t%u.id = ", n, n);
    if (s->many)
        buf_printf(&m->b, "l%u.target", n);
    else
        emit_suffixed(m, &(struct path){.field = s->via, .from = s->from}, "");
    put_access(m, s->type, n, false);
}

static void put_link_table(struct emit *m, const struct step *s) {
    char table[128];
    need_field(m, s->via);
    snprintf(table, sizeof table, "%s.%s", s->via->type->name, s->via->name);
    sql_name(&m->b, table);
    buf_printf(&m->b, " AS l%u", name_of(m, s));
}

static void put_link_origin(struct emit *m, const struct step *s) {
    buf_printf(&m->b, "l%u.record = ", name_of(m, s));
    emit_record(m, s->from);
    buf_puts(&m->b, ".id");
}

static void put_joins(struct emit *m, const struct step *first) {
    for (const struct step *s = first; s; s = s->next) {
        buf_puts(&m->b, " LEFT JOIN ");
        put_target(m, s);
    }
}

/* The records to which a group's keys lead, each in a row of its own; one row where there is none.
 */
static void put_fan(struct emit *m) {
    for (const struct step *s = m->fan; s; s = s->next) {
        if (s->many) {
            buf_puts(&m->b, " LEFT JOIN ");
            put_link_table(m, s);
            buf_puts(&m->b, " ON ");
            put_link_origin(m, s);
        }
        if (!s->bare) {
            buf_puts(&m->b, " LEFT JOIN ");
            put_target(m, s);
        }
    }
}

/* A test on what is reached through links: EXISTS over the link tables. */
static kith_status put_many_test(struct emit *m, const struct test *t) {
    buf_puts(&m->b, t->none ? "NOT EXISTS (SELECT 1 FROM " : "EXISTS (SELECT 1 FROM ");
    for (const struct step *s = t->many; s; s = s->next) {
        if (s->many) {
            buf_puts(&m->b, s == t->many ? "" : " JOIN ");
            put_link_table(m, s);
            if (s != t->many) {
                buf_puts(&m->b, " ON ");
                put_link_origin(m, s);
            }
        }
        if (!s->bare) {
            buf_puts(&m->b, s->many ? " JOIN " : " LEFT JOIN ");
            put_target(m, s);
        }
    }
    buf_puts(&m->b, " WHERE ");
    put_link_origin(m, t->many);
    buf_puts(&m->b, " AND ");
    TRY(put_plain_test(m, t));
    buf_putc(&m->b, ')');
    return KITH_OK;
}

static uint32_t height(const struct node *n) {
    const struct related *r = n->kind == NODE_TEST ? n->test->path.related : NULL;
    uint32_t most = 0;
    if (r)
        return QUERY_RELATED_DEPTH + (r->scope.where ? height(r->scope.where) : 0);
    for (const struct node *c = n->first; c; c = c->next) {
        uint32_t h = height(c) + 1;
        most = h > most ? h : most;
    }
    return most;
}

/* The child under which most levels lie comes first: SQLite's parser keeps 100 symbols at most, and
 * in this order a level takes one of them. */
static kith_status put_node(struct emit *m, const struct node *n) {
    if (n->kind == NODE_TEST)
        return n->test->many ? put_many_test(m, n->test) : put_plain_test(m, n->test);
    const struct node *tallest = n->first;
    for (const struct node *c = n->first; c; c = c->next)
        tallest = height(c) > height(tallest) ? c : tallest;
    buf_putc(&m->b, '(');
    TRY(put_node(m, tallest));
    for (const struct node *c = n->first; c; c = c->next) {
        if (c == tallest)
            continue;
        buf_puts(&m->b, n->kind == NODE_AND ? " AND " : " OR ");
        TRY(put_node(m, c));
    }
    buf_putc(&m->b, ')');
    return KITH_OK;
}

/* What every record of the scope must satisfy. */
static kith_status put_condition(struct emit *m, const char *before) {
    const struct scope *s = m->place->scope;
    buf_printf(&m->b, "%sTRUE", before);
    put_access(m, s->type, m->place->record, s == &m->q->root);
    if (!s->where)
        return KITH_OK;
    buf_puts(&m->b, " AND ");
    return put_node(m, s->where);
}

kith_status emit_source(struct emit *m) {
    const struct scope *s = m->place->scope;
    buf_puts(&m->b, " FROM ");
    sql_name(&m->b, s->type->name);
    buf_puts(&m->b, " AS ");
    emit_record(m, NULL);
    put_joins(m, s->joins);
    put_fan(m);
    return put_condition(m, " WHERE ");
}

/* -- records that link to one ------------------------------------------------------------------ */

/* The id of the record of the scope at hand. */
static void put_id(struct emit *m) {
    if (m->place->id) {
        emit_value(m, value_int((int64_t)m->place->id));
    } else {
        emit_record(m, NULL);
        buf_puts(&m->b, ".id");
    }
}

/* The link that leads to the record of the scope at hand: its table, and what it holds. */
static void put_way_in(struct emit *m, const struct related *r, uint32_t record) {
    char name[128];
    need_field(m, r->via);
    sql_name(&m->b, r->scope.type->name);
    buf_printf(&m->b, " AS t%u", record);
    if (r->via->kind == KITH_F_LINKS) {
        snprintf(name, sizeof name, "%s.%s", r->scope.type->name, r->via->name);
        buf_puts(&m->b, " JOIN ");
        sql_name(&m->b, name);
        buf_printf(&m->b, " AS l%u ON l%u.record = t%u.id AND l%u.target = ", record, record,
                   record, record);
        put_id(m);
    }
}

static void put_link_in(struct emit *m, const struct related *r, uint32_t record) {
    char column[80];
    const char *name = r->via->type->columns[r->via->column];
    buf_printf(&m->b, " AND t%u.", record);
    sql_name(&m->b, name);
    buf_puts(&m->b, " = ");
    put_id(m);
    if (!r->via->any_target)
        return;
    snprintf(column, sizeof column, "%s__type", name);
    buf_printf(&m->b, " AND t%u.", record);
    sql_name(&m->b, column);
    buf_puts(&m->b, " = ");
    emit_value(m, value_int(m->place->scope->type->id));
}

/* A subquery over them, to the ")". The condition stands before the link, which spares SQLite's
 * parser a few symbols for each level. */
static void put_related(struct emit *m, const struct related *r, const char *select) {
    const struct place *outer = m->place;
    uint32_t record = m->names++;
    struct place inner = emit_place(m, &r->scope, record);
    buf_printf(&m->b, "%s FROM ", select);
    put_way_in(m, r, record);
    m->place = &inner;
    put_joins(m, r->scope.joins);
    kith_status st = put_condition(m, " WHERE ");
    m->place = outer;
    if (st != KITH_OK)
        m->status = st;
    if (r->via->kind == KITH_F_LINK)
        put_link_in(m, r, record);
    buf_putc(&m->b, ')');
}

kith_status query_related_sql(const struct match_question *question, struct arena *a,
                              struct query_sql *out, kith_error *e) {
    struct emit m = emit_begin(question->q, question->env, a, e);
    const struct scope self = {.type = question->related->target};
    struct place place = {.scope = &self, .id = question->id};
    m.place = &place;
    put_related(&m, question->related,
                question->any ? "SELECT EXISTS (SELECT 1" : "SELECT (SELECT count(*)");
    return emit_finish(&m, m.status, out);
}

/* -- the end ----------------------------------------------------------------------------------- */

kith_status emit_finish(struct emit *m, kith_status st, struct query_sql *out) {
    st = st == KITH_OK ? m->status : st;
    if (st == KITH_OK) {
        out->sql = m->b.failed ? NULL : arena_strndup(m->arena, m->b.ptr, m->b.len);
        out->values = m->values;
        out->value_count = m->count;
        st = out->sql ? KITH_OK : err_nomem(m->e);
    }
    buf_free(&m->b);
    return st;
}
