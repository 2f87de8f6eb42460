/* SPDX-License-Identifier: Apache-2.0 */
/* Session: the table. */
#include "record/session.h"

kith_status session_setup(struct conn *c, kith_error *e) {
    return conn_exec(c,
                     "CREATE TABLE IF NOT EXISTS kith_session(number INTEGER PRIMARY KEY"
                     " AUTOINCREMENT, user INTEGER NOT NULL, secret TEXT NOT NULL UNIQUE,"
                     " method TEXT NOT NULL, origin TEXT NOT NULL, zone INTEGER NOT NULL,"
                     " began INTEGER NOT NULL, used INTEGER NOT NULL, ends INTEGER NOT NULL)"
                     " STRICT;"
                     "CREATE INDEX IF NOT EXISTS kith_session_user ON kith_session(user)",
                     e);
}

kith_status session_add(struct conn *c, struct session *s, kith_str digest, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "INSERT INTO kith_session(user, secret, method, origin, zone, began, used,"
                     " ends) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                     &st, e));
    bind_int(st, 1, (int64_t)s->user);
    bind_str(st, 2, digest);
    bind_str(st, 3, str_of(s->method));
    bind_str(st, 4, str_of(s->from));
    bind_int(st, 5, s->zone);
    bind_int(st, 6, s->began);
    bind_int(st, 7, s->used);
    bind_int(st, 8, s->ends);
    TRY(conn_run(c, st, e));
    s->number = sqlite3_last_insert_rowid(c->db);
    return KITH_OK;
}

#define COLUMNS "number, user, method, origin, zone, began, used, ends"

static kith_status take(sqlite3_stmt *st, struct arena *a, void *item, kith_error *e) {
    struct session *s = item;
    kith_str method = column_str(st, 2), from = column_str(st, 3);
    *s = (struct session){.number = sqlite3_column_int64(st, 0),
                          .user = (kith_id)sqlite3_column_int64(st, 1),
                          .method = arena_strndup(a, method.ptr, method.len),
                          .from = arena_strndup(a, from.ptr, from.len),
                          .zone = (enum access_zone)sqlite3_column_int(st, 4),
                          .began = sqlite3_column_int64(st, 5),
                          .used = sqlite3_column_int64(st, 6),
                          .ends = sqlite3_column_int64(st, 7)};
    return s->method && s->from ? KITH_OK : err_nomem(e);
}

kith_status session_find(struct conn *c, kith_str digest, struct arena *a, struct session *out,
                         kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c, "SELECT " COLUMNS " FROM kith_session WHERE secret = ?1", &st, e));
    bind_str(st, 1, digest);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no such session");
    kith_status status = take(st, a, out, e);
    sqlite3_reset(st);
    return status;
}

kith_status session_read(struct conn *c, kith_id user, struct arena *a, struct session **out,
                         size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(
        c, "SELECT " COLUMNS " FROM kith_session WHERE ?1 = 0 OR user = ?1 ORDER BY number", &st,
        e));
    bind_int(st, 1, (int64_t)user);
    return conn_rows(c, st, a, sizeof **out, take, out, count, e);
}

kith_status session_used(struct conn *c, int64_t number, int64_t now, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "UPDATE kith_session SET used = ?2 WHERE number = ?1", &st, e));
    bind_int(st, 1, number);
    bind_int(st, 2, now);
    return conn_run(c, st, e);
}

kith_status session_prove(struct conn *c, int64_t number, const char *method, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "UPDATE kith_session SET method = ?2 WHERE number = ?1", &st, e));
    bind_int(st, 1, number);
    bind_str(st, 2, str_of(method));
    return conn_run(c, st, e);
}

kith_status session_drop(struct conn *c, kith_id user, int64_t number, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_session WHERE number = ?1 AND (?2 = 0 OR user = ?2)", &st,
                     e));
    bind_int(st, 1, number);
    bind_int(st, 2, (int64_t)user);
    TRY(conn_run(c, st, e));
    return sqlite3_changes(c->db)
               ? KITH_OK
               : err_set(e, KITH_E_NOTFOUND, NULL, "there is no session %lld", (long long)number);
}

kith_status session_drop_all(struct conn *c, kith_id user, int64_t but, int64_t *count,
                             kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_session WHERE (?1 = 0 OR user = ?1) AND number <> ?2",
                     &st, e));
    bind_int(st, 1, (int64_t)user);
    bind_int(st, 2, but);
    TRY(conn_run(c, st, e));
    *count = sqlite3_changes(c->db);
    return KITH_OK;
}

kith_status session_sweep(struct conn *c, int64_t now, int64_t idle, kith_id user, int64_t most,
                          kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "DELETE FROM kith_session WHERE ends <= ?1 OR used <= ?2 OR (user = ?3 AND"
                     " number NOT IN (SELECT number FROM kith_session WHERE user = ?3"
                     " ORDER BY number DESC LIMIT ?4))",
                     &st, e));
    bind_int(st, 1, now);
    bind_int(st, 2, idle);
    bind_int(st, 3, (int64_t)user);
    bind_int(st, 4, most);
    return conn_run(c, st, e);
}
