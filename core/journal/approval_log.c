/* SPDX-License-Identifier: Apache-2.0 */
/* The approval log's table. */
#include "journal/approval_log.h"

const char *approval_state_name(uint32_t state) {
    static const char *const names[] = {"?",      "waiting", "done", "refused",
                                        "failed", "expired", "begun"};
    return state < sizeof names / sizeof *names ? names[state] : "?";
}

kith_status approval_log_setup(struct conn *c, kith_error *e) {
    return conn_exec(c,
                     "CREATE TABLE IF NOT EXISTS kith_approval(number INTEGER PRIMARY KEY"
                     " AUTOINCREMENT, session INTEGER NOT NULL, state INTEGER NOT NULL, task"
                     " INTEGER NOT NULL, asked INTEGER NOT NULL, decided INTEGER NOT NULL, who TEXT"
                     " NOT NULL, tool TEXT NOT NULL, args TEXT NOT NULL, bounds TEXT NOT NULL,"
                     " shown TEXT NOT NULL, result TEXT NOT NULL) STRICT",
                     e);
}

static kith_status expire(struct conn *c, int64_t now, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "UPDATE kith_approval SET state = 5, decided = ?1, args = '', shown = ''"
                     " WHERE state = 1 AND asked < ?2",
                     &st, e));
    bind_int(st, 1, now);
    bind_int(st, 2, now - APPROVAL_KEEP_MS);
    TRY(conn_run(c, st, e));
    TRY(conn_prepare(c,
                     "UPDATE kith_approval SET result = '' WHERE decided > 0 AND decided < ?1 AND"
                     " result <> ''",
                     &st, e));
    bind_int(st, 1, now - APPROVAL_KEEP_MS);
    return conn_run(c, st, e);
}

kith_status approval_log_late(struct conn *c, int64_t now, struct arena *a, kith_id **tasks,
                              size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(
        c, "SELECT task FROM kith_approval WHERE state = 1 AND asked < ?1 AND task <> 0", &st, e));
    bind_int(st, 1, now - APPROVAL_KEEP_MS);
    return conn_ids(c, st, a, tasks, count, e);
}

kith_status approval_log_add(struct conn *c, struct approval *a, kith_error *e) {
    sqlite3_stmt *st;
    TRY(expire(c, a->asked, e));
    TRY(conn_prepare(c,
                     "INSERT INTO kith_approval(session, state, task, asked, decided, who, tool,"
                     " args, bounds, shown, result) VALUES(?1, 1, ?2, ?3, 0, '', ?4, ?5, ?6, ?7,"
                     " '')",
                     &st, e));
    bind_int(st, 1, (int64_t)a->session);
    bind_int(st, 2, (int64_t)a->task);
    bind_int(st, 3, a->asked);
    bind_str(st, 4, a->tool);
    bind_str(st, 5, a->args);
    bind_str(st, 6, a->limit);
    bind_str(st, 7, a->shown);
    TRY(conn_run(c, st, e));
    a->number = sqlite3_last_insert_rowid(c->db);
    return KITH_OK;
}

#define APPROVAL_COLUMNS                                                                           \
    "number, session, state, task, asked, decided, who, tool, args, bounds, shown, result"

static kith_status approval_of(sqlite3_stmt *st, struct arena *a, void *item, kith_error *e) {
    struct approval *out = item;
    *out = (struct approval){
        .number = sqlite3_column_int64(st, 0),
        .session = (kith_id)sqlite3_column_int64(st, 1),
        .state = (uint32_t)sqlite3_column_int64(st, 2),
        .task = (kith_id)sqlite3_column_int64(st, 3),
        .asked = sqlite3_column_int64(st, 4),
        .decided = sqlite3_column_int64(st, 5),
        .who = arena_str(a, column_str(st, 6)).ptr,
        .tool = arena_str(a, column_str(st, 7)),
        .args = arena_str(a, column_str(st, 8)),
        .limit = arena_str(a, column_str(st, 9)),
        .shown = arena_str(a, column_str(st, 10)),
        .result = arena_str(a, column_str(st, 11)),
    };
    return out->who && out->tool.ptr && out->args.ptr && out->limit.ptr && out->shown.ptr &&
                   out->result.ptr
               ? KITH_OK
               : err_nomem(e);
}

static void expire_late(struct approval *items, size_t count, int64_t now) {
    for (size_t i = 0; i < count; i++)
        if (items[i].state == APPROVAL_WAITS && items[i].asked < now - APPROVAL_KEEP_MS)
            items[i].state = APPROVAL_EXPIRED;
}

kith_status approval_log_read(struct conn *c, int64_t number, int64_t now, struct arena *a,
                              struct approval *out, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c, "SELECT " APPROVAL_COLUMNS " FROM kith_approval WHERE number = ?1", &st,
                     e));
    bind_int(st, 1, number);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return err_set(e, KITH_E_NOTFOUND, NULL,
                       "there is no approval %lld: 'kith mcp approvals'"
                       " lists them",
                       (long long)number);
    kith_status status = approval_of(st, a, out, e);
    sqlite3_reset(st);
    expire_late(out, 1, now);
    return status;
}

kith_status approval_log_all(struct conn *c, kith_id user, bool waiting, int64_t now,
                             struct arena *a, struct approval **out, size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "SELECT " APPROVAL_COLUMNS " FROM kith_approval WHERE (?1 = 0 OR session IN"
                     " (SELECT id FROM kith_agent WHERE user = ?1)) AND (?2 = 0 OR state = 1 AND"
                     " asked >= ?3) ORDER BY number DESC LIMIT 1000",
                     &st, e));
    bind_int(st, 1, (int64_t)user);
    bind_int(st, 2, waiting);
    bind_int(st, 3, now - APPROVAL_KEEP_MS);
    TRY(conn_rows(c, st, a, sizeof **out, approval_of, out, count, e));
    expire_late(*out, *count, now);
    return KITH_OK;
}

kith_status approval_log_begun(struct conn *c, struct arena *a, struct approval **out,
                               size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(
        c, "SELECT " APPROVAL_COLUMNS " FROM kith_approval WHERE state = 6 ORDER BY number", &st,
        e));
    return conn_rows(c, st, a, sizeof **out, approval_of, out, count, e);
}

kith_status approval_log_wrote(struct conn *c, int64_t number, kith_str result, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "UPDATE kith_approval SET result = ?2 WHERE number = ?1 AND state = 6 AND"
                     " result = ''",
                     &st, e));
    bind_int(st, 1, number);
    bind_str(st, 2, result);
    return conn_run(c, st, e);
}

kith_status approval_log_move(struct conn *c, int64_t number, uint32_t from, uint32_t to,
                              int64_t now, const char *who, kith_str result, kith_error *e) {
    sqlite3_stmt *st;
    bool ends = to != APPROVAL_BEGUN && to != APPROVAL_WAITS;
    TRY(conn_prepare(c,
                     "UPDATE kith_approval SET state = ?3, decided = ?4, who = ?5, result = ?6,"
                     " args = CASE WHEN ?7 THEN '' ELSE args END,"
                     " shown = CASE WHEN ?7 THEN '' ELSE shown END"
                     " WHERE number = ?1 AND state = ?2",
                     &st, e));
    bind_int(st, 1, number);
    bind_int(st, 2, from);
    bind_int(st, 3, to);
    bind_int(st, 4, to == APPROVAL_WAITS ? 0 : now);
    bind_str(st, 5, str_of(who));
    bind_str(st, 6, result.ptr ? result : str_of(""));
    bind_int(st, 7, ends);
    TRY(conn_run(c, st, e));
    if (sqlite3_changes(c->db) == 1)
        return KITH_OK;
    return err_set(e, KITH_E_CONFLICT, NULL, "approval %lld was decided already",
                   (long long)number);
}

kith_status approval_log_forget(struct conn *c, int64_t now, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(
        c,
        "UPDATE kith_approval SET decided = CASE state WHEN 1 THEN ?1 ELSE decided END,"
        " state = CASE state WHEN 1 THEN 5 ELSE state END, who = '', args = '',"
        " shown = '', result = ''",
        &st, e));
    bind_int(st, 1, now);
    return conn_run(c, st, e);
}
