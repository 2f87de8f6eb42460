/* SPDX-License-Identifier: Apache-2.0 */
#include "record/purpose.h"
#include "base/text.h"

#include <string.h>

/* *f NULL: all fields of the type. */
static kith_status read_name(const struct schema *s, kith_str name, const struct rtype **t,
                             const struct rfield **f, kith_error *e) {
    const char *dot = name.len ? memchr(name.ptr, '.', name.len) : NULL;
    kith_str type = {name.ptr, dot ? (uint64_t)(dot - name.ptr) : name.len};
    *f = NULL;
    if (!dot)
        return err_set(e, KITH_E_INVAL, NULL,
                       "write '%.*s' with its type, as contact.email, or contact.* for all fields",
                       (int)text_cut(name, 60).len, name.ptr);
    TRY(schema_find_type(s, type, t, e));
    kith_str field = {dot + 1, name.len - type.len - 1};
    return str_eqz(field, "*") ? KITH_OK : schema_find_field(s, *t, field, f, e);
}

kith_status purpose_fields_check(const struct schema *s, kith_str list, kith_error *e) {
    const struct rtype *t;
    const struct rfield *f;
    kith_str name;
    while (str_split(&list, ',', &name))
        TRY(read_name(s, str_trim(name), &t, &f, e));
    return KITH_OK;
}

bool purpose_fields_have(const struct schema *s, kith_str list, const struct rfield *wanted) {
    const struct rtype *t;
    const struct rfield *f;
    kith_str name;
    while (str_split(&list, ',', &name))
        if (read_name(s, str_trim(name), &t, &f, NULL) == KITH_OK && t == wanted->type &&
            (!f || f == wanted))
            return true;
    return false;
}

kith_status purpose_fields_filled(struct conn *c, const struct rfield *const *fields, size_t count,
                                  bool *filled, kith_error *e) {
    struct buf sql = {0};
    sqlite3_stmt *st;
    bool row;
    buf_puts(&sql, "SELECT ");
    for (size_t i = 0; i < count; i++) {
        const struct rfield *f = fields[i];
        buf_puts(&sql, i ? ", " : "");
        if (f->kind == KITH_F_LINKS)
            buf_printf(&sql, "EXISTS(SELECT 1 FROM \"%s.%s\")", f->type->name, f->name);
        else
            buf_printf(&sql, "max(\"%s\" IS NOT NULL)", f->type->columns[f->column]);
    }
    buf_puts(&sql, " FROM ");
    sql_name(&sql, fields[0]->type->name);
    kith_status status = sql.failed ? err_nomem(e) : conn_prepare(c, sql.ptr, &st, e);
    buf_free(&sql);
    TRY(status);
    TRY(conn_step(c, st, &row, e));
    for (size_t i = 0; i < count; i++)
        filled[i] = sqlite3_column_int(st, (int)i) != 0;
    sqlite3_reset(st);
    return KITH_OK;
}
