/* SPDX-License-Identifier: Apache-2.0 */
/* Access log: the two tables. */
#include "journal/access_log.h"

const char *access_event_name(uint32_t event) {
    static const char *const names[] = {"",         "read",  "failed", "view as",
                                        "password", "token", "export"};
    return event < sizeof names / sizeof *names ? names[event] : "";
}

kith_status access_log_setup(struct conn *c, kith_error *e) {
    return conn_exec(c,
                     "CREATE TABLE IF NOT EXISTS kith_access(number INTEGER PRIMARY KEY,"
                     " at INTEGER NOT NULL, event INTEGER NOT NULL, user INTEGER NOT NULL,"
                     " actor TEXT NOT NULL, surface TEXT NOT NULL, asked TEXT NOT NULL,"
                     " type INTEGER NOT NULL) STRICT;"
                     "CREATE INDEX IF NOT EXISTS kith_access_user ON kith_access(user, number);"
                     "CREATE TABLE IF NOT EXISTS kith_access_record(access INTEGER NOT NULL,"
                     " record INTEGER NOT NULL, PRIMARY KEY(access, record)) STRICT, WITHOUT ROWID;"
                     "CREATE INDEX IF NOT EXISTS kith_access_of ON"
                     " kith_access_record(record, access)",
                     e);
}

kith_status access_log_add(struct conn *c, const struct access_entry *x, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "INSERT INTO kith_access(at, event, user, actor, surface, asked, type)"
                     " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                     &st, e));
    bind_int(st, 1, x->at);
    bind_int(st, 2, x->event);
    bind_int(st, 3, (int64_t)x->user);
    bind_str(st, 4, str_of(x->actor));
    bind_str(st, 5, str_of(x->surface ? x->surface : ""));
    bind_str(st, 6, str_of(x->asked ? x->asked : ""));
    bind_int(st, 7, x->type);
    TRY(conn_run(c, st, e));
    int64_t number = sqlite3_last_insert_rowid(c->db);
    for (size_t i = 0; i < x->record_count; i++) {
        TRY(conn_prepare(c, "INSERT OR IGNORE INTO kith_access_record VALUES(?1, ?2)", &st, e));
        bind_int(st, 1, number);
        bind_int(st, 2, (int64_t)x->records[i]);
        TRY(conn_run(c, st, e));
    }
    return KITH_OK;
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
                                      "DELETE FROM kith_access WHERE number <= ?1"};
    for (int i = 0; i < 2; i++) {
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

static kith_status take_entry(sqlite3_stmt *st, struct arena *a, struct access_entry *x,
                              kith_error *e) {
    *x = (struct access_entry){.number = sqlite3_column_int64(st, 0),
                               .at = sqlite3_column_int64(st, 1),
                               .event = (uint32_t)sqlite3_column_int(st, 2),
                               .user = (kith_id)sqlite3_column_int64(st, 3),
                               .actor = take_text(st, 4, a),
                               .surface = take_text(st, 5, a),
                               .asked = take_text(st, 6, a),
                               .type = (uint32_t)sqlite3_column_int(st, 7)};
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

kith_status access_log_read(struct conn *c, kith_id record, kith_id user, int64_t limit,
                            size_t shown, struct arena *a, struct access_entry **out, size_t *count,
                            kith_error *e) {
    static const char *const sql[] = {
        "SELECT number, at, event, user, actor, surface, asked, type FROM kith_access"
        " WHERE ?1 = 0 AND (?2 = 0 OR user = ?2) ORDER BY number DESC LIMIT ?3",
        "SELECT number, at, event, user, actor, surface, asked, type FROM kith_access"
        " WHERE user = ?2 AND ?1 = 0 ORDER BY number DESC LIMIT ?3",
        "SELECT a.number, at, event, user, actor, surface, asked, type FROM kith_access_record r"
        " JOIN kith_access a ON a.number = r.access WHERE r.record = ?1 AND"
        " (?2 = 0 OR a.user = ?2) ORDER BY r.access DESC LIMIT ?3"};
    sqlite3_stmt *st;
    bool row;
    size_t cap = 0;
    *out = NULL;
    *count = 0;
    TRY(conn_prepare(c, sql[record ? 2 : user ? 1 : 0], &st, e));
    bind_int(st, 1, (int64_t)record);
    bind_int(st, 2, (int64_t)user);
    bind_int(st, 3, limit);
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row)
            break;
        struct access_entry *more = arena_grow(a, *out, *count, &cap, sizeof *more);
        kith_status status = more ? take_entry(st, a, &more[*count], e) : err_nomem(e);
        if (status != KITH_OK) {
            sqlite3_reset(st);
            return status;
        }
        *out = more;
        ++*count;
    }
    for (size_t i = 0; i < *count; i++)
        TRY(read_records(c, &(*out)[i], shown, a, e));
    return KITH_OK;
}
