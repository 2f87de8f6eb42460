/* SPDX-License-Identifier: Apache-2.0 */
/* Doctor: the search index has the words of every record, and of nothing else. */
#include "base/id.h"
#include "journal/doctor_internal.h"
#include "record/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct searching {
    struct doctor *d;
    const struct rtype *type;
    struct arena arena;
    struct search_text should;
    const struct search_gap *gaps;
    size_t gap_count;
};

/* Is the record still to be indexed? */
static bool is_behind_gap(const struct searching *s, kith_id id) {
    for (size_t i = 0; i < s->gap_count; i++)
        if (s->gaps[i].type == s->type->id)
            return id > s->gaps[i].done;
    return false;
}

static kith_status find_about(struct searching *s, kith_id id, const char *what) {
    char text[ID_TEXT + 1];
    id_format(id, text);
    return doctor_find(s->d, "%s %s %s", s->type->name, text, what);
}

static bool same_words(const struct searching *s, sqlite3_stmt *st) {
    for (uint32_t i = 0; i < SEARCH_SLOTS; i++) {
        kith_str have = column_str(st, (int)i), want = buf_view(&s->should.slots[i]);
        if (have.len != want.len || (want.len && memcmp(have.ptr, want.ptr, want.len) != 0))
            return false;
    }
    return true;
}

/* Its row against its words. */
static kith_status check_row(struct searching *s, kith_id id) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(s->d->conn,
                     "SELECT s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15"
                     " FROM kith_search WHERE rowid = ?1",
                     &st, s->d->e));
    bind_int(st, 1, (int64_t)id);
    TRY(conn_step(s->d->conn, st, &row, s->d->e));
    bool same = row && same_words(s, st);
    sqlite3_reset(st);
    if (!row)
        return s->should.any ? find_about(s, id, "is not in the search index") : KITH_OK;
    return same ? KITH_OK : find_about(s, id, "has other words in the search index");
}

static kith_status find_unread(struct searching *s, kith_id id, const kith_error *why) {
    return find_about(s, id, arena_printf(&s->arena, "cannot be read: %s", why->message));
}

/* One that cannot be read is told, and does not keep the others from being looked at. */
static kith_status check_record(struct searching *s, sqlite3_stmt *st) {
    kith_id id = (kith_id)sqlite3_column_int64(st, 0);
    kith_error why = KITH_ERROR_INIT;
    arena_reset(&s->arena);
    kith_value *values = ARENA_ARRAY(&s->arena, kith_value, s->type->field_count);
    if (is_behind_gap(s, id))
        return KITH_OK;
    if (!values)
        return err_nomem(s->d->e);
    kith_status status = record_decode(s->type, st, 1, &s->arena, values, &why);
    if (doctor_cannot_tell(status))
        err_copy(s->d->e, &why);
    if (status != KITH_OK)
        return doctor_cannot_tell(status) ? status : find_unread(s, id, &why);
    if (!search_text_of(s->type, values, &s->should))
        return err_nomem(s->d->e);
    return check_row(s, id);
}

static kith_status check_type(struct searching *s) {
    struct buf sql = {0};
    sqlite3_stmt *st = NULL;
    bool row = true;
    buf_puts(&sql, "SELECT id");
    for (uint32_t i = 0; i < s->type->column_count; i++) {
        buf_puts(&sql, ", ");
        sql_name(&sql, s->type->columns[i]);
    }
    buf_puts(&sql, " FROM ");
    sql_name(&sql, s->type->name);
    kith_status status =
        sql.failed ? err_nomem(s->d->e) : conn_prepare_once(s->d->conn, sql.ptr, &st, s->d->e);
    while (status == KITH_OK && row) {
        status = conn_step(s->d->conn, st, &row, s->d->e);
        if (status == KITH_OK && row)
            status = check_record(s, st);
    }
    sqlite3_finalize(st);
    buf_free(&sql);
    return status;
}

/* Rows of records that are not there. Those of a type that is not loaded wait for it; those of one
 * that is being indexed anew are swept up by that. */
static kith_status check_orphan(struct searching *s, sqlite3_stmt *st) {
    kith_id id = (kith_id)sqlite3_column_int64(st, 0);
    kith_str kind = column_str(st, 1);
    bool there = true;
    s->type = kind.len < 3
                  ? NULL
                  : schema_type_by_id(s->d->schema, (uint32_t)strtoul(kind.ptr + 2, NULL, 10));
    if (!s->type || is_behind_gap(s, id))
        return KITH_OK;
    TRY(record_exists(s->d->conn, s->type, id, &there, s->d->e));
    return there ? KITH_OK : find_about(s, id, "is in the search index, and there is no such one");
}

static kith_status check_orphans(struct searching *s) {
    sqlite3_stmt *st;
    bool row = true;
    kith_status status =
        conn_prepare_once(s->d->conn, "SELECT rowid, kind FROM kith_search", &st, s->d->e);
    while (status == KITH_OK && row) {
        status = conn_step(s->d->conn, st, &row, s->d->e);
        if (status == KITH_OK && row)
            status = check_orphan(s, st);
    }
    sqlite3_finalize(st);
    return status;
}

/* FTS5's own look at its tables. It is asked by an insert that inserts nothing. */
static kith_status check_inside(struct doctor *d) {
    kith_error why = KITH_ERROR_INIT;
    TRY(conn_exec(d->conn, "PRAGMA query_only = 0", d->e));
    kith_status st =
        conn_exec(d->conn, "INSERT INTO kith_search(kith_search) VALUES('integrity-check')", &why);
    TRY(conn_exec(d->conn, "PRAGMA query_only = 1", d->e));
    if (st == KITH_E_CORRUPT)
        return doctor_find(d, "the search index does not fit together within itself");
    if (st != KITH_OK)
        err_copy(d->e, &why);
    return st;
}

kith_status doctor_search(struct doctor *d) {
    struct searching s = {.d = d};
    struct arena a = {0};
    struct search_gap *gaps;
    kith_status st = search_gaps(d->conn, &a, &gaps, &s.gap_count, d->e);
    s.gaps = gaps;
    for (uint32_t i = 0; st == KITH_OK && i < d->schema->type_count; i++) {
        s.type = d->schema->types[i];
        if (s.type->searched_count)
            st = check_type(&s);
    }
    if (st == KITH_OK)
        st = check_orphans(&s);
    if (st == KITH_OK)
        st = check_inside(d);
    search_text_free(&s.should);
    arena_free(&s.arena);
    arena_free(&a);
    return st;
}
