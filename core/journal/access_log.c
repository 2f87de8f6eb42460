/* SPDX-License-Identifier: Apache-2.0 */
/* Access log: its tables. */
#include "journal/access_log.h"

const char *access_event_name(uint32_t event) {
    static const char *const names[ACCESS_EVENTS] = {[ACCESS_READ] = "read",
                                                     [ACCESS_FAILED] = "failed",
                                                     [ACCESS_VIEW_AS] = "view as",
                                                     [ACCESS_PASSWORD] = "password",
                                                     [ACCESS_TOKEN] = "token",
                                                     [ACCESS_EXPORT] = "export",
                                                     [ACCESS_SIGNED_IN] = "sign-in",
                                                     [ACCESS_BACKUP] = "backup",
                                                     [ACCESS_SESSION] = "session",
                                                     [ACCESS_INVITE] = "invite",
                                                     [ACCESS_FACTOR] = "second-factor",
                                                     [ACCESS_LINK] = "link"};
    return event < ACCESS_EVENTS && names[event] ? names[event] : "";
}

static kith_status add_span(struct conn *c, kith_error *e) {
    int64_t there;
    TRY(conn_int(c, "SELECT count(*) FROM sqlite_schema WHERE name = 'kith_access_span'", 0, &there,
                 e));
    return there ? KITH_OK
                 : conn_exec(c,
                             "CREATE TABLE kith_access_span(first INTEGER NOT NULL, last INTEGER"
                             " NOT NULL) STRICT;"
                             "INSERT INTO kith_access_span SELECT coalesce(min(number), 1),"
                             " coalesce(max(number), 0) FROM kith_access",
                             e);
}

/* The number of records came later than the table. */
static kith_status add_rows(struct conn *c, kith_error *e) {
    int64_t there;
    TRY(conn_int(c, "SELECT count(*) FROM pragma_table_info('kith_access') WHERE name = 'rows'", 0,
                 &there, e));
    return there ? KITH_OK : conn_exec(c, "ALTER TABLE kith_access ADD COLUMN rows INTEGER", e);
}

kith_status access_log_setup(struct conn *c, kith_error *e) {
    TRY(conn_exec(c,
                  "CREATE TABLE IF NOT EXISTS kith_access(number INTEGER PRIMARY KEY,"
                  " at INTEGER NOT NULL, event INTEGER NOT NULL, user INTEGER NOT NULL,"
                  " actor TEXT NOT NULL, surface TEXT NOT NULL, asked TEXT NOT NULL,"
                  " type INTEGER NOT NULL) STRICT;"
                  "CREATE INDEX IF NOT EXISTS kith_access_user ON kith_access(user, number);"
                  "CREATE INDEX IF NOT EXISTS kith_access_rare ON kith_access(event, number)"
                  " WHERE event <> 1;"
                  "CREATE TABLE IF NOT EXISTS kith_access_record(access INTEGER NOT NULL,"
                  " record INTEGER NOT NULL, PRIMARY KEY(access, record)) STRICT, WITHOUT ROWID;"
                  "CREATE INDEX IF NOT EXISTS kith_access_of ON"
                  " kith_access_record(record, access)",
                  e));
    TRY(add_rows(c, e));
    return add_span(c, e);
}

/* Numbers follow one another, whatever became of the last entry. */
static kith_status next_number(struct conn *c, int64_t *number, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_int(c,
                 "SELECT 1 + max((SELECT coalesce(max(number), 0) FROM kith_access),"
                 " (SELECT coalesce(max(last), 0) FROM kith_access_span))",
                 0, number, e));
    TRY(conn_prepare(c, "UPDATE kith_access_span SET last = ?1", &st, e));
    bind_int(st, 1, *number);
    return conn_run(c, st, e);
}

kith_status access_log_add(struct conn *c, const struct access_entry *x, int64_t *number_out,
                           kith_error *e) {
    sqlite3_stmt *st;
    int64_t number;
    TRY(next_number(c, &number, e));
    TRY(conn_prepare(c,
                     "INSERT INTO kith_access(at, event, user, actor, surface, asked, type, number)"
                     " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                     &st, e));
    bind_int(st, 1, x->at);
    bind_int(st, 2, x->event);
    bind_int(st, 3, (int64_t)x->user);
    bind_str(st, 4, str_of(x->actor));
    bind_str(st, 5, str_of(x->surface ? x->surface : ""));
    bind_str(st, 6, str_of(x->asked ? x->asked : ""));
    bind_int(st, 7, x->type);
    bind_int(st, 8, number);
    TRY(conn_run(c, st, e));
    if (number_out)
        *number_out = number;
    for (size_t i = 0; i < x->record_count; i++) {
        TRY(conn_prepare(c, "INSERT OR IGNORE INTO kith_access_record VALUES(?1, ?2)", &st, e));
        bind_int(st, 1, number);
        bind_int(st, 2, (int64_t)x->records[i]);
        TRY(conn_run(c, st, e));
    }
    return KITH_OK;
}

kith_status access_log_rows(struct conn *c, int64_t number, int64_t rows, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "UPDATE kith_access SET rows = ?2 WHERE number = ?1", &st, e));
    bind_int(st, 1, number);
    bind_int(st, 2, rows);
    return conn_run(c, st, e);
}

kith_status access_log_sweep(struct conn *c, int64_t before, int max, bool *more, kith_error *e) {
    sqlite3_stmt *st;
    int64_t last = 0;
    bool row;
    *more = false;
    /* In the order in which they were written: a clock that was set back keeps what is behind. */
    TRY(conn_prepare(c,
                     "SELECT number, at, (SELECT count(*) FROM kith_access_record r WHERE r.access"
                     " = a.number) FROM kith_access a ORDER BY number LIMIT ?1",
                     &st, e));
    bind_int(st, 1, max);
    for (int64_t rows = 0; rows < max;) {
        TRY(conn_step(c, st, &row, e));
        if (!row || sqlite3_column_int64(st, 1) >= before)
            break;
        last = sqlite3_column_int64(st, 0);
        rows += 1 + sqlite3_column_int64(st, 2);
        *more = rows >= max;
    }
    sqlite3_reset(st);
    if (!last)
        return KITH_OK;
    static const char *const sql[] = {"DELETE FROM kith_access_record WHERE access <= ?1",
                                      "DELETE FROM kith_access WHERE number <= ?1",
                                      "UPDATE kith_access_span SET first = ?1 + 1"};
    for (int i = 0; i < 3; i++) {
        TRY(conn_prepare(c, sql[i], &st, e));
        bind_int(st, 1, last);
        TRY(conn_run(c, st, e));
    }
    return KITH_OK;
}

/* -- reading ----------------------------------------------------------------------------------- */

static const char *take_text(sqlite3_stmt *st, int column, struct arena *a) {
    return arena_strndup(a, column_str(st, column).ptr ? column_str(st, column).ptr : "",
                         column_str(st, column).len);
}

static kith_status take_entry(sqlite3_stmt *st, struct arena *a, void *item, kith_error *e) {
    struct access_entry *x = item;
    *x = (struct access_entry){
        .number = sqlite3_column_int64(st, 0),
        .at = sqlite3_column_int64(st, 1),
        .event = (uint32_t)sqlite3_column_int(st, 2),
        .user = (kith_id)sqlite3_column_int64(st, 3),
        .actor = take_text(st, 4, a),
        .surface = take_text(st, 5, a),
        .asked = take_text(st, 6, a),
        .type = (uint32_t)sqlite3_column_int(st, 7),
        .rows = sqlite3_column_type(st, 8) == SQLITE_NULL ? -1 : sqlite3_column_int64(st, 8)};
    return x->actor && x->surface && x->asked ? KITH_OK : err_nomem(e);
}

static kith_status read_records(struct conn *c, struct access_entry *x, size_t shown,
                                struct arena *a, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    kith_id *ids = ARENA_ARRAY(a, kith_id, shown + 1);
    if (!ids)
        return err_nomem(e);
    TRY(conn_prepare(c, "SELECT record FROM kith_access_record WHERE access = ?1 ORDER BY record",
                     &st, e));
    bind_int(st, 1, x->number);
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row)
            break;
        if (x->record_count < shown)
            ids[x->record_count] = (kith_id)sqlite3_column_int64(st, 0);
        x->record_count++;
    }
    x->records = ids;
    return KITH_OK;
}

static void filter_sql(const struct access_filter *f, struct buf *sql) {
    const struct {
        bool asked;
        const char *sql;
    } conditions[] = {
        {f->user, " AND a.user = ?2"},
        {f->type, " AND a.type = ?3"},
        {f->since, " AND a.at >= ?4"},
        {f->until, " AND a.at < ?5"},
        {f->over, " AND coalesce(a.rows, (SELECT count(*) FROM kith_access_record r WHERE"
                  " r.access = a.number)) > ?6"},
        {f->before, f->record ? " AND r.access < ?7" : " AND a.number < ?7"},
    };
    buf_puts(sql, "SELECT a.number, at, event, user, actor, surface, asked, type, rows FROM ");
    buf_puts(sql, f->record ? "kith_access_record r JOIN kith_access a ON a.number = r.access"
                              " WHERE r.record = ?1"
                            : "kith_access a WHERE TRUE");
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        buf_puts(sql, conditions[i].asked ? conditions[i].sql : "");
    if (f->event) /* written out: only so the index of those that are rare serves */
        buf_printf(sql, " AND a.event = %u%s", f->event,
                   f->event != ACCESS_READ ? " AND a.event <> 1" : "");
    buf_printf(sql, " ORDER BY %s DESC LIMIT ?8", f->record ? "r.access" : "a.number");
}

static kith_status prepare(struct conn *c, const struct access_filter *f, sqlite3_stmt **st,
                           kith_error *e) {
    struct buf sql = {0};
    filter_sql(f, &sql);
    kith_status status = sql.failed ? err_nomem(e) : conn_prepare(c, sql.ptr, st, e);
    buf_free(&sql);
    TRY(status);
    const int64_t values[] = {(int64_t)f->record, (int64_t)f->user, f->type,   f->since,
                              f->until,           f->over,          f->before, f->limit};
    for (int i = 0; i < 8; i++)
        bind_int(*st, i + 1, values[i]);
    return KITH_OK;
}

kith_status access_log_read(struct conn *c, const struct access_filter *f, struct arena *a,
                            struct access_entry **out, size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    *out = NULL;
    *count = 0;
    TRY(prepare(c, f, &st, e));
    TRY(conn_rows(c, st, a, sizeof **out, take_entry, out, count, e));
    for (size_t i = 0; i < *count; i++)
        TRY(read_records(c, &(*out)[i], f->shown, a, e));
    return KITH_OK;
}
