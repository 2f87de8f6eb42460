/* SPDX-License-Identifier: Apache-2.0 */
/* Gone: looks into the journal by the id of a record. */
#include "journal/gone.h"

kith_status gone_told(struct conn *c, const struct rtype *t, kith_id record, bool *yes,
                      kith_error *e) {
    sqlite3_stmt *st;
    int64_t seq;
    TRY(conn_prepare(c,
                     "SELECT seq FROM kith_journal WHERE record = ?1 AND type = ?2 AND kind <> ?3"
                     " AND length(image) > 0 LIMIT 1",
                     &st, e));
    bind_int(st, 1, (int64_t)record);
    bind_int(st, 2, t->id);
    bind_int(st, 3, ROW_EVENT);
    TRY(conn_first(c, st, 0, &seq, e));
    *yes = seq != 0;
    return KITH_OK;
}

kith_status gone_type(struct conn *c, kith_id record, uint32_t *type, kith_error *e) {
    sqlite3_stmt *st;
    int64_t found;
    TRY(conn_prepare(c,
                     "SELECT type FROM kith_journal WHERE record = ?1 AND kind <> ?2"
                     " ORDER BY seq DESC LIMIT 1",
                     &st, e));
    bind_int(st, 1, (int64_t)record);
    bind_int(st, 2, ROW_EVENT);
    TRY(conn_first(c, st, 0, &found, e));
    *type = (uint32_t)found;
    return KITH_OK;
}

kith_status gone_when(struct conn *c, kith_id record, struct arena *a, struct tx_head *out,
                      bool *yes, kith_error *e) {
    sqlite3_stmt *st;
    int64_t tx;
    TRY(conn_prepare(c,
                     "SELECT CASE kind WHEN ?2 THEN tx END FROM kith_journal WHERE record = ?1"
                     " AND kind <> ?3 ORDER BY seq DESC LIMIT 1",
                     &st, e));
    bind_int(st, 1, (int64_t)record);
    bind_int(st, 2, ROW_DELETE);
    bind_int(st, 3, ROW_EVENT);
    TRY(conn_first(c, st, 0, &tx, e));
    *yes = false;
    if (!tx)
        return KITH_OK;
    kith_error why = KITH_ERROR_INIT;
    kith_status found = journal_tx_read(c, (kith_id)tx, a, out, &why);
    *yes = found == KITH_OK;
    if (*yes || found == KITH_E_NOTFOUND) /* the one that is being written has no head yet */
        return KITH_OK;
    err_copy(e, &why);
    return found;
}

kith_status gone_writers(struct conn *c, kith_id record, struct arena *a, kith_id **out,
                         size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "SELECT coalesce(t.run, t.id) FROM kith_journal j JOIN kith_tx t ON t.id ="
                     " j.tx WHERE j.record = ?1 AND j.kind <> ?2 AND t.origin <> ?3 GROUP BY 1"
                     " ORDER BY max(j.seq) DESC",
                     &st, e));
    bind_int(st, 1, (int64_t)record);
    bind_int(st, 2, ROW_EVENT);
    bind_int(st, 3, ORIGIN_UNDO);
    return conn_ids(c, st, a, out, count, e);
}

kith_status gone_together(struct conn *c, kith_id tx, kith_id record, struct arena *a, bool *yes,
                          kith_error *e) {
    struct tx_head head;
    kith_error why = KITH_ERROR_INIT;
    sqlite3_stmt *st;
    int64_t found;
    *yes = true;
    kith_status read = journal_tx_read(c, tx, a, &head, &why);
    if (read == KITH_E_NOTFOUND) /* the one that is being written has no head yet */
        return KITH_OK;
    if (read != KITH_OK) {
        err_copy(e, &why);
        return read;
    }
    TRY(conn_prepare(c,
                     "SELECT t.id FROM kith_journal j JOIN kith_tx t ON t.id = j.tx"
                     " WHERE j.record = ?1 AND (t.id = ?2 OR t.run = ?3) LIMIT 1",
                     &st, e));
    bind_int(st, 1, (int64_t)record);
    bind_int(st, 2, (int64_t)tx);
    bind_int(st, 3, (int64_t)head.run);
    TRY(conn_first(c, st, 0, &found, e));
    *yes = found != 0;
    return KITH_OK;
}

kith_status gone_erasures(struct conn *c, gone_erased fn, void *arg, kith_error *e) {
    int64_t there;
    sqlite3_stmt *st;
    TRY(conn_int(c, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'erasure'",
                 0, &there, e));
    if (!there) /* of a Kith that did not know of it */
        return KITH_OK;
    TRY(conn_prepare(c, "SELECT record_type, record, created FROM erasure ORDER BY id", &st, e));
    for (;;) {
        bool row;
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        kith_status got =
            fn(arg, column_str(st, 0), column_str(st, 1), sqlite3_column_int64(st, 2), e);
        if (got != KITH_OK) {
            sqlite3_reset(st);
            return got;
        }
    }
}
