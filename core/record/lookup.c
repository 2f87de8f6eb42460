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

static void put_column(struct buf *sql, const struct rfield *f, const char *suffix) {
    char column[80];
    buf_puts(sql, sql->len && sql->ptr[sql->len - 1] != ' ' ? " AND " : "");
    snprintf(column, sizeof column, "%s%s", f->type->columns[f->column], suffix);
    sql_name(sql, column);
    buf_puts(sql, " = ?");
}

/* Money has two columns: amount and currency. */
static void put_field(struct buf *sql, const struct rfield *f) {
    put_column(sql, f, f->folded ? "__fold" : "");
    if (f->kind == KITH_F_MONEY)
        put_column(sql, f, "__cur");
}

kith_status lookup_make(struct lookup *l, struct arena *a, const struct rtype *t,
                        const struct rfield *const *fields, uint32_t count, kith_error *e) {
    struct buf sql = {0};
    *l = (struct lookup){.type = t, .count = count};
    if (count == 0 || count > LOOKUP_FIELDS)
        return err_set(e, KITH_E_INVAL, NULL, "a key has 1 to %d fields", LOOKUP_FIELDS);
    buf_puts(&sql, "SELECT id FROM ");
    sql_name(&sql, t->name);
    buf_puts(&sql, " WHERE ");
    for (uint32_t i = 0; i < count; i++) {
        const struct rfield *f = l->fields[i] = fields[i];
        if (!comparable(f)) {
            buf_free(&sql);
            return err_set(e, KITH_E_INVAL, f->name, "%s is %s and cannot be a key", f->name,
                           field_kind_name(f->kind));
        }
        put_field(&sql, f);
        l->indexed |=
            f->kind == KITH_F_LINK || (f->flags & (KITH_FF_INDEXED | KITH_FF_UNIQUE)) != 0;
    }
    buf_puts(&sql, " ORDER BY id LIMIT ?");
    l->sql = sql.failed ? NULL : arena_strdup(a, sql.ptr);
    buf_free(&sql);
    return l->sql ? KITH_OK : err_nomem(e);
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

kith_status lookup_find(struct conn *c, const struct lookup *l, const kith_value *values,
                        struct arena *a, kith_id *ids, uint32_t max, uint32_t *found,
                        kith_error *e) {
    sqlite3_stmt *st;
    int at = 1;
    *found = 0;
    TRY(conn_prepare(c, l->sql, &st, e));
    for (uint32_t i = 0; i < l->count; i++) {
        int taken = bind_value(st, at, l->fields[i], &values[i], a);
        if (!taken)
            return err_nomem(e);
        at += taken;
    }
    bind_int(st, at, max);
    for (bool row = true; row;) {
        TRY(conn_step(c, st, &row, e));
        if (row)
            ids[(*found)++] = (kith_id)sqlite3_column_int64(st, 0);
    }
    return KITH_OK;
}
