/* SPDX-License-Identifier: Apache-2.0 */
/* One row: values to columns and back. The only code that writes record tables. */
#include "record/record.h"
#include "base/id.h"
#include "base/json.h"
#include "base/text.h"
#include "record/lookup.h"
#include "record/unique.h"

#include <stdio.h>
#include <string.h>

/* -- reading ----------------------------------------------------------------------------------- */

static kith_status decode_tags(kith_str json, struct arena *a, kith_value *v, kith_error *e) {
    json_t *list;
    TRY(json_read(json, &list, e));
    size_t n = json_array_size(list);
    kith_value *items = ARENA_ARRAY(a, kith_value, n + 1);
    bool ok = items != NULL;
    for (size_t i = 0; ok && i < n; i++) {
        json_t *item = json_array_get(list, i);
        kith_str s = {json_string_value(item), json_string_length(item)};
        items[i] = value_str(arena_str(a, s));
        ok = items[i].as.s.ptr != NULL;
    }
    json_decref(list);
    if (!ok)
        return err_nomem(e);
    *v = (kith_value){.kind = KITH_LIST, .as.list = {.items = items, .count = n}};
    return KITH_OK;
}

static kith_status decode_text(const struct rfield *f, kith_str s, struct arena *a, kith_value *v,
                               kith_error *e) {
    if (f->kind == KITH_F_TAGS)
        return decode_tags(s, a, v, e);
    if (f->option_count) { /* choices are shared, not copied */
        int i = field_option(f, s);
        if (i >= 0) {
            *v = value_str(str_of(f->options[i]));
            return KITH_OK;
        }
    }
    *v = value_str(arena_str(a, s));
    return v->as.s.ptr ? KITH_OK : err_nomem(e);
}

static kith_status decode_field(const struct rfield *f, sqlite3_stmt *st, int col, struct arena *a,
                                kith_value *v, kith_error *e) {
    static const uint32_t int_kinds[] = {
        [KITH_F_INTEGER] = KITH_INT, [KITH_F_BOOLEAN] = KITH_BOOL,      [KITH_F_DATE] = KITH_DATE,
        [KITH_F_TIME] = KITH_TIME,   [KITH_F_DURATION] = KITH_DURATION,
    };
    *v = value_null();
    if (f->column_count == 0 || sqlite3_column_type(st, col) == SQLITE_NULL)
        return KITH_OK;
    switch (f->kind) {
    case KITH_F_INTEGER:
    case KITH_F_BOOLEAN:
    case KITH_F_DATE:
    case KITH_F_TIME:
    case KITH_F_DURATION:
        *v = (kith_value){.kind = int_kinds[f->kind], .as.i = sqlite3_column_int64(st, col)};
        return KITH_OK;
    case KITH_F_DECIMAL:
        v->kind = KITH_DECIMAL;
        v->as.decimal.units = sqlite3_column_int64(st, col);
        v->as.decimal.scale = f->scale;
        return KITH_OK;
    case KITH_F_MONEY:
        v->kind = KITH_MONEY;
        v->as.money.minor = sqlite3_column_int64(st, col);
        snprintf(v->as.money.currency, sizeof v->as.money.currency, "%s",
                 sqlite3_column_text(st, col + 1));
        return KITH_OK;
    case KITH_F_LINK:
        *v =
            value_link((kith_id)sqlite3_column_int64(st, col),
                       f->any_target ? (uint32_t)sqlite3_column_int64(st, col + 1) : f->target->id);
        v->flags = f->any_target ? VALUE_TYPED : 0;
        return KITH_OK;
    case KITH_F_PLACE:
        v->kind = KITH_PLACE;
        v->as.place.lat = sqlite3_column_double(st, col);
        v->as.place.lon = sqlite3_column_double(st, col + 1);
        return KITH_OK;
    default:
        return decode_text(f, column_str(st, col), a, v, e);
    }
}

kith_status record_decode(const struct rtype *t, sqlite3_stmt *st, int first, struct arena *a,
                          kith_value *values, kith_error *e) {
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct rfield *f = t->fields[i];
        kith_status status = decode_field(f, st, first + (int)f->column, a, &values[i], e);
        if (status != KITH_OK) {
            err_prefix(e, "%s.%s: ", t->name, f->name);
            return status;
        }
    }
    /* A text for which SQLite had no memory looks like an empty one. */
    return sqlite3_errcode(sqlite3_db_handle(st)) == SQLITE_NOMEM ? err_nomem(e) : KITH_OK;
}

kith_status record_links(struct conn *c, const struct rfield *f, kith_id id, struct arena *a,
                         kith_value *value, kith_error *e) {
    char sql[256];
    sqlite3_stmt *st;
    bool row;
    kith_value *items = NULL;
    uint64_t n = 0, cap = 0;
    snprintf(sql, sizeof sql, "SELECT target FROM \"%s.%s\" WHERE record = ?1 ORDER BY target",
             f->type->name, f->name);
    TRY(conn_prepare(c, sql, &st, e));
    bind_int(st, 1, (int64_t)id);
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row)
            break;
        kith_value *more = arena_grow(a, items, n, &cap, sizeof *more);
        if (!more) {
            sqlite3_reset(st);
            return err_nomem(e);
        }
        items = more;
        items[n++] = value_link((kith_id)sqlite3_column_int64(st, 0), f->target->id);
    }
    *value =
        n ? (kith_value){.kind = KITH_LIST, .as.list = {.items = items, .count = n}} : value_null();
    return KITH_OK;
}

kith_status record_find(struct conn *c, const struct rtype *t, kith_id id, struct arena *a,
                        kith_value *values, bool *there, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, t->sql_select, &st, e));
    bind_int(st, 1, (int64_t)id);
    TRY(conn_step(c, st, there, e));
    if (!*there)
        return KITH_OK;
    kith_status status = record_decode(t, st, 1, a, values, e);
    sqlite3_reset(st);
    for (uint32_t i = 0; status == KITH_OK && i < t->field_count; i++)
        if (t->fields[i]->kind == KITH_F_LINKS)
            status = record_links(c, t->fields[i], id, a, &values[i], e);
    return status;
}

static kith_status not_found(const struct rtype *t, kith_id id, kith_error *e) {
    char text[ID_TEXT + 1];
    id_format(id, text);
    return err_set(e, KITH_E_NOTFOUND, NULL, "there is no %s %s", t->name, text);
}

kith_status record_read(struct conn *c, const struct rtype *t, kith_id id, struct arena *a,
                        kith_value *values, kith_error *e) {
    bool there;
    TRY(record_find(c, t, id, a, values, &there, e));
    return there ? KITH_OK : not_found(t, id, e);
}

kith_status record_get(struct conn *c, const struct rtype *t, kith_id id, struct arena *a,
                       const kith_value **values, kith_error *e) {
    kith_value *read = ARENA_ARRAY(a, kith_value, t->field_count);
    bool there;
    if (!read)
        return err_nomem(e);
    TRY(record_find(c, t, id, a, read, &there, e));
    *values = there ? read : NULL;
    return KITH_OK;
}

kith_status record_filled(struct conn *c, const struct rfield *f, kith_id id, bool *yes,
                          kith_error *e) {
    char sql[256];
    sqlite3_stmt *st;
    snprintf(sql, sizeof sql, "SELECT 1 FROM \"%s\" WHERE id = ?1 AND \"%s\" IS NOT NULL",
             f->type->name, f->name);
    TRY(conn_prepare(c, sql, &st, e));
    bind_int(st, 1, (int64_t)id);
    TRY(conn_step(c, st, yes, e));
    if (*yes)
        sqlite3_reset(st);
    return KITH_OK;
}

kith_status record_exists(struct conn *c, const struct rtype *t, kith_id id, bool *there,
                          kith_error *e) {
    char sql[128];
    sqlite3_stmt *st;
    snprintf(sql, sizeof sql, "SELECT 1 FROM \"%s\" WHERE id = ?1", t->name);
    TRY(conn_prepare(c, sql, &st, e));
    bind_int(st, 1, (int64_t)id);
    return conn_any(c, st, there, e);
}

/* -- writing ----------------------------------------------------------------------------------- */

/* A list of tags as a JSON array, in the arena. */
static kith_str encode_tags(const kith_value *v, struct arena *a) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    value_json(NULL, v, &j);
    kith_str out = b.failed ? (kith_str){0} : arena_str(a, buf_view(&b));
    buf_free(&b);
    return out;
}

/* Binds the columns of a field from parameter i on; returns how many. *nomem: there was no room for
 * a text, which must not be written as absent. */
static int bind_field(sqlite3_stmt *st, int i, const struct rfield *f, struct arena *a,
                      const kith_value *v, bool *nomem) {
    kith_str text;
    if (v->kind == KITH_NULL)
        return (int)f->column_count; /* unbound is NULL */
    switch (f->kind) {
    case KITH_F_DECIMAL:
        bind_int(st, i, v->as.decimal.units);
        break;
    case KITH_F_MONEY:
        bind_int(st, i, v->as.money.minor);
        bind_str(st, i + 1, (kith_str){v->as.money.currency, 3});
        /* The base amount is known when the currency is the company's own. */
        if (memcmp(v->as.money.currency, f->type->schema->base_currency, 3) == 0)
            bind_int(st, i + 2, v->as.money.minor);
        break;
    case KITH_F_LINK:
        bind_int(st, i, (int64_t)v->as.link.id);
        if (f->any_target)
            bind_int(st, i + 1, v->as.link.type);
        break;
    case KITH_F_PLACE:
        bind_real(st, i, v->as.place.lat);
        bind_real(st, i + 1, v->as.place.lon);
        break;
    case KITH_F_TAGS:
        text = encode_tags(v, a);
        *nomem |= !text.ptr;
        bind_str(st, i, text);
        break;
    case KITH_F_LINKS:
        break;
    default:
        if (v->kind == KITH_TEXT)
            bind_str(st, i, v->as.s);
        else
            bind_int(st, i, v->as.i);
    }
    return (int)f->column_count;
}

static void bind_fold(sqlite3_stmt *st, int i, struct arena *a, const kith_value *v, bool *nomem) {
    if (v->kind != KITH_TEXT)
        return;
    kith_str fold = text_fold(a, v->as.s);
    *nomem |= !fold.ptr;
    bind_str(st, i, fold);
}

static kith_status write_links(struct conn *c, const struct rfield *f, kith_id id,
                               const kith_value *v, kith_error *e) {
    char sql[256];
    sqlite3_stmt *st;
    snprintf(sql, sizeof sql, "DELETE FROM \"%s.%s\" WHERE record = ?1", f->type->name, f->name);
    TRY(conn_prepare(c, sql, &st, e));
    bind_int(st, 1, (int64_t)id);
    TRY(conn_run(c, st, e));
    snprintf(sql, sizeof sql, "INSERT INTO \"%s.%s\"(record, target) VALUES(?1, ?2)", f->type->name,
             f->name);
    for (uint64_t i = 0; v && v->kind == KITH_LIST && i < v->as.list.count; i++) {
        TRY(conn_prepare(c, sql, &st, e));
        bind_int(st, 1, (int64_t)id);
        bind_int(st, 2, (int64_t)v->as.list.items[i].as.link.id);
        TRY(conn_run(c, st, e));
    }
    return KITH_OK;
}

/* A value that is taken already becomes a sentence that names its owner. */
static kith_status check_taken(struct conn *c, const struct rtype *t, struct arena *a,
                               const kith_value *values, kith_id id, bool all, kith_error *e) {
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct rfield *f = t->fields[i];
        kith_id other = 0;
        if (!(f->flags & KITH_FF_UNIQUE) || values[i].kind == KITH_NULL ||
            !(all || field_has_accents(f)))
            continue;
        TRY(record_unique_owner(c, f, &values[i], a, &other, e));
        if (other == 0 || other == id)
            continue;
        char text[ID_TEXT + 1];
        kith_str v = value_text(t->schema, &values[i], a);
        id_format(other, text);
        return err_set(e, KITH_E_CONFLICT, f->name, "%s: '%.*s' belongs to %s %s already", f->name,
                       (int)(v.len < 100 ? v.len : 100), v.ptr, t->name, text);
    }
    return KITH_OK;
}

/* The index of mail addresses does not know that É is a large é. */
static kith_status run_write(struct conn *c, const struct rtype *t, sqlite3_stmt *st,
                             struct arena *a, const kith_value *values, kith_id id, kith_error *e) {
    kith_status taken = check_taken(c, t, a, values, id, false, e);
    int rc = taken == KITH_OK ? sqlite3_step(st) : SQLITE_OK;
    sqlite3_reset(st);
    if (taken != KITH_OK || rc == SQLITE_DONE)
        return taken;
    if (rc == SQLITE_CONSTRAINT_UNIQUE)
        TRY(check_taken(c, t, a, values, id, true, e));
    if (rc == SQLITE_CONSTRAINT_UNIQUE)
        TRY(unique_check(c, t, a, values, id, e));
    return conn_error(c, rc, e);
}

kith_status record_insert(struct conn *c, const struct rtype *t, kith_id id, struct arena *a,
                          const kith_value *values, kith_error *e) {
    sqlite3_stmt *st;
    bool nomem = false;
    int i = 2;
    TRY(conn_prepare(c, t->sql_insert, &st, e));
    bind_int(st, 1, (int64_t)id);
    for (uint32_t k = 0; k < t->field_count; k++)
        i += bind_field(st, i, t->fields[k], a, &values[k], &nomem);
    for (uint32_t k = 0; k < t->field_count; k++)
        if (t->fields[k]->folded)
            bind_fold(st, i++, a, &values[k], &nomem);
    if (nomem)
        return err_nomem(e);
    TRY(run_write(c, t, st, a, values, id, e));
    for (uint32_t k = 0; k < t->field_count; k++)
        if (t->fields[k]->kind == KITH_F_LINKS && values[k].kind == KITH_LIST)
            TRY(write_links(c, t->fields[k], id, &values[k], e));
    return KITH_OK;
}

/* "UPDATE type SET a = ?, a__fold = ? WHERE id = ?", the changed columns only: an index over others
 * is not touched. */
static kith_status update_sql(const struct rtype *t, const struct fieldset *changed,
                              struct buf *sql, kith_error *e) {
    bool first = true;
    buf_puts(sql, "UPDATE ");
    sql_name(sql, t->name);
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct rfield *f = t->fields[i];
        for (uint32_t k = 0; fieldset_has(changed, i) && k < f->column_count; k++) {
            buf_puts(sql, first ? " SET " : ", ");
            sql_name(sql, t->columns[f->column + k]);
            buf_puts(sql, " = ?");
            first = false;
        }
        if (fieldset_has(changed, i) && f->folded)
            buf_printf(sql, ", \"%s__fold\" = ?", f->name);
    }
    buf_puts(sql, " WHERE id = ?");
    return sql->failed ? err_nomem(e) : KITH_OK;
}

#define STATEMENTS_MAX 1000

static kith_status update_row(struct conn *c, const struct rtype *t, kith_id id, struct arena *a,
                              const kith_value *values, const struct fieldset *changed,
                              struct buf *sql, kith_error *e) {
    struct fieldset all;
    sqlite3_stmt *st;
    bool nomem = false;
    int i = 1;
    /* Each set of fields has its own statement. Should there be very many, one serves for all. */
    if (c->statements.count > STATEMENTS_MAX) {
        memset(&all, 0xff, sizeof all);
        changed = &all;
    }
    TRY(update_sql(t, changed, sql, e));
    TRY(conn_prepare(c, sql->ptr, &st, e));
    for (uint32_t k = 0; k < t->field_count; k++) {
        const struct rfield *f = t->fields[k];
        if (!fieldset_has(changed, k))
            continue;
        i += bind_field(st, i, f, a, &values[k], &nomem);
        if (f->folded)
            bind_fold(st, i++, a, &values[k], &nomem);
    }
    if (nomem)
        return err_nomem(e);
    bind_int(st, i, (int64_t)id);
    return run_write(c, t, st, a, values, id, e);
}

kith_status record_update(struct conn *c, const struct rtype *t, kith_id id, struct arena *a,
                          const kith_value *values, const struct fieldset *changed, kith_error *e) {
    struct buf sql = {0};
    kith_status st = update_row(c, t, id, a, values, changed, &sql, e);
    buf_free(&sql);
    for (uint32_t k = 0; st == KITH_OK && k < t->field_count; k++)
        if (t->fields[k]->kind == KITH_F_LINKS && fieldset_has(changed, k))
            st = write_links(c, t->fields[k], id, &values[k], e);
    return st;
}

kith_status record_delete(struct conn *c, const struct rtype *t, kith_id id, kith_error *e) {
    sqlite3_stmt *st;
    for (uint32_t k = 0; k < t->field_count; k++)
        if (t->fields[k]->kind == KITH_F_LINKS)
            TRY(write_links(c, t->fields[k], id, NULL, e));
    TRY(conn_prepare(c, t->sql_delete, &st, e));
    bind_int(st, 1, (int64_t)id);
    TRY(conn_run(c, st, e));
    return sqlite3_changes(c->db) == 1 ? KITH_OK : not_found(t, id, e);
}

kith_status record_unique_owner(struct conn *c, const struct rfield *f, const kith_value *value,
                                struct arena *a, kith_id *out, kith_error *e) {
    char sql[256];
    sqlite3_stmt *st;
    int64_t id;
    bool nomem = false;
    *out = 0;
    if (field_has_accents(f)) {
        struct lookup l;
        uint32_t found;
        TRY(lookup_make(&l, a, f->type, &f, 1, e));
        return lookup_find(c, &l, value, a, out, 1, &found, e);
    }
    snprintf(sql, sizeof sql, "SELECT id FROM \"%s\" WHERE \"%s%s\" = ?1", f->type->name, f->name,
             f->folded ? "__fold" : "");
    TRY(conn_prepare(c, sql, &st, e));
    if (f->folded)
        bind_fold(st, 1, a, value, &nomem);
    else
        bind_field(st, 1, f, a, value, &nomem);
    if (nomem)
        return err_nomem(e);
    TRY(conn_first(c, st, 0, &id, e));
    *out = (kith_id)id;
    return KITH_OK;
}

kith_status record_between(struct conn *c, const struct rfield *f, int64_t low, int64_t high,
                           struct arena *a, kith_id **ids, size_t *count, kith_error *e) {
    char sql[320];
    sqlite3_stmt *st;
    snprintf(sql, sizeof sql, "SELECT id FROM \"%s\" WHERE \"%s\" BETWEEN ?1 AND ?2 ORDER BY id",
             f->type->name, f->name);
    TRY(conn_prepare(c, sql, &st, e));
    bind_int(st, 1, low);
    bind_int(st, 2, high);
    return conn_ids(c, st, a, ids, count, e);
}

kith_status record_referrers(struct conn *c, const struct rfield *f, kith_id id, uint32_t type,
                             int64_t max, struct arena *a, kith_id **ids, size_t *count,
                             kith_error *e) {
    char sql[320];
    sqlite3_stmt *st;
    if (f->kind == KITH_F_LINKS)
        snprintf(sql, sizeof sql, "SELECT record FROM \"%s.%s\" WHERE target = ?1 LIMIT ?2",
                 f->type->name, f->name);
    else
        snprintf(sql, sizeof sql, "SELECT id FROM \"%s\" WHERE \"%s\" = ?1%s%s%s LIMIT ?2",
                 f->type->name, f->name, f->any_target ? " AND \"" : "",
                 f->any_target ? f->name : "", f->any_target ? "__type\" = ?3" : "");
    TRY(conn_prepare(c, sql, &st, e));
    bind_int(st, 1, (int64_t)id);
    bind_int(st, 2, max);
    if (f->any_target)
        bind_int(st, 3, type);
    return conn_ids(c, st, a, ids, count, e);
}

kith_status record_newest_referrer(struct conn *c, const struct rfield *link, kith_id id,
                                   uint32_t type, const struct rfield *text, kith_str value,
                                   kith_id *out, kith_error *e) {
    char sql[320];
    sqlite3_stmt *st;
    int64_t newest = 0;
    snprintf(sql, sizeof sql,
             "SELECT id FROM \"%s\" WHERE \"%s\" = ?1 AND \"%s__type\" = ?2 AND \"%s\" = ?3"
             " ORDER BY id DESC LIMIT 1",
             link->type->name, link->name, link->name, text->name);
    TRY(conn_prepare(c, sql, &st, e));
    bind_int(st, 1, (int64_t)id);
    bind_int(st, 2, type);
    bind_str(st, 3, value);
    kith_status status = conn_first(c, st, 0, &newest, e);
    *out = (kith_id)newest;
    return status;
}

#define REFERRED_TERMS 50 /* to a pair of brackets: SQLite bounds how deep an expression is */

const char *record_referred_sql(struct arena *a, const struct rfield *const *fields, size_t count) {
    struct buf sql = {0};
    buf_puts(&sql, "SELECT (0");
    for (size_t i = 0; i < count; i++) {
        const struct rfield *f = fields[i];
        buf_puts(&sql, i % REFERRED_TERMS == REFERRED_TERMS - 1 ? ") OR (0" : "");
        if (f->kind == KITH_F_LINKS)
            buf_printf(&sql, " OR EXISTS(SELECT 1 FROM \"%s.%s\" WHERE target = ?1)", f->type->name,
                       f->name);
        else
            buf_printf(&sql, " OR EXISTS(SELECT 1 FROM \"%s\" WHERE \"%s\" = ?1", f->type->name,
                       f->name);
        if (f->any_target)
            buf_printf(&sql, " AND \"%s__type\" = ?2", f->name);
        buf_puts(&sql, f->kind == KITH_F_LINKS ? "" : ")");
    }
    buf_puts(&sql, "), ?2"); /* also where no field says the type */
    const char *text = sql.failed ? NULL : arena_strdup(a, sql.ptr);
    buf_free(&sql);
    return text;
}

kith_status record_referred(struct conn *c, const char *sql, kith_id id, uint32_t type, bool *yes,
                            kith_error *e) {
    sqlite3_stmt *st;
    int64_t any;
    TRY(conn_prepare(c, sql, &st, e));
    bind_int(st, 1, (int64_t)id);
    bind_int(st, 2, type);
    TRY(conn_first(c, st, 0, &any, e));
    *yes = any != 0;
    return KITH_OK;
}

kith_status record_ids(struct conn *c, const struct rtype *t, int64_t max, struct arena *a,
                       kith_id **ids, size_t *count, kith_error *e) {
    char sql[128];
    sqlite3_stmt *st;
    snprintf(sql, sizeof sql, "SELECT id FROM \"%s\" ORDER BY id LIMIT ?1", t->name);
    TRY(conn_prepare(c, sql, &st, e));
    bind_int(st, 1, max);
    return conn_ids(c, st, a, ids, count, e);
}

/* A number about the whole table: count(*), max(id). */
static kith_status of_all(struct conn *c, const struct rtype *t, const char *what, uint64_t *out,
                          kith_error *e) {
    char sql[128];
    int64_t n;
    snprintf(sql, sizeof sql, "SELECT %s FROM \"%s\"", what, t->name);
    TRY(conn_int(c, sql, 0, &n, e));
    *out = (uint64_t)n;
    return KITH_OK;
}

kith_status record_count(struct conn *c, const struct rtype *t, uint64_t *n, kith_error *e) {
    return of_all(c, t, "count(*)", n, e);
}

kith_status record_high_id(struct conn *c, const struct rtype *t, kith_id *id, kith_error *e) {
    return of_all(c, t, "max(id)", id, e);
}
