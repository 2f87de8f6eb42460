/* SPDX-License-Identifier: Apache-2.0 */
/* Erasing in the journal's tables: the rows about a record are found by its index, all else by
 * looking through. */
#include "journal/erasure_internal.h"

#include "base/id.h"
#include "base/text.h"
#include "journal/chain.h"

#include <ctype.h>
#include <string.h>

/* -- traces ------------------------------------------------------------------------------------ */

static size_t shortest(const struct traces *t) {
    return t->min ? t->min : TRACE_MIN;
}

kith_status traces_add(struct traces *t, kith_str text, struct arena *a, kith_error *e) {
    kith_str folded = text_fold(a, text);
    if (!folded.ptr)
        return err_nomem(e);
    if (folded.len < shortest(t))
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

static bool in_word(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '-' || (unsigned char)c >= 0x80;
}

bool text_has_word(kith_str text, kith_str word) {
    const char *end = text.ptr + text.len, *at = text.ptr;
    while ((at = memmem(at, (size_t)(end - at), word.ptr, word.len))) {
        const char *next = at + word.len;
        if ((at == text.ptr || !in_word(at[-1])) && (next == end || !in_word(*next)))
            return true;
        at++;
    }
    return false;
}

/* A name of one word is part of many others. One of several is found with an ending, too, and in a
 * script that sets no blanks between words. */
static bool is_in(kith_str text, kith_str trace) {
    bool alone = true;
    for (uint64_t i = 0; i < trace.len && alone; i++)
        alone = isalpha((unsigned char)trace.ptr[i]);
    return alone ? text_has_word(text, trace)
                 : memmem(text.ptr, text.len, trace.ptr, trace.len) != NULL;
}

kith_status traces_in(const struct traces *t, kith_str text, struct arena *scratch, bool *yes,
                      kith_error *e) {
    *yes = false;
    if (text.len < shortest(t) || t->count == 0)
        return KITH_OK;
    kith_str folded = text_fold(scratch, text);
    if (!folded.ptr)
        return err_nomem(e);
    for (size_t i = 0; i < t->count && !*yes; i++)
        *yes = is_in(folded, t->items[i]);
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
kith_status erasure_rows(struct conn *c, kith_id record, struct arena *a, struct journal_row **rows,
                         size_t *count, kith_error *e) {
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
    kith_status st = erasure_rows(c, record, &a, &rows, &count, e);
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

kith_status erasure_event(struct conn *c, const struct journal_row *row, kith_error *e) {
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
    kith_status st = erasure_rows(c, record, &a, &rows, &count, e);
    for (size_t i = 0; st == KITH_OK && i < count; i++)
        if (rows[i].kind == ROW_EVENT)
            st = erasure_event(c, &rows[i], e);
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

/* ERASED_TEXT, or of a user's login that with the id behind it. */
static bool stands_in(kith_str text) {
    const size_t len = sizeof ERASED_TEXT - 1;
    return text.len >= len && memcmp(text.ptr, ERASED_TEXT, len) == 0 &&
           (text.len == len || (text.len == len + 1 + ID_TEXT && text.ptr[len] == '-'));
}

/* A value that goes is empty from then on, so that row follows row as before. */
static kith_status forget_value(struct forgetting *f, bool personal, kith_value *v, bool *changed,
                                kith_error *e) {
    bool yes = personal && v->kind != KITH_NULL && !(v->kind == KITH_TEXT && stands_in(v->as.s));
    if (!yes)
        TRY(traces_in_value(f->traces, v, &f->arena, &yes, e));
    if (yes)
        *v = value_null();
    *changed |= yes;
    return KITH_OK;
}

kith_status erasure_fields_left(struct conn *c, uint64_t seq, const struct image_field *fields,
                                size_t count, kith_error *e) {
    struct buf rest = {0};
    image_encode_fields(&rest, fields, count);
    kith_status st = rest.failed ? err_nomem(e) : journal_erase_image(c, seq, buf_view(&rest), e);
    buf_free(&rest);
    return st;
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
    return erasure_fields_left(f->c, row->seq, fields, count, e);
}

static kith_status forget_event(struct forgetting *f, const struct journal_row *row,
                                kith_error *e) {
    uint32_t topic, schema;
    kith_str json;
    bool yes;
    TRY(image_decode_event(row, &topic, &schema, &json, e));
    TRY(traces_in(f->traces, json, &f->arena, &yes, e));
    return yes ? erasure_event(f->c, row, e) : KITH_OK;
}

kith_status erasure_fields(struct conn *c, const struct schema *s, kith_id record,
                           const struct rtype *type, const struct fieldset *personal,
                           const struct traces *traces, kith_error *e) {
    struct forgetting f = {
        .c = c, .schema = s, .type = type, .personal = personal, .traces = traces};
    struct journal_row *rows;
    size_t count;
    kith_status st = erasure_rows(c, record, &f.arena, &rows, &count, e);
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

void traces_bind(sqlite3_stmt *st, int i, const struct traces *traces) {
    sqlite3_bind_pointer(st, i, (void *)(uintptr_t)traces, TRACES_POINTER, NULL);
}

kith_status erasure_notes(struct conn *c, sqlite3_stmt *st, kith_error *e) {
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
    traces_bind(st, 2, traces);
    TRY(erasure_notes(c, st, e));
    TRY(conn_prepare(c,
                     "UPDATE kith_access SET asked = '' WHERE number IN (SELECT access FROM"
                     " kith_access_record WHERE record = ?1) AND kith_names(asked, ?2)",
                     &st, e));
    bind_int(st, 1, (int64_t)record);
    traces_bind(st, 2, traces);
    return conn_run(c, st, e);
}

/* -- what is left to the sweep ----------------------------------------------------------------- */

enum sweep_kind { KIND_REQUEST, KIND_GONE, KIND_TRACE, KIND_LOGIN }; /* stored: never renumber */

kith_status sweep_setup(struct conn *c, kith_error *e) {
    int rc = sqlite3_create_function_v2(c->db, "kith_names", 2, SQLITE_UTF8, NULL, sql_names, NULL,
                                        NULL, NULL);
    if (rc != SQLITE_OK)
        return conn_error(c, rc, e);
    TRY(sweep_functions(c, e));
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
    for (size_t i = 0; i < row->logins.count; i++)
        TRY(add_value(c, request, KIND_LOGIN, 0, row->logins.items[i], e));
    return KITH_OK;
}

static kith_status take_login(struct sweep_row *out, kith_str text, kith_error *e) {
    kith_id id;
    if (text.len < ID_TEXT + 2 ||
        !id_parse((kith_str){text.ptr + text.len - ID_TEXT, ID_TEXT}, &id))
        return err_set(e, KITH_E_CORRUPT, NULL, "a login that is to be erased cannot be read");
    text.len -= ID_TEXT + 1;
    return map_put(&out->actors, text, (void *)(uintptr_t)id) ? KITH_OK : err_nomem(e);
}

static kith_status take_value(struct sweep_row *out, sqlite3_stmt *st, struct arena *a,
                              kith_error *e) {
    uint64_t number = (uint64_t)sqlite3_column_int64(st, 1);
    switch ((enum sweep_kind)sqlite3_column_int(st, 0)) {
    case KIND_REQUEST:
        out->head = number > out->head ? number : out->head;
        return KITH_OK;
    case KIND_TRACE:
        return traces_add(&out->traces, column_str(st, 1), a, e);
    case KIND_LOGIN:
        return take_login(out, column_str(st, 1), e);
    default:
        break;
    }
    return map_put_u64(&out->known, number, out) ? KITH_OK : err_nomem(e);
}

void sweep_row_free(struct sweep_row *row) {
    map_free(&row->known);
    map_free(&row->actors);
    *row = (struct sweep_row){0};
}

kith_status sweep_next(struct conn *c, struct arena *a, struct sweep_row *out, kith_error *e) {
    sqlite3_stmt *st;
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
        kith_status status = take_value(out, st, a, e);
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
