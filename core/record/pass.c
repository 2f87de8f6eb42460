/* SPDX-License-Identifier: Apache-2.0 */
/* Pass: the table. */
#include "record/pass.h"

kith_status pass_setup(struct conn *c, kith_error *e) {
    return conn_exec(c,
                     "CREATE TABLE IF NOT EXISTS kith_pass(number INTEGER PRIMARY KEY"
                     " AUTOINCREMENT, secret TEXT NOT NULL UNIQUE, action TEXT NOT NULL,"
                     " args TEXT NOT NULL, ask TEXT NOT NULL, show TEXT NOT NULL,"
                     " about INTEGER NOT NULL, user INTEGER NOT NULL, zone INTEGER NOT NULL,"
                     " read_only INTEGER NOT NULL, types TEXT, actions TEXT,"
                     " made INTEGER NOT NULL, expires INTEGER NOT NULL, most INTEGER NOT NULL,"
                     " used INTEGER NOT NULL DEFAULT 0, last INTEGER NOT NULL DEFAULT 0,"
                     " revoked INTEGER NOT NULL DEFAULT 0) STRICT;"
                     "CREATE INDEX IF NOT EXISTS kith_pass_user ON kith_pass(user);"
                     "CREATE INDEX IF NOT EXISTS kith_pass_about ON kith_pass(about);"
                     "CREATE INDEX IF NOT EXISTS kith_pass_expires ON kith_pass(expires)",
                     e);
}

static void bind_text(sqlite3_stmt *st, int i, const char *z) {
    if (z)
        bind_str(st, i, str_of(z));
    else
        bind_null(st, i);
}

kith_status pass_add(struct conn *c, struct pass *p, kith_str digest, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "INSERT INTO kith_pass(secret, action, args, ask, show, about, user, zone,"
                     " read_only, types, actions, made, expires, most)"
                     " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                     &st, e));
    bind_str(st, 1, digest);
    bind_text(st, 2, p->action);
    bind_text(st, 3, p->args);
    bind_text(st, 4, p->ask);
    bind_text(st, 5, p->show);
    bind_int(st, 6, (int64_t)p->about);
    bind_int(st, 7, (int64_t)p->of.user);
    bind_int(st, 8, p->of.zone);
    bind_int(st, 9, p->of.limit.read_only);
    bind_text(st, 10, p->of.limit.types);
    bind_text(st, 11, p->of.limit.actions);
    bind_int(st, 12, p->made);
    bind_int(st, 13, p->expires);
    bind_int(st, 14, p->most);
    TRY(conn_run(c, st, e));
    p->number = sqlite3_last_insert_rowid(c->db);
    return KITH_OK;
}

#define COLUMNS                                                                                    \
    "number, action, args, ask, show, about, user, zone, read_only, types, actions, made, "        \
    "expires, most, used, last, revoked"

static const char *text_of(sqlite3_stmt *st, int i, struct arena *a) {
    kith_str s = column_str(st, i);
    return s.ptr ? arena_strndup(a, s.ptr, (size_t)s.len) : NULL;
}

static kith_status take(sqlite3_stmt *st, struct arena *a, void *item, kith_error *e) {
    struct pass *p = item;
    *p = (struct pass){
        .number = sqlite3_column_int64(st, 0),
        .action = text_of(st, 1, a),
        .args = text_of(st, 2, a),
        .ask = text_of(st, 3, a),
        .show = text_of(st, 4, a),
        .about = (kith_id)sqlite3_column_int64(st, 5),
        .of = {.user = (kith_id)sqlite3_column_int64(st, 6),
               .zone = (enum access_zone)sqlite3_column_int(st, 7),
               .limit = {.read_only = sqlite3_column_int(st, 8) != 0,
                         .types = text_of(st, 9, a),
                         .actions = text_of(st, 10, a)}},
        .made = sqlite3_column_int64(st, 11),
        .expires = sqlite3_column_int64(st, 12),
        .most = sqlite3_column_int64(st, 13),
        .used = sqlite3_column_int64(st, 14),
        .last = sqlite3_column_int64(st, 15),
        .revoked = sqlite3_column_int64(st, 16),
    };
    bool limited = sqlite3_column_type(st, 9) != SQLITE_NULL && !p->of.limit.types;
    limited |= sqlite3_column_type(st, 10) != SQLITE_NULL && !p->of.limit.actions;
    return p->action && p->args && p->ask && p->show && !limited ? KITH_OK : err_nomem(e);
}

static kith_status one(struct conn *c, sqlite3_stmt *st, struct arena *a, struct pass *out,
                       kith_error *e) {
    bool row;
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return err_set(e, KITH_E_NOTFOUND, "number", "there is no such link");
    kith_status status = take(st, a, out, e);
    sqlite3_reset(st);
    return status;
}

kith_status pass_find(struct conn *c, kith_str digest, struct arena *a, struct pass *out,
                      kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT " COLUMNS " FROM kith_pass WHERE secret = ?1", &st, e));
    bind_str(st, 1, digest);
    return one(c, st, a, out, e);
}

kith_status pass_find_number(struct conn *c, int64_t number, struct arena *a, struct pass *out,
                             kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT " COLUMNS " FROM kith_pass WHERE number = ?1", &st, e));
    bind_int(st, 1, number);
    return one(c, st, a, out, e);
}

kith_status pass_read(struct conn *c, kith_id user, kith_id about, int64_t before, int64_t max,
                      struct arena *a, struct pass **out, size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "SELECT " COLUMNS " FROM kith_pass WHERE (?1 = 0 OR user = ?1)"
                     " AND (?2 = 0 OR about = ?2) AND (?3 = 0 OR number < ?3)"
                     " ORDER BY number DESC LIMIT ?4",
                     &st, e));
    bind_int(st, 1, (int64_t)user);
    bind_int(st, 2, (int64_t)about);
    bind_int(st, 3, before);
    bind_int(st, 4, max);
    return conn_rows(c, st, a, sizeof **out, take, out, count, e);
}

kith_status pass_used(struct conn *c, int64_t number, int64_t now, bool counts, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "UPDATE kith_pass SET used = used + ?2, last = ?3 WHERE number = ?1", &st,
                     e));
    bind_int(st, 1, number);
    bind_int(st, 2, counts);
    bind_int(st, 3, now);
    return conn_run(c, st, e);
}

kith_status pass_end(struct conn *c, int64_t number, int64_t now, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "UPDATE kith_pass SET revoked = ?2 WHERE number = ?1 AND revoked = 0", &st,
                     e));
    bind_int(st, 1, number);
    bind_int(st, 2, now);
    return conn_run(c, st, e);
}

static kith_status forget(struct conn *c, const char *sql, int64_t what, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, sql, &st, e));
    bind_int(st, 1, what);
    return conn_run(c, st, e);
}

kith_status pass_forget_user(struct conn *c, kith_id user, kith_error *e) {
    return forget(c, "DELETE FROM kith_pass WHERE user = ?1", (int64_t)user, e);
}

kith_status pass_forget_about(struct conn *c, kith_id record, kith_error *e) {
    return forget(c, "DELETE FROM kith_pass WHERE about = ?1", (int64_t)record, e);
}

kith_status pass_sweep(struct conn *c, int64_t before, kith_error *e) {
    return forget(c, "DELETE FROM kith_pass WHERE expires < ?1", before, e);
}
