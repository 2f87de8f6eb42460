/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: a page of records as one SELECT.
 *
 * A page begins behind a cursor. What lies behind it is a few ranges that do not overlap: for the
 * keys a, b and the id they are (a = A, b = B, id > I), (a = A, b > B) and (a > A), and for a key
 * that may be null and goes downward one more for the nulls. Each is a SELECT of its own that an
 * index can seek to, and SQLite merges them in order, so that no page costs more than the first. */
#include "record/query_emit.h"
#include "record/query_group.h"

/* -- order and pages --------------------------------------------------------------------------- */

/* Amounts in several currencies are sorted by what they are worth in the company's own. */
static void put_key(struct emit *m, const struct sort_key *key) {
    const struct rfield *f = key->path.field;
    if (f && f->kind == KITH_F_MONEY && f->option_count != 1 && key->path.part == PART_ALL)
        emit_suffixed(m, &key->path, "__base");
    else
        (query_rule(&key->path)->ranked ? emit_rank : emit_ordered)(m, &key->path);
}

static void put_order(struct emit *m) {
    const struct query *q = m->q;
    uint32_t first = 2 + q->root.type->column_count; /* behind the id and the columns, from 1 */
    for (uint32_t i = 0; i < q->key_count; i++)
        buf_printf(&m->b, "%s%u%s", i ? ", " : " ORDER BY ", first + i,
                   q->keys[i].descending ? m->dialect->descending : m->dialect->ascending);
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
    else {
        buf_puts(&m->b, " = ");
        emit_parameter(m, at->params[i]);
    }
}

static bool is_text(const struct path *path) {
    const struct value_rule *rule = query_rule(path);
    return rule->class == CLASS_TEXT || (rule->class == CLASS_OPTION && !rule->ranked);
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
    else if (at->values[i].kind != KITH_NULL) {
        buf_puts(&m->b, key->descending ? " < " : " > ");
        emit_parameter(m, at->params[i]);
    } else /* an index can seek to "above the lowest value", but not to IS NOT NULL */
        buf_puts(&m->b, is_text(&key->path) ? " >= ''" : " >= -9223372036854775808");
}

static void put_ranges(struct emit *m, kith_str source, const struct cursor *cursor) {
    const struct query *q = m->q;
    struct position at;
    for (uint32_t i = 0; i < q->key_count; i++) {
        at.values[i] = cursor->keys[i];
        if (cursor->keys[i].kind != KITH_NULL)
            at.params[i] = emit_add(m, cursor->keys[i]);
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
static int64_t rows_wanted(int64_t limit, int64_t page, int64_t given) {
    int64_t more = page < INT64_MAX ? page + 1 : page;
    if (limit < 0)
        return more;
    int64_t rest = limit > given ? limit - given : 0;
    return rest < more ? rest : more;
}

static void put_limit(struct emit *m, int64_t rows) {
    buf_puts(&m->b, " LIMIT ");
    emit_value(m, value_int(rows));
}

static void put_count(struct emit *m, int64_t limit, kith_str source) {
    bool limited = limit >= 0;
    buf_puts(&m->b, limited ? "SELECT count(*) FROM (SELECT 1" : "SELECT count(*)");
    buf_str(&m->b, source);
    if (limited) {
        put_limit(m, limit);
        buf_putc(&m->b, ')');
    }
}

static kith_status put_statement(struct emit *m, kith_str after, int64_t page,
                                 struct query_sql *out) {
    struct cursor cursor = {0};
    int64_t limit;
    TRY(query_given_limit(m->q, m->params, &limit, m->e));
    if (after.len)
        TRY(query_cursor_read(m->q, after, m->arena, &cursor, m->e));
    TRY(emit_source(m));
    kith_str source = arena_str(m->arena, buf_view(&m->b));
    if (m->b.failed || !source.ptr)
        return err_nomem(m->e);
    buf_reset(&m->b);
    if (m->q->counts) {
        out->limit = 1;
        put_count(m, limit, source);
        return KITH_OK;
    }
    if (after.len) {
        put_ranges(m, source, &cursor);
    } else {
        put_select(m);
        buf_str(&m->b, source);
    }
    put_order(m);
    out->limit = rows_wanted(limit, page, cursor.given);
    put_limit(m, out->limit);
    return KITH_OK;
}

kith_status query_sql(const struct query *q, const struct query_env *env, const kith_value *params,
                      kith_str after, int64_t page, struct arena *a, struct query_sql *out,
                      kith_error *e) {
    struct emit m = emit_begin(q, env, a, e);
    m.params = params;
    struct place root = emit_place(&m, &q->root, 0);
    m.place = &root;
    *out = (struct query_sql){0};
    if (q->group)
        return err_set(e, KITH_E_INVAL, NULL, "the query gives totals, not records");
    if (page < 1)
        return err_set(e, KITH_E_INVAL, NULL, "a page has at least one row");
    return emit_finish(&m, put_statement(&m, after, page, out), out);
}

static kith_status put_ids(struct emit *m, kith_id lo, kith_id hi) {
    buf_puts(&m->b, "SELECT id FROM (SELECT t0.id AS id");
    TRY(emit_source(m));
    buf_puts(&m->b, ") WHERE id > ");
    emit_value(m, value_int((int64_t)lo));
    buf_puts(&m->b, " AND id <= ");
    emit_value(m, value_int((int64_t)hi));
    return KITH_OK;
}

kith_status query_ids_sql(const struct query *q, const struct query_env *env,
                          const kith_value *params, kith_id lo, kith_id hi, struct arena *a,
                          struct query_sql *out, kith_error *e) {
    struct emit m = emit_begin(q, env, a, e);
    m.params = params;
    struct place root = emit_place(&m, &q->root, 0);
    m.place = &root;
    *out = (struct query_sql){0};
    return emit_finish(&m, put_ids(&m, lo, hi), out);
}

/* -- the records of totals --------------------------------------------------------------------- */

static void put_leaf(struct emit *m, const struct path *path) {
    bool part = path->part != PART_ALL && path->part < PART_CURRENCY;
    if (part) /* it is taken where the totals are worked out */
        emit_suffixed(m, path, "");
    else
        emit_column(m, path);
    if (query_rule(path)->class == CLASS_MONEY) {
        buf_puts(&m->b, ", ");
        emit_suffixed(m, path, "__cur");
        buf_puts(&m->b, ", ");
        emit_suffixed(m, path, "__base");
    } else if (query_is_place(path)) {
        buf_puts(&m->b, ", ");
        emit_nth(m, path, 1);
    } else if (path->part == PART_ALL && path->field && path->field->any_target) {
        buf_puts(&m->b, ", ");
        emit_suffixed(m, path, "__type");
    }
}

kith_status query_leaves_sql(const struct query *q, const struct query_env *env,
                             const kith_value *params, struct arena *a, struct query_sql *out,
                             kith_error *e) {
    struct emit m = emit_begin(q, env, a, e);
    struct place root = emit_place(&m, &q->root, 0);
    m.params = params;
    m.place = &root;
    m.fan = q->group->fan.many;
    *out = (struct query_sql){0};
    buf_puts(&m.b, q->group->leaf_count ? "SELECT " : "SELECT 1");
    for (uint32_t i = 0; i < q->group->leaf_count; i++) {
        buf_puts(&m.b, i ? ", " : "");
        put_leaf(&m, &q->group->leaves[i].path);
    }
    return emit_finish(&m, emit_source(&m), out);
}

void query_bind_values(sqlite3_stmt *st, uint32_t first, const kith_value *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const kith_value *v = &values[i];
        int at = (int)(first + i);
        if (v->kind == QUERY_POINTER) /* to a zone, which outlives the statement */
            sqlite3_bind_pointer(st, at, (void *)(uintptr_t)v->as.s.ptr, STORE_ZONE, NULL);
        else if (v->kind == KITH_REAL)
            bind_real(st, at, v->as.r);
        else if (v->kind == KITH_TEXT)
            bind_str(st, at, v->as.s);
        else if (v->kind == KITH_NULL)
            bind_null(st, at);
        else
            bind_int(st, at, v->as.i);
    }
}

void query_bind(sqlite3_stmt *st, const struct query_sql *sql) {
    query_bind_values(st, 1, sql->values, sql->value_count);
}
