/* SPDX-License-Identifier: Apache-2.0 */
/* The import log's tables. */
#include "journal/import_log.h"

#include <string.h>

/* What came later than the table: the digest of the first batch, and the file of rejects. Imports
 * of before have none. */
static kith_status add_later(struct conn *c, kith_error *e) {
    int64_t head, rejects;
    TRY(conn_int(c, "SELECT count(*) FROM pragma_table_info('kith_import') WHERE name = 'head'", 0,
                 &head, e));
    TRY(conn_int(c, "SELECT count(*) FROM pragma_table_info('kith_import') WHERE name = 'rejects'",
                 0, &rejects, e));
    if (!head)
        TRY(conn_exec(c, "ALTER TABLE kith_import ADD COLUMN head BLOB", e));
    return rejects ? KITH_OK : conn_exec(c, "ALTER TABLE kith_import ADD COLUMN rejects TEXT", e);
}

kith_status import_log_setup(struct conn *c, kith_error *e) {
    TRY(conn_exec(
        c,
        "CREATE TABLE IF NOT EXISTS kith_import(run INTEGER PRIMARY KEY, type TEXT NOT NULL,"
        " name TEXT NOT NULL, started INTEGER NOT NULL, state INTEGER NOT NULL, options BLOB"
        " NOT NULL, content BLOB NOT NULL, rows INTEGER NOT NULL, created INTEGER NOT NULL,"
        " updated INTEGER NOT NULL, unchanged INTEGER NOT NULL, skipped INTEGER NOT NULL,"
        " rejected INTEGER NOT NULL, duplicates INTEGER NOT NULL, keyless INTEGER NOT NULL)"
        " STRICT;"
        "CREATE TABLE IF NOT EXISTS kith_import_reject(run INTEGER NOT NULL, row INTEGER NOT"
        " NULL, field TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY(run, row)) STRICT,"
        " WITHOUT ROWID",
        e));
    return add_later(c, e);
}

static void digest_of(sqlite3_stmt *st, int i, unsigned char out[IMPORT_DIGEST]) {
    memset(out, 0, IMPORT_DIGEST);
    if (sqlite3_column_bytes(st, i) == IMPORT_DIGEST)
        memcpy(out, sqlite3_column_blob(st, i), IMPORT_DIGEST);
}

static kith_str digest_str(const unsigned char digest[IMPORT_DIGEST]) {
    return (kith_str){(const char *)digest, IMPORT_DIGEST};
}

#define BY_ACTOR                                                                                   \
    " (?5 = 0 OR NOT EXISTS (SELECT 1 FROM kith_tx AS t WHERE t.run = kith_import.run"             \
    " AND t.actor <> ?5))"

kith_status import_log_find(struct conn *c, const char *type, const char *name, uint32_t actor,
                            struct arena *a, struct import_log *out, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(
        c,
        "SELECT run, started, options, content, rows, created, updated, unchanged, skipped,"
        " rejected, duplicates, keyless FROM kith_import WHERE type = ?1 AND name = ?2 AND"
        " state = 1 AND" BY_ACTOR " ORDER BY run DESC LIMIT 1",
        &st, e));
    bind_str(st, 1, str_of(type));
    bind_str(st, 2, str_of(name));
    bind_int(st, 5, actor);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return err_set(e, KITH_E_NOTFOUND, NULL, "no import of %s is under way", name);
    *out = (struct import_log){
        .run = (kith_id)sqlite3_column_int64(st, 0),
        .started = sqlite3_column_int64(st, 1),
        .type = arena_strdup(a, type),
        .name = arena_strdup(a, name),
        .rows = (uint64_t)sqlite3_column_int64(st, 4),
    };
    digest_of(st, 2, out->options);
    digest_of(st, 3, out->content);
    for (int i = 0; i < IMPORT_COUNTS; i++)
        out->counts[i] = (uint64_t)sqlite3_column_int64(st, 5 + i);
    sqlite3_reset(st);
    return out->type && out->name ? KITH_OK : err_nomem(e);
}

kith_status import_log_twin(struct conn *c, const struct import_log *like, uint32_t actor,
                            kith_id *run, int64_t *started, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c,
                     "SELECT run, started FROM kith_import WHERE type = ?1 AND name = ?2 AND"
                     " state = 2 AND options = ?3 AND head = ?4 AND created > 0 AND" BY_ACTOR
                     " ORDER BY run DESC LIMIT 1",
                     &st, e));
    bind_int(st, 5, actor);
    bind_str(st, 1, str_of(like->type));
    bind_str(st, 2, str_of(like->name));
    bind_blob(st, 3, digest_str(like->options));
    bind_blob(st, 4, digest_str(like->content));
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return err_set(e, KITH_E_NOTFOUND, NULL, "%s was not imported before", like->name);
    *run = (kith_id)sqlite3_column_int64(st, 0);
    *started = sqlite3_column_int64(st, 1);
    sqlite3_reset(st);
    return KITH_OK;
}

kith_status import_log_begin(struct conn *c, const struct import_log *log, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(
        c,
        "INSERT INTO kith_import(run, type, name, started, state, options, content, rows,"
        " created, updated, unchanged, skipped, rejected, duplicates, keyless)"
        " VALUES(?1, ?2, ?3, ?4, 1, ?5, ?6, 0, 0, 0, 0, 0, 0, 0, 0)",
        &st, e));
    bind_int(st, 1, (int64_t)log->run);
    bind_str(st, 2, str_of(log->type));
    bind_str(st, 3, str_of(log->name));
    bind_int(st, 4, log->started);
    bind_blob(st, 5, digest_str(log->options));
    bind_blob(st, 6, digest_str(log->content));
    return conn_run(c, st, e);
}

kith_status import_log_set_file(struct conn *c, kith_id run, kith_str path, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "UPDATE kith_import SET rejects = ?2 WHERE run = ?1", &st, e));
    bind_int(st, 1, (int64_t)run);
    bind_str(st, 2, path);
    return conn_run(c, st, e);
}

kith_status import_log_files(struct conn *c, struct arena *a, kith_str **paths, size_t *count,
                             kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    size_t cap = 0;
    *paths = NULL;
    *count = 0;
    TRY(conn_prepare(c,
                     "SELECT DISTINCT rejects FROM kith_import WHERE rejects IS NOT NULL"
                     " ORDER BY rejects",
                     &st, e));
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        kith_str *items = arena_grow(a, *paths, *count, &cap, sizeof *items);
        kith_str path = arena_str(a, column_str(st, 0));
        if (!items || !path.ptr) {
            sqlite3_reset(st);
            return err_nomem(e);
        }
        *paths = items;
        items[(*count)++] = path;
    }
}

kith_status import_log_advance(struct conn *c, uint64_t from, const struct import_log *batch,
                               kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(
        c,
        "UPDATE kith_import SET content = ?3, head = CASE rows WHEN 0 THEN ?3 ELSE head END,"
        " rows = rows + ?4, created = created + ?5,"
        " updated = updated + ?6, unchanged = unchanged + ?7, skipped = skipped + ?8,"
        " rejected = rejected + ?9, duplicates = duplicates + ?10, keyless = keyless + ?11"
        " WHERE run = ?1 AND rows = ?2 AND state = 1",
        &st, e));
    bind_int(st, 1, (int64_t)batch->run);
    bind_int(st, 2, (int64_t)from);
    bind_blob(st, 3, digest_str(batch->content));
    bind_int(st, 4, (int64_t)batch->rows);
    for (int i = 0; i < IMPORT_COUNTS; i++)
        bind_int(st, 5 + i, (int64_t)batch->counts[i]);
    TRY(conn_run(c, st, e));
    if (sqlite3_changes(c->db) == 1)
        return KITH_OK;
    return err_set(
        e, KITH_E_CONFLICT, NULL,
        "the import was undone, or is carried on by somebody else; nothing more is imported");
}

kith_status import_log_reject(struct conn *c, kith_id run, uint64_t row, const char *field,
                              const char *reason, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(
        c, "INSERT INTO kith_import_reject(run, row, field, reason) VALUES(?1, ?2, ?3, ?4)", &st,
        e));
    bind_int(st, 1, (int64_t)run);
    bind_int(st, 2, (int64_t)row);
    bind_str(st, 3, str_of(field));
    bind_str(st, 4, str_of(reason));
    return conn_run(c, st, e);
}

kith_status import_log_rejects(struct conn *c, kith_id run, uint64_t row, uint32_t max,
                               struct arena *a, struct import_log_reject *out, uint32_t *count,
                               kith_error *e) {
    sqlite3_stmt *st;
    *count = 0;
    TRY(conn_prepare(
        c,
        "SELECT row, field, reason FROM kith_import_reject WHERE run = ?1 AND row >= ?2"
        " ORDER BY row LIMIT ?3",
        &st, e));
    bind_int(st, 1, (int64_t)run);
    bind_int(st, 2, (int64_t)row);
    bind_int(st, 3, max);
    for (bool more = true; more;) {
        TRY(conn_step(c, st, &more, e));
        if (!more)
            break;
        struct import_log_reject *r = &out[*count];
        r->row = (uint64_t)sqlite3_column_int64(st, 0);
        r->field = arena_str(a, column_str(st, 1)).ptr;
        r->reason = arena_str(a, column_str(st, 2)).ptr;
        if (!r->field || !r->reason) {
            sqlite3_reset(st);
            return err_nomem(e);
        }
        ++*count;
    }
    return KITH_OK;
}

kith_status import_log_end(struct conn *c, kith_id run, enum import_state state, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "UPDATE kith_import SET state = ?2 WHERE run = ?1 AND state < ?2", &st, e));
    bind_int(st, 1, (int64_t)run);
    bind_int(st, 2, (int64_t)state);
    TRY(conn_run(c, st, e));
    TRY(conn_prepare(c, "DELETE FROM kith_import_reject WHERE run = ?1", &st, e));
    bind_int(st, 1, (int64_t)run);
    return conn_run(c, st, e);
}
