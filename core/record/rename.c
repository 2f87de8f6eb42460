/* SPDX-License-Identifier: Apache-2.0 */
/* New names for types and fields, and the migrations of modules. Their numbers, data and history
 * stay; tables and columns follow the name. */
#include "record/schema_internal.h"

#include "base/log.h"
#include "record/renamed.h"

#include <stdio.h>
#include <string.h>

/* -- migrations -------------------------------------------------------------------------------- */

struct naming {
    const char *type, *from, *to;
};
typedef kith_status (*name_fn)(struct conn *c, const char *name, const struct naming *n,
                               kith_error *e);

/* Calls fn for the name in each row, once all are read: it may change where they stand. */
static kith_status each_name(struct conn *c, sqlite3_stmt *st, name_fn fn, const struct naming *n,
                             kith_error *e) {
    struct arena a = {0};
    const char **names = NULL;
    size_t count = 0, cap = 0;
    bool row = true;
    kith_status status = KITH_OK;
    while (status == KITH_OK && (status = conn_step(c, st, &row, e)) == KITH_OK && row) {
        const char **more = arena_grow(&a, names, count, &cap, sizeof *names);
        const char *name = arena_strdup(&a, (const char *)sqlite3_column_text(st, 0));
        if (more && name) {
            names = more;
            names[count++] = name;
        } else {
            sqlite3_reset(st);
            status = err_nomem(e);
        }
    }
    for (size_t i = 0; status == KITH_OK && i < count; i++)
        status = fn(c, names[i], n, e);
    arena_free(&a);
    return status;
}

static kith_status rename_column(struct conn *c, const char *column, const struct naming *n,
                                 kith_error *e) {
    struct buf sql = {0};
    char name[160];
    snprintf(name, sizeof name, "%s%s", n->to, column + strlen(n->from));
    buf_puts(&sql, "ALTER TABLE ");
    sql_name(&sql, n->type);
    buf_puts(&sql, " RENAME COLUMN ");
    sql_name(&sql, column);
    buf_puts(&sql, " TO ");
    sql_name(&sql, name);
    return exec_buf(c, &sql, e);
}

/* The columns of a field: "name" and every "name__...". */
static kith_status rename_columns(struct conn *c, const struct naming *n, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "SELECT name FROM pragma_table_info(?1) WHERE name = ?2 OR"
                     " substr(name, 1, length(?2) + 2) = ?2 || '__'",
                     &st, e));
    bind_str(st, 1, str_of(n->type));
    bind_str(st, 2, str_of(n->from));
    return each_name(c, st, rename_column, n, e);
}

static kith_status rename_table(struct conn *c, const char *from, const char *to, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    struct buf sql = {0};
    TRY(conn_prepare(c, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1", &st, e));
    bind_str(st, 1, str_of(from));
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return KITH_OK;
    sqlite3_reset(st);
    buf_puts(&sql, "ALTER TABLE ");
    sql_name(&sql, from);
    buf_puts(&sql, " RENAME TO ");
    sql_name(&sql, to);
    return exec_buf(c, &sql, e);
}

static kith_status drop_one(struct conn *c, const char *index, const struct naming *n,
                            kith_error *e) {
    (void)n;
    return drop_index(c, index, e);
}

/* Drops the declared indexes of a table, those over a field or all (field NULL): under their old
 * names they would stay beside the new ones. Those that are still wanted are made again. */
static kith_status drop_indexes(struct conn *c, const char *table, const char *field,
                                kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 AND"
                     " sql IS NOT NULL AND (?2 IS NULL OR instr(sql, '\"' || ?2 || '\"') OR"
                     " instr(sql, '\"' || ?2 || '__'))",
                     &st, e));
    bind_str(st, 1, str_of(table));
    if (field)
        bind_str(st, 2, str_of(field));
    return each_name(c, st, drop_one, NULL, e);
}

/* The table of a field of links, which bears the names of both. */
static kith_status move_links(struct conn *c, const char *type, const char *field,
                              const char *new_type, const char *new_field, kith_error *e) {
    char old[128], new[128];
    snprintf(old, sizeof old, "%s.%s", type, field);
    snprintf(new, sizeof new, "%s.%s", new_type, new_field);
    TRY(drop_indexes(c, old, NULL, e));
    return rename_table(c, old, new, e);
}

kith_status rename_field(struct conn *c, const char *type, const char *from, const char *to,
                         kith_error *e) {
    const struct naming n = {type, from, to};
    sqlite3_stmt *st;
    TRY(drop_indexes(c, type, from, e));
    TRY(conn_prepare(c,
                     "UPDATE kith_field SET name = ?3 WHERE name = ?2 AND type ="
                     " (SELECT id FROM kith_type WHERE name = ?1)",
                     &st, e));
    bind_str(st, 1, str_of(type));
    bind_str(st, 2, str_of(from));
    bind_str(st, 3, str_of(to));
    TRY(conn_run(c, st, e));
    TRY(move_links(c, type, from, type, to, e));
    return rename_columns(c, &n, e);
}

static kith_status retire_field(struct conn *c, const char *type, const char *field,
                                kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    char to[128];
    TRY(conn_prepare(c,
                     "SELECT id FROM kith_field WHERE name = ?2 AND type ="
                     " (SELECT id FROM kith_type WHERE name = ?1)",
                     &st, e));
    bind_str(st, 1, str_of(type));
    bind_str(st, 2, str_of(field));
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return KITH_OK;
    snprintf(to, sizeof to, "%s__retired%d", field, sqlite3_column_int(st, 0));
    sqlite3_reset(st);
    return rename_field(c, type, field, to, e);
}

static kith_status rename_link(struct conn *c, const char *field, const struct naming *n,
                               kith_error *e) {
    return move_links(c, n->from, field, n->to, field, e);
}

static kith_status rename_links(struct conn *c, const struct naming *n, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "SELECT name FROM kith_field WHERE kind = ?2 AND type ="
                     " (SELECT id FROM kith_type WHERE name = ?1)",
                     &st, e));
    bind_str(st, 1, str_of(n->from));
    bind_int(st, 2, KITH_F_LINKS);
    return each_name(c, st, rename_link, n, e);
}

/* The shapes of fields that link to a type name it; see field_shape. */
static kith_status rename_target(struct conn *c, const char *from, const char *to, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     "UPDATE kith_field SET shape = substr(shape, 1, instr(shape, '>')) || ?2 ||"
                     " '0' WHERE shape IN ('link>' || ?1 || '0', 'links>' || ?1 || '0')",
                     &st, e));
    bind_str(st, 1, str_of(from));
    bind_str(st, 2, str_of(to));
    return conn_run(c, st, e);
}

kith_status rename_type(struct conn *c, const char *from, const char *to, kith_error *e) {
    sqlite3_stmt *st;
    TRY(drop_indexes(c, from, NULL, e));
    TRY(rename_links(c, &(struct naming){NULL, from, to}, e));
    TRY(rename_target(c, from, to, e));
    TRY(conn_prepare(c, "UPDATE kith_type SET name = ?2 WHERE name = ?1", &st, e));
    bind_str(st, 1, str_of(from));
    bind_str(st, 2, str_of(to));
    TRY(conn_run(c, st, e));
    return rename_table(c, from, to, e);
}

/* field NULL: the type itself. */
static kith_status give_name(struct conn *c, const char *type, const char *field, const char *name,
                             kith_error *e) {
    TRY(renamed_note(c, &(struct renamed){type, field, name}, e));
    return field ? rename_field(c, type, field, name, e) : rename_type(c, type, name, e);
}

static kith_status migrate(struct conn *c, const kith_migration *m, kith_error *e) {
    switch (m->kind) {
    case KITH_MIGRATE_RENAME_TYPE:
        return give_name(c, m->type, NULL, m->to, e);
    case KITH_MIGRATE_RENAME_FIELD:
        return give_name(c, m->type, m->field, m->to, e);
    case KITH_MIGRATE_RETIRE_FIELD:
        return retire_field(c, m->type, m->field, e);
    default:
        return err_set(e, KITH_E_UNSUPPORTED, NULL,
                       "migration kind %u is not known to this version", m->kind);
    }
}

kith_status catalogue_migrate(struct conn *c, const struct schema_source *src, kith_error *e) {
    sqlite3_stmt *st;
    int64_t seen;
    TRY(conn_prepare(c, "SELECT version FROM kith_module WHERE name = ?1", &st, e));
    bind_str(st, 1, str_of(src->module));
    TRY(conn_first(c, st, -1, &seen, e));
    if (seen > (int64_t)src->version)
        return err_set(
            e, KITH_E_CONFLICT, NULL,
            "module %s is older (version %u) than what this database was used with (%lld); "
            "install the newer one",
            src->module, src->version, (long long)seen);
    if (seen == (int64_t)src->version)
        return KITH_OK;
    if (seen >= 0)
        log_info("schema", "module %s is upgraded from version %lld to %u", src->module,
                 (long long)seen, src->version);
    for (uint32_t i = 0; seen >= 0 && i < src->migrations.count; i++) {
        kith_migration m = {0};
        memcpy(&m, (const char *)src->migrations.items + (size_t)i * src->migrations.stride,
               src->migrations.stride < sizeof m ? src->migrations.stride : sizeof m);
        if ((int64_t)m.version > seen && m.version <= src->version)
            TRY(migrate(c, &m, e));
    }
    TRY(conn_prepare(c, "INSERT OR REPLACE INTO kith_module(name, version) VALUES(?1, ?2)", &st,
                     e));
    bind_str(st, 1, str_of(src->module));
    bind_int(st, 2, src->version);
    return conn_run(c, st, e);
}

/* -- earlier names ----------------------------------------------------------------------------- */

static kith_status catalogue_knows(struct conn *c, const char *type, const char *field, bool *yes,
                                   kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c,
                     field ? "SELECT 1 FROM kith_field WHERE name = ?2 AND type ="
                             " (SELECT id FROM kith_type WHERE name = ?1)"
                           : "SELECT 1 FROM kith_type WHERE name = ?1",
                     &st, e));
    bind_str(st, 1, str_of(type));
    if (field)
        bind_str(st, 2, str_of(field));
    return conn_any(c, st, yes, e);
}

/* Somebody declares it under that name: then it is another one. */
static bool is_declared(struct builder *b, const char *type, const char *field) {
    const struct building *t = builder_type(b, type);
    if (!t || !field)
        return t != NULL;
    return type_field(b->schema, t->type, str_of(field)) != NULL;
}

static kith_status apply_rename(struct builder *b, struct conn *c, const struct schema_rename *r,
                                kith_error *e) {
    bool old, new;
    const char *type = r->field ? r->type : r->was, *field = r->field ? r->was : NULL;
    TRY(catalogue_knows(c, type, field, &old, e));
    TRY(catalogue_knows(c, r->type, r->field, &new, e));
    if (!old || new || is_declared(b, type, field))
        return KITH_OK;
    TRY(give_name(c, type, field, r->field ? r->field : r->type, e));
    if (r->field)
        builder_done(b, "field %s.%s is named %s now", r->type, r->was, r->field);
    else
        builder_done(b, "type %s is named %s now", r->was, r->type);
    return KITH_OK;
}

/* Types first: fields are looked for under the new names of their types. */
kith_status catalogue_rename(struct builder *b, struct conn *c, const struct schema_source *src,
                             kith_error *e) {
    for (int fields = 0; fields < 2; fields++)
        for (size_t i = 0; i < src->rename_count; i++)
            if ((src->renames[i].field != NULL) == fields)
                TRY(apply_rename(b, c, &src->renames[i], e));
    return KITH_OK;
}

/* -- names that are gone ----------------------------------------------------------------------- */

/* "size__retired17" was "size". */
static kith_status note_gone(struct schema *s, sqlite3_stmt *st, kith_error *e) {
    uint32_t id = (uint32_t)sqlite3_column_int64(st, 0);
    const char *type = (const char *)sqlite3_column_text(st, 2);
    if (schema_field_by_id(s, id))
        return KITH_OK;
    char *name = arena_strdup(&s->arena, (const char *)sqlite3_column_text(st, 1));
    char *mark = name ? strstr(name, "__retired") : NULL;
    if (mark)
        *mark = '\0';
    const char *path = name ? arena_printf(&s->arena, "%s.%s", type, name) : NULL;
    return path && map_put_u64(&s->former, id, name) && map_put(&s->gone, str_of(path), s)
               ? KITH_OK
               : err_nomem(e);
}

kith_status catalogue_former(struct schema *s, struct conn *c, kith_error *e) {
    sqlite3_stmt *st;
    bool row = true;
    kith_status status = conn_prepare_once(
        c, "SELECT f.id, f.name, t.name FROM kith_field f JOIN kith_type t ON t.id = f.type", &st,
        e);
    while (status == KITH_OK && (status = conn_step(c, st, &row, e)) == KITH_OK && row)
        status = note_gone(s, st, e);
    sqlite3_finalize(st);
    return status;
}
