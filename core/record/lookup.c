/* SPDX-License-Identifier: Apache-2.0 */
/* Lookup: one prepared SELECT for a set of fields. */
#include "record/lookup.h"
#include "base/text.h"

#include <stdio.h>

static bool comparable(const struct rfield *f) {
    switch (f->kind) {
    case KITH_F_LINKS:
    case KITH_F_TAGS:
    case KITH_F_PLACE:
    case KITH_F_JSON:
        return false;
    default:
        return !f->any_target;
    }
}

void lookup_columns(struct buf *sql, const struct lookup *l, const char *between,
                    const char *after) {
    bool first = true;
    for (uint32_t i = 0; i < l->count; i++) {
        const struct rfield *f = l->fields[i];
        const char *suffix[] = {f->folded ? "__fold" : "", "__cur"};
        for (int k = 0; k < (f->kind == KITH_F_MONEY ? 2 : 1); k++) {
            char column[80];
            snprintf(column, sizeof column, "%s%s", f->name, suffix[k]);
            buf_puts(sql, first ? "" : between);
            sql_name(sql, column);
            buf_puts(sql, after);
            first = false;
        }
    }
}

static const char *select_text(struct arena *a, const struct lookup *l) {
    struct buf sql = {0};
    buf_puts(&sql, "SELECT id");
    for (uint32_t i = 0; i < l->count; i++)
        if (field_has_accents(l->fields[i])) {
            buf_puts(&sql, ", ");
            sql_name(&sql, l->fields[i]->name);
        }
    buf_puts(&sql, " FROM ");
    sql_name(&sql, l->type->name);
    buf_puts(&sql, " WHERE ");
    lookup_columns(&sql, l, " AND ", " = ?");
    buf_puts(&sql, " ORDER BY id LIMIT ?");
    const char *text = sql.failed ? NULL : arena_strdup(a, sql.ptr);
    buf_free(&sql);
    return text;
}

static kith_status index_texts(struct arena *a, struct lookup *l, kith_error *e) {
    struct buf name = {0}, sql = {0};
    buf_printf(&name, "\"i.key.%s", l->type->name);
    for (uint32_t i = 0; i < l->count; i++)
        buf_printf(&name, ".%s", l->fields[i]->name);
    buf_puts(&name, "\"");
    buf_printf(&sql, "CREATE INDEX IF NOT EXISTS %s ON ", name.ptr ? name.ptr : "");
    sql_name(&sql, l->type->name);
    buf_puts(&sql, "(");
    lookup_columns(&sql, l, ", ", "");
    buf_puts(&sql, ")");
    if (!name.failed && !sql.failed) {
        l->sql_index = arena_strdup(a, sql.ptr);
        l->sql_drop = arena_printf(a, "DROP INDEX IF EXISTS %s", name.ptr);
    }
    buf_free(&name);
    buf_free(&sql);
    return l->sql_index && l->sql_drop ? KITH_OK : err_nomem(e);
}

kith_status lookup_make(struct lookup *l, struct arena *a, const struct rtype *t,
                        const struct rfield *const *fields, uint32_t count, kith_error *e) {
    bool indexed = false;
    *l = (struct lookup){.type = t, .count = count};
    if (count == 0 || count > LOOKUP_FIELDS)
        return err_set(e, KITH_E_INVAL, NULL, "a key has 1 to %d fields", LOOKUP_FIELDS);
    for (uint32_t i = 0; i < count; i++) {
        const struct rfield *f = l->fields[i] = fields[i];
        if (!comparable(f))
            return err_set(e, KITH_E_INVAL, f->name, "%s is %s and cannot be a key", f->name,
                           field_kind_name(f->kind));
        indexed |= f->kind == KITH_F_LINK || (f->flags & (KITH_FF_INDEXED | KITH_FF_UNIQUE)) != 0;
    }
    l->sql = select_text(a, l);
    if (!l->sql)
        return err_nomem(e);
    return indexed ? KITH_OK : index_texts(a, l, e);
}

kith_status lookup_index(struct conn *c, const struct lookup *l, bool make, kith_error *e) {
    return l->sql_index ? conn_exec(c, make ? l->sql_index : l->sql_drop, e) : KITH_OK;
}

/* Binds a value from parameter i on; returns how many it took, 0: no memory. */
static int bind_value(sqlite3_stmt *st, int i, const struct rfield *f, const kith_value *v,
                      struct arena *a) {
    kith_str s = v->as.s;
    switch (v->kind) {
    case KITH_TEXT:
        if (f->folded)
            s = text_fold(a, s);
        bind_str(st, i, s);
        return s.ptr ? 1 : 0;
    case KITH_MONEY:
        bind_int(st, i, v->as.money.minor);
        bind_str(st, i + 1, (kith_str){v->as.money.currency, 3});
        return 2;
    case KITH_DECIMAL:
        bind_int(st, i, v->as.decimal.units);
        return 1;
    case KITH_LINK:
        bind_int(st, i, (int64_t)v->as.link.id);
        return 1;
    default:
        bind_int(st, i, v->as.i);
        return 1;
    }
}

/* Is the row that was found by folded columns one to the letter? */
static kith_status is_same(const struct lookup *l, const kith_value *values, sqlite3_stmt *st,
                           struct arena *a, bool *yes, kith_error *e) {
    int column = 1;
    *yes = true;
    for (uint32_t i = 0; *yes && i < l->count; i++) {
        if (!field_has_accents(l->fields[i]))
            continue;
        kith_str have = column_str(st, column++);
        if (text_is_ascii(have) && text_is_ascii(values[i].as.s))
            continue;
        kith_str is = text_lower(a, have), asked = text_lower(a, values[i].as.s);
        if (!is.ptr || !asked.ptr)
            return err_nomem(e);
        *yes = str_eq(is, asked);
    }
    return KITH_OK;
}

kith_status lookup_find(struct conn *c, const struct lookup *l, const kith_value *values,
                        struct arena *a, kith_id *ids, uint32_t max, uint32_t *found,
                        kith_error *e) {
    sqlite3_stmt *st;
    int at = 1;
    bool all = true;
    *found = 0;
    TRY(conn_prepare(c, l->sql, &st, e));
    for (uint32_t i = 0; i < l->count; i++) {
        int taken = bind_value(st, at, l->fields[i], &values[i], a);
        if (!taken)
            return err_nomem(e);
        at += taken;
        all &= !field_has_accents(l->fields[i]);
    }
    bind_int(st, at, all ? (int64_t)max : -1);
    for (bool row = true, same = true; row && *found < max;) {
        TRY(conn_step(c, st, &row, e));
        kith_status got = row ? is_same(l, values, st, a, &same, e) : KITH_OK;
        if (got != KITH_OK) {
            sqlite3_reset(st);
            return got;
        }
        if (row && same)
            ids[(*found)++] = (kith_id)sqlite3_column_int64(st, 0);
    }
    sqlite3_reset(st);
    return KITH_OK;
}
