/* SPDX-License-Identifier: Apache-2.0 */
/* The statements over members, flips and what is left to settle. */
#include "record/member.h"
#include "base/text.h"
#include "record/schema_internal.h"

#include <stdio.h>
#include <string.h>

kith_status member_setup(struct conn *c, kith_error *e) {
    return conn_exec(
        c,
        "CREATE TABLE IF NOT EXISTS kith_member(segment INTEGER NOT NULL, record INTEGER NOT NULL,"
        " since INTEGER NOT NULL, brought INTEGER NOT NULL, PRIMARY KEY(segment, record)) STRICT,"
        " WITHOUT ROWID;"
        "CREATE INDEX IF NOT EXISTS \"i.kith_member.record\" ON kith_member(record);"
        "CREATE TABLE IF NOT EXISTS kith_flip(segment INTEGER NOT NULL, record INTEGER NOT NULL,"
        " due INTEGER NOT NULL, PRIMARY KEY(segment, record)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX IF NOT EXISTS \"i.kith_flip.due\" ON kith_flip(due);"
        "CREATE TABLE IF NOT EXISTS kith_settle(id INTEGER PRIMARY KEY AUTOINCREMENT, segment"
        " INTEGER NOT NULL, kind INTEGER NOT NULL, query TEXT NOT NULL, at INTEGER NOT NULL,"
        " run INTEGER NOT NULL) STRICT;",
        e);
}

/* Runs a statement over up to three numbers; *changed: whether it changed a row. */
static kith_status run(struct conn *c, const char *sql, int64_t a, int64_t b, int64_t d,
                       bool *changed, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, sql, &st, e));
    int n = sqlite3_bind_parameter_count(st);
    bind_int(st, 1, a);
    if (n > 1)
        bind_int(st, 2, b);
    if (n > 2)
        bind_int(st, 3, d);
    TRY(conn_run(c, st, e));
    if (changed)
        *changed = sqlite3_changes(c->db) > 0;
    return KITH_OK;
}

/* One number of a query over up to two. */
static kith_status number(struct conn *c, const char *sql, int64_t a, int64_t b, int64_t otherwise,
                          int64_t *out, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, sql, &st, e));
    bind_int(st, 1, a);
    if (sqlite3_bind_parameter_count(st) > 1)
        bind_int(st, 2, b);
    return conn_first(c, st, otherwise, out, e);
}

/* -- members ----------------------------------------------------------------------------------- */

kith_status member_add(struct conn *c, kith_id segment, kith_id record, int64_t since, bool brought,
                       bool *changed, kith_error *e) {
    return run(c,
               brought ? "INSERT OR IGNORE INTO kith_member VALUES(?1, ?2, ?3, 1)"
                       : "INSERT OR IGNORE INTO kith_member VALUES(?1, ?2, ?3, 0)",
               (int64_t)segment, (int64_t)record, since, changed, e);
}

kith_status member_remove(struct conn *c, kith_id segment, kith_id record, bool *changed,
                          kith_error *e) {
    return run(c, "DELETE FROM kith_member WHERE segment = ?1 AND record = ?2", (int64_t)segment,
               (int64_t)record, 0, changed, e);
}

kith_status member_bring(struct conn *c, kith_id segment, kith_id record, bool brought,
                         kith_error *e) {
    return run(c,
               "UPDATE kith_member SET brought = ?3 WHERE segment = ?1 AND record = ?2 AND"
               " brought <> ?3",
               (int64_t)segment, (int64_t)record, brought, NULL, e);
}

kith_status member_is(struct conn *c, kith_id segment, kith_id record, bool *is, kith_error *e) {
    int64_t n;
    TRY(number(c, "SELECT 1 FROM kith_member WHERE segment = ?1 AND record = ?2", (int64_t)segment,
               (int64_t)record, 0, &n, e));
    *is = n;
    return KITH_OK;
}

kith_status member_count(struct conn *c, kith_id segment, int64_t *n, kith_error *e) {
    return number(c, "SELECT count(*) FROM kith_member WHERE segment = ?1", (int64_t)segment, 0, 0,
                  n, e);
}

kith_status member_of(struct conn *c, kith_id record, struct arena *a, kith_id **segments,
                      size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT segment FROM kith_member WHERE record = ?1 ORDER BY segment", &st,
                     e));
    bind_int(st, 1, (int64_t)record);
    return conn_ids(c, st, a, segments, count, e);
}

kith_status member_page(struct conn *c, kith_id segment, kith_id after, int64_t max,
                        struct arena *a, kith_id **records, size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "SELECT record FROM kith_member WHERE segment = ?1 AND record > ?2"
                     " ORDER BY record LIMIT ?3",
                     &st, e));
    bind_int(st, 1, (int64_t)segment);
    bind_int(st, 2, (int64_t)after);
    bind_int(st, 3, max);
    return conn_ids(c, st, a, records, count, e);
}

kith_status member_drop(struct conn *c, kith_id segment, int64_t max, int64_t *gone,
                        kith_error *e) {
    TRY(run(c,
            "DELETE FROM kith_member WHERE segment = ?1 AND record IN (SELECT record FROM"
            " kith_member WHERE segment = ?1 LIMIT ?2)",
            (int64_t)segment, max, 0, NULL, e));
    *gone = sqlite3_changes(c->db);
    return KITH_OK;
}

kith_status member_forget_gone(struct conn *c, kith_id segment, const struct rtype *t, kith_id lo,
                               kith_id hi, kith_error *e) {
    char sql[256];
    snprintf(sql, sizeof sql,
             "DELETE FROM kith_member AS m WHERE segment = ?1 AND record > ?2 AND record <= ?3 AND"
             " NOT EXISTS (SELECT 1 FROM \"%s\" r WHERE r.id = m.record)",
             t->name);
    return run(c, sql, (int64_t)segment, (int64_t)lo, (int64_t)hi, NULL, e);
}

kith_status member_strays(struct conn *c, struct arena *a, kith_id **segments, size_t *count,
                          kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare_once(c,
                          "SELECT DISTINCT segment FROM kith_member WHERE segment NOT IN (SELECT id"
                          " FROM segment)",
                          &st, e));
    kith_status status = conn_ids(c, st, a, segments, count, e);
    sqlite3_finalize(st);
    return status;
}

/* -- working a segment out in bulk ------------------------------------------------------------- */

/* A statement around "SELECT id ..." of the query; its own parameters stand behind the query's. */
static kith_status prepare_around(struct conn *c, const char *before, const struct query_sql *q,
                                  const char *after, sqlite3_stmt **st, kith_error *e) {
    struct buf sql = {0};
    buf_puts(&sql, before);
    buf_puts(&sql, q->sql);
    buf_puts(&sql, after);
    kith_status status = sql.failed ? err_nomem(e) : conn_prepare_once(c, sql.ptr, st, e);
    buf_free(&sql);
    if (status == KITH_OK)
        query_bind(*st, q);
    return status;
}

static kith_status run_once(struct conn *c, sqlite3_stmt *st, kith_error *e) {
    kith_status status = conn_run(c, st, e);
    sqlite3_finalize(st);
    return status;
}

kith_status member_fill(struct conn *c, kith_id segment, const struct query *q,
                        const struct query_env *env, kith_id lo, kith_id hi, struct arena *a,
                        kith_error *e) {
    struct query_sql found;
    sqlite3_stmt *st;
    TRY(query_ids_sql(q, env, NULL, lo, hi, a, &found, e));
    const char *stale = arena_printf(
        a,
        "DELETE FROM kith_member WHERE segment = %lld AND record > %lld AND record <= %lld"
        " AND record NOT IN (",
        (long long)segment, (long long)lo, (long long)hi);
    const char *fresh =
        arena_printf(a, "INSERT OR IGNORE INTO kith_member SELECT %lld, id, %lld, 0 FROM (",
                     (long long)segment, (long long)env->now);
    if (!stale || !fresh)
        return err_nomem(e);
    TRY(prepare_around(c, stale, &found, ")", &st, e));
    TRY(run_once(c, st, e));
    TRY(prepare_around(c, fresh, &found, ") WHERE true", &st, e));
    return run_once(c, st, e);
}

kith_status member_relist(struct conn *c, kith_id list, int64_t now, kith_error *e) {
    TRY(run(c,
            "DELETE FROM kith_member WHERE segment = ?1 AND record NOT IN (SELECT record FROM"
            " list_member WHERE segment = ?1)",
            (int64_t)list, 0, 0, NULL, e));
    return run(c,
               "INSERT INTO kith_member SELECT segment, record, ?2, coalesce(brought, 0) FROM"
               " list_member WHERE segment = ?1 ON CONFLICT DO UPDATE SET brought ="
               " excluded.brought",
               (int64_t)list, now, 0, NULL, e);
}

static kith_status difference(struct conn *c, const char *before, const struct query_sql *q,
                              const char *after, struct arena *a, kith_id **out, size_t *count,
                              kith_error *e) {
    sqlite3_stmt *st;
    TRY(prepare_around(c, before, q, after, &st, e));
    kith_status status = conn_ids(c, st, a, out, count, e);
    sqlite3_finalize(st);
    return status;
}

kith_status member_differences(struct conn *c, kith_id segment, const struct query *q,
                               const struct query_env *env, struct arena *a, kith_id **enter,
                               size_t *entering, kith_id **leave, size_t *leaving, kith_error *e) {
    struct query_sql found;
    TRY(query_sql(q, env, NULL, (kith_str){0}, INT64_MAX, a, &found, e));
    const char *behind = arena_printf(
        a, ") EXCEPT SELECT record FROM kith_member WHERE segment = %lld", (long long)segment);
    const char *before = arena_printf(
        a, "SELECT record FROM kith_member WHERE segment = %lld EXCEPT SELECT id FROM (",
        (long long)segment);
    if (!behind || !before)
        return err_nomem(e);
    TRY(difference(c, "SELECT id FROM (", &found, behind, a, enter, entering, e));
    return difference(c, before, &found, ")", a, leave, leaving, e);
}

kith_status member_roots(struct conn *c, const struct query *q, const struct query_env *env,
                         const kith_value *params, kith_id after, int64_t max, struct arena *a,
                         kith_id **ids, size_t *count, kith_error *e) {
    struct query_sql found;
    sqlite3_stmt *st;
    TRY(query_ids_sql(q, env, params, after, INT64_MAX, a, &found, e));
    const char *sql =
        arena_printf(a, "SELECT id FROM (%s) ORDER BY id LIMIT %lld", found.sql, (long long)max);
    if (!sql)
        return err_nomem(e);
    TRY(conn_prepare(c, sql, &st, e)); /* one text for each segment and way: kept */
    query_bind(st, &found);
    return conn_ids(c, st, a, ids, count, e);
}

kith_status member_range(struct conn *c, const struct rtype *t, kith_id after, int64_t n,
                         kith_id *hi, kith_error *e) {
    char sql[160];
    int64_t id;
    snprintf(sql, sizeof sql, "SELECT id FROM \"%s\" WHERE id > ?1 ORDER BY id LIMIT 1 OFFSET ?2",
             t->name);
    TRY(number(c, sql, (int64_t)after, n - 1, INT64_MAX, &id, e));
    *hi = (kith_id)id;
    return KITH_OK;
}

/* -- flips ------------------------------------------------------------------------------------- */

kith_status flip_set(struct conn *c, kith_id segment, kith_id record, int64_t due, kith_error *e) {
    if (due == INT64_MAX)
        return run(c, "DELETE FROM kith_flip WHERE segment = ?1 AND record = ?2", (int64_t)segment,
                   (int64_t)record, 0, NULL, e);
    return run(c,
               "INSERT INTO kith_flip(segment, record, due) VALUES(?1, ?2, ?3)"
               " ON CONFLICT(segment, record) DO UPDATE SET due = excluded.due"
               " WHERE due <> excluded.due",
               (int64_t)segment, (int64_t)record, due, NULL, e);
}

kith_status flip_next_due(struct conn *c, int64_t *due, kith_error *e) {
    return conn_int(c, "SELECT due FROM kith_flip ORDER BY due LIMIT 1", INT64_MAX, due, e);
}

kith_status flip_overdue(struct conn *c, kith_id segment, int64_t now, bool *yes, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT 1 FROM kith_flip WHERE due <= ?1 AND +segment = ?2", &st, e));
    bind_int(st, 1, now);
    bind_int(st, 2, (int64_t)segment);
    return conn_any(c, st, yes, e);
}

kith_status flip_due(struct conn *c, int64_t now, int64_t max, struct arena *a, struct flip **out,
                     size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    size_t cap = 0;
    *out = NULL;
    *count = 0;
    TRY(conn_prepare(c,
                     "SELECT segment, record, due FROM kith_flip WHERE due <= ?1"
                     " ORDER BY due, segment, record LIMIT ?2",
                     &st, e));
    bind_int(st, 1, now);
    bind_int(st, 2, max);
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        struct flip *items = arena_grow(a, *out, *count, &cap, sizeof *items);
        if (!items) {
            sqlite3_reset(st);
            return err_nomem(e);
        }
        *out = items;
        items[(*count)++] =
            (struct flip){(kith_id)sqlite3_column_int64(st, 0),
                          (kith_id)sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2)};
    }
}

kith_status flip_drop(struct conn *c, kith_id segment, int64_t max, int64_t *gone, kith_error *e) {
    TRY(run(c,
            "DELETE FROM kith_flip WHERE segment = ?1 AND record IN (SELECT record FROM kith_flip"
            " WHERE segment = ?1 LIMIT ?2)",
            (int64_t)segment, max, 0, NULL, e));
    *gone = sqlite3_changes(c->db);
    return KITH_OK;
}

/* -- what is left to settle -------------------------------------------------------------------- */

kith_status settle_add(struct conn *c, const struct settle *s, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(
        c, "INSERT INTO kith_settle(segment, kind, query, at, run) VALUES(?1, ?2, ?3, ?4, ?5)", &st,
        e));
    bind_int(st, 1, (int64_t)s->segment);
    bind_int(st, 2, s->kind);
    bind_str(st, 3, s->query.ptr ? s->query : STR(""));
    bind_int(st, 4, (int64_t)s->at);
    bind_int(st, 5, (int64_t)s->run);
    return conn_run(c, st, e);
}

kith_status settle_first(struct conn *c, struct arena *a, struct settle *out, bool *found,
                         kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(
        c, "SELECT id, segment, kind, query, at, run FROM kith_settle ORDER BY id LIMIT 1", &st,
        e));
    TRY(conn_step(c, st, found, e));
    if (!*found)
        return KITH_OK;
    *out = (struct settle){
        .id = sqlite3_column_int64(st, 0),
        .segment = (kith_id)sqlite3_column_int64(st, 1),
        .kind = (uint32_t)sqlite3_column_int64(st, 2),
        .query = arena_str(a, column_str(st, 3)),
        .at = (kith_id)sqlite3_column_int64(st, 4),
        .run = (kith_id)sqlite3_column_int64(st, 5),
    };
    sqlite3_reset(st);
    return out->query.ptr ? KITH_OK : err_nomem(e);
}

kith_status settle_move(struct conn *c, const struct settle *s, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "UPDATE kith_settle SET at = ?2, run = ?3, query = ?4 WHERE id = ?1", &st,
                     e));
    bind_int(st, 1, s->id);
    bind_int(st, 2, (int64_t)s->at);
    bind_int(st, 3, (int64_t)s->run);
    bind_str(st, 4, s->query);
    return conn_run(c, st, e);
}

kith_status settle_done(struct conn *c, int64_t id, kith_error *e) {
    return run(c, "DELETE FROM kith_settle WHERE id = ?1", id, 0, 0, NULL, e);
}

kith_status settle_cancel(struct conn *c, kith_id segment, uint32_t kind, kith_error *e) {
    return run(c, "DELETE FROM kith_settle WHERE segment = ?1 AND ?2 IN (kind, 0)",
               (int64_t)segment, kind, 0, NULL, e);
}

kith_status settle_left(struct conn *c, kith_id segment, uint32_t kind, int64_t *n, kith_error *e) {
    return number(c, "SELECT count(*) FROM kith_settle WHERE segment = ?1 AND ?2 IN (kind, 0)",
                  (int64_t)segment, kind, 0, n, e);
}

/* -- the segment's own row --------------------------------------------------------------------- */

kith_status segment_counted(struct conn *c, kith_id segment, int64_t more, kith_error *e) {
    return run(c, "UPDATE segment SET members = coalesce(members, 0) + ?2 WHERE id = ?1",
               (int64_t)segment, more, 0, NULL, e);
}

kith_status segment_set(struct conn *c, kith_id segment, const char *column, int64_t value,
                        kith_error *e) {
    char sql[128];
    snprintf(sql, sizeof sql, "UPDATE segment SET \"%s\" = ?2 WHERE id = ?1 AND \"%s\" IS NOT ?2",
             column, column);
    return run(c, sql, (int64_t)segment, value, 0, NULL, e);
}

kith_status segment_number(struct conn *c, kith_id segment, const char *column, int64_t *out,
                           kith_error *e) {
    char sql[96];
    snprintf(sql, sizeof sql, "SELECT \"%s\" FROM segment WHERE id = ?1", column);
    return number(c, sql, (int64_t)segment, 0, 0, out, e);
}

kith_status segment_set_class(struct conn *c, kith_id segment, const char *class, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "UPDATE segment SET class = ?2 WHERE id = ?1 AND class IS NOT ?2", &st, e));
    bind_int(st, 1, (int64_t)segment);
    bind_str(st, 2, str_of(class));
    return conn_run(c, st, e);
}

kith_status segment_problem(struct conn *c, kith_id segment, const char *why, bool *first,
                            kith_error *e) {
    sqlite3_stmt *st;
    if (!why)
        return run(c, "UPDATE segment SET problem = NULL WHERE id = ?1 AND problem IS NOT NULL",
                   (int64_t)segment, 0, 0, NULL, e);
    TRY(conn_prepare(c,
                     "UPDATE segment SET problem = ?2, settling = 1 WHERE id = ?1 AND problem IS"
                     " NULL",
                     &st, e));
    bind_int(st, 1, (int64_t)segment);
    bind_str(st, 2, str_of(why));
    TRY(conn_run(c, st, e));
    *first = sqlite3_changes(c->db) > 0;
    return KITH_OK;
}

kith_status segment_settled(struct conn *c, kith_id segment, kith_error *e) {
    return run(c, "UPDATE segment SET settling = problem IS NOT NULL WHERE id = ?1",
               (int64_t)segment, 0, 0, NULL, e);
}

static kith_str kept_str(struct arena *a, sqlite3_stmt *st, int i, bool *nomem) {
    kith_str s = arena_str(a, column_str(st, i));
    *nomem |= !s.ptr && sqlite3_column_type(st, i) != SQLITE_NULL;
    return s;
}

#define SEGMENT_ROW "SELECT id, name, query, kind, refresh, expired, settling FROM segment"

/* False: no memory. */
static bool read_row(sqlite3_stmt *st, struct arena *a, struct segment_row *out) {
    bool nomem = false;
    *out = (struct segment_row){
        .id = (kith_id)sqlite3_column_int64(st, 0),
        .name = kept_str(a, st, 1, &nomem),
        .query = kept_str(a, st, 2, &nomem),
        .kind = kept_str(a, st, 3, &nomem),
        .refresh = sqlite3_column_int64(st, 4),
        .expired = sqlite3_column_type(st, 5) != SQLITE_NULL,
        .settling = sqlite3_column_int64(st, 6) != 0,
    };
    return !nomem;
}

kith_status segment_rows(struct conn *c, struct arena *a, struct segment_row **out, size_t *count,
                         kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    size_t cap = 0;
    *out = NULL;
    *count = 0;
    TRY(conn_prepare(c, SEGMENT_ROW " ORDER BY id", &st, e));
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        struct segment_row *items = arena_grow(a, *out, *count, &cap, sizeof *items);
        if (items)
            *out = items;
        if (!items || !read_row(st, a, &items[(*count)++])) {
            sqlite3_reset(st);
            return err_nomem(e);
        }
    }
}

kith_status segment_row(struct conn *c, kith_id id, struct arena *a, struct segment_row *out,
                        kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    *out = (struct segment_row){0};
    TRY(conn_prepare(c, SEGMENT_ROW " WHERE id = ?1", &st, e));
    bind_int(st, 1, (int64_t)id);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return KITH_OK;
    bool ok = read_row(st, a, out);
    sqlite3_reset(st);
    return ok ? KITH_OK : err_nomem(e);
}

kith_status segment_calendar(struct conn *c, const char *text, bool *changed, kith_error *e) {
    struct arena a = {0};
    const char *before;
    kith_status st = meta_read(c, "segment.calendar", &a, &before, e);
    *changed = st == KITH_OK && before && !str_eqz(str_of(before), text);
    if (st == KITH_OK && (!before || *changed))
        st = meta_write(c, "segment.calendar", text, e);
    arena_free(&a);
    return st;
}

const struct rtype *segment_type(const struct schema *s, kith_str query) {
    size_t n = 0;
    query = str_trim(query);
    if (query.len && query.ptr[0] == '"') {
        query.ptr++;
        query.len--;
    }
    while (n < query.len && (query.ptr[n] == '_' || (query.ptr[n] >= 'a' && query.ptr[n] <= 'z') ||
                             (query.ptr[n] >= '0' && query.ptr[n] <= '9')))
        n++;
    return schema_type(s, (kith_str){query.ptr, n});
}

/* -- by name ----------------------------------------------------------------------------------- */

/* It suggests none: whoever asks may not be allowed to know of the one that is meant. */
kith_status segment_absent(kith_str name, kith_error *e) {
    kith_str shown = text_cut(name, 60);
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   "there is no segment '%.*s'; 'kith find segment' lists them", (int)shown.len,
                   shown.ptr);
}

static kith_status find_by_name(struct conn *c, const struct schema *s, kith_str name,
                                struct arena *a, struct segment_found *out, kith_error *e) {
    const struct base_segment *segment = &s->base.segment;
    kith_value value = value_str(name);
    TRY(record_unique_owner(c, segment->name, &value, a, &out->id, e));
    if (!out->id)
        return segment_absent(name, e);
    kith_value *values = ARENA_ARRAY(a, kith_value, segment->type->field_count);
    if (!values)
        return err_nomem(e);
    TRY(record_read(c, segment->type, out->id, a, values, e));
    const kith_value *members = &values[segment->members->index];
    out->type = segment_type(s, values[segment->query->index].as.s);
    out->members = members->kind == KITH_INT ? members->as.i : 0;
    if (out->type)
        return KITH_OK;
    kith_str shown = text_cut(name, 60);
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   "segment '%.*s' is of a type that is retired, or whose module is not enabled",
                   (int)shown.len, shown.ptr);
}

kith_status segment_find(struct conn *c, const struct schema *s, kith_str name,
                         struct segment_found *out, kith_error *e) {
    struct arena a = {0};
    kith_status st = find_by_name(c, s, name, &a, out, e);
    arena_free(&a);
    return st;
}
