/* SPDX-License-Identifier: Apache-2.0 */
/* Erasing in the journal's tables: the rows about a record are found by its index, all else by
 * looking through. */
#include "journal/erasure.h"

#include "base/text.h"
#include "journal/chain.h"

#include <string.h>

/* -- traces ------------------------------------------------------------------------------------ */

kith_status traces_add(struct traces *t, kith_str text, struct arena *a, kith_error *e) {
    kith_str folded = text_fold(a, text);
    if (!folded.ptr)
        return err_nomem(e);
    if (folded.len < TRACE_MIN)
        return KITH_OK;
    for (size_t i = 0; i < t->count; i++)
        if (str_eq(t->items[i], folded))
            return KITH_OK;
    kith_str *items = arena_grow(a, t->items, t->count, &t->cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    t->items = items;
    items[t->count++] = folded;
    return KITH_OK;
}

kith_status traces_in(const struct traces *t, kith_str text, struct arena *scratch, bool *yes,
                      kith_error *e) {
    *yes = false;
    if (text.len < TRACE_MIN || t->count == 0)
        return KITH_OK;
    kith_str folded = text_fold(scratch, text);
    if (!folded.ptr)
        return err_nomem(e);
    for (size_t i = 0; i < t->count && !*yes; i++)
        *yes = memmem(folded.ptr, folded.len, t->items[i].ptr, t->items[i].len) != NULL;
    return KITH_OK;
}

kith_status traces_in_value(const struct traces *t, const kith_value *v, struct arena *scratch,
                            bool *yes, kith_error *e) {
    *yes = false;
    if (v->kind == KITH_TEXT)
        return traces_in(t, v->as.s, scratch, yes, e);
    for (uint64_t i = 0; v->kind == KITH_LIST && i < v->as.list.count && !*yes; i++)
        TRY(traces_in_value(t, &v->as.list.items[i], scratch, yes, e));
    return KITH_OK;
}

/* -- the rows about a record ------------------------------------------------------------------- */

/* They are read before they are written: what a statement writes it might meet again. */
static kith_status rows_of(struct conn *c, kith_id record, struct arena *a,
                           struct journal_row **rows, size_t *count, kith_error *e) {
    sqlite3_stmt *st;
    size_t cap = 0;
    *rows = NULL;
    *count = 0;
    TRY(conn_prepare(c,
                     "SELECT seq, tx, kind, type, image FROM kith_journal WHERE record = ?1"
                     " ORDER BY seq",
                     &st, e));
    bind_int(st, 1, (int64_t)record);
    for (;;) {
        bool row;
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        struct journal_row *items = arena_grow(a, *rows, *count, &cap, sizeof *items);
        kith_str image = arena_str(a, column_str(st, 4));
        if (!items || !image.ptr) {
            sqlite3_reset(st);
            return err_nomem(e);
        }
        *rows = items;
        items[(*count)++] = (struct journal_row){.seq = (uint64_t)sqlite3_column_int64(st, 0),
                                                 .tx = (kith_id)sqlite3_column_int64(st, 1),
                                                 .kind = (uint32_t)sqlite3_column_int64(st, 2),
                                                 .type = (uint32_t)sqlite3_column_int64(st, 3),
                                                 .record = record,
                                                 .image = image};
    }
}

kith_status erasure_see_record(struct conn *c, const struct schema *s, kith_id record,
                               erasure_see see, void *arg, kith_error *e) {
    struct arena a = {0};
    struct journal_row *rows;
    size_t count;
    kith_status st = rows_of(c, record, &a, &rows, &count, e);
    for (size_t i = 0; st == KITH_OK && i < count; i++) {
        struct image_field *fields;
        size_t n;
        if (rows[i].kind == ROW_EVENT)
            continue;
        st = image_decode(s, &rows[i], &a, &fields, &n, e);
        if (st == KITH_OK)
            st = see(arg, fields, n, e);
    }
    arena_free(&a);
    return st;
}

/* An event keeps its topic, and has nothing more to say. */
static kith_status empty_event(struct conn *c, const struct journal_row *row, kith_error *e) {
    uint32_t topic, schema;
    kith_str json;
    struct buf rest = {0};
    TRY(image_decode_event(row, &topic, &schema, &json, e));
    if (str_eqz(json, "{}"))
        return KITH_OK;
    image_encode_event(&rest, topic, schema, STR("{}"));
    kith_status st =
        rest.failed ? err_nomem(e) : journal_erase_image(c, row->seq, buf_view(&rest), e);
    buf_free(&rest);
    return st;
}

kith_status erasure_record(struct conn *c, kith_id record, kith_error *e) {
    struct arena a = {0};
    struct journal_row *rows;
    size_t count;
    kith_status st = rows_of(c, record, &a, &rows, &count, e);
    for (size_t i = 0; st == KITH_OK && i < count; i++)
        if (rows[i].kind == ROW_EVENT)
            st = empty_event(c, &rows[i], e);
        else if (rows[i].image.len)
            st = journal_erase_image(c, rows[i].seq, (kith_str){0}, e);
    arena_free(&a);
    return st;
}

struct forgetting {
    struct conn *c;
    const struct schema *schema;
    const struct rtype *type;
    const struct fieldset *personal;
    const struct traces *traces;
    struct arena arena;
};

/* A value that goes is empty from then on, so that row follows row as before. */
static kith_status forget_value(struct forgetting *f, bool personal, kith_value *v, bool *changed,
                                kith_error *e) {
    bool yes = personal && v->kind != KITH_NULL &&
               !(v->kind == KITH_TEXT && str_eqz(v->as.s, ERASED_TEXT));
    if (!yes)
        TRY(traces_in_value(f->traces, v, &f->arena, &yes, e));
    if (yes)
        *v = value_null();
    *changed |= yes;
    return KITH_OK;
}

static kith_status forget_change(struct forgetting *f, const struct journal_row *row,
                                 kith_error *e) {
    struct image_field *fields;
    size_t count;
    bool changed = false;
    TRY(image_decode(f->schema, row, &f->arena, &fields, &count, e));
    for (size_t i = 0; i < count; i++) {
        const struct rfield *field = fields[i].field;
        bool personal = field && field->type == f->type && fieldset_has(f->personal, field->index);
        TRY(forget_value(f, personal, &fields[i].before, &changed, e));
        TRY(forget_value(f, personal, &fields[i].after, &changed, e));
    }
    if (!changed)
        return KITH_OK;
    struct buf rest = {0};
    image_encode_fields(&rest, fields, count);
    kith_status st =
        rest.failed ? err_nomem(e) : journal_erase_image(f->c, row->seq, buf_view(&rest), e);
    buf_free(&rest);
    return st;
}

static kith_status forget_event(struct forgetting *f, const struct journal_row *row,
                                kith_error *e) {
    uint32_t topic, schema;
    kith_str json;
    bool yes;
    TRY(image_decode_event(row, &topic, &schema, &json, e));
    TRY(traces_in(f->traces, json, &f->arena, &yes, e));
    return yes ? empty_event(f->c, row, e) : KITH_OK;
}

kith_status erasure_fields(struct conn *c, const struct schema *s, kith_id record,
                           const struct rtype *type, const struct fieldset *personal,
                           const struct traces *traces, kith_error *e) {
    struct forgetting f = {
        .c = c, .schema = s, .type = type, .personal = personal, .traces = traces};
    struct journal_row *rows;
    size_t count;
    kith_status st = rows_of(c, record, &f.arena, &rows, &count, e);
    for (size_t i = 0; st == KITH_OK && i < count; i++)
        st = rows[i].kind == ROW_EVENT ? forget_event(&f, &rows[i], e)
                                       : forget_change(&f, &rows[i], e);
    arena_free(&f.arena);
    return st;
}

/* -- words of people --------------------------------------------------------------------------- */

#define TRACES_POINTER "kith_traces"

/* kith_names(text, traces): does the text name one of them? */
static void sql_names(sqlite3_context *ctx, int n, sqlite3_value **args) {
    const struct traces *traces = sqlite3_value_pointer(args[1], TRACES_POINTER);
    kith_str text = {(const char *)sqlite3_value_text(args[0]), 0};
    struct arena scratch = {0};
    kith_error e = KITH_ERROR_INIT;
    bool yes = false;
    (void)n;
    text.len = text.ptr ? (uint64_t)sqlite3_value_bytes(args[0]) : 0;
    if (traces && text.len && traces_in(traces, text, &scratch, &yes, &e) != KITH_OK)
        sqlite3_result_error_nomem(ctx);
    else
        sqlite3_result_int(ctx, yes);
    arena_free(&scratch);
}

static void bind_traces(sqlite3_stmt *st, int i, const struct traces *traces) {
    sqlite3_bind_pointer(st, i, (void *)(uintptr_t)traces, TRACES_POINTER, NULL);
}

/* st gives the numbers of transactions. */
static kith_status forget_notes(struct conn *c, sqlite3_stmt *st, kith_error *e) {
    struct arena a = {0};
    kith_id *ids;
    size_t count = 0;
    kith_status status = conn_ids(c, st, &a, &ids, &count, e);
    for (size_t i = 0; status == KITH_OK && i < count; i++)
        status = journal_erase_note(c, ids[i], e);
    arena_free(&a);
    return status;
}

kith_status erasure_words(struct conn *c, kith_id record, const struct traces *traces,
                          kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "SELECT DISTINCT t.id FROM kith_journal j JOIN kith_tx t ON t.id = j.tx"
                     " WHERE j.record = ?1 AND t.note IS NOT NULL AND kith_names(t.note, ?2)",
                     &st, e));
    bind_int(st, 1, (int64_t)record);
    bind_traces(st, 2, traces);
    TRY(forget_notes(c, st, e));
    TRY(conn_prepare(c,
                     "UPDATE kith_access SET asked = '' WHERE number IN (SELECT access FROM"
                     " kith_access_record WHERE record = ?1) AND kith_names(asked, ?2)",
                     &st, e));
    bind_int(st, 1, (int64_t)record);
    bind_traces(st, 2, traces);
    return conn_run(c, st, e);
}

/* -- what is left to the sweep ----------------------------------------------------------------- */

enum sweep_kind { KIND_REQUEST, KIND_GONE, KIND_TRACE }; /* stored: never renumber */

kith_status sweep_setup(struct conn *c, kith_error *e) {
    int rc = sqlite3_create_function_v2(c->db, "kith_names", 2, SQLITE_UTF8, NULL, sql_names, NULL,
                                        NULL, NULL);
    if (rc != SQLITE_OK)
        return conn_error(c, rc, e);
    return conn_exec(c,
                     "CREATE TABLE IF NOT EXISTS kith_sweep(request INTEGER NOT NULL,"
                     " kind INTEGER NOT NULL, value ANY NOT NULL,"
                     " PRIMARY KEY(request, kind, value)) STRICT, WITHOUT ROWID",
                     e);
}

static kith_status add_value(struct conn *c, kith_id request, enum sweep_kind kind, kith_id number,
                             kith_str text, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "INSERT OR IGNORE INTO kith_sweep VALUES(?1, ?2, ?3)", &st, e));
    bind_int(st, 1, (int64_t)request);
    bind_int(st, 2, kind);
    if (text.ptr)
        bind_str(st, 3, text);
    else
        bind_int(st, 3, (int64_t)number);
    return conn_run(c, st, e);
}

kith_status sweep_add(struct conn *c, const struct sweep_row *row, kith_error *e) {
    kith_id request = row->requests[0];
    TRY(add_value(c, request, KIND_REQUEST, row->head, (kith_str){0}, e));
    for (size_t i = 0; i < row->gone_count; i++)
        TRY(add_value(c, request, KIND_GONE, row->gone[i], (kith_str){0}, e));
    for (size_t i = 0; i < row->traces.count; i++)
        TRY(add_value(c, request, KIND_TRACE, 0, row->traces.items[i], e));
    return KITH_OK;
}

static kith_status take_value(struct sweep_row *out, sqlite3_stmt *st, size_t *cap, struct arena *a,
                              kith_error *e) {
    uint64_t number = (uint64_t)sqlite3_column_int64(st, 1);
    switch ((enum sweep_kind)sqlite3_column_int(st, 0)) {
    case KIND_REQUEST:
        out->head = number > out->head ? number : out->head;
        return KITH_OK;
    case KIND_TRACE:
        return traces_add(&out->traces, column_str(st, 1), a, e);
    default:
        break;
    }
    kith_id *ids = arena_grow(a, out->gone, out->gone_count, cap, sizeof *ids);
    if (!ids)
        return err_nomem(e);
    out->gone = ids;
    ids[out->gone_count++] = (kith_id)number;
    return KITH_OK;
}

kith_status sweep_next(struct conn *c, struct arena *a, struct sweep_row *out, kith_error *e) {
    sqlite3_stmt *st;
    size_t cap = 0;
    *out = (struct sweep_row){0};
    TRY(conn_prepare(c,
                     "SELECT DISTINCT request FROM kith_sweep WHERE kind = 1 ORDER BY request"
                     " LIMIT ?1",
                     &st, e));
    bind_int(st, 1, SWEEP_TOGETHER);
    TRY(conn_ids(c, st, a, &out->requests, &out->request_count, e));
    if (out->request_count == 0)
        return KITH_OK;
    TRY(conn_prepare(c,
                     "SELECT kind, value FROM kith_sweep WHERE request BETWEEN ?1 AND ?2"
                     " ORDER BY kind, value",
                     &st, e));
    bind_int(st, 1, (int64_t)out->requests[0]);
    bind_int(st, 2, (int64_t)out->requests[out->request_count - 1]);
    for (;;) {
        bool row;
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        kith_status status = take_value(out, st, &cap, a, e);
        if (status != KITH_OK) {
            sqlite3_reset(st);
            return status;
        }
    }
}

kith_status sweep_requests(struct conn *c, struct arena *a, kith_id **ids, size_t *count,
                           kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT DISTINCT request FROM kith_sweep", &st, e));
    return conn_ids(c, st, a, ids, count, e);
}

static kith_status forget_request(struct conn *c, kith_id request, enum sweep_kind from,
                                  kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_sweep WHERE request = ?1 AND kind >= ?2", &st, e));
    bind_int(st, 1, (int64_t)request);
    bind_int(st, 2, from);
    return conn_run(c, st, e);
}

kith_status sweep_looked(struct conn *c, const struct sweep_row *row, kith_error *e) {
    for (size_t i = 0; i < row->request_count; i++)
        TRY(forget_request(c, row->requests[i], KIND_GONE, e));
    return KITH_OK;
}

kith_status sweep_done(struct conn *c, kith_id request, kith_error *e) {
    return forget_request(c, request, KIND_REQUEST, e);
}

/* -- looking through the journal --------------------------------------------------------------- */

struct looking {
    struct conn *c;
    const struct schema *schema;
    const struct sweep_row *sweep;
    struct arena arena;   /* of one row */
    struct arena records; /* of the whole */
    kith_id *found;       /* records that told about somebody who is gone */
    size_t found_count, found_cap;
    uint64_t last;
    int64_t rows;
};

static bool is_gone(const struct sweep_row *s, kith_id id) {
    size_t low = 0, high = s->gone_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->gone[mid] < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low < s->gone_count && s->gone[low] == id;
}

/* A field that is not known now counts: better too much of a record that is gone itself. */
static bool told_about(const struct sweep_row *s, const struct image_field *f) {
    if (f->field && !(f->field->flags & (KITH_FF_PARTOF | KITH_FF_SUBJECT)))
        return false;
    return (f->before.kind == KITH_LINK && is_gone(s, f->before.as.link.id)) ||
           (f->after.kind == KITH_LINK && is_gone(s, f->after.as.link.id));
}

static kith_status note_record(struct looking *l, kith_id record, kith_error *e) {
    kith_id *items =
        arena_grow(&l->records, l->found, l->found_count, &l->found_cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    l->found = items;
    items[l->found_count++] = record;
    return KITH_OK;
}

/* A record that told about somebody and was deleted before: nothing leads to it any more. One that
 * is there, and tells about somebody else by now, is left. */
static kith_status look_at_change(struct looking *l, const struct journal_row *row, kith_error *e) {
    const struct rtype *type = schema_type_by_id(l->schema, row->type);
    struct image_field *fields;
    size_t count;
    bool told = false, there = false;
    TRY(image_decode(l->schema, row, &l->arena, &fields, &count, e));
    for (size_t i = 0; i < count && !told; i++)
        told = told_about(l->sweep, &fields[i]);
    if (!told)
        return KITH_OK;
    if (type)
        TRY(record_exists(l->c, type, row->record, &there, e));
    return there ? KITH_OK : note_record(l, row->record, e);
}

static kith_status look_at_event(struct looking *l, const struct journal_row *row, kith_error *e) {
    uint32_t topic, schema;
    kith_str json;
    bool yes;
    TRY(image_decode_event(row, &topic, &schema, &json, e));
    TRY(traces_in(&l->sweep->traces, json, &l->arena, &yes, e));
    return yes ? empty_event(l->c, row, e) : KITH_OK;
}

static kith_status look_at(void *arg, const struct journal_row *row, kith_error *e) {
    struct looking *l = arg;
    arena_reset(&l->arena);
    l->last = row->seq;
    l->rows++;
    if (row->image.len == 0)
        return KITH_OK;
    return row->kind == ROW_EVENT ? look_at_event(l, row, e) : look_at_change(l, row, e);
}

static kith_status sweep_rows(struct conn *c, const struct schema *s, const struct sweep_row *row,
                              uint64_t *after, int64_t max, bool *whole, kith_error *e) {
    struct looking l = {.c = c, .schema = s, .sweep = row, .last = *after};
    uint64_t to = *after + (uint64_t)max < row->head ? *after + (uint64_t)max : row->head;
    kith_status st = journal_walk(c, *after, to, look_at, &l, e);
    for (size_t i = 0; st == KITH_OK && i < l.found_count; i++)
        st = erasure_record(c, l.found[i], e);
    *after = to;
    *whole = to >= row->head;
    arena_free(&l.arena);
    arena_free(&l.records);
    return st;
}

/* -- looking through what people wrote --------------------------------------------------------- */

/* The largest of the next `max` keys behind *after, in `keys`; *whole: there are no more. */
static kith_status next_keys(struct conn *c, const char *keys, uint64_t after, int64_t max,
                             uint64_t *to, bool *whole, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c, keys, &st, e));
    bind_int(st, 1, (int64_t)after);
    bind_int(st, 2, max);
    TRY(conn_step(c, st, &row, e));
    *whole = sqlite3_column_int64(st, 1) < max;
    *to = (uint64_t)sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return KITH_OK;
}

static kith_status sweep_words(struct conn *c, const struct sweep_row *row, enum sweep_part part,
                               uint64_t *after, int64_t max, bool *whole, kith_error *e) {
    static const char *const keys[SWEEP_PARTS] = {
        [SWEEP_NOTES] = "SELECT max(id), count(*) FROM (SELECT id FROM kith_tx WHERE id > ?1"
                        " ORDER BY id LIMIT ?2)",
        [SWEEP_READS] = "SELECT max(number), count(*) FROM (SELECT number FROM kith_access WHERE"
                        " number > ?1 ORDER BY number LIMIT ?2)",
        [SWEEP_REJECTS] = "SELECT max(run), count(*) FROM (SELECT run FROM kith_import WHERE"
                          " run > ?1 ORDER BY run LIMIT ?2)",
    };
    static const char *const texts[SWEEP_PARTS] = {
        [SWEEP_NOTES] = "SELECT id FROM kith_tx WHERE id > ?1 AND id <= ?2 AND note IS NOT NULL"
                        " AND kith_names(note, ?3)",
        [SWEEP_READS] = "UPDATE kith_access SET asked = '' WHERE number > ?1 AND number <= ?2"
                        " AND kith_names(asked, ?3)",
        [SWEEP_REJECTS] = "UPDATE kith_import_reject SET reason = 'erased' WHERE run > ?1"
                          " AND run <= ?2 AND kith_names(reason, ?3)",
    };
    sqlite3_stmt *st;
    uint64_t to;
    TRY(next_keys(c, keys[part], *after, max, &to, whole, e));
    if (to <= *after)
        return KITH_OK;
    TRY(conn_prepare(c, texts[part], &st, e));
    bind_int(st, 1, (int64_t)*after);
    bind_int(st, 2, (int64_t)to);
    bind_traces(st, 3, &row->traces);
    *after = to;
    return part == SWEEP_NOTES ? forget_notes(c, st, e) : conn_run(c, st, e);
}

kith_status sweep_part(struct conn *c, const struct schema *s, const struct sweep_row *row,
                       enum sweep_part part, uint64_t *after, int64_t max, bool *whole,
                       kith_error *e) {
    return part == SWEEP_ROWS ? sweep_rows(c, s, row, after, max, whole, e)
                              : sweep_words(c, row, part, after, max, whole, e);
}
