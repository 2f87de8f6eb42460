/* SPDX-License-Identifier: Apache-2.0 */
/* Window: the questions that are asked of a stretch of the journal. */
#include "journal/window.h"
#include "base/id.h"
#include "journal/chain_internal.h"
#include "journal/compact.h"

kith_status window_back(struct conn *c, uint64_t after, uint64_t to, journal_visit fn, void *arg,
                        kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare_once(c,
                          "SELECT " ROW_COLUMNS " FROM kith_journal WHERE seq > ?1 AND seq <= ?2"
                          " ORDER BY seq DESC",
                          &st, e));
    bind_int(st, 1, (int64_t)after);
    bind_int(st, 2, (int64_t)to);
    return visit_rows(c, st, fn, arg, e);
}

kith_status window_begins(struct conn *c, int64_t *at, kith_error *e) {
    struct journal_start start;
    TRY(journal_start(c, &start, e));
    *at = start.at;
    if (start.seq)
        return KITH_OK;
    return conn_int(c, "SELECT at FROM kith_tx ORDER BY id LIMIT 1", 0, at, e);
}

kith_status window_written(struct conn *c, kith_id record, uint64_t seq, int64_t *at,
                           kith_error *e) {
    sqlite3_stmt *st;
    _Static_assert(ROW_EVENT == 4, "as in the statement");
    TRY(conn_prepare(c,
                     "SELECT x.at FROM kith_journal j JOIN kith_tx x ON x.id = j.tx WHERE j.record"
                     " = ?1 AND j.seq <= ?2 AND j.kind < 4 ORDER BY j.seq DESC LIMIT 1",
                     &st, e));
    bind_int(st, 1, (int64_t)record);
    bind_int(st, 2, (int64_t)seq);
    return conn_first(c, st, 0, at, e);
}

kith_status window_updates(struct conn *c, kith_id record, int64_t from, int64_t until, uint64_t to,
                           journal_visit fn, void *arg, kith_error *e) {
    sqlite3_stmt *st;
    _Static_assert(ROW_UPDATE == 2, "as in the statement");
    TRY(conn_prepare_once(c,
                          "SELECT " ROW_COLUMNS " FROM kith_journal WHERE record = ?1 AND kind = 2"
                          " AND seq >= coalesce((SELECT first FROM kith_tx WHERE id >= ?2 ORDER BY"
                          " id LIMIT 1), ?4 + 1) AND seq <= min(?4, coalesce((SELECT last FROM"
                          " kith_tx WHERE id < ?3 ORDER BY id DESC LIMIT 1), 0)) ORDER BY seq",
                          &st, e));
    bind_int(st, 1, (int64_t)record);
    bind_int(st, 2, (int64_t)id_at(from));
    bind_int(st, 3, (int64_t)id_at(until));
    bind_int(st, 4, (int64_t)to);
    return visit_rows(c, st, fn, arg, e);
}

kith_status window_made(struct conn *c, uint64_t cause, uint32_t type, const char *rule,
                        struct arena *a, kith_id **ids, size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    _Static_assert(ROW_CREATE == 1 && SOURCE_RULE == 4, "as in the statement");
    TRY(conn_prepare(c,
                     "SELECT j.record FROM kith_tx x JOIN kith_journal j ON j.seq BETWEEN x.first"
                     " AND x.last WHERE x.cause = ?1 AND j.kind = 1 AND j.type = ?2 AND j.source IN"
                     " (SELECT id FROM kith_source WHERE kind = 4 AND name = ?3) ORDER BY j.seq",
                     &st, e));
    bind_int(st, 1, (int64_t)cause);
    bind_int(st, 2, type);
    bind_str(st, 3, str_of(rule));
    return conn_ids(c, st, a, ids, count, e);
}
