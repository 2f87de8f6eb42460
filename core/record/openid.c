/* SPDX-License-Identifier: Apache-2.0 */
/* Openid: the table. */
#include "record/openid.h"

kith_status openid_setup(struct conn *c, kith_error *e) {
    return conn_exec(c,
                     "CREATE TABLE IF NOT EXISTS kith_openid(issuer TEXT NOT NULL,"
                     " subject TEXT NOT NULL, user INTEGER NOT NULL, since INTEGER NOT NULL,"
                     " PRIMARY KEY(issuer, subject)) STRICT, WITHOUT ROWID;"
                     "CREATE UNIQUE INDEX IF NOT EXISTS kith_openid_user"
                     " ON kith_openid(user, issuer)",
                     e);
}

kith_status openid_user(struct conn *c, kith_str issuer, kith_str subject, kith_id *user,
                        kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    *user = 0;
    TRY(conn_prepare(c, "SELECT user FROM kith_openid WHERE issuer = ?1 AND subject = ?2", &st, e));
    bind_str(st, 1, issuer);
    bind_str(st, 2, subject);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return KITH_OK;
    *user = (kith_id)sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return KITH_OK;
}

kith_status openid_is_tied(struct conn *c, kith_str issuer, kith_id user, bool *tied,
                           kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT 1 FROM kith_openid WHERE user = ?1 AND issuer = ?2", &st, e));
    bind_int(st, 1, (int64_t)user);
    bind_str(st, 2, issuer);
    TRY(conn_step(c, st, tied, e));
    if (*tied)
        sqlite3_reset(st);
    return KITH_OK;
}

kith_status openid_tie(struct conn *c, kith_str issuer, kith_str subject, kith_id user, int64_t now,
                       kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(
        c, "INSERT INTO kith_openid(issuer, subject, user, since) VALUES(?1, ?2, ?3, ?4)", &st, e));
    bind_str(st, 1, issuer);
    bind_str(st, 2, subject);
    bind_int(st, 3, (int64_t)user);
    bind_int(st, 4, now);
    return conn_run(c, st, e);
}

kith_status openid_issuers(struct conn *c, kith_id user, struct arena *a, const char ***out,
                           size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    size_t cap = 0;
    *out = NULL;
    *count = 0;
    TRY(conn_prepare(c, "SELECT issuer FROM kith_openid WHERE user = ?1 ORDER BY issuer", &st, e));
    bind_int(st, 1, (int64_t)user);
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        kith_str issuer = column_str(st, 0);
        const char **more = arena_grow(a, *out, *count, &cap, sizeof *more);
        if (!more || !(more[*count] = arena_strndup(a, issuer.ptr, issuer.len))) {
            sqlite3_reset(st);
            return err_nomem(e);
        }
        *out = more;
        ++*count;
    }
}

kith_status openid_untie(struct conn *c, kith_id user, int64_t *count, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_openid WHERE user = ?1", &st, e));
    bind_int(st, 1, (int64_t)user);
    TRY(conn_run(c, st, e));
    *count = sqlite3_changes(c->db);
    return KITH_OK;
}
