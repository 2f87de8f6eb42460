/* SPDX-License-Identifier: Apache-2.0 */
/* The run log's table. */
#include "journal/run_log.h"

kith_status run_log_setup(struct conn *c, kith_error *e) {
    return conn_exec(c,
                     "CREATE TABLE IF NOT EXISTS kith_run(run INTEGER PRIMARY KEY, actor INTEGER"
                     " NOT NULL, started INTEGER NOT NULL, what TEXT NOT NULL, asked TEXT NOT"
                     " NULL, stage INTEGER NOT NULL) STRICT",
                     e);
}

#define RUN_COLUMNS "run, actor, started, what, asked, stage"

static kith_status run_of(sqlite3_stmt *st, struct arena *a, void *item, kith_error *e) {
    struct open_run *out = item;
    *out = (struct open_run){
        .run = (kith_id)sqlite3_column_int64(st, 0),
        .actor = (uint32_t)sqlite3_column_int64(st, 1),
        .started = sqlite3_column_int64(st, 2),
        .what = arena_str(a, column_str(st, 3)),
        .asked = arena_str(a, column_str(st, 4)),
        .stage = (uint32_t)sqlite3_column_int64(st, 5),
    };
    return out->what.ptr && out->asked.ptr ? KITH_OK : err_nomem(e);
}

kith_status run_log_find(struct conn *c, kith_str asked, uint32_t actor, struct arena *a,
                         struct open_run *out, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    *out = (struct open_run){0};
    TRY(conn_prepare(c,
                     "SELECT " RUN_COLUMNS " FROM kith_run WHERE asked = ?1 AND (?2 = 0 OR"
                     " actor = ?2) ORDER BY run DESC LIMIT 1",
                     &st, e));
    bind_str(st, 1, asked);
    bind_int(st, 2, actor);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return KITH_OK;
    kith_status status = run_of(st, a, out, e);
    sqlite3_reset(st);
    return status;
}

kith_status run_log_all(struct conn *c, struct arena *a, struct open_run **out, size_t *count,
                        kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT " RUN_COLUMNS " FROM kith_run ORDER BY run", &st, e));
    return conn_rows(c, st, a, sizeof **out, run_of, out, count, e);
}

kith_status run_log_begin(struct conn *c, const struct open_run *r, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "INSERT INTO kith_run(" RUN_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6)", &st,
                     e));
    bind_int(st, 1, (int64_t)r->run);
    bind_int(st, 2, r->actor);
    bind_int(st, 3, r->started);
    bind_str(st, 4, r->what);
    bind_str(st, 5, r->asked);
    bind_int(st, 6, r->stage);
    return conn_run(c, st, e);
}

kith_status run_log_advance(struct conn *c, kith_id run, uint32_t stage, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "UPDATE kith_run SET stage = ?2 WHERE run = ?1", &st, e));
    bind_int(st, 1, (int64_t)run);
    bind_int(st, 2, stage);
    TRY(conn_run(c, st, e));
    if (sqlite3_changes(c->db) == 1)
        return KITH_OK;
    return err_set(e, KITH_E_CONFLICT, NULL,
                   "what it had done was undone meanwhile; nothing more is done");
}

kith_status run_log_end(struct conn *c, kith_id run, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_run WHERE run = ?1", &st, e));
    bind_int(st, 1, (int64_t)run);
    return conn_run(c, st, e);
}

kith_status run_log_end_since(struct conn *c, uint64_t seq, kith_id but, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "DELETE FROM kith_run WHERE run <> ?2 AND run IN (SELECT id FROM kith_tx WHERE"
                     " first > ?1)",
                     &st, e));
    bind_int(st, 1, (int64_t)seq);
    bind_int(st, 2, (int64_t)but);
    return conn_run(c, st, e);
}

kith_status run_log_first(struct conn *c, uint64_t *seq, kith_error *e) {
    int64_t first;
    TRY(conn_int(c, "SELECT min(x.first) FROM kith_run r JOIN kith_tx x ON x.id = r.run", 0, &first,
                 e));
    *seq = (uint64_t)first;
    return KITH_OK;
}
