/* SPDX-License-Identifier: Apache-2.0 */
/* Search: the index as it is kept: its table, its rows, and which types are indexed.
 *
 * kith_search_type says for each type with which fields it is indexed (or is being indexed) and how
 * far: done is the last record, null when all are. What lies behind it is not looked after by
 * writes, since whoever indexes comes to it later. */
#include "record/search_internal.h"

#include "base/log.h"
#include <stdio.h>
#include <string.h>

#define DONE_NONE 0 /* no record has this id */

/* -- the tables -------------------------------------------------------------------------------- */

static void table_text(struct buf *sql) {
    /* Words consist of letters and digits, in lower case: blanks separate them. No sizes of rows
     * are kept: ranking counts words itself. Two letters are the shortest beginning that people
     * type; longer ones are few enough to be put together. */
    buf_puts(sql, "CREATE VIRTUAL TABLE kith_search USING fts5(kind");
    for (uint32_t i = 0; i < SEARCH_SLOTS; i++)
        buf_printf(sql, ", s%u", i);
    buf_puts(sql, ", tokenize = 'ascii', columnsize = 0, prefix = '2')");
}

static kith_status make_table(struct conn *c, kith_error *e) {
    struct buf sql = {0};
    table_text(&sql);
    kith_status st = sql.failed ? err_nomem(e) : conn_exec(c, sql.ptr, e);
    buf_free(&sql);
    return st;
}

static kith_status make_tables(struct conn *c, kith_error *e) {
    int64_t there;
    TRY(conn_int(c, "SELECT count(*) FROM sqlite_schema WHERE name = 'kith_search'", 0, &there, e));
    if (!there)
        TRY(make_table(c, e));
    return conn_exec(c,
                     "CREATE TABLE IF NOT EXISTS kith_search_type(type INTEGER PRIMARY KEY, fields"
                     " TEXT NOT NULL, done INTEGER) STRICT",
                     e);
}

/* -- which types are indexed ------------------------------------------------------------------- */

/* What the words of a type are made of: "1.2:14,12,20". */
static void signature(const struct rtype *t, struct buf *out) {
    buf_printf(out, "%d.%d:", WORDS_VERSION, SEARCH_VERSION);
    for (uint32_t i = 0; i < t->searched_count; i++)
        buf_printf(out, "%s%u", i ? "," : "", t->searched[i]->id);
}

static kith_status note_type(struct conn *c, uint32_t type, kith_str fields, bool whole,
                             kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(
        c, "INSERT OR REPLACE INTO kith_search_type(type, fields, done) VALUES(?1,?2,?3)", &st, e));
    bind_int(st, 1, type);
    bind_str(st, 2, fields);
    if (!whole)
        bind_int(st, 3, DONE_NONE);
    return conn_run(c, st, e);
}

static kith_status check_type(struct conn *c, const struct rtype *t, kith_str fields,
                              kith_error *e) {
    sqlite3_stmt *st;
    bool row, same = false;
    uint64_t high = 0;
    TRY(conn_prepare(c, "SELECT fields FROM kith_search_type WHERE type = ?1", &st, e));
    bind_int(st, 1, t->id);
    TRY(conn_step(c, st, &row, e));
    if (row) {
        same = str_eq(column_str(st, 0), fields);
        sqlite3_reset(st);
    }
    if (same || (!row && t->searched_count == 0))
        return KITH_OK;
    TRY(record_high_id(c, t, &high, e));
    if (high)
        log_info("search", "%s is indexed %s", t->name, row ? "anew" : "from now on");
    return note_type(c, t->id, fields, high == 0, e);
}

kith_status search_setup(struct conn *c, const struct schema *s, kith_error *e) {
    kith_status st = make_tables(c, e);
    for (uint32_t i = 0; st == KITH_OK && i < s->type_count; i++) {
        struct buf fields = {0};
        signature(s->types[i], &fields);
        st = fields.failed ? err_nomem(e) : check_type(c, s->types[i], buf_view(&fields), e);
        buf_free(&fields);
    }
    return st;
}

/* FTS5 cannot even drop a table whose list of segments it cannot read: so the list becomes an empty
 * one first. Its row and its form: the comments in SQLite's fts5_index.c. */
static kith_status drop_table(struct conn *c, kith_error *e) {
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    kith_status st =
        conn_exec(c, "REPLACE INTO kith_search_data(id, block) VALUES(10, x'00000000000000')", e);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    TRY(st);
    return conn_exec(c, "DROP TABLE kith_search; DELETE FROM kith_search_type", e);
}

kith_status search_clear(struct conn *c, const struct schema *s, kith_error *e) {
    conn_forget_statements(c);
    TRY(drop_table(c, e));
    TRY(make_table(c, e));
    return search_setup(c, s, e);
}

kith_status search_gaps(struct conn *c, struct arena *a, struct search_gap **out, size_t *count,
                        kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    size_t cap = 0;
    *out = NULL;
    *count = 0;
    TRY(conn_prepare(
        c, "SELECT type, done FROM kith_search_type WHERE done IS NOT NULL ORDER BY type", &st, e));
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        struct search_gap *items = arena_grow(a, *out, *count, &cap, sizeof *items);
        if (!items) {
            sqlite3_reset(st);
            return err_nomem(e);
        }
        *out = items;
        items[(*count)++] = (struct search_gap){(uint32_t)sqlite3_column_int64(st, 0),
                                                (kith_id)sqlite3_column_int64(st, 1)};
    }
}

/* -- rows -------------------------------------------------------------------------------------- */

bool search_damage(kith_status st, struct conn *c) {
    return st == KITH_E_CORRUPT && sqlite3_extended_errcode(c->db) == SQLITE_CORRUPT_VTAB;
}

kith_status search_error(kith_status st, struct conn *c, kith_error *e) {
    return search_damage(st, c) ? search_damaged(st, e) : st;
}

kith_status search_damaged(kith_status st, kith_error *e) {
    return err_set(e, st, NULL,
                   "the search index is damaged, the records are not: 'kith search --rebuild'"
                   " makes it anew");
}

static kith_status delete_row(struct conn *c, kith_id id, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_search WHERE rowid = ?1", &st, e));
    bind_int(st, 1, (int64_t)id);
    return search_error(conn_run(c, st, e), c, e);
}

kith_status search_touch(struct conn *c, kith_error *e) {
    return delete_row(c, 0, e); /* no record has this id */
}

kith_status search_merge(struct conn *c, int pages, bool *whole, kith_error *e) {
    sqlite3_stmt *st;
    int64_t before = sqlite3_total_changes64(c->db);
    TRY(conn_prepare(c, "INSERT INTO kith_search(kith_search, rank) VALUES('merge', ?1)", &st, e));
    bind_int(st, 1, pages);
    TRY(search_error(conn_run(c, st, e), c, e));
    *whole = sqlite3_total_changes64(c->db) - before < 2; /* as FTS5 tells that nothing was left */
    return KITH_OK;
}

static kith_status write_row(struct conn *c, const struct rtype *t, kith_id id,
                             const struct search_text *w, kith_error *e) {
    sqlite3_stmt *st;
    char kind[24];
    int n = snprintf(kind, sizeof kind, SEARCH_BAR "%u", t->id);
    TRY(conn_prepare(c,
                     "REPLACE INTO kith_search(rowid, kind, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9,"
                     " s10, s11, s12, s13, s14, s15)"
                     " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18)",
                     &st, e));
    bind_int(st, 1, (int64_t)id);
    bind_str(st, 2, (kith_str){kind, (uint64_t)n});
    for (uint32_t i = 0; i < SEARCH_SLOTS; i++)
        if (w->slots[i].len)
            bind_str(st, 3 + (int)i, buf_view(&w->slots[i]));
    return search_error(conn_run(c, st, e), c, e);
}

/* The words of the record on which st stands. */
static kith_status read_words(const struct rtype *t, sqlite3_stmt *st, struct arena *a,
                              struct search_text *room, kith_error *e) {
    kith_value *values = ARENA_ARRAY(a, kith_value, t->field_count);
    if (!values)
        return err_nomem(e);
    TRY(record_decode(t, st, 1, a, values, e));
    return search_text_of(t, values, room) ? KITH_OK : err_nomem(e);
}

static kith_status put_row(struct conn *c, const struct rtype *t, kith_id id,
                           const struct search_text *w, kith_error *e) {
    return w->any ? write_row(c, t, id, w, e) : delete_row(c, id, e);
}

kith_status search_update(struct conn *c, const struct rtype *t, kith_id id,
                          struct search_text *room, kith_error *e) {
    struct arena a = {0};
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c, t->sql_select, &st, e));
    bind_int(st, 1, (int64_t)id);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return delete_row(c, id, e);
    kith_status status = read_words(t, st, &a, room, e);
    sqlite3_reset(st); /* before the row is put: search_damage looks at the last statement */
    arena_free(&a);
    return status == KITH_OK ? put_row(c, t, id, room, e) : status;
}

/* -- indexing what is there -------------------------------------------------------------------- */

static const char *next_text(const struct rtype *t, struct buf *sql) {
    buf_puts(sql, "SELECT id");
    for (uint32_t i = 0; i < t->column_count; i++) {
        buf_puts(sql, ", ");
        sql_name(sql, t->columns[i]);
    }
    buf_puts(sql, " FROM ");
    sql_name(sql, t->name);
    buf_puts(sql, " WHERE id > ?1 ORDER BY id LIMIT ?2");
    return sql->failed ? NULL : sql->ptr;
}

static kith_status fill_rows(struct conn *c, const struct rtype *t, struct search_gap *gap,
                             int64_t max, bool *whole, kith_error *e) {
    struct buf sql = {0};
    struct arena a = {0};
    struct search_text room = {0};
    sqlite3_stmt *st;
    bool row = true;
    int64_t n = 0;
    kith_status status = next_text(t, &sql) ? conn_prepare(c, sql.ptr, &st, e) : err_nomem(e);
    if (status == KITH_OK) {
        bind_int(st, 1, (int64_t)gap->done);
        bind_int(st, 2, max);
        while ((status = conn_step(c, st, &row, e)) == KITH_OK && row) {
            arena_reset(&a);
            kith_id id = (kith_id)sqlite3_column_int64(st, 0);
            status = read_words(t, st, &a, &room, e);
            if (status == KITH_OK)
                status = put_row(c, t, id, &room, e);
            if (status != KITH_OK)
                break;
            gap->done = id;
            n++;
        }
        sqlite3_reset(st);
    }
    *whole = status == KITH_OK && n < max;
    search_text_free(&room);
    arena_free(&a);
    buf_free(&sql);
    return status;
}

/* A type that has no searched field any more: its rows go. */
static kith_status drop_rows(struct conn *c, struct search_gap *gap, int64_t max, bool *whole,
                             kith_error *e) {
    sqlite3_stmt *st;
    char kind[32];
    int n = snprintf(kind, sizeof kind, "\"" SEARCH_BAR "%u\"", gap->type);
    TRY(conn_prepare(c,
                     "DELETE FROM kith_search WHERE rowid IN (SELECT rowid FROM kith_search WHERE"
                     " kith_search MATCH ?1 LIMIT ?2)",
                     &st, e));
    bind_str(st, 1, (kith_str){kind, (uint64_t)n});
    bind_int(st, 2, max);
    TRY(search_error(conn_run(c, st, e), c, e));
    *whole = sqlite3_changes(c->db) < max;
    return KITH_OK;
}

static kith_status note_done(struct conn *c, const struct search_gap *gap, bool whole,
                             kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "UPDATE kith_search_type SET done = ?2 WHERE type = ?1", &st, e));
    bind_int(st, 1, gap->type);
    if (!whole)
        bind_int(st, 2, (int64_t)gap->done);
    return conn_run(c, st, e);
}

kith_status search_fill(struct conn *c, const struct schema *s, struct search_gap *gap, int64_t max,
                        bool *whole, kith_error *e) {
    const struct rtype *t = schema_type_by_id(s, gap->type);
    *whole = false;
    if (!t) /* its module is not loaded: its records wait, with it */
        return KITH_OK;
    TRY(t->searched_count ? fill_rows(c, t, gap, max, whole, e) : drop_rows(c, gap, max, whole, e));
    return note_done(c, gap, *whole, e);
}

kith_status search_missing(struct conn *c, const struct schema *s, int64_t max, uint64_t *n,
                           kith_error *e) {
    struct arena a = {0};
    struct search_gap *gaps;
    size_t count;
    *n = 0;
    kith_status st = search_gaps(c, &a, &gaps, &count, e);
    for (size_t i = 0; st == KITH_OK && i < count; i++) {
        const struct rtype *t = schema_type_by_id(s, gaps[i].type);
        int64_t left = 0;
        char sql[200];
        if (!t)
            continue;
        snprintf(sql, sizeof sql,
                 "SELECT count(*) FROM (SELECT 1 FROM \"%s\" WHERE id > %lld LIMIT %lld)", t->name,
                 (long long)gaps[i].done, (long long)max);
        st = conn_int(c, sql, 0, &left, e);
        *n += (uint64_t)left;
    }
    arena_free(&a);
    return st;
}
