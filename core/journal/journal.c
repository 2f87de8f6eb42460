/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's tables: appended by the engine's writer, read by everybody. */
#include "journal/journal.h"
#include "base/id.h"
#include "journal/chain_internal.h"
#include "journal/compact.h"

#include <stdlib.h>
#include <string.h>

const char *origin_name(uint32_t origin) {
    static const char *const names[] = {"?",     "cli",      "api",      "import", "reaction",
                                        "timer", "action",   "undo",     "system", "retention",
                                        "erase", "delivery", "workflow", "merge"};
    return origin < sizeof names / sizeof *names ? names[origin] : "?";
}

const char *row_kind_name(uint32_t kind) {
    static const char *const names[] = {"?", "create", "update", "delete", "event"};
    return kind < sizeof names / sizeof *names ? names[kind] : "?";
}

kith_status journal_setup(struct conn *c, kith_error *e) {
    TRY(conn_exec(
        c,
        "CREATE TABLE IF NOT EXISTS kith_tx(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor "
        "INTEGER"
        " NOT NULL, origin INTEGER NOT NULL, cause INTEGER, depth INTEGER, run INTEGER,"
        " first INTEGER NOT NULL, last INTEGER NOT NULL, note TEXT) STRICT;"
        "CREATE INDEX IF NOT EXISTS \"i.kith_tx.run\" ON kith_tx(run) WHERE run IS NOT NULL;"
        "CREATE INDEX IF NOT EXISTS \"i.kith_tx.cause\" ON kith_tx(cause) WHERE cause IS NOT NULL;"
        "CREATE TABLE IF NOT EXISTS kith_journal(seq INTEGER PRIMARY KEY, tx INTEGER NOT NULL, kind"
        " INTEGER NOT NULL, type INTEGER, record INTEGER, source INTEGER, cause INTEGER, image BLOB"
        " NOT NULL) STRICT;"
        "CREATE INDEX IF NOT EXISTS \"i.kith_journal.record\" ON kith_journal(record);"
        "CREATE TABLE IF NOT EXISTS kith_source(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, "
        "name TEXT"
        " NOT NULL, version TEXT NOT NULL, line INTEGER NOT NULL, UNIQUE(kind, name, version, "
        "line))"
        " STRICT;"
        "CREATE TABLE IF NOT EXISTS kith_topic(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) "
        "STRICT;"
        "CREATE TABLE IF NOT EXISTS kith_agent_run(session INTEGER NOT NULL, run INTEGER NOT"
        " NULL, PRIMARY KEY(session, run)) STRICT, WITHOUT ROWID;",
        e));
    return chain_setup(c, e);
}

kith_status journal_head(struct conn *c, uint64_t *seq, kith_error *e) {
    int64_t n;
    TRY(conn_int(c, "SELECT max(seq) FROM kith_journal", 0, &n, e));
    *seq = (uint64_t)n;
    return KITH_OK;
}

kith_status journal_high_id(struct conn *c, kith_id *id, kith_error *e) {
    int64_t tx, record;
    TRY(conn_int(c, "SELECT max(id) FROM kith_tx", 0, &tx, e));
    TRY(conn_int(c, "SELECT max(record) FROM kith_journal", 0, &record, e));
    *id = (kith_id)(tx > record ? tx : record);
    return KITH_OK;
}

/* -- writing ----------------------------------------------------------------------------------- */

static void bind_nonzero(sqlite3_stmt *st, int i, uint64_t v) {
    if (v)
        bind_int(st, i, (int64_t)v);
}

kith_status journal_append(struct conn *c, struct chain *chain, const struct journal_row *row,
                           kith_error *e) {
    unsigned char proof[CHAIN_PROOF];
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "INSERT INTO kith_journal(seq, tx, kind, type, record, source, cause, image,"
                     " proof) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                     &st, e));
    chain_row(chain, row, proof);
    bind_int(st, 1, (int64_t)row->seq);
    bind_int(st, 2, (int64_t)row->tx);
    bind_int(st, 3, row->kind);
    bind_nonzero(st, 4, row->type);
    bind_nonzero(st, 5, row->record);
    bind_nonzero(st, 6, row->source);
    bind_nonzero(st, 7, row->cause);
    bind_blob(st, 8, row->image);
    bind_blob(st, 9, (kith_str){(const char *)proof, sizeof proof});
    return conn_run(c, st, e);
}

kith_status journal_append_tx(struct conn *c, struct chain *chain, const struct tx_head *tx,
                              kith_error *e) {
    unsigned char proof[CHAIN_PROOF];
    sqlite3_stmt *st;
    TRY(conn_prepare(
        c,
        "INSERT INTO kith_tx(id, at, actor, origin, cause, depth, run, first, last, note, proof)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        &st, e));
    bind_int(st, 1, (int64_t)tx->id);
    bind_int(st, 2, tx->at);
    bind_int(st, 3, tx->actor);
    bind_int(st, 4, tx->origin);
    bind_nonzero(st, 5, tx->cause);
    bind_nonzero(st, 6, tx->depth);
    bind_nonzero(st, 7, tx->run);
    bind_int(st, 8, (int64_t)tx->first);
    bind_int(st, 9, (int64_t)tx->last);
    bind_str(st, 10, tx->note.len ? tx->note : (kith_str){0});
    if (chain_head(chain, tx, proof))
        bind_blob(st, 11, (kith_str){(const char *)proof, sizeof proof});
    return conn_run(c, st, e);
}

kith_status journal_intern_source(struct conn *c, const struct source *s, uint32_t *number,
                                  kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    static const char *const sql[] = {
        "INSERT OR IGNORE INTO kith_source(kind, name, version, line) VALUES(?1, ?2, ?3, ?4)",
        "SELECT id FROM kith_source WHERE kind = ?1 AND name = ?2 AND version = ?3 AND line = ?4",
    };
    for (int i = 0; i < 2; i++) {
        TRY(conn_prepare(c, sql[i], &st, e));
        bind_int(st, 1, s->kind);
        bind_str(st, 2, str_of(s->name));
        bind_str(st, 3, str_of(s->version));
        bind_int(st, 4, s->line);
        TRY(conn_step(c, st, &row, e));
    }
    *number = (uint32_t)sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return KITH_OK;
}

kith_status journal_intern_topic(struct conn *c, const char *name, uint32_t *number,
                                 kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c, "INSERT OR IGNORE INTO kith_topic(name) VALUES(?1)", &st, e));
    bind_str(st, 1, str_of(name));
    TRY(conn_run(c, st, e));
    TRY(conn_prepare(c, "SELECT id FROM kith_topic WHERE name = ?1", &st, e));
    bind_str(st, 1, str_of(name));
    TRY(conn_step(c, st, &row, e));
    *number = (uint32_t)sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return KITH_OK;
}

/* -- reading rows ------------------------------------------------------------------------------ */

static void row_of(sqlite3_stmt *st, struct journal_row *row) {
    *row = (struct journal_row){
        .seq = (uint64_t)sqlite3_column_int64(st, 0),
        .tx = (kith_id)sqlite3_column_int64(st, 1),
        .kind = (uint32_t)sqlite3_column_int64(st, 2),
        .type = (uint32_t)sqlite3_column_int64(st, 3),
        .record = (kith_id)sqlite3_column_int64(st, 4),
        .source = (uint32_t)sqlite3_column_int64(st, 5),
        .cause = (uint64_t)sqlite3_column_int64(st, 6),
        .image = column_str(st, 7),
        .erased = sqlite3_column_bytes(st, 8) == CHAIN_DIGEST,
    };
}

/* Visits may run statements of their own, even this walk again: each walk has its own statement. */
kith_status visit_rows(struct conn *c, sqlite3_stmt *st, journal_visit fn, void *arg,
                       kith_error *e) {
    kith_status status = KITH_OK;
    bool row = true;
    while (status == KITH_OK && row) {
        status = conn_step(c, st, &row, e);
        if (status == KITH_OK && row) {
            struct journal_row r;
            row_of(st, &r);
            status = fn(arg, &r, e);
        }
    }
    sqlite3_finalize(st);
    return status;
}

kith_status journal_walk(struct conn *c, uint64_t after, uint64_t to, journal_visit fn, void *arg,
                         kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare_once(
        c, "SELECT " ROW_COLUMNS " FROM kith_journal WHERE seq > ?1 AND seq <= ?2 ORDER BY seq",
        &st, e));
    bind_int(st, 1, (int64_t)after);
    bind_int(st, 2, to > INT64_MAX ? INT64_MAX : (int64_t)to);
    return visit_rows(c, st, fn, arg, e);
}

kith_status journal_before(struct conn *c, kith_id record, uint64_t seq, journal_visit fn,
                           void *arg, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare_once(c,
                          "SELECT " ROW_COLUMNS
                          " FROM kith_journal WHERE record = ?1 AND seq < ?2 ORDER BY seq DESC",
                          &st, e));
    bind_int(st, 1, (int64_t)record);
    bind_int(st, 2, seq > INT64_MAX ? INT64_MAX : (int64_t)seq);
    return visit_rows(c, st, fn, arg, e);
}

kith_status journal_row_read(struct conn *c, uint64_t seq, struct arena *a, struct journal_row *row,
                             kith_error *e) {
    sqlite3_stmt *st;
    bool found;
    TRY(conn_prepare(c, "SELECT " ROW_COLUMNS " FROM kith_journal WHERE seq = ?1", &st, e));
    bind_int(st, 1, (int64_t)seq);
    TRY(conn_step(c, st, &found, e));
    if (!found)
        return err_set(e, KITH_E_NOTFOUND, NULL, "the journal has no row %llu",
                       (unsigned long long)seq);
    row_of(st, row);
    row->image = arena_str(a, row->image);
    sqlite3_reset(st);
    return row->image.ptr ? KITH_OK : err_nomem(e);
}

/* -- reading heads ----------------------------------------------------------------------------- */

bool tx_on_undo(const struct tx_head *tx) {
    return tx->origin == ORIGIN_WORKFLOW && str_eqz(tx->note, NOTE_ON_UNDO);
}

#define NOT_ON_UNDO " AND NOT (origin = 12 AND note IS '" NOTE_ON_UNDO "')"
/* The transaction of that id, or those of that run, which may bear the number of its first one. */
#define OF_RUN "(id = ?1 OR run = ?1" NOT_ON_UNDO ")"
_Static_assert(ORIGIN_WORKFLOW == 12, "as in the statements");

void tx_of(sqlite3_stmt *st, struct tx_head *tx) {
    *tx = (struct tx_head){
        .id = (kith_id)sqlite3_column_int64(st, 0),
        .at = sqlite3_column_int64(st, 1),
        .actor = (uint32_t)sqlite3_column_int64(st, 2),
        .origin = (uint32_t)sqlite3_column_int64(st, 3),
        .cause = (uint64_t)sqlite3_column_int64(st, 4),
        .depth = (uint32_t)sqlite3_column_int64(st, 5),
        .run = (kith_id)sqlite3_column_int64(st, 6),
        .first = (uint64_t)sqlite3_column_int64(st, 7),
        .last = (uint64_t)sqlite3_column_int64(st, 8),
        .note = column_str(st, 9),
    };
}

kith_status journal_no_tx(kith_id tx, kith_error *e) {
    char text[ID_TEXT + 1];
    id_format(tx, text);
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   "there is no transaction %s; `kith log` lists the newest", text);
}

kith_status journal_tx_read(struct conn *c, kith_id tx, struct arena *a, struct tx_head *out,
                            kith_error *e) {
    sqlite3_stmt *st;
    bool found;
    TRY(conn_prepare(c, "SELECT " TX_COLUMNS " FROM kith_tx WHERE id = ?1", &st, e));
    bind_int(st, 1, (int64_t)tx);
    TRY(conn_step(c, st, &found, e));
    if (!found)
        return journal_no_tx(tx, e);
    tx_of(st, out);
    out->note = arena_str(a, out->note);
    sqlite3_reset(st);
    return KITH_OK;
}

/* Adds the heads that a query with one parameter gives to a growing list. */
struct heads {
    struct tx_head *items;
    size_t count, cap;
};

static kith_status add_head(struct heads *h, struct arena *a, const struct tx_head *tx,
                            kith_error *e) {
    struct tx_head *items = arena_grow(a, h->items, h->count, &h->cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    h->items = items;
    h->items[h->count] = *tx;
    h->items[h->count++].note = arena_str(a, tx->note);
    return KITH_OK;
}

static kith_status add_heads(struct conn *c, const char *sql, uint64_t p1, uint64_t p2,
                             struct arena *a, struct heads *h, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c, sql, &st, e));
    bind_int(st, 1, (int64_t)p1);
    if (sqlite3_bind_parameter_count(st) > 1)
        bind_int(st, 2, (int64_t)p2);
    for (;;) {
        struct tx_head tx;
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        tx_of(st, &tx);
        kith_status status = add_head(h, a, &tx, e);
        if (status != KITH_OK) {
            sqlite3_reset(st);
            return status;
        }
    }
}

kith_status journal_txs(struct conn *c,
                        kith_status (*fn)(void *arg, const struct tx_head *tx, kith_error *e),
                        void *arg, kith_error *e) {
    sqlite3_stmt *st;
    kith_status status = KITH_OK;
    bool row = true;
    TRY(conn_prepare_once(c, "SELECT " TX_COLUMNS " FROM kith_tx ORDER BY id DESC", &st, e));
    while (status == KITH_OK && row) {
        struct tx_head tx;
        status = conn_step(c, st, &row, e);
        if (status != KITH_OK || !row)
            break;
        tx_of(st, &tx);
        status = fn(arg, &tx, e);
    }
    sqlite3_finalize(st);
    return status;
}

kith_status journal_tx_touches(struct conn *c, const struct tx_head *tx, uint32_t type, bool own,
                               bool *yes, kith_error *e) {
    sqlite3_stmt *st;
    *yes = false;
    TRY(conn_prepare(c,
                     "SELECT 1 FROM kith_journal WHERE seq BETWEEN ?1 AND ?2 AND tx = ?3 AND"
                     " type = ?4 AND kind <> ?5 AND (source = 0 OR NOT ?6) LIMIT 1",
                     &st, e));
    bind_int(st, 1, (int64_t)tx->first);
    bind_int(st, 2, (int64_t)tx->last);
    bind_int(st, 3, (int64_t)tx->id);
    bind_int(st, 4, type);
    bind_int(st, 5, ROW_EVENT);
    bind_int(st, 6, own);
    return conn_any(c, st, yes, e);
}

kith_status journal_run_size(struct conn *c, kith_id run, uint64_t *transactions, uint64_t *rows,
                             kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c,
                     "SELECT count(*), coalesce(sum(CASE WHEN first > 0 AND last >= first THEN"
                     " last - first + 1 ELSE 0 END), 0) FROM kith_tx WHERE " OF_RUN,
                     &st, e));
    bind_int(st, 1, (int64_t)run);
    TRY(conn_step(c, st, &row, e));
    *transactions = (uint64_t)sqlite3_column_int64(st, 0);
    *rows = (uint64_t)sqlite3_column_int64(st, 1);
    sqlite3_reset(st);
    return KITH_OK;
}

kith_status journal_own_rows(struct conn *c, kith_id tx, uint64_t *rows, kith_error *e) {
    sqlite3_stmt *st;
    int64_t n;
    TRY(conn_prepare(c,
                     "SELECT count(*) FROM kith_tx x JOIN kith_journal j"
                     " ON j.seq BETWEEN x.first AND x.last"
                     " WHERE " OF_RUN " AND j.source IS NULL",
                     &st, e));
    bind_int(st, 1, (int64_t)tx);
    TRY(conn_first(c, st, 0, &n, e));
    *rows = (uint64_t)n;
    return KITH_OK;
}

kith_status journal_sums(struct conn *c, kith_id tx, bool own, struct row_sum *out, size_t max,
                         size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    *count = 0;
    TRY(conn_prepare(c,
                     "SELECT j.kind, j.type, count(*) FROM kith_tx x JOIN kith_journal j"
                     " ON j.seq BETWEEN x.first AND x.last"
                     " WHERE " OF_RUN " AND (NOT ?2 OR j.source IS NULL)"
                     " GROUP BY j.kind, j.type ORDER BY 3 DESC, 1, 2 LIMIT ?3",
                     &st, e));
    bind_int(st, 1, (int64_t)tx);
    bind_int(st, 2, own);
    bind_int(st, 3, (int64_t)max);
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        out[(*count)++] = (struct row_sum){.kind = (uint32_t)sqlite3_column_int64(st, 0),
                                           .type = (uint32_t)sqlite3_column_int64(st, 1),
                                           .count = (uint64_t)sqlite3_column_int64(st, 2)};
    }
}

kith_status journal_source(struct conn *c, uint32_t number, struct arena *a, struct source *out,
                           kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    *out = (struct source){.name = "", .version = ""};
    TRY(conn_prepare(c, "SELECT kind, name, version, line FROM kith_source WHERE id = ?1", &st, e));
    bind_int(st, 1, number);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return err_set(e, KITH_E_NOTFOUND, NULL, "the journal has no source %u", number);
    out->kind = (uint32_t)sqlite3_column_int64(st, 0);
    out->name = arena_str(a, column_str(st, 1)).ptr;
    out->version = arena_str(a, column_str(st, 2)).ptr;
    out->line = (uint32_t)sqlite3_column_int64(st, 3);
    sqlite3_reset(st);
    return out->name && out->version ? KITH_OK : err_nomem(e);
}

kith_status journal_user_sources(struct conn *c, kith_id user, struct arena *a,
                                 struct user_sources *out, kith_error *e) {
    char id[ID_TEXT + 1];
    sqlite3_stmt *st;
    bool row = true;
    size_t cap = 0;
    *out = (struct user_sources){0};
    id_format(user, id);
    TRY(conn_prepare_once(c, "SELECT id FROM kith_source WHERE kind = 1 AND version = ?1", &st, e));
    bind_str(st, 1, str_of(id));
    kith_status status = KITH_OK;
    while (status == KITH_OK && (status = conn_step(c, st, &row, e)) == KITH_OK && row) {
        uint32_t *items = arena_grow(a, out->numbers, out->count, &cap, sizeof *items);
        if (!items) {
            status = err_nomem(e);
            break;
        }
        out->numbers = items;
        out->numbers[out->count++] = (uint32_t)sqlite3_column_int64(st, 0);
    }
    sqlite3_finalize(st);
    return status;
}

bool user_sources_has(const struct user_sources *s, uint32_t number) {
    for (size_t i = 0; i < s->count; i++)
        if (s->numbers[i] == number)
            return true;
    return false;
}

kith_status journal_topic_name(struct conn *c, uint32_t number, struct arena *a, const char **name,
                               kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c, "SELECT name FROM kith_topic WHERE id = ?1", &st, e));
    bind_int(st, 1, number);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return err_set(e, KITH_E_NOTFOUND, NULL, "the journal has no topic %u", number);
    *name = arena_str(a, column_str(st, 0)).ptr;
    sqlite3_reset(st);
    return *name ? KITH_OK : err_nomem(e);
}

/* -- the set to undo --------------------------------------------------------------------------- */

static int newest_first(const void *a, const void *b) {
    uint64_t x = ((const struct tx_head *)a)->first, y = ((const struct tx_head *)b)->first;
    return x > y ? -1 : x < y;
}

/* A run of a workflow is one thing: by whatever event it was woken, what it did goes with its
 * beginning. */
static kith_status add_run(struct conn *c, struct heads *h, size_t at, struct arena *a,
                           kith_error *e) {
    const struct tx_head tx = h->items[at];
    if (tx.origin != ORIGIN_WORKFLOW || tx_on_undo(&tx))
        return KITH_OK;
    for (size_t i = 0; i < at; i++)
        if (h->items[i].run == tx.run)
            return KITH_OK;
    return add_heads(c,
                     "SELECT " TX_COLUMNS " FROM kith_tx WHERE run = ?1 AND id <> ?2" NOT_ON_UNDO,
                     tx.run, tx.id, a, h, e);
}

kith_status journal_undo_set(struct conn *c, kith_id target, struct arena *a, struct tx_head **out,
                             size_t *count, kith_error *e) {
    struct heads h = {0};
    struct journal_start start;
    TRY(journal_start(c, &start, e));
    TRY(journal_kept(&start, target, e)); /* of a run, too, whose number is of its beginning */
    TRY(add_heads(c, "SELECT " TX_COLUMNS " FROM kith_tx WHERE " OF_RUN, target, 0, a, &h, e));
    TRY(add_heads(c,
                  "SELECT " TX_COLUMNS " FROM kith_tx WHERE run IN (SELECT run FROM"
                  " kith_agent_run WHERE session = ?1)" NOT_ON_UNDO,
                  target, 0, a, &h, e));
    if (h.count == 0)
        return journal_no_tx(target, e);
    /* The list grows while it is walked: what each transaction led to comes behind it. An undo is
     * led to by nothing and leads to nothing. */
    for (size_t i = 0; i < h.count; i++) {
        TRY(add_heads(
            c, "SELECT " TX_COLUMNS " FROM kith_tx WHERE cause BETWEEN ?1 AND ?2" NOT_ON_UNDO,
            h.items[i].first, h.items[i].last, a, &h, e));
        TRY(add_run(c, &h, i, a, e));
    }
    qsort(h.items, h.count, sizeof *h.items, newest_first);
    size_t kept = 0; /* a run may have led to itself: each transaction once */
    for (size_t i = 0; i < h.count; i++)
        if (i == 0 || h.items[i].id != h.items[kept - 1].id)
            h.items[kept++] = h.items[i];
    *out = h.items;
    *count = kept;
    return KITH_OK;
}

kith_status journal_row_at(struct conn *c, int64_t at, uint64_t *seq, kith_error *e) {
    sqlite3_stmt *st;
    int64_t last;
    TRY(conn_prepare(c, "SELECT max(last) FROM kith_tx WHERE at <= ?1", &st, e));
    bind_int(st, 1, at);
    TRY(conn_first(c, st, 0, &last, e));
    *seq = (uint64_t)last;
    return KITH_OK;
}

kith_status journal_since_set(struct conn *c, uint64_t seq, struct arena *a, struct tx_head **out,
                              size_t *count, kith_error *e) {
    struct heads h = {0};
    struct journal_start start;
    char begins[32];
    TRY(journal_start(c, &start, e));
    if (start.seq > seq)
        return err_set(e, KITH_E_NOTFOUND, NULL,
                       "what was written until %s is not kept any more, and nothing is known of a"
                       " moment before that",
                       journal_start_text(&start, begins));
    TRY(add_heads(c, "SELECT " TX_COLUMNS " FROM kith_tx WHERE first > ?1", seq, 0, a, &h, e));
    if (h.count > 0)
        qsort(h.items, h.count, sizeof *h.items, newest_first);
    *out = h.items;
    *count = h.count;
    return KITH_OK;
}
