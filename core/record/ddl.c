/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue of permanent numbers, and the tables, columns and indexes that a schema needs.
 * Columns are only ever added; a retired field's columns stay under another name. */
#include "record/schema_internal.h"

#include "base/id.h"
#include "base/text.h"
#include "record/renamed.h"
#include "record/series.h"
#include "record/unique.h"

#include <stdio.h>
#include <string.h>

kith_status catalogue_setup(struct conn *c, kith_error *e) {
    TRY(renamed_setup(c, e));
    TRY(series_setup(c, e));
    return conn_exec(
        c,
        "CREATE TABLE IF NOT EXISTS kith_meta(key TEXT PRIMARY KEY, value ANY) STRICT,"
        " WITHOUT ROWID;"
        "CREATE TABLE IF NOT EXISTS kith_module(name TEXT PRIMARY KEY, version INTEGER)"
        " STRICT, WITHOUT ROWID;"
        "CREATE TABLE IF NOT EXISTS kith_type(id INTEGER PRIMARY KEY, name TEXT NOT NULL"
        " UNIQUE, module TEXT NOT NULL) STRICT;"
        "CREATE TABLE IF NOT EXISTS kith_field(id INTEGER PRIMARY KEY, type INTEGER NOT"
        " NULL, name TEXT NOT NULL, kind INTEGER NOT NULL, shape TEXT NOT NULL, module"
        " TEXT NOT NULL, UNIQUE(type, name)) STRICT;",
        e);
}

kith_status exec_buf(struct conn *c, struct buf *sql, kith_error *e) {
    kith_status st = sql->failed ? err_nomem(e) : conn_exec(c, sql->ptr, e);
    buf_free(sql);
    return st;
}

/* -- options ----------------------------------------------------------------------------------- */

static kith_status options_gone(struct conn *c, const struct rfield *f, kith_str before,
                                kith_error *e) {
    char sql[256];
    kith_str option;
    sqlite3_stmt *st;
    int64_t n;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM \"%s\" WHERE \"%s\" = ?1", f->type->name,
             f->name);
    while (str_split(&before, ',', &option)) {
        if (field_option(f, option) >= 0)
            continue;
        TRY(conn_prepare(c, sql, &st, e));
        bind_str(st, 1, option);
        TRY(conn_first(c, st, 0, &n, e));
        if (n > 0)
            return err_set(
                e, KITH_E_CONFLICT, f->name,
                "the option '%.*s' of %s.%s cannot be taken away: %lld record%s it; put"
                " it back, and change those first: kith update %s --where \"%s = '%.*s'\""
                " %s=OTHER",
                (int)option.len, option.ptr, f->type->name, f->name, (long long)n,
                n == 1 ? " has" : "s have", f->type->name, f->name, (int)option.len, option.ptr,
                f->name);
    }
    return KITH_OK;
}

/* Options that were taken away and are in use are refused; remembers those that there are. Those of
 * the last time are known by the field's number. */
static kith_status keep_options(struct builder *b, struct conn *c, const struct rfield *f,
                                kith_error *e) {
    struct buf now = {0};
    char key[32];
    const char *before;
    if (f->kind != KITH_F_CHOICE && f->kind != KITH_F_STATE)
        return KITH_OK;
    for (uint32_t i = 0; i < f->option_count; i++)
        buf_printf(&now, "%s%s", i ? "," : "", f->options[i]);
    snprintf(key, sizeof key, "options.%u", f->id);
    kith_status st = now.failed ? err_nomem(e) : meta_read(c, key, &b->schema->arena, &before, e);
    bool same = st == KITH_OK && before && strcmp(before, now.ptr) == 0;
    if (st == KITH_OK && before && !same && f->where)
        st = options_gone(c, f, str_of(before), e);
    if (st != KITH_OK && f->where)
        err_prefix(e, "%s: ", f->where);
    if (st == KITH_OK && !same)
        st = meta_write(c, key, now.ptr, e);
    buf_free(&now);
    return st;
}

/* -- catalogue --------------------------------------------------------------------------------- */

/* What must not change about a field of one name: its kind, scale and target, and whether the
 * journal knows its values. */
static const char *field_shape(struct arena *a, const struct rfield *f) {
    return arena_printf(
        a, "%s%s%s%s%d%s", field_kind_name(f->kind), f->any_target || f->target ? ">" : "",
        f->any_target ? "*"
        : f->target   ? f->target->name
                      : "",
        f->kind == KITH_F_DECIMAL ? "." : "", (int)f->scale, f->formula ? " roll-up" : "");
}

/* told: what is part of every new type is not worth a word. */
static kith_status join_field(struct builder *b, struct conn *c, struct rfield *f, bool told,
                              kith_error *e) {
    const char *shape = field_shape(&b->schema->arena, f);
    sqlite3_stmt *st;
    bool row;
    if (!shape)
        return err_nomem(e);
    TRY(conn_prepare(c, "SELECT id, shape, module FROM kith_field WHERE type = ?1 AND name = ?2",
                     &st, e));
    bind_int(st, 1, f->type->id);
    bind_str(st, 2, str_of(f->name));
    TRY(conn_step(c, st, &row, e));
    if (row) {
        f->id = (uint32_t)sqlite3_column_int64(st, 0);
        kith_status status = KITH_OK;
        if (!str_eqz(column_str(st, 1), shape))
            status = err_set(
                e, KITH_E_CONFLICT, f->name,
                "field %s.%s (module %s) was \"%s\" and is declared as \"%s\" now; a new kind "
                "needs a new name",
                f->type->name, f->name, f->module, (const char *)sqlite3_column_text(st, 1), shape);
        sqlite3_reset(st);
        if (status != KITH_OK && f->where)
            err_prefix(e, "%s: ", f->where);
        return status;
    }
    TRY(conn_prepare(
        c, "INSERT INTO kith_field(type, name, kind, shape, module) VALUES(?1,?2,?3,?4,?5)", &st,
        e));
    bind_int(st, 1, f->type->id);
    bind_str(st, 2, str_of(f->name));
    bind_int(st, 3, f->kind);
    bind_str(st, 4, str_of(shape));
    bind_str(st, 5, str_of(f->module));
    TRY(conn_run(c, st, e));
    f->id = (uint32_t)sqlite3_last_insert_rowid(c->db);
    if (told)
        builder_done(b, "field %s.%s is new", f->type->name, f->name);
    return KITH_OK;
}

kith_status catalogue_join(struct builder *b, struct conn *c, struct building *t, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c, "SELECT id FROM kith_type WHERE name = ?1", &st, e));
    bind_str(st, 1, str_of(t->type->name));
    TRY(conn_step(c, st, &row, e));
    if (row) {
        t->type->id = (uint32_t)sqlite3_column_int64(st, 0);
        sqlite3_reset(st);
    } else {
        TRY(conn_prepare(c, "INSERT INTO kith_type(name, module) VALUES(?1, ?2)", &st, e));
        bind_str(st, 1, str_of(t->type->name));
        bind_str(st, 2, str_of(t->type->module));
        TRY(conn_run(c, st, e));
        t->type->id = (uint32_t)sqlite3_last_insert_rowid(c->db);
        builder_done(b, "type %s is new", t->type->name);
    }
    for (uint32_t i = 0; i < t->count; i++) {
        TRY(join_field(b, c, t->fields[i], row || i >= FIELD_FIRST, e));
        TRY(keep_options(b, c, t->fields[i], e));
    }
    return KITH_OK;
}

/* "link>contact0" -> "contact" */
static const char *shape_target(struct arena *a, const char *shape) {
    const char *name = strchr(shape, '>');
    size_t n = name ? strlen(name + 1) : 0;
    return n > 1 ? arena_strndup(a, name + 1, n - 1) : NULL;
}

static kith_status add_absent(struct schema *s, sqlite3_stmt *st, size_t *cap, kith_error *e) {
    struct arena *a = &s->arena;
    kith_str type = column_str(st, 0), name = column_str(st, 1);
    const struct rtype *known = schema_type(s, type);
    if (known && type_field(s, known, name))
        return KITH_OK;
    struct absent_link *items = arena_grow(a, s->absent, s->absent_count, cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    s->absent = items;
    struct absent_link *l = &s->absent[s->absent_count];
    l->type.name = arena_str(a, type).ptr;
    l->field.name = arena_str(a, name).ptr;
    l->field.kind = (uint32_t)sqlite3_column_int64(st, 2);
    l->target = shape_target(a, (const char *)sqlite3_column_text(st, 3));
    l->field.module = arena_str(a, column_str(st, 4)).ptr;
    if (!l->type.name || !l->field.name || !l->field.module)
        return err_nomem(e);
    if (l->target) {
        l->field.any_target = strcmp(l->target, "*") == 0;
        s->absent_count++;
    }
    return KITH_OK;
}

static kith_status absent_types(struct schema *s, struct conn *c, kith_error *e) {
    sqlite3_stmt *st;
    bool row = true;
    size_t cap = 0;
    kith_status status = conn_prepare_once(c, "SELECT id, name FROM kith_type", &st, e);
    while (status == KITH_OK && (status = conn_step(c, st, &row, e)) == KITH_OK && row) {
        struct absent_type t = {.id = (uint32_t)sqlite3_column_int64(st, 0)};
        if (schema_type_by_id(s, t.id))
            continue;
        struct absent_type *items =
            arena_grow(&s->arena, s->absent_types, s->absent_type_count, &cap, sizeof *items);
        t.name = arena_str(&s->arena, column_str(st, 1)).ptr;
        if (items && t.name) {
            s->absent_types = items;
            items[s->absent_type_count++] = t;
        } else {
            status = err_nomem(e);
        }
    }
    sqlite3_finalize(st);
    return status;
}

kith_status catalogue_absent(struct schema *s, struct conn *c, kith_error *e) {
    sqlite3_stmt *st;
    bool row = true;
    size_t cap = 0;
    TRY(absent_types(s, c, e));
    TRY(conn_prepare_once(c,
                          "SELECT t.name, f.name, f.kind, f.shape, f.module FROM kith_field f JOIN"
                          " kith_type t ON t.id = f.type WHERE f.shape LIKE 'link%>%'"
                          " AND instr(f.name, '__') = 0",
                          &st, e));
    kith_status status = KITH_OK;
    while (status == KITH_OK && row) {
        status = conn_step(c, st, &row, e);
        if (status == KITH_OK && row)
            status = add_absent(s, st, &cap, e);
    }
    sqlite3_finalize(st);
    for (size_t i = 0; i < s->absent_count; i++) /* the array does not move any more */
        s->absent[i].field.type = &s->absent[i].type;
    return status;
}

/* -- tables ------------------------------------------------------------------------------------ */

static const char *column_type(const struct rfield *f, uint32_t k) {
    switch (f->kind) {
    case KITH_F_PLACE:
        return "REAL";
    case KITH_F_MONEY:
        return k == 1 ? "TEXT" : "INTEGER";
    case KITH_F_INTEGER:
    case KITH_F_DECIMAL:
    case KITH_F_BOOLEAN:
    case KITH_F_DATE:
    case KITH_F_TIME:
    case KITH_F_DURATION:
    case KITH_F_LINK:
        return "INTEGER";
    default:
        return "TEXT";
    }
}

static kith_status table_columns(struct conn *c, const char *table, struct map *columns,
                                 kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c, "SELECT name FROM pragma_table_info(?1)", &st, e));
    bind_str(st, 1, str_of(table));
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        if (!map_put(columns, column_str(st, 0), columns)) {
            sqlite3_reset(st);
            return err_nomem(e);
        }
    }
}

static void add_column(struct buf *sql, const struct map *have, const char *table,
                       const char *column, const char *type) {
    if (have->count == 0) {
        buf_puts(sql, ", ");
    } else {
        if (map_get(have, str_of(column)))
            return;
        buf_puts(sql, "; ALTER TABLE ");
        sql_name(sql, table);
        buf_puts(sql, " ADD COLUMN ");
    }
    sql_name(sql, column);
    buf_printf(sql, " %s", type);
}

static kith_status ddl_columns(struct conn *c, struct building *t, kith_error *e) {
    struct map have = {0};
    struct buf sql = {0};
    const char *name = t->type->name;
    kith_status st = table_columns(c, name, &have, e);
    if (st == KITH_OK) {
        if (have.count == 0) {
            buf_puts(&sql, "CREATE TABLE ");
            sql_name(&sql, name);
            buf_puts(&sql, "(id INTEGER PRIMARY KEY");
        } else {
            buf_puts(&sql, "SELECT 1");
        }
        for (uint32_t i = 0; i < t->count; i++) {
            const struct rfield *f = t->fields[i];
            for (uint32_t k = 0; k < f->column_count; k++)
                add_column(&sql, &have, name, t->type->columns[f->column + k], column_type(f, k));
            if (f->folded) {
                char fold[80];
                snprintf(fold, sizeof fold, "%s__fold", f->name);
                add_column(&sql, &have, name, fold, "TEXT");
            }
        }
        if (have.count == 0)
            buf_puts(&sql, ") STRICT");
        st = exec_buf(c, &sql, e);
    }
    map_free(&have);
    return st;
}

/* Text columns of which the folded form is compared. A field that is folded from now on, or whose
 * folding is another than when its column was filled, has its column filled anew; kith_meta knows
 * the version, by the field's number. */
static kith_status fill_fold(struct conn *c, const struct rfield *f, kith_error *e) {
    struct arena a = {0};
    sqlite3_stmt *from, *to = NULL;
    bool row = true;
    const char *t = f->type->name, *n = f->name;
    char select[384], update[256];
    snprintf(select, sizeof select,
             "SELECT id, \"%s\", \"%s__fold\" FROM \"%s\" NOT INDEXED WHERE \"%s\" IS NOT NULL OR"
             " \"%s__fold\" IS NOT NULL",
             n, n, t, n, n);
    snprintf(update, sizeof update, "UPDATE \"%s\" SET \"%s__fold\" = ?1 WHERE id = ?2", t, n);
    kith_status st = conn_prepare_once(c, select, &from, e);
    while (st == KITH_OK && (st = conn_step(c, from, &row, e)) == KITH_OK && row) {
        kith_str text = column_str(from, 1), have = column_str(from, 2);
        arena_reset(&a);
        kith_str fold = text.ptr ? text_fold(&a, text) : text;
        if (text.ptr && !fold.ptr)
            st = err_nomem(e);
        else if (fold.ptr && have.ptr && str_eq(fold, have))
            continue;
        else
            st = conn_prepare(c, update, &to, e);
        if (st != KITH_OK)
            break;
        bind_str(to, 1, fold);
        bind_int(to, 2, sqlite3_column_int64(from, 0));
        st = conn_run(c, to, e);
    }
    sqlite3_finalize(from);
    arena_free(&a);
    return st;
}

kith_status meta_read(struct conn *c, const char *key, struct arena *a, const char **value,
                      kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    *value = NULL;
    TRY(conn_prepare(c, "SELECT value FROM kith_meta WHERE key = ?1", &st, e));
    bind_str(st, 1, str_of(key));
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return KITH_OK;
    *value = arena_strdup(a, (const char *)sqlite3_column_text(st, 0));
    sqlite3_reset(st);
    return *value ? KITH_OK : err_nomem(e);
}

kith_status meta_write(struct conn *c, const char *key, const char *value, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "INSERT OR REPLACE INTO kith_meta(key, value) VALUES(?1, ?2)", &st, e));
    bind_str(st, 1, str_of(key));
    bind_str(st, 2, str_of(value));
    return conn_run(c, st, e);
}

static kith_status ddl_fold(struct builder *b, struct conn *c, const struct rfield *f,
                            kith_error *e) {
    char key[32], want[16];
    const char *have;
    snprintf(key, sizeof key, "fold.%u", f->id);
    snprintf(want, sizeof want, "%d", f->folded ? TEXT_FOLD_VERSION : 0);
    TRY(meta_read(c, key, &b->schema->arena, &have, e));
    if (strcmp(have ? have : "0", want) == 0)
        return KITH_OK;
    if (f->folded)
        TRY(fill_fold(c, f, e));
    return meta_write(c, key, want, e);
}

static kith_status fill_base(struct conn *c, const struct rfield *f, const char *currency,
                             kith_error *e) {
    const char *t = f->type->name, *n = f->name;
    struct buf sql = {0};
    buf_printf(&sql,
               "UPDATE \"%s\" SET \"%s__base\" = CASE \"%s__cur\" WHEN '%s' THEN \"%s\" END"
               " WHERE \"%s__base\" IS NOT CASE \"%s__cur\" WHEN '%s' THEN \"%s\" END",
               t, n, n, currency, n, n, n, currency, n);
    return exec_buf(c, &sql, e);
}

kith_status schema_fill_companions(struct conn *c, const struct schema *s, kith_error *e) {
    for (uint32_t i = 0; i < s->type_count; i++)
        for (uint32_t k = 0; k < s->types[i]->field_count; k++) {
            const struct rfield *f = s->types[i]->fields[k];
            if (f->folded)
                TRY(fill_fold(c, f, e));
            if (f->kind == KITH_F_MONEY)
                TRY(fill_base(c, f, s->base_currency, e));
        }
    return KITH_OK;
}

/* Amounts in the company's currency, when that is another one now. */
kith_status ddl_base_currency(struct builder *b, struct conn *c, kith_error *e) {
    struct schema *s = b->schema;
    const char *have;
    TRY(meta_read(c, "base_currency", &s->arena, &have, e));
    if (have && strcmp(have, s->base_currency) == 0)
        return KITH_OK;
    for (uint32_t i = 0; have && i < b->count; i++)
        for (uint32_t k = 0; k < b->types[i].count; k++)
            if (b->types[i].fields[k]->kind == KITH_F_MONEY)
                TRY(fill_base(c, b->types[i].fields[k], s->base_currency, e));
    return meta_write(c, "base_currency", s->base_currency, e);
}

static kith_status ddl_links(struct conn *c, const struct rfield *f, kith_error *e) {
    struct buf sql = {0};
    char table[128];
    snprintf(table, sizeof table, "%s.%s", f->type->name, f->name);
    buf_puts(&sql, "CREATE TABLE IF NOT EXISTS ");
    sql_name(&sql, table);
    buf_puts(&sql, "(record INTEGER NOT NULL, target INTEGER NOT NULL, PRIMARY KEY(record, target))"
                   " STRICT, WITHOUT ROWID; CREATE INDEX IF NOT EXISTS ");
    snprintf(table, sizeof table, "i.%s.%s", f->type->name, f->name);
    sql_name(&sql, table);
    buf_puts(&sql, " ON ");
    snprintf(table, sizeof table, "%s.%s", f->type->name, f->name);
    sql_name(&sql, table);
    buf_puts(&sql, "(target)");
    return exec_buf(c, &sql, e);
}

static kith_status ddl_table(struct builder *b, struct conn *c, struct building *t, kith_error *e) {
    TRY(ddl_columns(c, t, e));
    for (uint32_t i = 0; i < t->count; i++)
        if (kind_folds(t->fields[i]->kind))
            TRY(ddl_fold(b, c, t->fields[i], e));
    for (uint32_t i = 0; i < t->count; i++)
        if (t->fields[i]->series)
            TRY(series_catch_up(c, t->fields[i], &b->schema->arena, e));
    return KITH_OK;
}

/* -- indexes ----------------------------------------------------------------------------------- */

/* The indexes that a table has: name -> the text that made it. */
static kith_status table_indexes(struct conn *c, const char *table, struct arena *a,
                                 struct map *have, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c,
                     "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1"
                     " AND sql IS NOT NULL",
                     &st, e));
    bind_str(st, 1, str_of(table));
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        char *sql = arena_strdup(a, (const char *)sqlite3_column_text(st, 1));
        if (!sql || !map_put(have, column_str(st, 0), sql)) {
            sqlite3_reset(st);
            return err_nomem(e);
        }
    }
}

kith_status drop_index(struct conn *c, const char *name, kith_error *e) {
    struct buf sql = {0};
    buf_puts(&sql, "DROP INDEX ");
    sql_name(&sql, name);
    return exec_buf(c, &sql, e);
}

/* Makes an index, again when the one of that name is another. Those of a new table are not worth a
 * word. Takes the buffer. */
static kith_status ensure_index(struct builder *b, struct conn *c, const struct map *have,
                                const char *name, struct buf *sql, kith_error *e) {
    const char *old = map_get(have, str_of(name));
    if (old && !sql->failed && strcmp(old, sql->ptr) == 0) {
        buf_free(sql);
        return KITH_OK;
    }
    kith_status st = old ? drop_index(c, name, e) : KITH_OK;
    if (st == KITH_OK) {
        if (have->count > 0)
            builder_done(b, DONE_INDEX " %s is made%s", name + 2, old ? " anew" : "");
        return exec_buf(c, sql, e);
    }
    buf_free(sql);
    return st;
}

static const char *index_suffix(const struct rfield *f) {
    /* Money of several currencies is sorted by its amount in the base currency. */
    return f->folded ? "__fold" : f->kind == KITH_F_MONEY && f->option_count != 1 ? "__base" : "";
}

/* What no two records have the same of. Of capitals that are not ASCII record_insert knows. */
static void put_unique(struct buf *sql, const struct rfield *f, const char *column) {
    sql_name(sql, column);
    if (!(f->flags & KITH_FF_UNIQUE) || !field_has_accents(f))
        return;
    buf_puts(sql, ", ");
    sql_name(sql, f->type->columns[f->column]);
    buf_puts(sql, " COLLATE NOCASE");
}

/* Links and unique values are mostly absent: their indexes leave nulls out, which a comparison with
 * a value can still use. */
static void index_text(struct buf *sql, const struct rfield *f, const char *name) {
    bool link = f->kind == KITH_F_LINK, unique = f->flags & KITH_FF_UNIQUE;
    char column[80];
    snprintf(column, sizeof column, "%s%s", f->type->columns[f->column], index_suffix(f));
    buf_printf(sql, "CREATE %sINDEX ", unique ? "UNIQUE " : "");
    sql_name(sql, name);
    buf_puts(sql, " ON ");
    sql_name(sql, f->type->name);
    buf_puts(sql, "(");
    put_unique(sql, f, column);
    buf_puts(sql, ")");
    if (link || unique) {
        buf_puts(sql, " WHERE ");
        sql_name(sql, column);
        buf_puts(sql, " IS NOT NULL");
    }
}

/* The index over a link and "at", which says when something takes place. */
static bool is_dated_index(const char *text, const struct rfield *f) {
    char wanted[80];
    snprintf(wanted, sizeof wanted, "%s,at", f->name);
    return f->kind == KITH_F_LINK && strcmp(text, wanted) == 0;
}

static bool has_dated_index(const struct building *t, const struct rfield *f) {
    for (size_t i = 0; i < t->index_count; i++)
        if (is_dated_index(t->indexes[i], f))
            return true;
    return false;
}

/* A link whose records are found and listed by that one needs none of its own. */
static bool wants_index(const struct building *t, const struct rfield *f) {
    if (f->flags & (KITH_FF_INDEXED | KITH_FF_UNIQUE))
        return true;
    return f->kind == KITH_F_LINK && !has_dated_index(t, f);
}

/* Names two records whose values are the same. */
static kith_status refuse_unique(struct conn *c, const struct rfield *f, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    struct buf sql = {0};
    char column[80], one[ID_TEXT + 1] = "", two[ID_TEXT + 1] = "";
    snprintf(column, sizeof column, "%s%s", f->type->columns[f->column], index_suffix(f));
    buf_puts(&sql, "SELECT min(id), max(id) FROM ");
    sql_name(&sql, f->type->name);
    buf_printf(&sql, " WHERE \"%s\" IS NOT NULL GROUP BY ", column);
    put_unique(&sql, f, column);
    buf_puts(&sql, " HAVING count(*) > 1 LIMIT 1");
    kith_status status = sql.failed ? err_nomem(e) : conn_prepare_once(c, sql.ptr, &st, e);
    buf_free(&sql);
    TRY(status);
    status = conn_step(c, st, &row, e);
    if (status == KITH_OK && row) {
        id_format((kith_id)sqlite3_column_int64(st, 0), one);
        id_format((kith_id)sqlite3_column_int64(st, 1), two);
    }
    sqlite3_finalize(st);
    TRY(status);
    return err_set(e, KITH_E_CONFLICT, f->name,
                   "%s%s: field %s.%s is unique from now on, but several records have the same "
                   "value, as %s and %s; change those first",
                   f->where ? "" : "module ", f->where ? f->where : f->module, f->type->name,
                   f->name, one, two);
}

static kith_status ddl_index(struct builder *b, struct conn *c, const struct map *have,
                             const struct building *t, const struct rfield *f, kith_error *e) {
    struct buf sql = {0};
    char name[160];
    snprintf(name, sizeof name, "i.%s.%s", f->type->name, f->name);
    if (!wants_index(t, f))
        return map_get(have, str_of(name)) ? drop_index(c, name, e) : KITH_OK;
    index_text(&sql, f, name);
    kith_status st = ensure_index(b, c, have, name, &sql, e);
    return st == KITH_E_CONFLICT ? refuse_unique(c, f, e) : st;
}

/* A declared index over several fields: "owner,-created". */
static kith_status composite_text(struct builder *b, const struct rtype *t, const char *text,
                                  const char *name, struct buf *sql, kith_error *e) {
    kith_str rest = str_of(text), part;
    const struct rfield *dated = NULL;
    bool first = true;
    buf_puts(sql, "CREATE INDEX ");
    sql_name(sql, name);
    buf_puts(sql, " ON ");
    sql_name(sql, t->name);
    while (str_split(&rest, ',', &part)) {
        bool down = part.len && part.ptr[0] == '-';
        kith_str field = down ? (kith_str){part.ptr + 1, part.len - 1} : part;
        const struct rfield *f;
        char column[80];
        TRY(schema_find_field(b->schema, t, field, &f, e));
        if (f->column_count == 0)
            return err_set(e, KITH_E_INVAL, f->name, "links cannot be part of an index");
        snprintf(column, sizeof column, "%s%s", t->columns[f->column], index_suffix(f));
        buf_puts(sql, first ? "(" : ", ");
        sql_name(sql, column);
        buf_puts(sql, down ? " DESC" : "");
        dated = first && is_dated_index(text, f) ? f : dated;
        first = false;
    }
    buf_puts(sql, ")");
    if (dated) { /* in place of the link's own: it, too, leaves nulls out */
        buf_puts(sql, " WHERE ");
        sql_name(sql, dated->name);
        buf_puts(sql, " IS NOT NULL");
    }
    return first ? err_set(e, KITH_E_INVAL, NULL, "an index needs a field") : KITH_OK;
}

static kith_status add_unique(struct builder *b, const struct building *bt, const char *fields,
                              const char *name, struct buf *sql, kith_error *e) {
    struct rtype *t = bt->type;
    struct lookup *l = ARENA_NEW(&b->schema->arena, struct lookup);
    if (!t->uniques)
        t->uniques = ARENA_ARRAY(&b->schema->arena, struct lookup *, bt->index_count);
    if (!l || !t->uniques)
        return err_nomem(e);
    TRY(unique_make(l, b->schema, &b->schema->arena, t, fields, e));
    t->uniques[t->unique_count++] = l;
    unique_index(sql, l, name);
    return KITH_OK;
}

static kith_status ddl_composite(struct builder *b, struct conn *c, const struct map *have,
                                 const struct building *bt, size_t i, kith_error *e) {
    const struct rtype *t = bt->type;
    const char *text = bt->indexes[i];
    struct buf sql = {0};
    char name[320];
    snprintf(name, sizeof name, "i.%s.%s", t->name, text);
    const char *unique = unique_fields(text);
    kith_status st = unique ? add_unique(b, bt, unique, name, &sql, e)
                            : composite_text(b, t, text, name, &sql, e);
    if (st == KITH_OK)
        st = ensure_index(b, c, have, name, &sql, e);
    else
        buf_free(&sql);
    if (st == KITH_E_CONFLICT && unique)
        st = unique_refuse(c, t->uniques[t->unique_count - 1], e);
    if (st != KITH_E_INVAL && st != KITH_E_CONFLICT && st != KITH_E_NOTFOUND && st != KITH_E_LIMIT)
        return st;
    err_prefix(e, "index \"%s\": ", text);
    return at_type(t, bt->index_places[i], e);
}

static bool is_declared(const struct building *t, const char *index) {
    for (size_t i = 0; i < t->index_count; i++)
        if (strcmp(t->indexes[i], index) == 0)
            return true;
    return false;
}

/* What is unique no more. An index that only helps to find may stay. */
static kith_status drop_uniques(struct conn *c, const struct building *t, const struct map *have,
                                kith_error *e) {
    char mine[80];
    size_t len = (size_t)snprintf(mine, sizeof mine, "i.%s.", t->type->name);
    size_t pos = 0;
    kith_str name;
    void *sql;
    while (map_next(have, &pos, &name, &sql)) {
        const char *index = strncmp(name.ptr, mine, len) == 0 ? name.ptr + len : "";
        if (unique_fields(index) && !is_declared(t, index))
            TRY(drop_index(c, name.ptr, e));
    }
    return KITH_OK;
}

static kith_status ddl_indexes(struct builder *b, struct conn *c, struct building *t,
                               const struct map *have, kith_error *e) {
    for (uint32_t i = 0; i < t->count; i++)
        TRY(t->fields[i]->kind == KITH_F_LINKS ? ddl_links(c, t->fields[i], e)
                                               : ddl_index(b, c, have, t, t->fields[i], e));
    for (size_t i = 0; i < t->index_count; i++)
        TRY(ddl_composite(b, c, have, t, i, e));
    return drop_uniques(c, t, have, e);
}

/* -- the type's own SQL ------------------------------------------------------------------------ */

static kith_status type_sql(struct builder *b, struct building *bt, kith_error *e) {
    struct rtype *t = bt->type;
    struct buf select = {0}, insert = {0}, del = {0};
    uint32_t folds = 0;
    buf_puts(&select, "SELECT id");
    buf_puts(&insert, "INSERT INTO ");
    sql_name(&insert, t->name);
    buf_puts(&insert, "(id");
    for (uint32_t i = 0; i < t->column_count; i++) {
        buf_puts(&select, ", ");
        sql_name(&select, t->columns[i]);
        buf_puts(&insert, ", ");
        sql_name(&insert, t->columns[i]);
    }
    for (uint32_t i = 0; i < t->field_count; i++)
        if (t->fields[i]->folded) {
            char fold[80];
            snprintf(fold, sizeof fold, "%s__fold", t->fields[i]->name);
            buf_puts(&insert, ", ");
            sql_name(&insert, fold);
            folds++;
        }
    buf_puts(&insert, ") VALUES(?");
    for (uint32_t i = 0; i < t->column_count + folds; i++)
        buf_puts(&insert, ", ?");
    buf_puts(&insert, ")");
    buf_puts(&select, " FROM ");
    sql_name(&select, t->name);
    buf_puts(&select, " WHERE id = ?1");
    buf_puts(&del, "DELETE FROM ");
    sql_name(&del, t->name);
    buf_puts(&del, " WHERE id = ?1");
    struct arena *a = &b->schema->arena;
    bool failed = select.failed || insert.failed || del.failed;
    t->sql_select = failed ? NULL : arena_strdup(a, select.ptr);
    t->sql_insert = failed ? NULL : arena_strdup(a, insert.ptr);
    t->sql_delete = failed ? NULL : arena_strdup(a, del.ptr);
    buf_free(&select);
    buf_free(&insert);
    buf_free(&del);
    return t->sql_delete ? KITH_OK : err_nomem(e);
}

kith_status ddl_type(struct builder *b, struct conn *c, struct building *t, kith_error *e) {
    struct map have = {0};
    TRY(ddl_table(b, c, t, e));
    kith_status st = table_indexes(c, t->type->name, &b->schema->arena, &have, e);
    if (st == KITH_OK)
        st = ddl_indexes(b, c, t, &have, e);
    map_free(&have);
    return st == KITH_OK ? type_sql(b, t, e) : st;
}
