/* SPDX-License-Identifier: Apache-2.0 */
/* What no two records have the same of: an index of SQLite holds it, and a lookup says whose it is.
 */
#include "record/unique.h"

#include "base/id.h"
#include "base/text.h"

#include <string.h>

const char *unique_fields(const char *index) {
    static const char mark[] = "unique ";
    return strncmp(index, mark, sizeof mark - 1) == 0 ? index + sizeof mark - 1 : NULL;
}

kith_status unique_make(struct lookup *l, const struct schema *s, struct arena *a,
                        const struct rtype *t, const char *fields, kith_error *e) {
    const struct rfield *all[LOOKUP_FIELDS];
    uint32_t count = 0;
    kith_str rest = str_of(fields), name;
    while (str_split(&rest, ',', &name)) {
        if (count == LOOKUP_FIELDS)
            return err_set(e, KITH_E_LIMIT, NULL, "at most %d fields are unique together",
                           LOOKUP_FIELDS);
        TRY(schema_find_field(s, t, str_trim(name), &all[count], e));
        if (field_has_accents(all[count]))
            return err_set(e, KITH_E_INVAL, all[count]->name,
                           "%s is a mail address, which is unique by itself alone",
                           all[count]->name);
        count++;
    }
    return lookup_make(l, a, t, all, count, e);
}

void unique_index(struct buf *sql, const struct lookup *l, const char *name) {
    buf_puts(sql, "CREATE UNIQUE INDEX ");
    sql_name(sql, name);
    buf_puts(sql, " ON ");
    sql_name(sql, l->type->name);
    buf_puts(sql, "(");
    lookup_columns(sql, l, ", ", "");
    buf_puts(sql, ") WHERE ");
    lookup_columns(sql, l, " AND ", " IS NOT NULL");
}

/* "account, contact and role" */
static const char *names_of(const struct lookup *l, struct arena *a) {
    const char *all = "";
    for (uint32_t i = 0; all && i < l->count; i++)
        all = arena_printf(a, "%s%s%s", all,
                           i == 0              ? ""
                           : i + 1 == l->count ? " and "
                                               : ", ",
                           l->fields[i]->name);
    return all ? all : "values";
}

static kith_status first_two(struct conn *c, const struct lookup *l, kith_id two[2],
                             kith_error *e) {
    struct buf sql = {0};
    sqlite3_stmt *st;
    bool row;
    buf_puts(&sql, "SELECT min(id), max(id) FROM ");
    sql_name(&sql, l->type->name);
    buf_puts(&sql, " WHERE ");
    lookup_columns(&sql, l, " AND ", " IS NOT NULL");
    buf_puts(&sql, " GROUP BY ");
    lookup_columns(&sql, l, ", ", "");
    buf_puts(&sql, " HAVING count(*) > 1 LIMIT 1");
    kith_status status = sql.failed ? err_nomem(e) : conn_prepare_once(c, sql.ptr, &st, e);
    buf_free(&sql);
    TRY(status);
    status = conn_step(c, st, &row, e);
    for (int i = 0; i < 2; i++)
        two[i] = status == KITH_OK && row ? (kith_id)sqlite3_column_int64(st, i) : 0;
    sqlite3_finalize(st);
    return status;
}

kith_status unique_refuse(struct conn *c, const struct lookup *l, kith_error *e) {
    char one[ID_TEXT + 1], two[ID_TEXT + 1];
    kith_id ids[2];
    struct arena a = {0};
    TRY(first_two(c, l, ids, e));
    id_format(ids[0], one);
    id_format(ids[1], two);
    kith_status st = err_set(e, KITH_E_CONFLICT, l->fields[0]->name,
                             "several records have the same %s, as %s and %s; change those first",
                             names_of(l, &a), one, two);
    arena_free(&a);
    return st;
}

kith_status unique_owner(struct conn *c, const struct lookup *l, const kith_value *values,
                         struct arena *a, kith_id *owner, kith_error *e) {
    kith_value wanted[LOOKUP_FIELDS];
    uint32_t found = 0;
    *owner = 0;
    for (uint32_t i = 0; i < l->count; i++) {
        wanted[i] = values[l->fields[i]->index];
        if (wanted[i].kind == KITH_NULL)
            return KITH_OK;
    }
    return lookup_find(c, l, wanted, a, owner, 1, &found, e);
}

kith_status unique_check(struct conn *c, const struct rtype *t, struct arena *a,
                         const kith_value *values, kith_id id, kith_error *e) {
    for (uint32_t i = 0; i < t->unique_count; i++) {
        const struct lookup *l = t->uniques[i];
        char text[ID_TEXT + 1];
        kith_id other;
        TRY(unique_owner(c, l, values, a, &other, e));
        if (other == 0 || other == id)
            continue;
        id_format(other, text);
        return err_set(e, KITH_E_CONFLICT, l->fields[l->count - 1]->name,
                       "%s: there is a %s with the same %s already: %s",
                       l->fields[l->count - 1]->name, t->name, names_of(l, a), text);
    }
    return KITH_OK;
}

bool unique_is(const struct rfield *f) {
    bool is = f->flags & KITH_FF_UNIQUE;
    for (uint32_t i = 0; i < f->type->unique_count; i++)
        for (uint32_t k = 0; k < f->type->uniques[i]->count; k++)
            is |= f->type->uniques[i]->fields[k] == f;
    return is;
}
