/* SPDX-License-Identifier: Apache-2.0 */
/* Unmerged: for as long as a record was merged into another, that one had values of it, which stand
 * in its rows: those of the merge, of its undo, and between them. */
#include "journal/erasure_internal.h"
#include "journal/gone.h"

#include "base/id.h"

#include <string.h>

struct unmerging {
    struct conn *c;
    const struct schema *schema;
    kith_id record;
    struct arena arena;
    struct image_field *had; /* by the record as it was merged */
    size_t had_count;
    kith_id kept; /* what it was merged into; 0: it was deleted otherwise */
};

/* -- the merge --------------------------------------------------------------------------------- */

static kith_status see_row(void *arg, const struct journal_row *row, kith_error *e) {
    struct unmerging *u = arg;
    const struct base_redirect *b = &u->schema->base.redirect;
    struct image_field *f;
    kith_id gone = 0, kept = 0;
    size_t n;
    if (row->kind != ROW_CREATE || row->type != b->type->id || row->image.len == 0)
        return KITH_OK;
    TRY(image_decode(u->schema, row, &u->arena, &f, &n, e));
    for (size_t i = 0; i < n; i++)
        if (f[i].field == b->kept && f[i].after.kind == KITH_LINK)
            kept = f[i].after.as.link.id;
        else if (f[i].field == b->gone && f[i].after.kind == KITH_TEXT)
            (void)id_parse(f[i].after.as.s, &gone);
    if (gone == u->record)
        u->kept = kept;
    return KITH_OK;
}

/* The first and the last row of a transaction, or of the run that it is part of. */
static kith_status span(struct unmerging *u, const struct tx_head *tx, int64_t *first,
                        int64_t *last, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(u->c,
                     "SELECT min(first), max(last) FROM kith_tx WHERE id = ?1 OR id = ?2"
                     " OR run = ?2",
                     &st, e));
    bind_int(st, 1, (int64_t)tx->id);
    bind_int(st, 2, (int64_t)(tx->run ? tx->run : tx->id));
    TRY(conn_step(u->c, st, &row, e));
    *first = row ? sqlite3_column_int64(st, 0) : 0;
    *last = row ? sqlite3_column_int64(st, 1) : 0;
    sqlite3_reset(st);
    return KITH_OK;
}

/* -- what came from it ------------------------------------------------------------------------- */

static bool came_from(const struct unmerging *u, const struct image_field *f, const kith_value *v) {
    if (v->kind == KITH_NULL || (f->field && !(f->field->flags & KITH_FF_PERSONAL)))
        return false;
    for (size_t i = 0; i < u->had_count; i++)
        if (u->had[i].field_id == f->field_id && value_eq(&u->had[i].before, v))
            return true;
    return false;
}

static kith_status forget_in(struct unmerging *u, uint64_t seq, kith_error *e) {
    struct journal_row row;
    struct image_field *f;
    size_t n;
    bool changed = false;
    TRY(journal_row_read(u->c, seq, &u->arena, &row, e));
    TRY(image_decode(u->schema, &row, &u->arena, &f, &n, e));
    for (size_t i = 0; i < n; i++) {
        bool before = came_from(u, &f[i], &f[i].before), after = came_from(u, &f[i], &f[i].after);
        f[i].before = before ? value_null() : f[i].before;
        f[i].after = after ? value_null() : f[i].after;
        changed |= before || after;
    }
    return changed ? erasure_fields_left(u->c, seq, f, n, e) : KITH_OK;
}

static kith_status forget_between(struct unmerging *u, int64_t first, int64_t last, kith_error *e) {
    sqlite3_stmt *st;
    kith_id *rows;
    size_t n;
    TRY(conn_prepare(u->c,
                     "SELECT seq FROM kith_journal WHERE record = ?1 AND kind = ?2"
                     " AND length(image) > 0 AND seq BETWEEN ?3 AND ?4",
                     &st, e));
    bind_int(st, 1, (int64_t)u->kept);
    bind_int(st, 2, ROW_UPDATE);
    bind_int(st, 3, first);
    bind_int(st, 4, last);
    TRY(conn_ids(u->c, st, &u->arena, &rows, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(forget_in(u, rows[i], e));
    return KITH_OK;
}

/* -- the record -------------------------------------------------------------------------------- */

/* The rows by which it went or came, in order. */
static kith_status turns_of(struct unmerging *u, kith_id **rows, size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(u->c,
                     "SELECT seq FROM kith_journal WHERE record = ?1 AND kind IN (?2, ?3)"
                     " ORDER BY seq",
                     &st, e));
    bind_int(st, 1, (int64_t)u->record);
    bind_int(st, 2, ROW_CREATE);
    bind_int(st, 3, ROW_DELETE);
    return conn_ids(u->c, st, &u->arena, rows, count, e);
}

/* back: the row by which it came back, 0: it did not. */
static kith_status forget_turn(struct unmerging *u, uint64_t seq, uint64_t back, kith_error *e) {
    struct journal_row row;
    struct tx_head tx;
    int64_t first, last = INT64_MAX, ignored;
    TRY(journal_row_read(u->c, seq, &u->arena, &row, e));
    if (row.kind != ROW_DELETE || row.image.len == 0)
        return KITH_OK;
    TRY(image_decode(u->schema, &row, &u->arena, &u->had, &u->had_count, e));
    kith_status st = journal_tx_read(u->c, row.tx, &u->arena, &tx, e);
    if (st == KITH_E_NOTFOUND) /* it goes in the transaction that erases it */
        return KITH_OK;
    TRY(st);
    u->kept = 0;
    TRY(journal_walk(u->c, tx.first - 1, tx.last, see_row, u, e));
    if (!u->kept)
        return KITH_OK;
    TRY(span(u, &tx, &first, &ignored, e));
    if (back) {
        TRY(journal_row_read(u->c, back, &u->arena, &row, e));
        TRY(journal_tx_read(u->c, row.tx, &u->arena, &tx, e));
        TRY(span(u, &tx, &ignored, &last, e));
    }
    return forget_between(u, first, last, e);
}

kith_status gone_unmerged(struct conn *c, const struct schema *s, kith_id record, kith_error *e) {
    struct unmerging u = {.c = c, .schema = s, .record = record};
    kith_id *rows;
    size_t n;
    kith_status st = turns_of(&u, &rows, &n, e);
    for (size_t i = 0; st == KITH_OK && i < n; i++)
        st = forget_turn(&u, rows[i], i + 1 < n ? rows[i + 1] : 0, e);
    arena_free(&u.arena);
    return st;
}
