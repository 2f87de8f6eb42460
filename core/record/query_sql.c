/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: the emitter, the one place that writes it as SQL. Values are always bound,
 * never written; names come from the schema only.
 *
 * A page begins behind a cursor. What lies behind it is a few ranges that do not overlap: for the
 * keys a, b and the id they are (a = A, b = B, id > I), (a = A, b > B) and (a > A), and for a key
 * that may be null and goes downward one more for the nulls. Each is a SELECT of its own that an
 * index can seek to, and SQLite merges them in order, so that no page costs more than the first. */
#include "base/str.h"
#include "base/text.h"
#include "record/query_internal.h"

#include <stdio.h>

/* A scope as it is being put. */
struct place {
    const struct scope *scope;
    uint32_t record; /* its record is t<record> */
    uint32_t base;   /* its step n is t<base + n> */
};
struct emit {
    struct buf b;
    const struct place *place;
    uint32_t names; /* given out: t0 .. t<names - 1> */
    const struct query *q;
    const struct query_env *env;
    const kith_value *params;
    struct arena *arena;
    kith_value *values;
    size_t cap;
    uint32_t count;
    kith_error *e;
};

/* -- names and values -------------------------------------------------------------------------- */

/* A value that is bound; its number: ?1, ?2, ... */
static uint32_t add_value(struct emit *m, kith_value v) {
    kith_value *more = arena_grow(m->arena, m->values, m->count, &m->cap, sizeof *more);
    if (!more) {
        m->b.failed = true;
        return 0;
    }
    m->values = more;
    m->values[m->count++] = v;
    return m->count;
}

static void put_value(struct emit *m, kith_value v) {
    buf_printf(&m->b, "?%u", add_value(m, v));
}

/* Where the scope stands whose record is t<record>. */
static struct place new_place(struct emit *m, const struct scope *s, uint32_t record) {
    struct place place = {s, record, m->names - 1};
    m->names += s->steps;
    return place;
}

static uint32_t name_of(const struct emit *m, const struct step *step) {
    return step ? m->place->base + step->number : m->place->record;
}

static void put_record(struct emit *m, const struct step *step) {
    buf_printf(&m->b, "t%u", name_of(m, step));
}

static void put_suffixed(struct emit *m, const struct path *path, const char *suffix) {
    char column[80];
    put_record(m, path->from);
    snprintf(column, sizeof column, "%s%s", path->field->type->columns[path->field->column],
             suffix);
    buf_putc(&m->b, '.');
    sql_name(&m->b, column);
}

/* The column that holds the value; the first of several. */
static void put_column(struct emit *m, const struct path *path) {
    if (path->from && path->from->bare) {
        buf_printf(&m->b, "l%u.target", name_of(m, path->from));
    } else if (path->field) {
        put_suffixed(m, path, "");
    } else {
        put_record(m, path->from);
        buf_puts(&m->b, ".id");
    }
}

/* The column that text is ordered and matched by. */
static void put_ordered(struct emit *m, const struct path *path) {
    if (query_folds(path))
        put_suffixed(m, path, "__fold");
    else
        put_column(m, path);
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
    put_column(m, path);
    buf_puts(&m->b, signs[cmp]);
    put_value(m, stored(v));
}

/* Minor units are ordered within one currency only. */
static void put_money(struct emit *m, const struct path *path, uint32_t cmp, const kith_value *v) {
    char *currency = arena_strndup(m->arena, v->as.money.currency, 3);
    buf_putc(&m->b, '(');
    put_compare(m, path, cmp, *v);
    buf_puts(&m->b, cmp == CMP_NE ? " OR " : " AND ");
    put_suffixed(m, path, "__cur");
    buf_puts(&m->b, cmp == CMP_NE ? " != " : " = ");
    put_value(m, value_str(str_of(currency)));
    buf_putc(&m->b, ')');
}

static void put_typed_link(struct emit *m, const struct path *path, uint32_t cmp,
                           const kith_value *v) {
    buf_putc(&m->b, '(');
    put_compare(m, path, cmp, *v);
    buf_puts(&m->b, cmp == CMP_NE ? " OR " : " AND ");
    put_suffixed(m, path, "__type");
    buf_puts(&m->b, signs[cmp]);
    put_value(m, value_int(v->as.link.type));
    buf_putc(&m->b, ')');
}

/* A time and a whole day: within it, before its begin, before its end, ... */
static void put_day(struct emit *m, const struct path *path, uint32_t cmp, int64_t day) {
    kith_value begin = value_int(query_day_start(m->env, day));
    kith_value end = value_int(query_day_start(m->env, day + 1));
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

/* Equality is binary; where only the folded column has an index, it leads the way. */
static bool fold_indexed(const struct path *path) {
    return query_folds(path) && (path->field->flags & (KITH_FF_INDEXED | KITH_FF_UNIQUE));
}

static void put_text_equal(struct emit *m, const struct path *path, kith_value v) {
    if (fold_indexed(path)) {
        kith_str fold = text_fold(m->arena, v.as.s);
        m->b.failed |= !fold.ptr;
        put_suffixed(m, path, "__fold");
        buf_puts(&m->b, " = ");
        put_value(m, value_str(fold));
        buf_puts(&m->b, " AND ");
    }
    put_compare(m, path, CMP_EQ, v);
}

static void put_with_value(struct emit *m, const struct test *t, kith_value v) {
    const struct path *path = &t->path;
    enum value_class class = query_rule(path)->class;
    if (query_is_day(path, &v)) {
        put_day(m, path, t->cmp, v.as.i);
    } else if (class == CLASS_MONEY) {
        put_money(m, path, t->cmp, &v);
    } else if (class == CLASS_LINK && path->field && path->field->any_target && v.as.link.type) {
        put_typed_link(m, path, t->cmp, &v);
    } else if (class == CLASS_TEXT && t->cmp == CMP_EQ) {
        put_text_equal(m, path, v);
    } else if (class == CLASS_TEXT && t->cmp != CMP_NE) {
        put_ordered(m, path);
        buf_puts(&m->b, signs[t->cmp]);
        put_value(m, v);
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
    buf_puts(&m->b, "(");
    (fold ? put_ordered : put_column)(m, a);
    buf_puts(&m->b, signs[t->cmp]);
    (fold ? put_ordered : put_column)(m, b);
    if (money) {
        buf_puts(&m->b, t->cmp == CMP_NE ? " OR " : " AND ");
        put_suffixed(m, a, "__cur");
        buf_puts(&m->b, t->cmp == CMP_NE ? " != " : " = ");
        put_suffixed(m, b, "__cur");
    }
    buf_puts(&m->b, ")");
}

static kith_status put_comparison(struct emit *m, const struct test *t) {
    kith_value v;
    if (t->other) {
        put_paths(m, t);
        return KITH_OK;
    }
    TRY(operand(m, t, 0, &v));
    if (v.kind == KITH_NULL)
        buf_puts(&m->b, "0"); /* a parameter that is null: never true */
    else
        put_with_value(m, t, v);
    return KITH_OK;
}

/* One list of a column. Null in it matches nothing; "not in" a list with null is never true. */
static kith_status put_list(struct emit *m, const struct test *t, bool fold) {
    if (fold)
        put_suffixed(m, &t->path, "__fold");
    else
        put_column(m, &t->path);
    buf_puts(&m->b, t->negated ? " NOT IN (" : " IN (");
    for (uint32_t i = 0; i < t->count; i++) {
        kith_value v;
        TRY(operand(m, t, i, &v));
        if (fold && v.kind != KITH_NULL)
            v.as.s = text_fold(m->arena, v.as.s);
        m->b.failed |= v.kind == KITH_TEXT && !v.as.s.ptr;
        buf_puts(&m->b, i ? ", " : "");
        put_value(m, v.kind == KITH_NULL ? v : stored(v));
    }
    buf_putc(&m->b, ')');
    return KITH_OK;
}

static kith_status put_in(struct emit *m, const struct test *t) {
    if (!t->negated && fold_indexed(&t->path)) {
        TRY(put_list(m, t, true));
        buf_puts(&m->b, " AND ");
    }
    return put_list(m, t, false);
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
    put_ordered(m, path);
    buf_puts(&m->b, " >= ");
    put_value(m, value_str((kith_str){pattern.ptr, n}));
    buf_puts(&m->b, " AND ");
    put_ordered(m, path);
    buf_puts(&m->b, " < ");
    put_value(m, value_str((kith_str){end, n}));
    buf_puts(&m->b, " AND ");
}

static kith_status put_like(struct emit *m, const struct test *t) {
    kith_value v;
    TRY(operand(m, t, 0, &v));
    if (v.kind == KITH_NULL) {
        buf_puts(&m->b, "0");
        return KITH_OK;
    }
    if (!t->negated && query_folds(&t->path))
        put_prefix(m, &t->path, v.as.s);
    put_ordered(m, &t->path);
    buf_puts(&m->b, t->negated ? " NOT LIKE " : " LIKE ");
    put_value(m, v);
    return KITH_OK;
}

static kith_status put_tagged(struct emit *m, const struct test *t) {
    kith_value v;
    TRY(operand(m, t, 0, &v));
    buf_puts(&m->b, t->negated ? "NOT EXISTS" : "EXISTS");
    buf_puts(&m->b, " (SELECT 1 FROM json_each(");
    put_column(m, &t->path);
    buf_puts(&m->b, ") AS j WHERE j.value = ");
    put_value(m, v);
    buf_putc(&m->b, ')');
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
        put_column(m, &t->path);
        buf_puts(&m->b, t->negated ? " IS NOT NULL" : " IS NULL");
        return KITH_OK;
    case TEST_LINKED:
        buf_puts(&m->b, "1");
        return KITH_OK;
    }
    return err_set(m->e, KITH_E_INTERNAL, NULL, "a test of kind %d", (int)t->kind);
}

/* -- joins ------------------------------------------------------------------------------------- */

static bool hidden(const struct emit *m, const struct rtype *t) {
    return access_rule(m->env->principal, t) == ACCESS_NONE;
}

/* "contact" AS t1 ON t1.id = ..., with the access rule of the type. */
static void put_target(struct emit *m, const struct step *s) {
    sql_name(&m->b, s->type->name);
    uint32_t n = name_of(m, s);
    buf_printf(&m->b, " AS t%u ON t%u.id = ", n, n);
    if (s->many)
        buf_printf(&m->b, "l%u.target", n);
    else
        put_suffixed(m, &(struct path){.field = s->via, .from = s->from}, "");
    buf_puts(&m->b, hidden(m, s->type) ? " AND 0" : "");
}

static void put_link_table(struct emit *m, const struct step *s) {
    char table[128];
    snprintf(table, sizeof table, "%s.%s", s->via->type->name, s->via->name);
    sql_name(&m->b, table);
    buf_printf(&m->b, " AS l%u", name_of(m, s));
}

static void put_link_origin(struct emit *m, const struct step *s) {
    buf_printf(&m->b, "l%u.record = ", name_of(m, s));
    put_record(m, s->from);
    buf_puts(&m->b, ".id");
}

static void put_joins(struct emit *m, const struct step *first) {
    for (const struct step *s = first; s; s = s->next) {
        buf_puts(&m->b, " LEFT JOIN ");
        put_target(m, s);
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
    uint32_t most = 0;
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

/* FROM and WHERE, as text: every range of a page repeats it. */
static kith_status put_source(struct emit *m) {
    const struct scope *s = m->place->scope;
    buf_puts(&m->b, " FROM ");
    sql_name(&m->b, s->type->name);
    buf_puts(&m->b, " AS ");
    put_record(m, NULL);
    put_joins(m, s->joins);
    buf_puts(&m->b, hidden(m, s->type) ? " WHERE 0" : " WHERE 1");
    if (!s->where)
        return KITH_OK;
    buf_puts(&m->b, " AND ");
    return put_node(m, s->where);
}

/* -- order and pages --------------------------------------------------------------------------- */

/* Amounts in several currencies are sorted by what they are worth in the company's own. */
static void put_key(struct emit *m, const struct sort_key *key) {
    const struct rfield *f = key->path.field;
    if (f && f->kind == KITH_F_MONEY && f->option_count != 1)
        put_suffixed(m, &key->path, "__base");
    else
        put_ordered(m, &key->path);
}

static void put_order(struct emit *m) {
    const struct query *q = m->q;
    uint32_t first = 2 + q->root.type->column_count; /* behind the id and the columns, from 1 */
    for (uint32_t i = 0; i < q->key_count; i++)
        buf_printf(&m->b, "%s%u%s", i ? ", " : " ORDER BY ", first + i,
                   q->keys[i].descending ? " DESC" : "");
}

static void put_select(struct emit *m) {
    const struct query *q = m->q;
    buf_puts(&m->b, "SELECT t0.id");
    for (uint32_t i = 0; i < q->root.type->column_count; i++) {
        buf_puts(&m->b, ", t0.");
        sql_name(&m->b, q->root.type->columns[i]);
    }
    for (uint32_t i = 0; i < q->key_count; i++) {
        buf_puts(&m->b, ", ");
        put_key(m, &q->keys[i]);
    }
}

/* A cursor's values, as parameters that every range may name. */
struct position {
    kith_value values[QUERY_KEYS_MAX + 1];
    uint32_t params[QUERY_KEYS_MAX + 1];
};

static void put_key_is(struct emit *m, const struct position *at, uint32_t i) {
    buf_puts(&m->b, " AND ");
    put_key(m, &m->q->keys[i]);
    if (at->values[i].kind == KITH_NULL)
        buf_puts(&m->b, " IS NULL");
    else
        buf_printf(&m->b, " = ?%u", at->params[i]);
}

/* The range of rows that equal the cursor in the keys before i and lie behind it in key i. nulls:
 * those of them that have none, which stand last when the key goes downward. */
static void put_range(struct emit *m, kith_str source, const struct position *at, uint32_t i,
                      bool nulls) {
    const struct sort_key *key = &m->q->keys[i];
    buf_puts(&m->b, m->b.len ? " UNION ALL " : "");
    put_select(m);
    buf_str(&m->b, source);
    for (uint32_t k = 0; k < i; k++)
        put_key_is(m, at, k);
    buf_puts(&m->b, " AND ");
    put_key(m, key);
    if (nulls)
        buf_puts(&m->b, " IS NULL");
    else if (at->values[i].kind != KITH_NULL)
        buf_printf(&m->b, " %c ?%u", key->descending ? '<' : '>', at->params[i]);
    else /* an index can seek to "above the lowest value", but not to IS NOT NULL */
        buf_puts(&m->b, query_rule(&key->path)->class == CLASS_TEXT ||
                                query_rule(&key->path)->class == CLASS_OPTION
                            ? " >= ''"
                            : " >= -9223372036854775808");
}

static void put_ranges(struct emit *m, kith_str source, const struct cursor *cursor) {
    const struct query *q = m->q;
    struct position at;
    for (uint32_t i = 0; i < q->key_count; i++) {
        at.values[i] = cursor->keys[i];
        if (cursor->keys[i].kind != KITH_NULL)
            at.params[i] = add_value(m, cursor->keys[i]);
    }
    for (uint32_t i = q->key_count; i-- > 0;) {
        const struct sort_key *key = &q->keys[i];
        bool null = cursor->keys[i].kind == KITH_NULL;
        if (!null || !key->descending)
            put_range(m, source, &at, i, false);
        if (!null && key->descending && key->nullable)
            put_range(m, source, &at, i, true);
    }
}

/* -- the statement ----------------------------------------------------------------------------- */

/* Rows to ask for: one more than the page, or exactly what the written limit leaves. */
static int64_t rows_wanted(const struct query *q, int64_t page, int64_t given) {
    int64_t more = page < INT64_MAX ? page + 1 : page;
    if (q->limit < 0)
        return more;
    int64_t rest = q->limit > given ? q->limit - given : 0;
    return rest < more ? rest : more;
}

static void put_limit(struct emit *m, int64_t rows) {
    buf_puts(&m->b, " LIMIT ");
    put_value(m, value_int(rows));
}

static void put_count(struct emit *m, kith_str source) {
    bool limited = m->q->limit >= 0;
    buf_puts(&m->b, limited ? "SELECT count(*) FROM (SELECT 1" : "SELECT count(*)");
    buf_str(&m->b, source);
    if (limited) {
        put_limit(m, m->q->limit);
        buf_putc(&m->b, ')');
    }
}

static kith_status put_statement(struct emit *m, kith_str after, int64_t page,
                                 struct query_sql *out) {
    struct cursor cursor = {0};
    if (after.len)
        TRY(query_cursor_read(m->q, after, m->arena, &cursor, m->e));
    TRY(put_source(m));
    kith_str source = arena_str(m->arena, buf_view(&m->b));
    if (m->b.failed || !source.ptr)
        return err_nomem(m->e);
    buf_reset(&m->b);
    if (m->q->counts) {
        out->limit = 1;
        put_count(m, source);
        return KITH_OK;
    }
    if (after.len) {
        put_ranges(m, source, &cursor);
    } else {
        put_select(m);
        buf_str(&m->b, source);
    }
    put_order(m);
    out->limit = rows_wanted(m->q, page, cursor.given);
    put_limit(m, out->limit);
    return KITH_OK;
}

kith_status query_sql(const struct query *q, const struct query_env *env, const kith_value *params,
                      kith_str after, int64_t page, struct arena *a, struct query_sql *out,
                      kith_error *e) {
    struct emit m = {.q = q, .env = env, .params = params, .arena = a, .e = e, .names = 1};
    struct place root = new_place(&m, &q->root, 0);
    m.place = &root;
    *out = (struct query_sql){0};
    if (page < 1)
        return err_set(e, KITH_E_INVAL, NULL, "a page has at least one row");
    kith_status st = put_statement(&m, after, page, out);
    if (st == KITH_OK) {
        out->sql = m.b.failed ? NULL : arena_strndup(a, m.b.ptr, m.b.len);
        out->values = m.values;
        out->value_count = m.count;
        st = out->sql ? KITH_OK : err_nomem(e);
    }
    buf_free(&m.b);
    return st;
}

void query_bind(sqlite3_stmt *st, const struct query_sql *sql) {
    for (uint32_t i = 0; i < sql->value_count; i++) {
        const kith_value *v = &sql->values[i];
        if (v->kind == KITH_TEXT)
            bind_str(st, (int)i + 1, v->as.s);
        else if (v->kind == KITH_NULL)
            bind_null(st, (int)i + 1);
        else
            bind_int(st, (int)i + 1, v->as.i);
    }
}
