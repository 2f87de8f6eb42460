/* SPDX-License-Identifier: Apache-2.0 */
/* Compaction of the journal's tables. */
#include "journal/compact.h"
#include "base/date.h"
#include "base/id.h"
#include "journal/import_log.h"

#include <stdio.h>

/* -- where it begins --------------------------------------------------------------------------- */

kith_status journal_start(struct conn *c, struct journal_start *out, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    *out = (struct journal_start){0};
    TRY(conn_prepare(
        c, "SELECT seq, tx, at FROM kith_chain WHERE start = 3 ORDER BY seq DESC LIMIT 1", &st, e));
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return KITH_OK;
    out->seq = (uint64_t)sqlite3_column_int64(st, 0);
    out->tx = (kith_id)sqlite3_column_int64(st, 1);
    out->at = sqlite3_column_int64(st, 2);
    sqlite3_reset(st);
    return KITH_OK;
}

const char *journal_start_text(const struct journal_start *s, char out[32]) {
    struct civil c = date_civil(s->at);
    snprintf(out, 32, "%04d-%02d-%02d", (int)c.year, (int)c.month, (int)c.day);
    return out;
}

kith_status journal_kept(const struct journal_start *s, kith_id tx, kith_error *e) {
    char id[ID_TEXT + 1], day[32];
    if (tx > s->tx)
        return KITH_OK;
    id_format(tx, id);
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   "transaction %s is older than the journal that is kept: what was written up to"
                   " %s is there no more, and cannot be undone",
                   id, journal_start_text(s, day));
}

/* -- where it could begin ---------------------------------------------------------------------- */

/* Ids of transactions rise with seq, and hold the time; where the clock was set back they are ahead
 * of it, and are kept longer. Rows from before there was a chain may go by any transaction. */
kith_status journal_boundary(struct conn *c, int64_t before, uint64_t bound,
                             struct journal_start *out, kith_error *e) {
    struct journal_start now;
    sqlite3_stmt *st;
    bool row;
    *out = (struct journal_start){0};
    TRY(journal_start(c, &now, e));
    TRY(conn_prepare(c,
                     "SELECT last, id, at FROM kith_tx WHERE id > ?1 AND id < ?2 AND id <= (SELECT"
                     " tx FROM kith_journal WHERE seq <= ?3 ORDER BY seq DESC LIMIT 1) AND last <="
                     " ?3 AND at < ?4 AND (digest IS NOT NULL OR last < (SELECT seq FROM kith_chain"
                     " WHERE start = 2)) ORDER BY id DESC LIMIT 1",
                     &st, e));
    bind_int(st, 1, (int64_t)now.tx);
    bind_int(st, 2, (int64_t)id_at(before));
    bind_int(st, 3, bound > INT64_MAX ? INT64_MAX : (int64_t)bound);
    bind_int(st, 4, before);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return KITH_OK;
    out->seq = (uint64_t)sqlite3_column_int64(st, 0);
    out->tx = (kith_id)sqlite3_column_int64(st, 1);
    out->at = sqlite3_column_int64(st, 2);
    sqlite3_reset(st);
    return KITH_OK;
}

kith_status journal_imports_first(struct conn *c, uint64_t *seq, kith_error *e) {
    int64_t first;
    _Static_assert(IMPORT_RUNNING == 1, "as in the statement");
    TRY(conn_int(c,
                 "SELECT min(x.first) FROM kith_import i JOIN kith_tx x ON x.run = i.run OR x.id ="
                 " i.run WHERE i.state = 1",
                 0, &first, e));
    *seq = (uint64_t)first;
    return KITH_OK;
}

/* -- compacting -------------------------------------------------------------------------------- */

kith_status journal_begin_at(struct conn *c, const struct journal_start *at, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "INSERT INTO kith_chain(seq, digest, start, at, tx) SELECT last,"
                     " coalesce(substr(digest, 1, 32), zeroblob(32)), 3, at, id FROM kith_tx WHERE"
                     " id = ?1",
                     &st, e));
    bind_int(st, 1, (int64_t)at->tx);
    return conn_run(c, st, e);
}

static kith_status delete_rows(struct conn *c, uint64_t to, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_journal WHERE seq <= ?1", &st, e));
    bind_int(st, 1, (int64_t)to);
    return conn_run(c, st, e);
}

/* Rows first: a head whose rows are half gone is there still. */
static kith_status delete_heads(struct conn *c, const struct journal_start *s, uint64_t to, int max,
                                bool *more, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "DELETE FROM kith_tx WHERE id IN (SELECT id FROM kith_tx WHERE id <= ?1 ORDER"
                     " BY id LIMIT ?2) AND last <= ?3",
                     &st, e));
    bind_int(st, 1, (int64_t)s->tx);
    bind_int(st, 2, max);
    bind_int(st, 3, (int64_t)to);
    TRY(conn_run(c, st, e));
    *more = sqlite3_changes(c->db) == max;
    return KITH_OK;
}

kith_status journal_sweep(struct conn *c, int max, bool *more, kith_error *e) {
    struct journal_start s;
    int64_t first;
    *more = false;
    TRY(journal_start(c, &s, e));
    if (!s.seq)
        return KITH_OK;
    TRY(conn_int(c, "SELECT min(seq) FROM kith_journal", INT64_MAX, &first, e));
    uint64_t to = (uint64_t)first + (uint64_t)max - 1;
    bool rows = (uint64_t)first <= s.seq;
    to = !rows || to > s.seq ? s.seq : to;
    if (rows)
        TRY(delete_rows(c, to, e));
    TRY(delete_heads(c, &s, to, max, more, e));
    *more |= rows && to < s.seq;
    return KITH_OK;
}
