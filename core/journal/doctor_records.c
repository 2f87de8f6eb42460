/* SPDX-License-Identifier: Apache-2.0 */
/* What the doctor looks for in the records. */
#include "base/id.h"
#include "base/text.h"
#include "journal/doctor_internal.h"
#include "record/redirect.h"

#include <stdio.h>

/* -- the catalogue ----------------------------------------------------------------------------- */

/* Of modules that are not loaded, too; what the loaded ones lack was made when the database was
 * opened. */
kith_status doctor_catalogue(struct doctor *d) {
    char sql[640];
    TRY(doctor_each(d,
                    "SELECT name FROM kith_type WHERE name NOT IN (SELECT name FROM sqlite_schema"
                    " WHERE type = 'table')",
                    BY_NAME, "type ", " has no table"));
    TRY(doctor_each(d, "SELECT id FROM kith_field WHERE type NOT IN (SELECT id FROM kith_type)",
                    BY_NUMBER, "field ", " of the catalogue belongs to no type"));
    snprintf(sql, sizeof sql,
             "SELECT t.name || '.' || f.name FROM kith_field f JOIN kith_type t ON t.id = f.type"
             " WHERE f.kind = %u AND t.name || '.' || f.name NOT IN (SELECT name FROM"
             " sqlite_schema WHERE type = 'table')",
             KITH_F_LINKS);
    TRY(doctor_each(d, sql, BY_NAME, "field ", " has no table of links"));
    snprintf(sql, sizeof sql,
             "SELECT t.name || '.' || f.name FROM kith_field f JOIN kith_type t ON t.id = f.type"
             " WHERE f.kind <> %u AND NOT EXISTS (SELECT 1 FROM pragma_table_info(t.name) c"
             " WHERE c.name = iif(f.kind = %u, f.name || '__lat', f.name))",
             KITH_F_LINKS, KITH_F_PLACE);
    return doctor_each(d, sql, BY_NAME, "field ", " has no column");
}

kith_status doctor_ids(struct doctor *d) {
    for (uint32_t i = 0; i < d->schema->type_count; i++) {
        const struct rtype *t = d->schema->types[i];
        char sql[160], before[96];
        snprintf(sql, sizeof sql, "SELECT id FROM \"%s\" WHERE id < 1", t->name);
        snprintf(before, sizeof before, "%s ", t->name);
        TRY(doctor_each(d, sql, BY_NUMBER, before, " has a number that is no id"));
    }
    return doctor_each(d,
                       "SELECT record FROM kith_journal WHERE record IS NOT NULL AND kind <> 4"
                       " GROUP BY record HAVING min(type) <> max(type)",
                       BY_ID, "", " is the id of records of two types");
}

/* -- links ------------------------------------------------------------------------------------- */

static kith_status check_link(struct doctor *d, const struct rfield *f,
                              const struct rtype *target) {
    char sql[512], before[160], after[160], only[96] = "";
    if (f->any_target)
        snprintf(only, sizeof only, " AND r.\"%s__type\" = %u", f->name, target->id);
    if (f->kind == KITH_F_LINKS)
        snprintf(sql, sizeof sql,
                 "SELECT record FROM \"%s.%s\" r WHERE NOT EXISTS (SELECT 1 FROM \"%s\" t WHERE "
                 "t.id = r.target)",
                 f->type->name, f->name, target->name);
    else
        snprintf(sql, sizeof sql,
                 "SELECT id FROM \"%s\" r WHERE \"%s\" IS NOT NULL%s AND NOT EXISTS"
                 " (SELECT 1 FROM \"%s\" t WHERE t.id = r.\"%s\")",
                 f->type->name, f->name, only, target->name, f->name);
    snprintf(before, sizeof before, "%s ", f->type->name);
    snprintf(after, sizeof after, " links (%s) to a %s that does not exist", f->name, target->name);
    return doctor_each(d, sql, BY_ID, before, after);
}

/* The two ends that are not the target: the record that a row of links is of, and the type that a
 * link to any record names. */
static kith_status check_ends(struct doctor *d, const struct rfield *f) {
    char sql[512], before[160];
    if (f->kind == KITH_F_LINKS) {
        snprintf(sql, sizeof sql,
                 "SELECT DISTINCT record FROM \"%s.%s\" WHERE record NOT IN (SELECT id FROM"
                 " \"%s\")",
                 f->type->name, f->name, f->type->name);
        snprintf(before, sizeof before, "links (%s) are left of %s ", f->name, f->type->name);
        return doctor_each(d, sql, BY_ID, before, ", which does not exist");
    }
    if (!f->any_target)
        return KITH_OK;
    snprintf(sql, sizeof sql,
             "SELECT id FROM \"%s\" WHERE (\"%s\" IS NULL) <> (\"%s__type\" IS NULL) OR"
             " \"%s__type\" NOT IN (SELECT id FROM kith_type)",
             f->type->name, f->name, f->name, f->name);
    snprintf(before, sizeof before, "%s of %s ", f->name, f->type->name);
    return doctor_each(d, sql, BY_ID, before, " links to a record of no type");
}

static kith_status check_links_of(struct doctor *d, const struct rfield *f) {
    if (f->kind != KITH_F_LINK && f->kind != KITH_F_LINKS)
        return KITH_OK;
    TRY(check_ends(d, f));
    if (f->target)
        TRY(check_link(d, f, f->target));
    for (uint32_t j = 0; f->any_target && j < d->schema->type_count; j++)
        TRY(check_link(d, f, d->schema->types[j]));
    return KITH_OK;
}

kith_status doctor_links(struct doctor *d) {
    const struct schema *s = d->schema;
    TRY(doctor_each_field(d, check_links_of));
    for (size_t i = 0; i < s->absent_count; i++) {
        const struct absent_link *l = &s->absent[i];
        const struct rtype *target = schema_type(s, str_of(l->target));
        if (target)
            TRY(check_link(d, &l->field, target));
    }
    return KITH_OK;
}

static kith_status check_tree(struct doctor *d, const struct rfield *f) {
    struct buf sql = {0};
    char before[96], after[160];
    const char *t = f->type->name, *p = f->name;
    if (!(f->flags & KITH_FF_TREE))
        return KITH_OK;
    buf_printf(&sql,
               "WITH RECURSIVE up(start, at) AS (SELECT id, \"%s\" FROM \"%s\" WHERE \"%s\" IS"
               " NOT NULL UNION SELECT start, t.\"%s\" FROM up JOIN \"%s\" t ON t.id = up.at"
               " WHERE t.\"%s\" IS NOT NULL) SELECT start FROM up WHERE start = at",
               p, t, p, p, t, p);
    snprintf(before, sizeof before, "%s ", t);
    snprintf(after, sizeof after, " lies within itself (%s)", p);
    kith_status st = sql.failed ? err_nomem(d->e) : doctor_each(d, sql.ptr, BY_ID, before, after);
    buf_free(&sql);
    return st;
}

kith_status doctor_trees(struct doctor *d) {
    return doctor_each_field(d, check_tree);
}

static kith_status tell_redirect(void *arg, kith_id id, const char *why, kith_error *e) {
    char text[ID_TEXT + 1];
    (void)e;
    id_format(id, text);
    return doctor_find(arg, "redirect %s %s", text, why);
}

kith_status doctor_redirects(struct doctor *d) {
    return redirect_astray(d->conn, d->schema, tell_redirect, d, d->e);
}

/* -- values ------------------------------------------------------------------------------------ */

static kith_status check_required(struct doctor *d, const struct rfield *f) {
    char sql[320], before[96], after[160];
    if (!(f->flags & KITH_FF_REQUIRED) || f->where) /* a company may ask for more as it goes */
        return KITH_OK;
    if (f->kind == KITH_F_LINKS)
        snprintf(sql, sizeof sql,
                 "SELECT id FROM \"%s\" WHERE id NOT IN (SELECT record FROM \"%s.%s\")",
                 f->type->name, f->type->name, f->name);
    else
        snprintf(sql, sizeof sql, "SELECT id FROM \"%s\" WHERE \"%s\" IS NULL", f->type->name,
                 f->type->columns[f->column]);
    snprintf(before, sizeof before, "%s ", f->type->name);
    snprintf(after, sizeof after, " has no %s, which is required", f->name);
    return doctor_each(d, sql, BY_ID, before, after);
}

kith_status doctor_required(struct doctor *d) {
    return doctor_each_field(d, check_required);
}

static kith_status check_options_of(struct doctor *d, const struct rfield *f) {
    struct buf sql = {0};
    char before[96], after[160];
    if (f->kind != KITH_F_STATE && f->kind != KITH_F_CHOICE)
        return KITH_OK;
    buf_printf(&sql, "SELECT id FROM \"%s\" WHERE \"%s\" NOT IN (", f->type->name, f->name);
    for (uint32_t i = 0; i < f->option_count; i++) {
        char *quoted = sqlite3_mprintf("%s%Q", i ? "," : "", f->options[i]);
        buf_puts(&sql, quoted ? quoted : "");
        sqlite3_free(quoted);
    }
    buf_puts(&sql, ")");
    snprintf(before, sizeof before, "%s ", f->type->name);
    snprintf(after, sizeof after, " has a %s that is none of its options", f->name);
    kith_status st = sql.failed ? err_nomem(d->e) : doctor_each(d, sql.ptr, BY_ID, before, after);
    buf_free(&sql);
    return st;
}

kith_status doctor_options(struct doctor *d) {
    return doctor_each_field(d, check_options_of);
}

/* A value that is checked once more stays what it is: so text is NFC and trimmed, numbers are in
 * range, lists are sorted, whatever the kinds ask for. */
static kith_status check_form_of(struct doctor *d, const struct rtype *t, kith_id id,
                                 const kith_value *values, struct arena *a) {
    char text[ID_TEXT + 1];
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct rfield *f = t->fields[i];
        kith_value again = values[i];
        kith_error why = KITH_ERROR_INIT;
        kith_status st = value_check(d->schema, f, false, a, &again, &why);
        if (st == KITH_OK && value_eq(&again, &values[i]))
            continue;
        if (f->kind == KITH_F_CHOICE || f->kind == KITH_F_STATE)
            continue; /* told by the check of options */
        id_format(id, text);
        TRY(doctor_find(d, "%s %s: %s", t->name, text,
                        st != KITH_OK ? why.message
                                      : arena_printf(a, "%s is not in its stored form", f->name)));
    }
    return KITH_OK;
}

static kith_status check_form(struct doctor *d, const struct rtype *t, struct arena *a) {
    sqlite3_stmt *st;
    bool row = true;
    struct buf sql = {0};
    buf_puts(&sql, "SELECT id");
    for (uint32_t i = 0; i < t->column_count; i++) {
        buf_puts(&sql, ", ");
        sql_name(&sql, t->columns[i]);
    }
    buf_puts(&sql, " FROM ");
    sql_name(&sql, t->name);
    kith_status status =
        sql.failed ? err_nomem(d->e) : conn_prepare_once(d->conn, sql.ptr, &st, d->e);
    buf_free(&sql);
    TRY(status);
    while (status == KITH_OK && row) {
        status = conn_step(d->conn, st, &row, d->e);
        if (status != KITH_OK || !row)
            break;
        arena_reset(a);
        kith_error why = KITH_ERROR_INIT;
        kith_id id = (kith_id)sqlite3_column_int64(st, 0);
        kith_value *values = ARENA_ARRAY(a, kith_value, t->field_count);
        if (!values)
            status = err_nomem(d->e);
        else if ((status = record_decode(t, st, 1, a, values, &why)) == KITH_OK)
            status = check_form_of(d, t, id, values, a);
        else if (doctor_cannot_tell(status))
            err_copy(d->e, &why);
        else
            status = doctor_find(d, "%s cannot be read: %s", t->name, why.message);
    }
    sqlite3_finalize(st);
    return status;
}

kith_status doctor_form(struct doctor *d) {
    struct arena a = {0};
    kith_status st = KITH_OK;
    for (uint32_t i = 0; st == KITH_OK && i < d->schema->type_count; i++)
        st = check_form(d, d->schema->types[i], &a);
    arena_free(&a);
    return st;
}

/* Money has an amount, a currency and the amount in the company's; a place has two numbers. */
static kith_status check_columns(struct doctor *d, const struct rfield *f) {
    char sql[640], before[96], after[160];
    const char *t = f->type->name, *n = f->name;
    if (f->kind == KITH_F_MONEY)
        snprintf(sql, sizeof sql,
                 "SELECT id FROM \"%s\" WHERE (\"%s\" IS NULL) <> (\"%s__cur\" IS NULL) OR"
                 " \"%s__base\" IS NOT CASE \"%s__cur\" WHEN '%s' THEN \"%s\" END",
                 t, n, n, n, n, d->schema->base_currency, n);
    else if (f->kind == KITH_F_PLACE)
        snprintf(sql, sizeof sql,
                 "SELECT id FROM \"%s\" WHERE (\"%s__lat\" IS NULL) <> (\"%s__lon\" IS NULL)", t, n,
                 n);
    else
        return KITH_OK;
    snprintf(before, sizeof before, "%s ", t);
    snprintf(after, sizeof after, ": the columns of %s do not belong together", n);
    return doctor_each(d, sql, BY_ID, before, after);
}

kith_status doctor_columns(struct doctor *d) {
    return doctor_each_field(d, check_columns);
}

static kith_status check_folds_of(struct doctor *d, const struct rfield *f, struct arena *a) {
    char sql[256], id[ID_TEXT + 1];
    sqlite3_stmt *st;
    bool row;
    snprintf(sql, sizeof sql, "SELECT id, \"%s\", \"%s__fold\" FROM \"%s\"", f->name, f->name,
             f->type->name);
    TRY(conn_prepare(d->conn, sql, &st, d->e));
    for (;;) {
        TRY(conn_step(d->conn, st, &row, d->e));
        if (!row)
            return KITH_OK;
        kith_str text = column_str(st, 1), fold = column_str(st, 2);
        arena_reset(a);
        if (!text.ptr && !fold.ptr)
            continue;
        kith_str should = text.ptr ? text_fold(a, text) : (kith_str){0};
        if ((text.ptr && !should.ptr) || sqlite3_errcode(d->conn->db) == SQLITE_NOMEM)
            return err_nomem(d->e);
        if (text.ptr && fold.ptr && str_eq(should, fold))
            continue;
        id_format((kith_id)sqlite3_column_int64(st, 0), id);
        TRY(doctor_find(d, "%s %s: the folded form of %s is not that of its text", f->type->name,
                        id, f->name));
    }
}

kith_status doctor_folds(struct doctor *d) {
    struct arena a = {0};
    kith_status st = KITH_OK;
    for (uint32_t i = 0; st == KITH_OK && i < d->schema->type_count; i++) {
        const struct rtype *t = d->schema->types[i];
        for (uint32_t k = 0; st == KITH_OK && k < t->field_count; k++)
            if (t->fields[k]->folded)
                st = check_folds_of(d, t->fields[k], &a);
    }
    arena_free(&a);
    return st;
}

/* -- contacts ---------------------------------------------------------------------------------- */

kith_status doctor_contacts(struct doctor *d) {
    static const char *const kinds[] = {"email", "phone"};
    for (size_t i = 0; i < 2; i++) {
        char sql[512], after[128];
        snprintf(sql, sizeof sql,
                 "SELECT c.id FROM contact c WHERE c.\"%s\" IS NOT (SELECT p.value FROM "
                 "contact_point p WHERE"
                 " p.contact = c.id AND p.kind = '%s' AND p.\"primary\" = 1)",
                 kinds[i], kinds[i]);
        snprintf(after, sizeof after, "'s %s is not that of its primary contact point", kinds[i]);
        TRY(doctor_each(d, sql, BY_ID, "contact ", after));
    }
    return doctor_each(
        d,
        "SELECT contact FROM contact_point WHERE \"primary\" = 1 GROUP BY contact, kind"
        " HAVING count(*) > 1",
        BY_ID, "contact ", " has two primary contact points of one kind");
}
