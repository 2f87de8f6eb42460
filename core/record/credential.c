/* SPDX-License-Identifier: Apache-2.0 */
/* Credential: the two tables. A kind is 1 for a password, 2 for a token, 3 for an invitation, 4 for
 * the secret of a second factor, 5 for a code that takes its place: never renumber. */
#include "record/credential.h"
#include "record/openid.h"
#include "record/pass.h"
#include "record/session.h"

kith_status credential_setup(struct conn *c, kith_error *e) {
    TRY(conn_exec(
        c,
        "CREATE TABLE IF NOT EXISTS kith_credential(number INTEGER PRIMARY KEY AUTOINCREMENT,"
        " user INTEGER NOT NULL, kind INTEGER NOT NULL, secret TEXT NOT NULL,"
        " name TEXT NOT NULL DEFAULT '', zone INTEGER NOT NULL DEFAULT 0,"
        " read_only INTEGER NOT NULL DEFAULT 0, types TEXT, actions TEXT,"
        " created INTEGER NOT NULL, expires INTEGER NOT NULL DEFAULT 0,"
        " used INTEGER NOT NULL DEFAULT 0) STRICT;"
        "CREATE UNIQUE INDEX IF NOT EXISTS kith_credential_secret"
        " ON kith_credential(secret) WHERE kind = 2;"
        "CREATE INDEX IF NOT EXISTS kith_credential_code ON kith_credential(secret)"
        " WHERE kind = 3;"
        "CREATE INDEX IF NOT EXISTS kith_credential_user ON kith_credential(user)",
        e));
    return conn_exec(c,
                     "CREATE TABLE IF NOT EXISTS kith_attempt(name TEXT PRIMARY KEY,"
                     " failures INTEGER NOT NULL, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
                     "CREATE INDEX IF NOT EXISTS kith_attempt_until ON kith_attempt(until)",
                     e);
}

/* -- passwords --------------------------------------------------------------------------------- */

kith_status credential_set_password(struct conn *c, kith_id user, const char *hash, int64_t now,
                                    kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_credential WHERE user = ?1 AND kind = 1", &st, e));
    bind_int(st, 1, (int64_t)user);
    TRY(conn_run(c, st, e));
    TRY(conn_prepare(c,
                     "INSERT INTO kith_credential(user, kind, secret, created)"
                     " VALUES(?1, 1, ?2, ?3)",
                     &st, e));
    bind_int(st, 1, (int64_t)user);
    bind_str(st, 2, str_of(hash));
    bind_int(st, 3, now);
    return conn_run(c, st, e);
}

kith_status credential_password(struct conn *c, kith_id user, struct arena *a, const char **hash,
                                kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    *hash = NULL;
    TRY(conn_prepare(c, "SELECT secret FROM kith_credential WHERE user = ?1 AND kind = 1", &st, e));
    bind_int(st, 1, (int64_t)user);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return KITH_OK;
    *hash = arena_strndup(a, column_str(st, 0).ptr, column_str(st, 0).len);
    sqlite3_reset(st);
    return *hash ? KITH_OK : err_nomem(e);
}

/* -- tokens ------------------------------------------------------------------------------------ */

kith_status credential_add_token(struct conn *c, struct token *t, kith_str digest, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "INSERT INTO kith_credential(user, kind, secret, name, zone, read_only, types,"
                     " actions, created, expires) VALUES(?1, 2, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                     &st, e));
    bind_int(st, 1, (int64_t)t->user);
    bind_str(st, 2, digest);
    bind_str(st, 3, str_of(t->name));
    bind_int(st, 4, t->of.zone);
    bind_int(st, 5, t->of.limit.read_only);
    if (t->of.limit.types)
        bind_str(st, 6, str_of(t->of.limit.types));
    if (t->of.limit.actions)
        bind_str(st, 7, str_of(t->of.limit.actions));
    bind_int(st, 8, t->created);
    bind_int(st, 9, t->expires);
    TRY(conn_run(c, st, e));
    t->number = sqlite3_last_insert_rowid(c->db);
    return KITH_OK;
}

#define TOKEN_COLUMNS "number, user, name, zone, read_only, types, actions, created, expires, used"

static bool take_text(sqlite3_stmt *st, int column, struct arena *a, const char **out) {
    *out = NULL;
    if (sqlite3_column_type(st, column) == SQLITE_NULL)
        return true;
    *out = arena_strndup(a, column_str(st, column).ptr, column_str(st, column).len);
    return *out != NULL;
}

static kith_status take_token(sqlite3_stmt *st, struct arena *a, void *item, kith_error *e) {
    struct token *t = item;
    *t = (struct token){.number = sqlite3_column_int64(st, 0),
                        .user = (kith_id)sqlite3_column_int64(st, 1),
                        .created = sqlite3_column_int64(st, 7),
                        .expires = sqlite3_column_int64(st, 8),
                        .used = sqlite3_column_int64(st, 9)};
    t->of.user = t->user;
    t->of.zone = (enum access_zone)sqlite3_column_int(st, 3);
    t->of.limit.read_only = sqlite3_column_int(st, 4) != 0;
    return take_text(st, 2, a, &t->name) && take_text(st, 5, a, &t->of.limit.types) &&
                   take_text(st, 6, a, &t->of.limit.actions)
               ? KITH_OK
               : err_nomem(e);
}

kith_status credential_token(struct conn *c, kith_str digest, struct arena *a, struct token *out,
                             kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(
        c, "SELECT " TOKEN_COLUMNS " FROM kith_credential WHERE secret = ?1 AND kind = 2", &st, e));
    bind_str(st, 1, digest);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no such token");
    kith_status status = take_token(st, a, out, e);
    sqlite3_reset(st);
    return status;
}

kith_status credential_tokens(struct conn *c, kith_id user, struct arena *a, struct token **out,
                              size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "SELECT " TOKEN_COLUMNS " FROM kith_credential WHERE kind = 2 AND"
                     " (?1 = 0 OR user = ?1) ORDER BY number",
                     &st, e));
    bind_int(st, 1, (int64_t)user);
    return conn_rows(c, st, a, sizeof **out, take_token, out, count, e);
}

kith_status credential_revoke(struct conn *c, kith_id user, int64_t number, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "DELETE FROM kith_credential WHERE number = ?1 AND kind = 2 AND"
                     " (?2 = 0 OR user = ?2)",
                     &st, e));
    bind_int(st, 1, number);
    bind_int(st, 2, (int64_t)user);
    TRY(conn_run(c, st, e));
    return sqlite3_changes(c->db)
               ? KITH_OK
               : err_set(e, KITH_E_NOTFOUND, NULL, "there is no token %lld", (long long)number);
}

kith_status credential_used(struct conn *c, int64_t number, int64_t now, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "UPDATE kith_credential SET used = ?2 WHERE number = ?1", &st, e));
    bind_int(st, 1, number);
    bind_int(st, 2, now);
    return conn_run(c, st, e);
}

kith_status credential_rename_type(struct conn *c, const char *from, const char *to,
                                   kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(
        c,
        "UPDATE kith_credential SET types = trim(replace(',' || replace(types, ' ', '')"
        " || ',', ',' || ?1 || ',', ',' || ?2 || ','), ',')"
        " WHERE instr(',' || replace(types, ' ', '') || ',', ',' || ?1 || ',')",
        &st, e));
    bind_str(st, 1, str_of(from));
    bind_str(st, 2, str_of(to));
    return conn_run(c, st, e);
}

/* -- codes ------------------------------------------------------------------------------------- */

kith_status credential_add_code(struct conn *c, enum credential_code kind, kith_id user,
                                kith_str digest, int64_t now, int64_t expires, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "INSERT INTO kith_credential(user, kind, secret, created, expires)"
                     " VALUES(?1, ?2, ?3, ?4, ?5)",
                     &st, e));
    bind_int(st, 1, (int64_t)user);
    bind_int(st, 2, kind);
    bind_str(st, 3, digest);
    bind_int(st, 4, now);
    bind_int(st, 5, expires);
    return conn_run(c, st, e);
}

kith_status credential_code(struct conn *c, enum credential_code kind, kith_str digest,
                            struct code *out, kith_error *e) {
    sqlite3_stmt *st;
    *out = (struct code){0};
    TRY(conn_prepare(c, "SELECT user, expires FROM kith_credential WHERE secret = ?1 AND kind = ?2",
                     &st, e));
    bind_str(st, 1, digest);
    bind_int(st, 2, kind);
    TRY(conn_step(c, st, &out->found, e));
    if (!out->found)
        return KITH_OK;
    out->user = (kith_id)sqlite3_column_int64(st, 0);
    out->expires = sqlite3_column_int64(st, 1);
    sqlite3_reset(st);
    return KITH_OK;
}

kith_status credential_use_code(struct conn *c, enum credential_code kind, kith_id user,
                                kith_str digest, bool *used, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_credential WHERE secret = ?1 AND kind = ?2 AND user = ?3",
                     &st, e));
    bind_str(st, 1, digest);
    bind_int(st, 2, kind);
    bind_int(st, 3, (int64_t)user);
    TRY(conn_run(c, st, e));
    *used = sqlite3_changes(c->db) > 0;
    return KITH_OK;
}

kith_status credential_drop_codes(struct conn *c, enum credential_code kind, kith_id user,
                                  kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_credential WHERE kind = ?1 AND user = ?2", &st, e));
    bind_int(st, 1, kind);
    bind_int(st, 2, (int64_t)user);
    return conn_run(c, st, e);
}

kith_status credential_expire_codes(struct conn *c, int64_t now, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_credential WHERE kind = 3 AND expires <= ?1", &st, e));
    bind_int(st, 1, now);
    return conn_run(c, st, e);
}

/* -- the second factor ------------------------------------------------------------------------- */

kith_status credential_factor(struct conn *c, kith_id user, struct arena *a, struct factor *out,
                              kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    *out = (struct factor){0};
    TRY(conn_prepare(
        c, "SELECT secret, name, used FROM kith_credential WHERE user = ?1 AND kind = 4", &st, e));
    bind_int(st, 1, (int64_t)user);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return KITH_OK;
    out->secret = arena_strndup(a, column_str(st, 0).ptr, column_str(st, 0).len);
    out->on = str_eqz(column_str(st, 1), "on");
    out->last = sqlite3_column_int64(st, 2);
    sqlite3_reset(st);
    return out->secret ? KITH_OK : err_nomem(e);
}

kith_status credential_set_factor(struct conn *c, kith_id user, kith_str secret, int64_t now,
                                  kith_error *e) {
    sqlite3_stmt *st;
    bool there;
    TRY(credential_drop_factor(c, user, &there, e));
    TRY(conn_prepare(c,
                     "INSERT INTO kith_credential(user, kind, secret, created)"
                     " VALUES(?1, 4, ?2, ?3)",
                     &st, e));
    bind_int(st, 1, (int64_t)user);
    bind_str(st, 2, secret);
    bind_int(st, 3, now);
    return conn_run(c, st, e);
}

kith_status credential_take_step(struct conn *c, kith_id user, int64_t step, bool *taken,
                                 kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "UPDATE kith_credential SET used = ?2, name = 'on' WHERE user = ?1 AND"
                     " kind = 4 AND used < ?2",
                     &st, e));
    bind_int(st, 1, (int64_t)user);
    bind_int(st, 2, step);
    TRY(conn_run(c, st, e));
    *taken = sqlite3_changes(c->db) > 0;
    return KITH_OK;
}

kith_status credential_drop_factor(struct conn *c, kith_id user, bool *there, kith_error *e) {
    sqlite3_stmt *st;
    TRY(credential_drop_codes(c, CODE_RECOVERY, user, e));
    TRY(conn_prepare(c, "DELETE FROM kith_credential WHERE user = ?1 AND kind = 4", &st, e));
    bind_int(st, 1, (int64_t)user);
    TRY(conn_run(c, st, e));
    *there = sqlite3_changes(c->db) > 0;
    return KITH_OK;
}

kith_status credential_count_codes(struct conn *c, enum credential_code kind, kith_id user,
                                   int64_t *count, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT count(*) FROM kith_credential WHERE user = ?1 AND kind = ?2", &st,
                     e));
    bind_int(st, 1, (int64_t)user);
    bind_int(st, 2, kind);
    return conn_first(c, st, 0, count, e);
}

kith_status credential_has_role(struct conn *c, kith_id user, const char *roles, bool *yes,
                                kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "SELECT 1 WHERE ?2 = '*' UNION ALL SELECT 1 FROM \"user.roles\" l JOIN role r"
                     " ON r.id = l.target WHERE l.record = ?1 AND"
                     " instr(',' || replace(?2, ', ', ',') || ',', ',' || r.name || ',')",
                     &st, e));
    bind_int(st, 1, (int64_t)user);
    bind_str(st, 2, str_of(roles));
    return conn_any(c, st, yes, e);
}

kith_status credential_nobody(struct conn *c, bool *yes, kith_error *e) {
    int64_t somebody;
    TRY(conn_int(c,
                 "SELECT EXISTS(SELECT 1 FROM kith_credential WHERE kind = 1)"
                 " OR EXISTS(SELECT 1 FROM kith_session) OR EXISTS(SELECT 1 FROM kith_openid)"
                 " OR EXISTS(SELECT 1 FROM \"user.roles\" l JOIN role r ON r.id = l.target"
                 " WHERE json_extract(r.rights, '$.admin') = 1)",
                 0, &somebody, e));
    *yes = !somebody;
    return KITH_OK;
}

kith_status credential_forget(struct conn *c, kith_id user, kith_error *e) {
    sqlite3_stmt *st;
    int64_t sessions, subjects;
    TRY(session_drop_all(c, user, 0, &sessions, e));
    TRY(openid_untie(c, user, &subjects, e));
    TRY(pass_forget_user(c, user, e));
    TRY(conn_prepare(c, "DELETE FROM kith_credential WHERE user = ?1", &st, e));
    bind_int(st, 1, (int64_t)user);
    return conn_run(c, st, e);
}

/* -- attempts ---------------------------------------------------------------------------------- */

kith_status credential_attempts(struct conn *c, kith_str name, struct attempts *out,
                                kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    *out = (struct attempts){0};
    TRY(conn_prepare(c, "SELECT failures, until FROM kith_attempt WHERE name = ?1", &st, e));
    bind_str(st, 1, name);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return KITH_OK;
    *out = (struct attempts){sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1)};
    sqlite3_reset(st);
    return KITH_OK;
}

kith_status credential_note_attempt(struct conn *c, kith_str name, const struct attempts *now,
                                    int64_t forget, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_attempt WHERE name = ?1", &st, e));
    bind_str(st, 1, name);
    TRY(conn_run(c, st, e));
    TRY(conn_prepare(c,
                     "DELETE FROM kith_attempt WHERE until < ?1 OR name IN (SELECT name FROM"
                     " kith_attempt ORDER BY until DESC LIMIT -1 OFFSET ?2)",
                     &st, e));
    bind_int(st, 1, forget);
    bind_int(st, 2, ATTEMPTS_MAX);
    TRY(conn_run(c, st, e));
    if (now->failures == 0)
        return KITH_OK;
    TRY(conn_prepare(c, "INSERT INTO kith_attempt(name, failures, until) VALUES(?1, ?2, ?3)", &st,
                     e));
    bind_str(st, 1, name);
    bind_int(st, 2, now->failures);
    bind_int(st, 3, now->until);
    return conn_run(c, st, e);
}
