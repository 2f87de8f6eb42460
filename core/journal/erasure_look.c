/* SPDX-License-Identifier: Apache-2.0 */
/* What the sweep looks through, since no index leads to it: all rows of the journal, and what
 * people and programs wrote in other places. */
#include "base/id.h"
#include "journal/erasure_internal.h"

#include <string.h>

/* -- looking through the journal --------------------------------------------------------------- */

struct found {
    kith_id record;
    const struct rtype *type;
    bool there; /* and tells about somebody else, or nobody, by now */
};
struct looking {
    struct conn *c;
    const struct schema *schema;
    struct sweep_row *sweep;
    struct arena arena;   /* of one row */
    struct arena records; /* of the whole */
    struct map noted;     /* what is in found */
    struct found *found;  /* records that told about somebody who is gone */
    size_t found_count, found_cap;
};

static bool leads_to_gone(const struct sweep_row *s, const kith_value *v) {
    if (v->kind == KITH_LINK)
        return map_get_u64(&s->known, v->as.link.id) != NULL;
    for (uint64_t i = 0; v->kind == KITH_LIST && i < v->as.list.count; i++)
        if (leads_to_gone(s, &v->as.list.items[i]))
            return true;
    return false;
}

/* A field that is not known now counts: better too much of a record that is gone itself. */
static bool tells(const struct image_field *f) {
    return !f->field || f->field->flags & (KITH_FF_PARTOF | KITH_FF_SUBJECT);
}

static kith_status note_record(struct looking *l, const struct found *one, kith_error *e) {
    if (map_get_u64(&l->noted, one->record))
        return KITH_OK;
    struct found *items =
        arena_grow(&l->records, l->found, l->found_count, &l->found_cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    l->found = items;
    items[l->found_count++] = *one;
    return map_put_u64(&l->noted, one->record, l) ? KITH_OK : err_nomem(e);
}

/* A record that told about somebody: one that was deleted before, to which nothing leads any more,
 * or one that tells about somebody else by now. What was part of the first is looked for as well:
 * its rows, or those of its deletion, come later. */
static kith_status look_at_change(struct looking *l, const struct journal_row *row, kith_error *e) {
    struct found one = {row->record, schema_type_by_id(l->schema, row->type), false};
    struct image_field *fields;
    size_t count;
    bool told = false;
    TRY(image_decode(l->schema, row, &l->arena, &fields, &count, e));
    for (size_t i = 0; i < count && !told; i++)
        told = tells(&fields[i]) && (leads_to_gone(l->sweep, &fields[i].before) ||
                                     leads_to_gone(l->sweep, &fields[i].after));
    if (!told)
        return KITH_OK;
    if (one.type)
        TRY(record_exists(l->c, one.type, row->record, &one.there, e));
    if (!one.there && !map_put_u64(&l->sweep->known, row->record, l->sweep))
        return err_nomem(e);
    return note_record(l, &one, e);
}

static kith_status look_at_event(struct looking *l, const struct journal_row *row, kith_error *e) {
    uint32_t topic, schema;
    kith_str json;
    bool yes;
    TRY(image_decode_event(row, &topic, &schema, &json, e));
    TRY(traces_in(&l->sweep->traces, json, &l->arena, &yes, e));
    return yes ? erasure_event(l->c, row, e) : KITH_OK;
}

static kith_status look_at(void *arg, const struct journal_row *row, kith_error *e) {
    struct looking *l = arg;
    arena_reset(&l->arena);
    if (row->image.len == 0)
        return KITH_OK;
    return row->kind == ROW_EVENT ? look_at_event(l, row, e) : look_at_change(l, row, e);
}

/* -- a record that told about somebody ----------------------------------------------------------
 */

struct change {
    struct image_field *fields;
    size_t count;
    bool changed;
};
struct former {
    struct looking *l;
    struct arena arena;
    struct change *changes;   /* one for each row */
    struct fieldset told;     /* links that lead to somebody who is gone, as of the row at hand */
    struct image_field **set; /* which change gave each field its value, and in which row */
    size_t *set_in;
};

static bool tells_now(const struct former *x, const struct rtype *type) {
    for (uint32_t i = 0; i < type->field_count; i++)
        if (fieldset_has(&x->told, i))
            return true;
    return false;
}

/* A value that had its end while the record told about somebody: it goes from where it was written,
 * too, so that row follows row as before. */
static kith_status end_value(struct former *x, size_t row, struct image_field *f, kith_error *e) {
    const struct rfield *field = f->field;
    struct image_field *from = x->set[field->index];
    bool goes = field->flags & KITH_FF_PERSONAL;
    if (!goes)
        TRY(traces_in_value(&x->l->sweep->traces, &f->before, &x->arena, &goes, e));
    if (!goes || f->before.kind == KITH_NULL)
        return KITH_OK;
    f->before = value_null();
    x->changes[row].changed = true;
    if (from) {
        from->after = value_null();
        x->changes[x->set_in[field->index]].changed = true;
    }
    return KITH_OK;
}

static kith_status look_back_at(struct former *x, const struct rtype *type, size_t row,
                                kith_error *e) {
    const struct change *c = &x->changes[row];
    bool told = tells_now(x, type);
    for (size_t i = 0; i < c->count; i++) {
        struct image_field *f = &c->fields[i];
        if (!f->field || f->field->type != type)
            continue;
        if (told)
            TRY(end_value(x, row, f, e));
        x->set[f->field->index] = f;
        x->set_in[f->field->index] = row;
        if (!tells(f))
            continue;
        if (leads_to_gone(x->l->sweep, &f->after))
            fieldset_add(&x->told, f->field->index);
        else
            fieldset_drop(&x->told, f->field->index);
    }
    return KITH_OK;
}

static kith_status forget_in(struct former *x, const struct found *one, kith_error *e) {
    struct journal_row *rows;
    size_t count;
    TRY(erasure_rows(x->l->c, one->record, &x->arena, &rows, &count, e));
    x->changes = ARENA_ARRAY(&x->arena, struct change, count + 1);
    x->set = ARENA_ARRAY(&x->arena, struct image_field *, one->type->field_count);
    x->set_in = ARENA_ARRAY(&x->arena, size_t, one->type->field_count);
    if (!x->changes || !x->set || !x->set_in)
        return err_nomem(e);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].kind == ROW_EVENT || rows[i].image.len == 0)
            continue;
        TRY(image_decode(x->l->schema, &rows[i], &x->arena, &x->changes[i].fields,
                         &x->changes[i].count, e));
        TRY(look_back_at(x, one->type, i, e));
    }
    for (size_t i = 0; i < count; i++)
        if (x->changes[i].changed)
            TRY(erasure_fields_left(x->l->c, rows[i].seq, x->changes[i].fields, x->changes[i].count,
                                    e));
    return KITH_OK;
}

/* What a record said while it told about somebody, and says no longer. */
static kith_status forget_former(struct looking *l, const struct found *one, kith_error *e) {
    struct former x = {.l = l};
    kith_status st = forget_in(&x, one, e);
    arena_free(&x.arena);
    return st;
}

static kith_status sweep_rows(struct conn *c, const struct schema *s, struct sweep_row *row,
                              uint64_t *after, int64_t max, bool *whole, kith_error *e) {
    struct looking l = {.c = c, .schema = s, .sweep = row};
    uint64_t to = *after + (uint64_t)max < row->head ? *after + (uint64_t)max : row->head;
    kith_status st = journal_walk(c, *after, to, look_at, &l, e);
    for (size_t i = 0; st == KITH_OK && i < l.found_count; i++)
        st = l.found[i].there ? forget_former(&l, &l.found[i], e)
                              : erasure_record(c, l.found[i].record, e);
    *after = to;
    *whole = to >= row->head;
    map_free(&l.noted);
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

#define ROW_POINTER "kith_sweep_row"

/* kith_is_gone(user, row): is it a user who was erased? */
static void sql_is_gone(sqlite3_context *ctx, int n, sqlite3_value **args) {
    const struct sweep_row *row = sqlite3_value_pointer(args[1], ROW_POINTER);
    uint64_t user = (uint64_t)sqlite3_value_int64(args[0]);
    (void)n;
    sqlite3_result_int(ctx, row && map_get_u64(&row->known, user) != NULL);
}

static kith_str behind(kith_str text, uint64_t bytes) {
    return (kith_str){text.ptr + bytes, text.len - bytes};
}

static kith_str text_of(sqlite3_value *v) {
    const char *text = (const char *)sqlite3_value_text(v);
    return (kith_str){text, text ? (uint64_t)sqlite3_value_bytes(v) : 0};
}

/* kith_nobody(actor, row): "cli:root as user:anna" without her login, but with her id; NULL when it
 * is nobody who was erased. */
static void sql_nobody(sqlite3_context *ctx, int n, sqlite3_value **args) {
    const struct sweep_row *row = sqlite3_value_pointer(args[1], ROW_POINTER);
    kith_str actor = text_of(args[0]);
    const char *as = actor.len ? strstr(actor.ptr, " as user:") : NULL;
    uint64_t before = as ? (uint64_t)(as - actor.ptr) + 4 : 0;
    char id[ID_TEXT + 1];
    (void)n;
    kith_id user = 0;
    if (row && actor.len)
        user = (kith_id)(uintptr_t)map_get(&row->actors, behind(actor, before));
    if (!user)
        return;
    id_format(user, id);
    char *text = sqlite3_mprintf("%.*suser:%s", (int)before, actor.ptr, id);
    if (text)
        sqlite3_result_text(ctx, text, -1, sqlite3_free);
    else
        sqlite3_result_error_nomem(ctx);
}

/* kith_asks(asked, row): does it have the login of a user who was erased? */
static void sql_asks(sqlite3_context *ctx, int n, sqlite3_value **args) {
    const struct sweep_row *row = sqlite3_value_pointer(args[1], ROW_POINTER);
    kith_str asked = text_of(args[0]), actor;
    const size_t user = sizeof "user:" - 1;
    size_t pos = 0;
    bool yes = false;
    (void)n;
    while (row && asked.len && !yes && map_next(&row->actors, &pos, &actor, NULL))
        yes = text_has_word(asked, behind(actor, user));
    sqlite3_result_int(ctx, yes);
}

kith_status sweep_functions(struct conn *c, kith_error *e) {
    static const struct {
        const char *name;
        void (*fn)(sqlite3_context *ctx, int n, sqlite3_value **args);
    } functions[] = {
        {"kith_is_gone", sql_is_gone}, {"kith_nobody", sql_nobody}, {"kith_asks", sql_asks}};
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        int rc = sqlite3_create_function_v2(c->db, functions[i].name, 2, SQLITE_UTF8, NULL,
                                            functions[i].fn, NULL, NULL, NULL);
        if (rc != SQLITE_OK)
            return conn_error(c, rc, e);
    }
    return KITH_OK;
}

/* Keys, and what is done with those behind ?1 up to ?2 whose text names somebody of ?3, or who are
 * one of ?4. Letters,
 * timers and pauses are the bus's. A timer whose data name somebody goes, as one about them does.
 */
#define KEYS(key, table)                                                                           \
    "SELECT max(" key "), count(*) FROM (SELECT " key " FROM " table " WHERE " key                 \
    " > ?1 ORDER BY " key " LIMIT ?2)"
#define NAMING(key, text) " WHERE " key " > ?1 AND " key " <= ?2 AND kith_names(" text ", ?3)"
/* Signing in, a password, a token: what was asked is whose, or the token's name. */
#define LOGIN_ASKED " (event IN (2, 4, 5, 7) AND kith_is_gone(user, ?4) OR kith_asks(asked, ?4))"
static const struct {
    const char *keys, *text;
} words[SWEEP_PARTS] = {
    [SWEEP_NOTES] = {KEYS("id", "kith_tx"),
                     "SELECT id FROM kith_tx" NAMING("id", "note") " AND note IS NOT NULL"},
    [SWEEP_READS] = {KEYS("number", "kith_access"),
                     "UPDATE kith_access SET asked = ''" NAMING("number", "asked")},
    [SWEEP_READERS] = {KEYS("number", "kith_access"),
                       "UPDATE kith_access SET actor = coalesce(kith_nobody(actor, ?4), actor),"
                       " asked = CASE WHEN" LOGIN_ASKED " THEN '' ELSE asked END"
                       " WHERE number > ?1 AND number <= ?2 AND"
                       " (kith_nobody(actor, ?4) IS NOT NULL OR" LOGIN_ASKED ")"},
    [SWEEP_IMPORTS] = {KEYS("run", "kith_import"),
                       "UPDATE kith_import SET name = 'erased', rejects = NULL" NAMING(
                           "run", "name || ' ' || coalesce(rejects, '')")},
    [SWEEP_REJECTS] = {KEYS("run", "kith_import"),
                       "UPDATE kith_import_reject SET reason = 'erased'" NAMING("run", "reason")},
    [SWEEP_LETTERS] = {KEYS("id", "kith_letter"),
                       "UPDATE kith_letter SET error = 'erased'" NAMING("id", "error")},
    [SWEEP_TIMERS] = {KEYS("id", "kith_timer"),
                      "DELETE FROM kith_timer" NAMING("id", "payload") " AND cron IS NULL"},
    [SWEEP_TIMER_ERRORS] = {KEYS("id", "kith_timer"),
                            "UPDATE kith_timer SET error = 'erased'" NAMING("id", "error")},
    [SWEEP_OUTBOX] = {KEYS("id", "kith_outbox"),
                      "UPDATE kith_outbox SET payload = '', answer = '', key = '', error ="
                      " 'erased', erased = 1, state = CASE WHEN state IN (1, 4) THEN 5 ELSE state"
                      " END, done = coalesce(done, CASE WHEN state = 1 THEN at END)" NAMING(
                          "id", "key || ' ' || payload || ' ' || answer || ' ' || error")},
    [SWEEP_PAUSES] = {"SELECT 1, 0 WHERE ?1 >= 0 AND ?2 > 0", /* few, and by their names */
                      "UPDATE kith_pause SET reason = 'erased' WHERE ?1 < ?2 AND"
                      " kith_names(reason, ?3)"},
};

static kith_status sweep_words(struct conn *c, const struct sweep_row *row, enum sweep_part part,
                               uint64_t *after, int64_t max, bool *whole, kith_error *e) {
    sqlite3_stmt *st;
    uint64_t to;
    *whole = true;
    if (part == SWEEP_READERS && row->actors.count == 0)
        return KITH_OK;
    TRY(next_keys(c, words[part].keys, *after, max, &to, whole, e));
    if (to <= *after)
        return KITH_OK;
    TRY(conn_prepare(c, words[part].text, &st, e));
    bind_int(st, 1, (int64_t)*after);
    bind_int(st, 2, (int64_t)to);
    traces_bind(st, 3, &row->traces);
    if (sqlite3_bind_parameter_count(st) == 4)
        sqlite3_bind_pointer(st, 4, (void *)(uintptr_t)row, ROW_POINTER, NULL);
    *after = to;
    return part == SWEEP_NOTES ? erasure_notes(c, st, e) : conn_run(c, st, e);
}

kith_status sweep_part(struct conn *c, const struct schema *s, struct sweep_row *row,
                       enum sweep_part part, uint64_t *after, int64_t max, bool *whole,
                       kith_error *e) {
    return part == SWEEP_ROWS ? sweep_rows(c, s, row, after, max, whole, e)
                              : sweep_words(c, row, part, after, max, whole, e);
}
