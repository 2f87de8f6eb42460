/* SPDX-License-Identifier: Apache-2.0 */
/* Past: a record as its rows in the journal tell it, at any moment. The newest after-image of each
 * field up to that moment is the field's value then. So what a record was is still known when it
 * was deleted since, and so are fields that are not declared any more. */
#include "journal/past.h"
#include "base/id.h"

#include <stdio.h>
#include <string.h>

/* -- folding rows ------------------------------------------------------------------------------ */

kith_status fold_begin(struct fold *f, const struct schema *s, const struct rtype *t,
                       struct arena *a, kith_error *e) {
    *f = (struct fold){.schema = s, .type = t, .arena = a};
    f->values = ARENA_ARRAY(a, kith_value, t->field_count);
    return f->values ? KITH_OK : err_nomem(e);
}

static bool lost_has(const struct fold *f, uint32_t field) {
    for (size_t i = 0; i < f->lost_count; i++)
        if (f->lost[i].field_id == field)
            return true;
    return false;
}

static kith_status keep_lost(struct fold *f, const struct image_field *field, kith_error *e) {
    if (lost_has(f, field->field_id))
        return KITH_OK;
    struct past_field *more =
        arena_grow(f->arena, f->lost, f->lost_count, &f->lost_cap, sizeof *more);
    if (!more)
        return err_nomem(e);
    f->lost = more;
    f->lost[f->lost_count++] =
        (struct past_field){.field_id = field->field_id, .name = "", .value = field->after};
    return KITH_OK;
}

kith_status fold_row(struct fold *f, const struct journal_row *row, bool *older, kith_error *e) {
    struct image_field *fields;
    size_t n;
    *older = row->kind == ROW_UPDATE || row->kind == ROW_EVENT;
    if (row->kind == ROW_EVENT || row->kind == ROW_DELETE)
        return KITH_OK;
    TRY(image_decode(f->schema, row, f->arena, &fields, &n, e));
    for (size_t i = 0; i < n; i++) {
        const struct rfield *field = fields[i].field;
        if (!field || field->type != f->type) {
            TRY(keep_lost(f, &fields[i], e));
        } else if (!field_derived(field) && !fieldset_has(&f->seen, field->index)) {
            fieldset_add(&f->seen, field->index);
            f->values[field->index] = fields[i].after;
        }
    }
    return KITH_OK;
}

/* -- as of a moment ---------------------------------------------------------------------------- */

struct walk {
    struct conn *conn;
    struct fold fold;
    struct moment when;
    struct past_record *out;
    bool then; /* the rows from here on were there at the moment */
};

/* Rows of the record, newest first, each with its transaction's time as a ninth column. */
static kith_status rows_of(struct conn *c, kith_id record, uint64_t to, sqlite3_stmt **st,
                           kith_error *e) {
    TRY(conn_prepare_once(c,
                          "SELECT j.seq, j.tx, j.kind, j.type, j.image, x.at FROM kith_journal j"
                          " JOIN kith_tx x ON x.id = j.tx WHERE j.record = ?1 AND j.seq <= ?2 AND"
                          " j.kind <> 4 ORDER BY j.seq DESC",
                          st, e));
    bind_int(*st, 1, (int64_t)record);
    bind_int(*st, 2, to && to < INT64_MAX ? (int64_t)to : INT64_MAX);
    return KITH_OK;
}

/* Rows that came after the moment tell only since when there has been something. */
static bool is_later(struct walk *w, const struct journal_row *row, int64_t at) {
    if (!w->then && (w->when.seq ? row->seq > w->when.seq : at > w->when.at)) {
        if (row->kind == ROW_CREATE)
            w->out->made = at;
        return true;
    }
    w->then = true;
    return false;
}

static kith_status take_row(struct walk *w, const struct journal_row *row, int64_t at, bool *more,
                            kith_error *e) {
    struct past_record *out = w->out;
    *more = true;
    if (is_later(w, row, at))
        return KITH_OK;
    if (!out->changed) {
        out->changed = at;
        out->tx = row->tx;
    }
    if (row->kind == ROW_DELETE) {
        out->state = PAST_DELETED;
        *more = false;
        return KITH_OK;
    }
    out->state = PAST_THERE;
    TRY(fold_row(&w->fold, row, more, e));
    if (row->kind == ROW_CREATE)
        out->made = at;
    return KITH_OK;
}

static kith_status walk_rows(struct walk *w, sqlite3_stmt *st, kith_error *e) {
    bool row = true, more = true;
    while (more) {
        TRY(conn_step(w->conn, st, &row, e));
        if (!row)
            return KITH_OK;
        struct journal_row r = {.seq = (uint64_t)sqlite3_column_int64(st, 0),
                                .tx = (kith_id)sqlite3_column_int64(st, 1),
                                .kind = (uint32_t)sqlite3_column_int64(st, 2),
                                .type = (uint32_t)sqlite3_column_int64(st, 3),
                                .image = column_str(st, 4)};
        if (r.type != w->fold.type->id)
            return KITH_OK; /* the id is that of a record of another type */
        TRY(take_row(w, &r, sqlite3_column_int64(st, 5), &more, e));
    }
    return KITH_OK;
}

/* What a field that is not declared any more was called. */
static kith_status name_lost(struct conn *c, struct past_field *f, struct arena *a, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c, "SELECT name FROM kith_field WHERE id = ?1", &st, e));
    bind_int(st, 1, f->field_id);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return KITH_OK;
    kith_str name = column_str(st, 0);
    const char *retired = name.ptr ? strstr(name.ptr, "__retired") : NULL;
    f->name = name.ptr
                  ? arena_strndup(a, name.ptr, retired ? (size_t)(retired - name.ptr) : name.len)
                  : NULL;
    sqlite3_reset(st);
    return f->name ? KITH_OK : err_nomem(e);
}

static bool is_worth_telling(const struct past_field *f) {
    return f->value.kind != KITH_NULL && f->name[0];
}

static kith_status finish(struct walk *w, kith_error *e) {
    struct past_record *out = w->out;
    struct fold *f = &w->fold;
    if (out->state != PAST_THERE)
        return KITH_OK;
    if (!fieldset_has(&f->seen, FIELD_CREATED))
        f->values[FIELD_CREATED] = value_time(out->made);
    f->values[FIELD_UPDATED] = value_time(out->changed);
    out->values = f->values;
    out->lost = f->lost;
    for (size_t i = 0; i < f->lost_count; i++) {
        TRY(name_lost(w->conn, &f->lost[i], f->arena, e));
        if (is_worth_telling(&f->lost[i]))
            out->lost[out->lost_count++] = f->lost[i];
    }
    return KITH_OK;
}

kith_status past_read(struct conn *c, const struct schema *s, const struct rtype *t, kith_id id,
                      const struct moment *when, struct arena *a, struct past_record *out,
                      kith_error *e) {
    struct walk w = {.conn = c, .when = *when, .out = out};
    sqlite3_stmt *st;
    *out = (struct past_record){.state = PAST_NOT_YET};
    TRY(fold_begin(&w.fold, s, t, a, e));
    /* From the newest row on, though most are later than the moment: an answer says when a record
     * that was not there yet was made. */
    TRY(rows_of(c, id, 0, &st, e));
    kith_status status = walk_rows(&w, st, e);
    sqlite3_finalize(st);
    TRY(status);
    if (out->state == PAST_NOT_YET && !out->made)
        out->state = PAST_NEVER;
    return finish(&w, e);
}
