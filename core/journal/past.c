/* SPDX-License-Identifier: Apache-2.0 */
/* Past: a record as its rows in the journal tell it, at any moment. The newest after-image of each
 * field up to that moment is the field's value then. So what a record was is still known when it
 * was deleted since, and so are fields that are not declared any more. */
#include "journal/past.h"
#include "base/id.h"

#include <stdio.h>
#include <string.h>

/* -- rows with their times --------------------------------------------------------------------- */

kith_status journal_dated(struct conn *c, kith_id record, uint64_t seq, dated_visit fn, void *arg,
                          kith_error *e) {
    sqlite3_stmt *st;
    kith_status status = KITH_OK;
    bool row = true;
    TRY(conn_prepare_once(c,
                          "SELECT j.seq, j.tx, j.kind, j.type, j.source, j.image, x.at, x.actor,"
                          " x.origin, x.run FROM kith_journal j JOIN kith_tx x ON x.id = j.tx WHERE"
                          " j.record = ?1 AND j.seq < ?2 ORDER BY j.seq DESC",
                          &st, e));
    bind_int(st, 1, (int64_t)record);
    bind_int(st, 2, seq > INT64_MAX ? INT64_MAX : (int64_t)seq);
    while (status == KITH_OK && row) {
        status = conn_step(c, st, &row, e);
        if (status != KITH_OK || !row)
            break;
        struct journal_row r = {.seq = (uint64_t)sqlite3_column_int64(st, 0),
                                .tx = (kith_id)sqlite3_column_int64(st, 1),
                                .kind = (uint32_t)sqlite3_column_int64(st, 2),
                                .type = (uint32_t)sqlite3_column_int64(st, 3),
                                .record = record,
                                .source = (uint32_t)sqlite3_column_int64(st, 4),
                                .image = column_str(st, 5)};
        struct tx_head tx = {.id = r.tx,
                             .at = sqlite3_column_int64(st, 6),
                             .actor = (uint32_t)sqlite3_column_int64(st, 7),
                             .origin = (uint32_t)sqlite3_column_int64(st, 8),
                             .run = (kith_id)sqlite3_column_int64(st, 9)};
        status = fn(arg, &r, &tx, e);
    }
    sqlite3_finalize(st);
    return status;
}

#define SINCE_ROWS 1000 /* looked at for the last change of a field */

struct since {
    const struct schema *schema;
    const struct rfield *field;
    struct arena arena;
    int rows;
    int64_t at;
};

static kith_status find_since(void *arg, const struct journal_row *row, const struct tx_head *tx,
                              kith_error *e) {
    struct since *s = arg;
    struct image_field *fields;
    size_t n;
    if (s->rows++ == SINCE_ROWS)
        return KITH_E_LIMIT;
    if (row->kind == ROW_EVENT)
        return KITH_OK;
    arena_reset(&s->arena);
    TRY(image_decode(s->schema, row, &s->arena, &fields, &n, e));
    for (size_t i = 0; i < n; i++)
        if (fields[i].field_id == s->field->id) {
            s->at = tx->at;
            return KITH_E_LIMIT; /* found: ends the walk */
        }
    return KITH_OK;
}

kith_status journal_since(struct conn *c, const struct schema *s, kith_id record,
                          const struct rfield *field, int64_t *at, kith_error *e) {
    struct since look = {.schema = s, .field = field};
    kith_error why = KITH_ERROR_INIT;
    kith_status st = journal_dated(c, record, UINT64_MAX, find_since, &look, &why);
    arena_free(&look.arena);
    *at = look.at;
    if (st == KITH_OK || look.at || look.rows > SINCE_ROWS)
        return KITH_OK;
    err_copy(e, &why);
    return st;
}

kith_status journal_maker(struct conn *c, kith_id record, uint32_t *actor, uint32_t *source,
                          kith_id *run, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    *actor = *source = 0;
    *run = 0;
    TRY(conn_prepare(c,
                     "SELECT x.actor, j.source, iif(x.origin = ?2, x.run, 0) FROM kith_journal j "
                     "JOIN kith_tx x ON x.id = j.tx"
                     " WHERE j.record = ?1 AND j.kind = 1 ORDER BY j.seq LIMIT 1",
                     &st, e));
    bind_int(st, 1, (int64_t)record);
    bind_int(st, 2, ORIGIN_WORKFLOW);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return KITH_OK;
    *actor = (uint32_t)sqlite3_column_int64(st, 0);
    *source = (uint32_t)sqlite3_column_int64(st, 1);
    *run = (kith_id)sqlite3_column_int64(st, 2);
    sqlite3_reset(st);
    return KITH_OK;
}

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
    kith_value *back;     /* what the rows after the moment changed, as it was before them */
    struct fieldset told; /* by these */
    bool later;           /* there are such rows */
    bool whole;           /* the row that made the record is there, or the one that ended it */
    bool then;            /* the rows from here on were there at the moment */
    bool done;
};

/* Rows that came after the moment tell since when there has been something. When the row that made
 * the record is not kept, they also tell what it was before them. */
static kith_status look_back(struct walk *w, const struct journal_row *row, int64_t at,
                             kith_error *e) {
    struct image_field *fields;
    size_t n;
    w->later = row->kind != ROW_CREATE;
    if (row->kind == ROW_CREATE)
        w->out->made = at;
    if (!w->out->start.seq)
        return KITH_OK;
    TRY(image_decode(w->fold.schema, row, w->fold.arena, &fields, &n, e));
    for (size_t i = 0; i < n; i++)
        if (fields[i].field && fields[i].field->type == w->fold.type) {
            w->back[fields[i].field->index] = fields[i].before;
            fieldset_add(&w->told, fields[i].field->index);
        }
    return KITH_OK;
}

static bool is_later(struct walk *w, const struct journal_row *row, int64_t at) {
    w->then |= w->when.seq ? row->seq <= w->when.seq : at <= w->when.at;
    return !w->then;
}

static kith_status take_row(void *arg, const struct journal_row *row, const struct tx_head *tx,
                            kith_error *e) {
    struct walk *w = arg;
    struct past_record *out = w->out;
    bool older = false;
    if (row->type != w->fold.type->id) { /* the id is that of a record of another type */
        w->done = true;
        return KITH_E_LIMIT; /* ends the walk, here and below */
    }
    if (row->kind == ROW_EVENT || row->seq <= out->start.seq)
        return KITH_OK;
    if (is_later(w, row, tx->at))
        return look_back(w, row, tx->at, e);
    if (!out->changed) {
        out->changed = tx->at;
        out->tx = row->tx;
    }
    out->state = row->kind == ROW_DELETE ? PAST_DELETED : PAST_THERE;
    if (row->kind == ROW_CREATE)
        out->made = tx->at;
    if (row->kind != ROW_DELETE)
        TRY(fold_row(&w->fold, row, &older, e));
    w->done = w->whole = !older;
    return older ? KITH_OK : KITH_E_LIMIT;
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

/* What no kept row up to the moment tells: as it was before the next change, or as it is. */
static kith_status fill(struct walk *w, kith_id id, kith_error *e) {
    struct past_record *out = w->out;
    struct fold *f = &w->fold;
    const kith_value *now;
    if (!out->start.seq || w->whole || out->made)
        return KITH_OK;
    if (w->when.seq ? w->when.seq <= out->start.seq : w->when.at <= out->start.at) {
        out->state = PAST_FORGOTTEN;
        return KITH_OK;
    }
    TRY(record_get(w->conn, f->type, id, f->arena, &now, e));
    if (!now && !w->later && out->state != PAST_THERE)
        return KITH_OK;
    out->state = PAST_THERE;
    for (uint32_t i = 0; i < f->type->field_count; i++) {
        if (field_derived(f->type->fields[i]) || fieldset_has(&f->seen, i))
            continue;
        f->values[i] = fieldset_has(&w->told, i) ? w->back[i] : now ? now[i] : value_null();
        fieldset_add(&f->seen, i);
    }
    out->made = f->values[FIELD_CREATED].as.i;
    return KITH_OK;
}

static kith_status finish(struct walk *w, kith_error *e) {
    struct past_record *out = w->out;
    struct fold *f = &w->fold;
    if (out->state != PAST_THERE)
        return KITH_OK;
    if (!fieldset_has(&f->seen, FIELD_CREATED))
        f->values[FIELD_CREATED] = value_time(out->made);
    f->values[FIELD_UPDATED] = out->changed ? value_time(out->changed) : value_null();
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
    kith_error why = KITH_ERROR_INIT;
    *out = (struct past_record){.state = PAST_NOT_YET};
    TRY(journal_start(c, &out->start, e));
    TRY(fold_begin(&w.fold, s, t, a, e));
    if (!(w.back = ARENA_ARRAY(a, kith_value, t->field_count)))
        return err_nomem(e);
    /* From the newest row on, though most may be later than the moment: the answer says when a
     * record that was not there yet was made. */
    kith_status st = journal_dated(c, id, UINT64_MAX, take_row, &w, &why);
    if (st != KITH_OK && !w.done) {
        err_copy(e, &why);
        return st;
    }
    TRY(fill(&w, id, e));
    if (out->state == PAST_NOT_YET && !out->made)
        out->state = PAST_NEVER;
    return finish(&w, e);
}
