/* SPDX-License-Identifier: Apache-2.0 */
/* The chain as it is verified: the journal is read once, and each of its digests made again. A
 * finding does not end it: it goes on from the next seal, as that is stored. */
#include "base/id.h"
#include "journal/chain_internal.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* -- anchors ----------------------------------------------------------------------------------- */

void chain_anchor_format(const struct chain_anchor *a, char out[CHAIN_ANCHOR_TEXT]) {
    int n = snprintf(out, CHAIN_ANCHOR_TEXT, "%llu:", (unsigned long long)a->seq);
    sodium_bin2hex(out + n, 2 * CHAIN_DIGEST + 1, a->digest, CHAIN_DIGEST);
}

bool chain_anchor_parse(kith_str text, struct chain_anchor *out) {
    size_t digits = 0, len;
    *out = (struct chain_anchor){0};
    while (digits < text.len && digits < 19 && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        out->seq = out->seq * 10 + (uint64_t)(text.ptr[digits++] - '0');
    return digits > 0 && text.len == digits + 1 + 2 * CHAIN_DIGEST && text.ptr[digits] == ':' &&
           sodium_hex2bin(out->digest, CHAIN_DIGEST, text.ptr + digits + 1, 2 * CHAIN_DIGEST, NULL,
                          &len, NULL) == 0 &&
           len == CHAIN_DIGEST;
}

/* -- findings ---------------------------------------------------------------------------------- */

struct walk {
    struct conn *conn;
    const struct chain_anchor *anchor;
    chain_tell tell;
    void *arg;
    struct chain_report *out;
    unsigned char at[CHAIN_DIGEST];
    struct chain_names sources, topics;
    uint64_t seq;      /* the last row that was read */
    kith_id tx;        /* whose rows are read; 0: none yet */
    uint64_t tx_first; /* the first of them that was there */
    uint64_t sealed;   /* row at the last seal */
    bool broken;       /* since then, and told */
    bool names_broken; /* some name was changed: no seal behind it can be compared */
};

static kith_status found(struct walk *w, uint64_t seq, kith_error *e, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static kith_status found(struct walk *w, uint64_t seq, kith_error *e, const char *fmt, ...) {
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    w->broken = true;
    w->out->findings++;
    return w->tell ? w->tell(w->arg, seq, text, e) : KITH_OK;
}

static const char *rows_text(uint64_t from, uint64_t to, char out[64]) {
    if (from == to)
        snprintf(out, 64, "row %llu", (unsigned long long)from);
    else
        snprintf(out, 64, "rows %llu to %llu", (unsigned long long)from, (unsigned long long)to);
    return out;
}

/* The digest of what a proof stands for; false: it is no proof of that. A text that is absent and
 * was never there has neither. */
static bool content_of(kith_str text, kith_str proof, bool optional,
                       unsigned char out[CHAIN_DIGEST]) {
    memset(out, 0, CHAIN_DIGEST);
    if (proof.len == CHAIN_DIGEST)
        memcpy(out, proof.ptr, CHAIN_DIGEST);
    else if (proof.len == CHAIN_PROOF)
        chain_digest_text(out, text, (const unsigned char *)proof.ptr);
    else
        return optional && proof.len == 0 && text.len == 0;
    return true;
}

/* -- seals ------------------------------------------------------------------------------------- */

static kith_status wrong_name(void *arg, enum names_of of, uint32_t number, kith_error *e) {
    struct walk *w = arg;
    if (w->names_broken)
        return KITH_OK;
    w->names_broken = true;
    return found(w, w->seq, e, "the name of %s %u is not what it was",
                 of == NAMES_SOURCES ? "author" : "topic", number);
}

static bool read_seal(kith_str stored, struct chain_seal *out) {
    const unsigned char *p = (const unsigned char *)stored.ptr;
    if (stored.len != CHAIN_SEAL)
        return false;
    memcpy(out->digest, p, CHAIN_DIGEST);
    p += CHAIN_DIGEST;
    out->sources = out->topics = 0;
    for (int i = 0; i < 4; i++) {
        out->sources |= (uint32_t)p[i] << (8 * i);
        out->topics |= (uint32_t)p[4 + i] << (8 * i);
    }
    memcpy(out->names, p + 8, sizeof out->names);
    return true;
}

/* Why a seal is broken whose rows are as they were. */
static kith_status broken_seal(struct walk *w, const struct tx_head *tx, bool names,
                               kith_error *e) {
    char id[ID_TEXT + 1], rows[64];
    if (names) {
        w->names_broken = true;
        return found(w, tx->last, e, "names of authors or topics are not what they were");
    }
    id_format(tx->id, id);
    return found(w, tx->first, e,
                 "transaction %s (%s) is not what was written: its author, time, origin or note, or"
                 " what was erased of it",
                 id, rows_text(tx->first, tx->last, rows));
}

static kith_status seal(struct walk *w, const struct tx_head *tx, kith_str stored, kith_error *e) {
    struct chain_report *r = w->out;
    struct chain_seal s;
    unsigned char check[4];
    if (!read_seal(stored, &s) || s.sources < w->sources.last || s.topics < w->topics.last)
        return found(w, tx->last, e, "the seal behind row %llu is not what was written",
                     (unsigned long long)w->seq);
    TRY(chain_cover_names(w->conn, NAMES_SOURCES, s.sources, false, &w->sources, wrong_name, w, e));
    TRY(chain_cover_names(w->conn, NAMES_TOPICS, s.topics, false, &w->topics, wrong_name, w, e));
    chain_link_seal(w->at, &w->sources, &w->topics, check);
    bool holds = memcmp(w->at, s.digest, CHAIN_DIGEST) == 0;
    if (!holds && !w->broken && !w->names_broken)
        TRY(broken_seal(w, tx, memcmp(check, s.names, sizeof check) != 0, e));
    memcpy(w->at, s.digest, CHAIN_DIGEST);
    w->broken = false;
    w->sealed = w->seq;
    r->latest.seq = w->seq;
    memcpy(r->latest.digest, s.digest, CHAIN_DIGEST);
    r->latest_at = tx->at;
    if (w->anchor && w->anchor->seq == w->seq)
        r->answer = r->findings == 0 && memcmp(w->anchor->digest, s.digest, CHAIN_DIGEST) == 0
                        ? ANCHOR_HOLDS
                        : ANCHOR_BROKEN;
    return KITH_OK;
}

/* -- transactions ------------------------------------------------------------------------------ */

/* The head comes behind its rows. */
static kith_status end_transaction(struct walk *w, kith_error *e) {
    unsigned char content[CHAIN_DIGEST];
    char id[ID_TEXT + 1], rows[64];
    sqlite3_stmt *st;
    bool there;
    if (!w->tx)
        return KITH_OK;
    id_format(w->tx, id);
    rows_text(w->tx_first, w->seq, rows);
    TRY(conn_prepare(w->conn, "SELECT " TX_COLUMNS ", proof, digest FROM kith_tx WHERE id = ?1",
                     &st, e));
    bind_int(st, 1, (int64_t)w->tx);
    TRY(conn_step(w->conn, st, &there, e));
    if (!there)
        return found(w, w->tx_first, e, "transaction %s of %s is gone", id, rows);
    struct tx_head tx;
    tx_of(st, &tx);
    kith_str stored = column_str(st, 11);
    kith_status status = KITH_OK;
    w->out->heads++;
    if (!content_of(tx.note, column_str(st, 10), true, content) && !w->broken)
        status = found(w, tx.first, e, "transaction %s of %s has a note without a proof", id, rows);
    chain_link_head(w->at, &tx, content);
    if (status == KITH_OK && stored.len > 0)
        status = seal(w, &tx, stored, e);
    sqlite3_reset(st);
    return status;
}

/* -- rows -------------------------------------------------------------------------------------- */

static kith_status broken_row(struct walk *w, uint64_t seq, bool first, kith_error *e) {
    if (!first || w->sealed == seq - 1)
        return found(w, seq, e, "row %llu is not what was written", (unsigned long long)seq);
    return found(w, seq, e, "row %llu is not what was written, or the transaction before it",
                 (unsigned long long)seq);
}

static kith_status next_row(struct walk *w, const struct journal_row *row, kith_str proof,
                            kith_error *e) {
    unsigned char content[CHAIN_DIGEST];
    char rows[64];
    bool first = row->tx != w->tx;
    if (first) {
        TRY(end_transaction(w, e));
        w->tx = row->tx;
        w->tx_first = row->seq;
    }
    if (row->seq != w->seq + 1)
        TRY(found(w, w->seq + 1, e, "%s: gone", rows_text(w->seq + 1, row->seq - 1, rows)));
    w->out->rows++;
    if (!content_of(row->image, proof, false, content) && !w->broken)
        TRY(found(w, row->seq, e, "row %llu has no proof", (unsigned long long)row->seq));
    chain_link_row(w->at, row, content);
    if (proof.len == CHAIN_DIGEST) {
        w->out->erased += row->image.len == 0;
        w->out->reduced += row->image.len > 0;
    } else if (!w->broken && memcmp(proof.ptr + CHAIN_SALT, w->at, CHAIN_PROOF - CHAIN_SALT) != 0) {
        TRY(broken_row(w, row->seq, first, e));
    }
    w->seq = row->seq;
    return KITH_OK;
}

static kith_status walk_rows(struct walk *w, kith_error *e) {
    sqlite3_stmt *st;
    bool there = true;
    TRY(conn_prepare_once(w->conn,
                          "SELECT seq, tx, kind, type, record, source, cause, image, proof FROM"
                          " kith_journal WHERE seq > ?1 ORDER BY seq",
                          &st, e));
    bind_int(st, 1, (int64_t)w->out->begins);
    kith_status status = KITH_OK;
    while (status == KITH_OK && (status = conn_step(w->conn, st, &there, e)) == KITH_OK && there) {
        const struct journal_row row = {.seq = (uint64_t)sqlite3_column_int64(st, 0),
                                        .tx = (kith_id)sqlite3_column_int64(st, 1),
                                        .kind = (uint32_t)sqlite3_column_int64(st, 2),
                                        .type = (uint32_t)sqlite3_column_int64(st, 3),
                                        .record = (kith_id)sqlite3_column_int64(st, 4),
                                        .source = (uint32_t)sqlite3_column_int64(st, 5),
                                        .cause = (uint64_t)sqlite3_column_int64(st, 6),
                                        .image = column_str(st, 7)};
        status = next_row(w, &row, column_str(st, 8), e);
    }
    sqlite3_finalize(st);
    TRY(status);
    TRY(end_transaction(w, e));
    if (w->sealed == w->seq || w->broken)
        return KITH_OK;
    char rows[64];
    return found(w, w->sealed + 1, e, "%s at the end: no seal stands behind them",
                 rows_text(w->sealed + 1, w->seq, rows));
}

/* A transaction that no row names: somebody put it there. */
static kith_status check_heads(struct walk *w, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(w->conn, "SELECT count(*) FROM kith_tx WHERE last > ?1", &st, e));
    bind_int(st, 1, (int64_t)w->out->begins);
    TRY(conn_step(w->conn, st, &row, e));
    uint64_t heads = (uint64_t)sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    if (heads == w->out->heads)
        return KITH_OK;
    TRY(conn_prepare(w->conn,
                     "SELECT id, first FROM kith_tx x WHERE last > ?1 AND NOT EXISTS (SELECT 1 FROM"
                     " kith_journal j WHERE j.seq BETWEEN x.first AND x.last AND j.tx = x.id)"
                     " LIMIT 100",
                     &st, e));
    bind_int(st, 1, (int64_t)w->out->begins);
    for (;;) {
        char id[ID_TEXT + 1];
        TRY(conn_step(w->conn, st, &row, e));
        if (!row)
            return KITH_OK;
        id_format((kith_id)sqlite3_column_int64(st, 0), id);
        kith_status status = found(w, (uint64_t)sqlite3_column_int64(st, 1), e,
                                   "transaction %s has no rows: it was added", id);
        if (status != KITH_OK) {
            sqlite3_reset(st);
            return status;
        }
    }
}

/* -- all --------------------------------------------------------------------------------------- */

static kith_status read_start(struct walk *w, bool *there, kith_error *e) {
    struct chain_report *r = w->out;
    sqlite3_stmt *st;
    TRY(conn_prepare(w->conn,
                     "SELECT seq, digest, start, at FROM kith_chain ORDER BY seq DESC LIMIT 1", &st,
                     e));
    TRY(conn_step(w->conn, st, there, e));
    if (!*there)
        return KITH_OK;
    kith_str digest = column_str(st, 1);
    r->begins = w->seq = w->sealed = r->latest.seq = (uint64_t)sqlite3_column_int64(st, 0);
    r->start = (enum chain_start)sqlite3_column_int64(st, 2);
    r->begun_at = sqlite3_column_int64(st, 3);
    *there = digest.len == CHAIN_DIGEST;
    if (*there) {
        memcpy(w->at, digest.ptr, CHAIN_DIGEST);
        memcpy(r->latest.digest, digest.ptr, CHAIN_DIGEST);
    }
    sqlite3_reset(st);
    return KITH_OK;
}

/* What can be said of the anchor when no seal was at its row. */
static kith_status answer(struct walk *w, kith_error *e) {
    const struct chain_anchor *a = w->anchor;
    struct chain_report *r = w->out;
    if (!a || r->answer == ANCHOR_HOLDS)
        return KITH_OK;
    if (a->seq < r->begins) {
        r->answer = ANCHOR_BEFORE;
        return KITH_OK;
    }
    bool seal_there = r->answer == ANCHOR_BROKEN;
    r->answer = ANCHOR_BROKEN;
    if (a->seq > w->seq)
        return found(w, w->seq, e,
                     "the journal ends with row %llu, and the anchor is of row %llu: what was"
                     " behind is gone",
                     (unsigned long long)w->seq, (unsigned long long)a->seq);
    if (!seal_there)
        return found(w, a->seq, e, "no seal stands behind row %llu, of which the anchor is",
                     (unsigned long long)a->seq);
    return r->findings > 0 ? KITH_OK
                           : found(w, a->seq, e,
                                   "the digest behind row %llu is not the anchor's: the journal up"
                                   " to there was written anew",
                                   (unsigned long long)a->seq);
}

kith_status chain_verify(struct conn *c, const struct chain_anchor *anchor, chain_tell tell,
                         void *arg, struct chain_report *out, kith_error *e) {
    struct walk w = {.conn = c, .anchor = anchor, .tell = tell, .arg = arg, .out = out};
    int64_t format, tables;
    bool there = false;
    *out = (struct chain_report){0};
    TRY(conn_int(c, "PRAGMA user_version", 0, &format, e));
    if (format < 3)
        return err_set(e, KITH_E_UNSUPPORTED, NULL,
                       "%s was written by a Kith that did not chain its journal; open the company"
                       " once with this one",
                       c->path);
    TRY(conn_int(c, "SELECT count(*) FROM sqlite_schema WHERE name = 'kith_chain'", 0, &tables, e));
    if (tables > 0)
        TRY(read_start(&w, &there, e));
    if (!there)
        TRY(found(&w, 0, e, "the place where the chain begins (kith_chain) is gone"));
    if (anchor && there && anchor->seq == out->begins)
        out->answer =
            memcmp(anchor->digest, w.at, CHAIN_DIGEST) == 0 ? ANCHOR_HOLDS : ANCHOR_BROKEN;
    TRY(walk_rows(&w, e));
    TRY(check_heads(&w, e));
    return answer(&w, e);
}
