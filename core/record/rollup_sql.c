/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-ups in SQL: the table beside the records, and all values at once, when they are made and
 * when the doctor looks at them. */
#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "base/zone.h"
#include "record/rollup.h"
#include "record/schema_internal.h"

#include <stdio.h>
#include <string.h>

static bool has_table(const struct rollup *r) {
    return r->function != ROLLUP_COUNT && r->function != ROLLUP_SUM;
}

/* -- one record -------------------------------------------------------------------------------- */

static kith_status on_row(struct conn *c, const char *sql, const struct rollup *r, kith_id parent,
                          const kith_value *part, kith_id child, sqlite3_stmt **st, kith_error *e) {
    TRY(conn_prepare(c, sql, st, e));
    bind_int(*st, 1, r->field->id);
    bind_int(*st, 2, (int64_t)parent);
    if (part->kind == KITH_TEXT)
        bind_str(*st, 3, part->as.s);
    else
        bind_int(*st, 3, part->as.i);
    bind_int(*st, 4, (int64_t)child);
    return KITH_OK;
}

kith_status rollup_put(struct conn *c, const struct rollup *r, kith_id parent,
                       const kith_value *part, kith_id child, kith_error *e) {
    sqlite3_stmt *st;
    TRY(on_row(c,
               "INSERT OR REPLACE INTO kith_rollup(field, parent, value, child)"
               " VALUES(?1, ?2, ?3, ?4)",
               r, parent, part, child, &st, e));
    return conn_run(c, st, e);
}

kith_status rollup_take(struct conn *c, const struct rollup *r, kith_id parent,
                        const kith_value *part, kith_id child, kith_error *e) {
    sqlite3_stmt *st;
    TRY(on_row(c,
               "DELETE FROM kith_rollup WHERE field = ?1 AND parent = ?2 AND value = ?3 AND"
               " child = ?4",
               r, parent, part, child, &st, e));
    return conn_run(c, st, e);
}

kith_status rollup_shared(struct conn *c, const struct rollup *r, kith_id parent,
                          const kith_value *part, kith_id child, bool *shared, kith_error *e) {
    sqlite3_stmt *st;
    TRY(on_row(c,
               "SELECT 1 FROM kith_rollup WHERE field = ?1 AND parent = ?2 AND value = ?3 AND"
               " child <> ?4 LIMIT 1",
               r, parent, part, child, &st, e));
    return conn_any(c, st, shared, e);
}

kith_status rollup_clear(struct conn *c, const struct rollup *r, kith_id parent, kith_error *e) {
    sqlite3_stmt *st;
    if (!has_table(r))
        return KITH_OK;
    TRY(conn_prepare(c, "DELETE FROM kith_rollup WHERE field = ?1 AND parent = ?2", &st, e));
    bind_int(st, 1, r->field->id);
    bind_int(st, 2, (int64_t)parent);
    return conn_run(c, st, e);
}

kith_status rollup_extreme(struct conn *c, const struct rollup *r, kith_id parent, bool *found,
                           int64_t *number, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     r->function == ROLLUP_MIN
                         ? "SELECT value FROM kith_rollup WHERE field = ?1 AND parent = ?2"
                           " ORDER BY value LIMIT 1"
                         : "SELECT value FROM kith_rollup WHERE field = ?1 AND parent = ?2"
                           " ORDER BY value DESC LIMIT 1",
                     &st, e));
    bind_int(st, 1, r->field->id);
    bind_int(st, 2, (int64_t)parent);
    TRY(conn_step(c, st, found, e));
    *number = *found ? sqlite3_column_int64(st, 0) : 0;
    sqlite3_reset(st);
    return KITH_OK;
}

/* -- all records ------------------------------------------------------------------------------- */

/* The one record of which what its children are is asked for, and its currency. NULL: of all. */
struct only {
    kith_id id;
    const char *currency;
};

/* "order" = '01HX...' and: so that an index on the link leads to the children of the one. */
static const char *linked_to(const struct rollup *r, const struct only *only, struct arena *a) {
    char id[ID_TEXT + 1];
    bool any = r->via->any_target;
    if (!only)
        return "";
    id_format(only->id, id);
    return arena_printf(a, "\"%s\" = '%s%s%s' and ", r->via->name, any ? r->field->type->name : "",
                        any ? "/" : "", id);
}

/* The children that satisfy the condition, as c(id, columns...): by the query language's own
 * statement. */
static kith_status put_children(const struct rollup *r, const struct only *only,
                                const struct zone *zone, struct arena *a, struct buf *b,
                                struct query_sql *q, kith_error *e) {
    static const struct principal kith = {.name = "Kith", .all = true};
    const struct query_env env = {.zone = zone, .principal = &kith};
    struct query *query;
    const char *linked = linked_to(r, only, a);
    const char *text = linked ? arena_printf(a, "\"%s\" where %s(%.*s)", r->child->name, linked,
                                             (int)r->condition.len, r->condition.ptr)
                              : NULL;
    if (!text)
        return err_nomem(e);
    TRY(query_parse(&query, r->child->schema, a, str_of(text), e));
    TRY(query_sql(query, &env, NULL, (kith_str){0}, INT64_MAX, a, q, e));
    buf_puts(b, "WITH c(id");
    for (uint32_t i = 0; i < r->child->column_count; i++) {
        buf_puts(b, ", ");
        sql_name(b, r->child->columns[i]);
    }
    buf_printf(b, ", kith_key) AS (%s) ", q->sql);
    return KITH_OK;
}

/* In which currency the record `row` keeps it, as rollup_currency says. */
static void put_currency(const struct rollup *r, const char *row, struct buf *b) {
    if (r->in)
        buf_printf(b, "coalesce(%s.\"%s\", '%s')", row, r->in->name, r->currency);
    else
        buf_printf(b, "'%s'", r->currency);
}

/* The name of the table or of the column that goes with it. */
static void put_value(const struct rollup *r, const struct only *only, struct buf *b) {
    if (!r->value) {
        buf_puts(b, "1");
    } else if (r->value->kind == KITH_F_MONEY) {
        buf_printf(b, "CASE c.\"%s__cur\" WHEN ", r->value->name);
        if (only)
            buf_printf(b, "'%.3s'", only->currency);
        else
            put_currency(r, "o", b);
        buf_printf(b, " THEN c.\"%s\" END", r->value->name);
    } else {
        buf_printf(b, "c.\"%s\"", r->value->name);
    }
}

/* SELECT parent, value, child: what every child is to the roll-up. */
static kith_status put_parts(const struct rollup *r, const struct only *only,
                             const struct zone *zone, struct arena *a, struct buf *b,
                             struct query_sql *q, kith_error *e) {
    const char *via = r->via->name, *child = r->child->name;
    const char *parent =
        r->via->kind == KITH_F_LINKS ? "l.target" : arena_printf(a, "c.\"%s\"", via);
    if (!parent)
        return err_nomem(e);
    if (r->where)
        TRY(put_children(r, only, zone, a, b, q, e));
    buf_printf(b, "SELECT %s AS parent, ", parent);
    put_value(r, only, b);
    buf_puts(b, " AS value, c.id AS child FROM ");
    buf_printf(b, r->where ? "c" : "\"%s\" AS c", child);
    if (r->via->kind == KITH_F_LINKS)
        buf_printf(b, " JOIN \"%s.%s\" AS l ON l.record = c.id", child, via);
    if (r->in && !only)
        buf_printf(b, " JOIN \"%s\" AS o ON o.id = %s", r->field->type->name, parent);
    /* Not by the names above: a field of the child may have the same. */
    buf_printf(b, " WHERE %s IS NOT NULL AND ", parent);
    put_value(r, only, b);
    buf_puts(b, " IS NOT NULL");
    if (only)
        buf_printf(b, " AND %s = %lld", parent, (long long)only->id);
    if (r->via->any_target)
        buf_printf(b, " AND c.\"%s__type\" = %u", via, r->field->type->id);
    return b->failed ? err_nomem(e) : KITH_OK;
}

/* SELECT id, v: what every record should have. */
static kith_status put_wanted(const struct rollup *r, const struct zone *zone, struct arena *a,
                              struct buf *b, struct query_sql *q, kith_error *e) {
    static const char *const functions[] = {[ROLLUP_COUNT] = "count(*)",
                                            [ROLLUP_DISTINCT] = "count(DISTINCT value)",
                                            [ROLLUP_SUM] = "sum(value)",
                                            [ROLLUP_MIN] = "min(value)",
                                            [ROLLUP_MAX] = "max(value)"};
    bool zero = rollup_empty(r, NULL).kind != KITH_NULL;
    buf_printf(b,
               "SELECT p.id AS id, %s AS v FROM \"%s\" AS p LEFT JOIN (SELECT parent, %s AS v"
               " FROM (",
               zero ? "coalesce(x.v, 0)" : "x.v", r->field->type->name, functions[r->function]);
    TRY(put_parts(r, NULL, zone, a, b, q, e));
    buf_puts(b, ") GROUP BY parent) AS x ON x.parent = p.id");
    return b->failed ? err_nomem(e) : KITH_OK;
}

static void put_differs(const struct rollup *r, struct buf *b) {
    buf_printf(b, "p.\"%s\" IS NOT w.v", r->field->name);
    if (r->field->kind != KITH_F_MONEY)
        return;
    buf_printf(b, " OR p.\"%s__cur\" IS NOT iif(w.v IS NULL, NULL, ", r->field->name);
    put_currency(r, "p", b);
    buf_puts(b, ")");
}

static kith_status run_once(struct conn *c, const struct buf *sql, const struct query_sql *q,
                            int64_t *changes, kith_error *e) {
    sqlite3_stmt *st;
    if (sql->failed)
        return err_nomem(e);
    TRY(conn_prepare_once(c, sql->ptr, &st, e));
    query_bind(st, q);
    kith_status status = conn_run(c, st, e);
    sqlite3_finalize(st);
    *changes = sqlite3_changes64(c->db);
    return status;
}

static kith_status clear_table(struct conn *c, uint32_t field, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_rollup WHERE field = ?1", &st, e));
    bind_int(st, 1, field);
    return conn_run(c, st, e);
}

static kith_status fill_table(struct conn *c, const struct rollup *r, const struct zone *zone,
                              struct arena *a, struct buf *b, kith_error *e) {
    struct query_sql q = {0};
    int64_t rows;
    TRY(clear_table(c, r->field->id, e));
    if (!has_table(r))
        return KITH_OK;
    buf_printf(b,
               "INSERT INTO kith_rollup(field, parent, value, child) SELECT %u, parent, value,"
               " child FROM (",
               r->field->id);
    TRY(put_parts(r, NULL, zone, a, b, &q, e));
    buf_puts(b, ") ORDER BY 2, 3, 4");
    return run_once(c, b, &q, &rows, e);
}

static kith_status fill_values(struct conn *c, const struct rollup *r, const struct zone *zone,
                               struct arena *a, struct buf *b, int64_t *records, kith_error *e) {
    struct query_sql q = {0};
    const char *f = r->field->name;
    buf_printf(b, "UPDATE \"%s\" AS p SET \"%s\" = w.v", r->field->type->name, f);
    if (r->field->kind == KITH_F_MONEY) {
        buf_printf(b, ", \"%s__cur\" = iif(w.v IS NULL, NULL, ", f);
        put_currency(r, "p", b);
        buf_printf(b, "), \"%s__base\" = iif(", f);
        put_currency(r, "p", b);
        buf_printf(b, " = '%s', w.v, NULL)", r->field->type->schema->base_currency);
    }
    buf_puts(b, " FROM (");
    TRY(put_wanted(r, zone, a, b, &q, e));
    buf_puts(b, ") AS w WHERE w.id = p.id AND (");
    put_differs(r, b);
    buf_puts(b, ")");
    return run_once(c, b, &q, records, e);
}

/* A whole number of a field is within 2^53-1, which the sum of many need not be. */
static kith_status check_range(struct conn *c, const struct rollup *r, kith_error *e) {
    char sql[256];
    int64_t beyond;
    if (r->function != ROLLUP_SUM || r->field->kind != KITH_F_INTEGER)
        return KITH_OK;
    snprintf(sql, sizeof sql,
             "SELECT id FROM \"%s\" WHERE \"%s\" NOT BETWEEN -9007199254740991 AND"
             " 9007199254740991 LIMIT 1",
             r->field->type->name, r->field->name);
    TRY(conn_int(c, sql, 0, &beyond, e));
    return beyond ? err_set(e, KITH_E_LIMIT, r->field->name, "the sum of a record is too large")
                  : KITH_OK;
}

/* From now on none is written that is no currency; what stands there must be some already. */
static kith_status check_currencies(struct conn *c, const struct rollup *r, kith_error *e) {
    char sql[256], id[ID_TEXT + 1];
    sqlite3_stmt *st;
    bool row = true;
    if (!r->in || r->in->kind != KITH_F_TEXT)
        return KITH_OK;
    snprintf(sql, sizeof sql, "SELECT min(id), \"%s\" FROM \"%s\" GROUP BY 2", r->in->name,
             r->in->type->name);
    TRY(conn_prepare_once(c, sql, &st, e));
    kith_status status = conn_step(c, st, &row, e);
    while (status == KITH_OK && row) {
        kith_value v =
            sqlite3_column_type(st, 1) == SQLITE_NULL ? value_null() : value_str(column_str(st, 1));
        status = rollup_check_currency(r->in, &v, e);
        if (status != KITH_OK) {
            id_format((kith_id)sqlite3_column_int64(st, 0), id);
            err_prefix(e, "%s %s has another text there: ", r->in->type->name, id);
        } else {
            status = conn_step(c, st, &row, e);
        }
    }
    sqlite3_finalize(st);
    return status;
}

static kith_status fill(struct conn *c, const struct rollup *r, const struct zone *zone,
                        struct arena *a, bool *changed, kith_error *e) {
    struct buf table = {0}, values = {0};
    int64_t records = 0;
    const struct rfield *f = r->field;
    kith_status st = check_currencies(c, r, e);
    if (st == KITH_OK)
        st = fill_table(c, r, zone, a, &table, e);
    if (st == KITH_OK)
        st = fill_values(c, r, zone, a, &values, &records, e);
    if (st == KITH_OK)
        st = check_range(c, r, e);
    buf_free(&table);
    buf_free(&values);
    if (st != KITH_OK) {
        err_prefix(e, "module %s, field %s.%s, roll-up \"%s\": ", f->module, f->type->name, f->name,
                   f->formula);
        return st;
    }
    *changed |= records > 0;
    if (records)
        log_info("rollup", "%s.%s is computed for %lld records", f->type->name, f->name,
                 (long long)records);
    return KITH_OK;
}

kith_status rollup_check_sql(const struct rollup *r, const struct zone *zone, struct arena *a,
                             struct query_sql *values, struct query_sql *beside, kith_error *e) {
    struct buf v = {0}, parts = {0}, b = {0};
    kith_status st;
    *values = *beside = (struct query_sql){0};
    buf_printf(&v, "SELECT p.id FROM \"%s\" AS p JOIN (", r->field->type->name);
    st = put_wanted(r, zone, a, &v, values, e);
    buf_puts(&v, ") AS w ON w.id = p.id WHERE ");
    put_differs(r, &v);
    if (st == KITH_OK && has_table(r)) {
        st = put_parts(r, NULL, zone, a, &parts, beside, e);
        const char *kept = "SELECT parent, value, child FROM kith_rollup WHERE field =";
        buf_printf(&b,
                   "SELECT DISTINCT parent FROM (SELECT * FROM (SELECT * FROM (%s) EXCEPT %s %u)"
                   " UNION ALL SELECT * FROM (%s %u EXCEPT SELECT * FROM (%s)))",
                   parts.ptr ? parts.ptr : "", kept, r->field->id, kept, r->field->id,
                   parts.ptr ? parts.ptr : "");
        beside->sql = arena_str(a, buf_view(&b)).ptr;
    }
    values->sql = arena_str(a, buf_view(&v)).ptr;
    if (st == KITH_OK &&
        (v.failed || b.failed || parts.failed || !values->sql || (has_table(r) && !beside->sql)))
        st = err_nomem(e);
    buf_free(&v);
    buf_free(&parts);
    buf_free(&b);
    return st;
}

kith_status rollup_children(struct conn *c, const struct rollup *r, const struct zone *zone,
                            kith_id parent, const char *currency, rollup_child_fn *fn, void *arg,
                            kith_error *e) {
    const struct only only = {parent, currency};
    struct arena a = {0};
    struct buf b = {0};
    struct query_sql q = {0};
    sqlite3_stmt *sql = NULL;
    bool row = true;
    kith_status st = put_parts(r, &only, zone, &a, &b, &q, e);
    if (st == KITH_OK)
        st = conn_prepare_once(c, b.ptr, &sql, e);
    if (st == KITH_OK)
        query_bind(sql, &q);
    while (st == KITH_OK && (st = conn_step(c, sql, &row, e)) == KITH_OK && row) {
        kith_value part = value_int(sqlite3_column_int64(sql, 1));
        st = fn(arg, (kith_id)sqlite3_column_int64(sql, 2), &part, e);
    }
    sqlite3_finalize(sql);
    buf_free(&b);
    arena_free(&a);
    return st;
}

/* -- when the database is opened --------------------------------------------------------------- */

/* All that the values depend on beside the records: when it differs they are computed anew. The
 * value of a roll-up over others depends on theirs. */
static const char *digest(struct arena *a, const struct rollup *r, const struct zone *zone) {
    const char *over = "";
    for (uint32_t i = 0; over && i < r->child->field_count; i++) {
        const struct rfield *f = r->child->fields[i];
        if (f->rollup && fieldset_has(&r->reads, i)) {
            const char *of = digest(a, f->rollup, zone);
            over = of ? arena_printf(a, "%s, %s.%s = %s", over, f->type->name, f->name, of) : NULL;
        }
    }
    return over ? arena_printf(a, "%s via %s%s%s; zone %s, folding %d%s", r->field->formula,
                               r->via->name, r->currency[0] ? " in " : "", r->currency,
                               zone ? zone_name(zone) : "UTC", TEXT_FOLD_VERSION, over)
                : NULL;
}

static kith_status is_filled(struct conn *c, const struct rollup *r, const char *want, bool *filled,
                             kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT 1 FROM kith_meta WHERE key = 'rollup.' || ?1 AND value = ?2", &st,
                     e));
    bind_int(st, 1, r->field->id);
    bind_str(st, 2, str_of(want));
    return conn_any(c, st, filled, e);
}

static kith_status set_filled(struct conn *c, const struct rollup *r, const char *digest,
                              kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "INSERT OR REPLACE INTO kith_meta(key, value) VALUES('rollup.' || ?1, ?2)",
                     &st, e));
    bind_int(st, 1, r->field->id);
    bind_str(st, 2, str_of(digest));
    return conn_run(c, st, e);
}

/* What is kept no more, also because its module is not loaded: nobody keeps it up meanwhile, so it
 * is computed when it comes back. */
static kith_status forget_absent(struct conn *c, const struct schema *s, struct arena *a,
                                 kith_error *e) {
    sqlite3_stmt *st;
    kith_id *fields;
    size_t n;
    TRY(conn_prepare(
        c, "SELECT CAST(substr(key, 8) AS INTEGER) FROM kith_meta WHERE key GLOB 'rollup.*'", &st,
        e));
    TRY(conn_ids(c, st, a, &fields, &n, e));
    for (size_t i = 0; i < n; i++) {
        const struct rfield *f = schema_field_by_id(s, (uint32_t)fields[i]);
        if (f && f->rollup)
            continue;
        TRY(clear_table(c, (uint32_t)fields[i], e));
        TRY(conn_prepare(c, "DELETE FROM kith_meta WHERE key = 'rollup.' || ?1", &st, e));
        bind_int(st, 1, (int64_t)fields[i]);
        TRY(conn_run(c, st, e));
    }
    return KITH_OK;
}

static kith_status open_all(struct conn *c, const struct schema *s, struct arena *a, bool *changed,
                            kith_error *e) {
    TRY(forget_absent(c, s, a, e));
    for (uint32_t i = 0; i < s->rollup_count; i++) {
        const struct rollup *r = s->rollups[i];
        const char *want = digest(a, r, s->zone);
        bool filled;
        if (!want)
            return err_nomem(e);
        TRY(is_filled(c, r, want, &filled, e));
        if (filled)
            continue;
        TRY(fill(c, r, s->zone, a, changed, e));
        TRY(set_filled(c, r, want, e));
    }
    return KITH_OK;
}

kith_status rollups_open(struct conn *c, const struct schema *s, bool *changed, kith_error *e) {
    struct arena a = {0};
    *changed = false;
    kith_status st = conn_exec(c,
                               "CREATE TABLE IF NOT EXISTS kith_rollup(field INTEGER NOT NULL,"
                               " parent INTEGER NOT NULL, value ANY NOT NULL, child INTEGER NOT"
                               " NULL, PRIMARY KEY(field, parent, value, child)) STRICT,"
                               " WITHOUT ROWID",
                               e);
    if (st == KITH_OK)
        st = open_all(c, s, &a, changed, e);
    arena_free(&a);
    return st;
}

kith_status rollups_forget(struct conn *c, kith_error *e) {
    return conn_exec(c, "DELETE FROM kith_meta WHERE key GLOB 'rollup.*'", e);
}
