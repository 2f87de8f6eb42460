/* SPDX-License-Identifier: Apache-2.0 */
/* The session log's tables. */
#include "journal/agent_log.h"
#include "base/id.h"

#define FORGOTTEN_MS INT64_C(86400000)

kith_status agent_log_setup(struct conn *c, kith_error *e) {
    return conn_exec(c,
                     "CREATE TABLE IF NOT EXISTS kith_agent(id INTEGER PRIMARY KEY, user INTEGER"
                     " NOT NULL, actor TEXT NOT NULL, client TEXT NOT NULL, started INTEGER NOT"
                     " NULL, wrote INTEGER NOT NULL, ended INTEGER NOT NULL, written INTEGER NOT"
                     " NULL, budget INTEGER NOT NULL) STRICT",
                     e);
}

kith_status agent_log_begin(struct conn *c, const struct agent_entry *s, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_agent WHERE written = 0 AND started < ?1", &st, e));
    bind_int(st, 1, s->started - FORGOTTEN_MS);
    TRY(conn_run(c, st, e));
    TRY(conn_prepare(c,
                     "INSERT INTO kith_agent(id, user, actor, client, started, wrote, ended,"
                     " written, budget) VALUES(?1, ?2, ?3, ?4, ?5, 0, 0, 0, ?6)",
                     &st, e));
    bind_int(st, 1, (int64_t)s->id);
    bind_int(st, 2, (int64_t)s->user);
    bind_str(st, 3, str_of(s->actor));
    bind_str(st, 4, str_of(s->client));
    bind_int(st, 5, s->started);
    bind_int(st, 6, s->budget);
    return conn_run(c, st, e);
}

#define AGENT_COLUMNS "id, user, actor, client, started, wrote, ended, written, budget"

static kith_status entry_of(sqlite3_stmt *st, struct arena *a, void *item, kith_error *e) {
    struct agent_entry *out = item;
    *out = (struct agent_entry){
        .id = (kith_id)sqlite3_column_int64(st, 0),
        .user = (kith_id)sqlite3_column_int64(st, 1),
        .actor = arena_str(a, column_str(st, 2)).ptr,
        .client = arena_str(a, column_str(st, 3)).ptr,
        .started = sqlite3_column_int64(st, 4),
        .wrote = sqlite3_column_int64(st, 5),
        .ended = sqlite3_column_int64(st, 6),
        .written = sqlite3_column_int64(st, 7),
        .budget = sqlite3_column_int64(st, 8),
    };
    return out->actor && out->client ? KITH_OK : err_nomem(e);
}

kith_status agent_log_read(struct conn *c, kith_id id, struct arena *a, struct agent_entry *out,
                           kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c, "SELECT " AGENT_COLUMNS " FROM kith_agent WHERE id = ?1", &st, e));
    bind_int(st, 1, (int64_t)id);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return err_set(e, KITH_E_NOTFOUND, NULL, "there is no such session: begin another one");
    kith_status status = entry_of(st, a, out, e);
    sqlite3_reset(st);
    return status;
}

kith_status agent_log_all(struct conn *c, kith_id user, int64_t most, struct arena *a,
                          struct agent_entry **out, size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "SELECT " AGENT_COLUMNS " FROM kith_agent WHERE ?1 = 0 OR user = ?1"
                     " ORDER BY id DESC LIMIT ?2",
                     &st, e));
    bind_int(st, 1, (int64_t)user);
    bind_int(st, 2, most);
    return conn_rows(c, st, a, sizeof **out, entry_of, out, count, e);
}

/* Why it may not write so many more. */
static kith_status refuse(struct conn *c, kith_id id, int64_t rows, kith_error *e) {
    struct arena a = {0};
    struct agent_entry s;
    char text[ID_TEXT + 1];
    kith_status st = agent_log_read(c, id, &a, &s, e);
    id_format(id, text);
    if (st == KITH_OK && s.ended)
        st = err_set(e, KITH_E_DENIED, NULL, "the session %s has ended: begin another one", text);
    else if (st == KITH_OK)
        st = err_set(e, KITH_E_LIMIT, NULL,
                     "this would write %lld records, and the session may write %lld more of %lld:"
                     " nothing was written; tell the person for whom you work, who can raise"
                     " mcp.write_budget for sessions to come, or take back with 'kith undo %s' what"
                     " this one wrote",
                     (long long)rows, (long long)(s.budget - s.written), (long long)s.budget, text);
    arena_free(&a);
    return st;
}

kith_status agent_log_charge(struct conn *c, kith_id id, kith_id run, int64_t rows, int64_t now,
                             bool late, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "UPDATE kith_agent SET written = written + ?2, wrote = ?3 WHERE id = ?1 AND"
                     " (ended = 0 OR ?4) AND written + ?2 <= budget",
                     &st, e));
    bind_int(st, 1, (int64_t)id);
    bind_int(st, 2, rows);
    bind_int(st, 3, now);
    bind_int(st, 4, late);
    TRY(conn_run(c, st, e));
    if (sqlite3_changes(c->db) != 1)
        return refuse(c, id, rows, e);
    if (run == id)
        return KITH_OK;
    TRY(conn_prepare(c, "INSERT OR IGNORE INTO kith_agent_run(session, run) VALUES(?1, ?2)", &st,
                     e));
    bind_int(st, 1, (int64_t)id);
    bind_int(st, 2, (int64_t)run);
    return conn_run(c, st, e);
}

kith_status agent_log_end(struct conn *c, kith_id id, int64_t now, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "UPDATE kith_agent SET ended = ?2 WHERE id = ?1 AND ended = 0", &st, e));
    bind_int(st, 1, (int64_t)id);
    bind_int(st, 2, now);
    return conn_run(c, st, e);
}

kith_status agent_log_is(struct conn *c, kith_id id, bool *yes, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT 1 FROM kith_agent WHERE id = ?1", &st, e));
    bind_int(st, 1, (int64_t)id);
    return conn_any(c, st, yes, e);
}

kith_status agent_log_forget(struct conn *c, kith_id user, kith_str name, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "UPDATE kith_agent SET actor = ?2 WHERE user = ?1", &st, e));
    bind_int(st, 1, (int64_t)user);
    bind_str(st, 2, name);
    return conn_run(c, st, e);
}
