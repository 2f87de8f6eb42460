/* SPDX-License-Identifier: Apache-2.0 */
/* The listen log's tables. */
#include "journal/listen_log.h"

kith_status listen_log_setup(struct conn *c, kith_error *e) {
    return conn_exec(c,
                     "CREATE TABLE IF NOT EXISTS kith_listen(reaction TEXT NOT NULL, key INTEGER"
                     " NOT NULL, topic TEXT NOT NULL, PRIMARY KEY(reaction, key, topic)) STRICT,"
                     " WITHOUT ROWID;"
                     "CREATE TABLE IF NOT EXISTS kith_replay(id INTEGER PRIMARY KEY AUTOINCREMENT,"
                     " reaction TEXT NOT NULL, key INTEGER NOT NULL, next INTEGER NOT NULL, last"
                     " INTEGER NOT NULL) STRICT;",
                     e);
}

kith_status listen_log_set(struct conn *c, const char *reaction, kith_id key,
                           const kith_str *topics, size_t count, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_listen WHERE reaction = ?1 AND key = ?2", &st, e));
    bind_str(st, 1, str_of(reaction));
    bind_int(st, 2, (int64_t)key);
    TRY(conn_run(c, st, e));
    for (size_t i = 0; i < count; i++) {
        TRY(conn_prepare(c,
                         "INSERT OR IGNORE INTO kith_listen(reaction, key, topic)"
                         " VALUES(?1, ?2, ?3)",
                         &st, e));
        bind_str(st, 1, str_of(reaction));
        bind_int(st, 2, (int64_t)key);
        bind_str(st, 3, topics[i]);
        TRY(conn_run(c, st, e));
    }
    return KITH_OK;
}

static kith_status entry_of(sqlite3_stmt *st, struct arena *a, void *item, kith_error *e) {
    struct listen_entry *out = item;
    *out = (struct listen_entry){(kith_id)sqlite3_column_int64(st, 0),
                                 arena_str(a, column_str(st, 1)).ptr};
    return out->topic ? KITH_OK : err_nomem(e);
}

kith_status listen_log_read(struct conn *c, const char *reaction, struct arena *a,
                            struct listen_entry **out, size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT key, topic FROM kith_listen WHERE reaction = ?1", &st, e));
    bind_str(st, 1, str_of(reaction));
    return conn_rows(c, st, a, sizeof **out, entry_of, out, count, e);
}

/* -- replays ----------------------------------------------------------------------------------- */

kith_status replay_add(struct conn *c, const struct replay *r, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "INSERT INTO kith_replay(reaction, key, next, last) VALUES(?1, ?2, ?3, ?4)",
                     &st, e));
    bind_str(st, 1, str_of(r->reaction));
    bind_int(st, 2, (int64_t)r->key);
    bind_int(st, 3, (int64_t)r->next);
    bind_int(st, 4, (int64_t)r->last);
    return conn_run(c, st, e);
}

kith_status replay_first(struct conn *c, struct arena *a, struct replay *out, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    *out = (struct replay){0};
    TRY(conn_prepare(c,
                     "SELECT r.id, r.reaction, r.key, r.next, r.last FROM kith_replay r JOIN"
                     " kith_cursor k ON k.name = r.reaction AND k.active = 1 ORDER BY r.id LIMIT 1",
                     &st, e));
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return KITH_OK;
    kith_str reaction = arena_str(a, column_str(st, 1));
    *out = (struct replay){.number = (uint64_t)sqlite3_column_int64(st, 0),
                           .reaction = reaction.ptr,
                           .key = (kith_id)sqlite3_column_int64(st, 2),
                           .next = (uint64_t)sqlite3_column_int64(st, 3),
                           .last = (uint64_t)sqlite3_column_int64(st, 4)};
    sqlite3_reset(st);
    return reaction.ptr ? KITH_OK : err_nomem(e);
}

kith_status replay_move(struct conn *c, const struct replay *r, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     r->next > r->last ? "DELETE FROM kith_replay WHERE id = ?1 AND ?2 >= 0"
                                       : "UPDATE kith_replay SET next = ?2 WHERE id = ?1",
                     &st, e));
    bind_int(st, 1, (int64_t)r->number);
    bind_int(st, 2, (int64_t)r->next);
    return conn_run(c, st, e);
}

kith_status replay_hold(struct conn *c, uint64_t *seq, kith_error *e) {
    int64_t first;
    TRY(conn_int(c, "SELECT min(next) FROM kith_replay", 0, &first, e));
    *seq = (uint64_t)first;
    return KITH_OK;
}

kith_status replay_forget(struct conn *c, kith_id key, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_replay WHERE key = ?1", &st, e));
    bind_int(st, 1, (int64_t)key);
    return conn_run(c, st, e);
}
