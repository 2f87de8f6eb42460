/* SPDX-License-Identifier: Apache-2.0 */
/* Connections and statements: the settings every connection gets, the cache, and SQLite's refusals
 * as sentences. */
#include "store/store.h"
#include "base/id.h"
#include "base/log.h"
#include "store/vfs.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define COPY_PAGES     2048       /* copied between two syncs: 8 MB */
#define APPLICATION_ID 1263096904 /* "KITH", in the database header */

static pthread_once_t setup_once = PTHREAD_ONCE_INIT;
static int setup_rc;

static void setup(void) {
    /* Statement journals of groups stay in memory up to 10 MB: a savepoint per request costs half
     * as much then. Beyond, vfs.c lets them become files. temp_store=MEMORY on the writer would
     * undo the first: they then grow by 1 KB pieces without end, and a request costs a third more.
     * Memory statistics cost a global mutex on every allocation. */
    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, 10 * 1024 * 1024);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    setup_rc = sqlite3_initialize();
}

kith_status store_setup(kith_error *e) {
    pthread_once(&setup_once, setup);
    if (setup_rc != SQLITE_OK)
        return err_set(e, KITH_E_INTERNAL, NULL, "SQLite does not start: %s",
                       sqlite3_errstr(setup_rc));
    return KITH_OK;
}

/* -- errors ------------------------------------------------------------------------------------ */

struct sentence {
    int rc;
    kith_status status;
    const char *text;
};

static const struct sentence sentences[] = {
    {SQLITE_FULL, KITH_E_FULL,
     "the disk is full, and what was being written is not kept; make room and try again"},
    {SQLITE_IOERR, KITH_E_IO, "the disk failed while the database was read or written"},
    {SQLITE_NOMEM, KITH_E_NOMEM, "there is not enough memory"},
    {SQLITE_BUSY, KITH_E_BUSY, "the database is used by another program"},
    {SQLITE_LOCKED, KITH_E_BUSY, "the database is used by another program"},
    {SQLITE_CORRUPT, KITH_E_CORRUPT, "the database file is damaged; restore a backup"},
    {SQLITE_NOTADB, KITH_E_CORRUPT, "the file is not a Kith database"},
    {SQLITE_READONLY, KITH_E_DENIED, "the database file or its folder may not be written"},
    {SQLITE_PERM, KITH_E_DENIED, "the database file may not be opened"},
    {SQLITE_CANTOPEN, KITH_E_IO,
     "the database file cannot be opened; does its folder exist and may it be written?"},
    {SQLITE_INTERRUPT, KITH_E_LIMIT,
     "the query took longer than allowed; narrow it or add an index"},
    {SQLITE_TOOBIG, KITH_E_LIMIT, "a value is too large"},
    {SQLITE_CONSTRAINT, KITH_E_CONFLICT, "the value is used already"},
};

kith_status conn_error(struct conn *c, int rc, kith_error *e) {
    const char *detail = c && c->db ? sqlite3_errmsg(c->db) : sqlite3_errstr(rc);
    const char *path = c ? c->path : "database";
    if (rc == SQLITE_IOERR_NOMEM)
        rc = SQLITE_NOMEM;
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        const struct sentence *s = &sentences[i];
        if (s->rc != (rc & 0xff))
            continue;
        if (s->status == KITH_E_LIMIT) /* whoever asked for too much need not know the file */
            return err_set(e, s->status, NULL, "%s", s->text);
        return err_set(e, s->status, NULL, "%s: %s (%s)", path, s->text, detail);
    }
    return err_set(e, KITH_E_INTERNAL, NULL, "%s: SQLite refused: %s (%d)", path, detail, rc);
}

/* -- connections ------------------------------------------------------------------------------- */

static kith_status check_format(struct conn *c, kith_error *e) {
    int64_t format;
    TRY(conn_int(c, "PRAGMA user_version", 0, &format, e));
    return format <= STORE_FORMAT
               ? KITH_OK
               : err_set(e, KITH_E_UNSUPPORTED, NULL,
                         "%s was written by a newer Kith: it has format %lld, and this one knows"
                         " formats up to %d; install the newer one",
                         c->path, (long long)format, STORE_FORMAT);
}

static kith_status check_ours(struct conn *c, enum conn_kind kind, kith_error *e) {
    int64_t id = 0, tables = 0;
    char sql[80];
    TRY(conn_int(c, "PRAGMA application_id", 0, &id, e));
    if (id == APPLICATION_ID)
        return check_format(c, e);
    TRY(conn_int(c, "SELECT count(*) FROM sqlite_schema", 0, &tables, e));
    if (id != 0 || tables > 0 || kind != CONN_WRITER)
        return err_set(e, KITH_E_CORRUPT, NULL,
                       "%s is a database of another program, not of Kith; name another file",
                       c->path);
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION_ID,
             STORE_FORMAT);
    return conn_exec(c, sql, e);
}

/* Without the write-ahead log there is no reading beside the writer, and no promise is kept. */
static kith_status use_wal(struct conn *c, kith_error *e) {
    sqlite3_stmt *st;
    bool row, wal;
    TRY(conn_prepare_once(c, "PRAGMA journal_mode=WAL", &st, e));
    kith_status status = conn_step(c, st, &row, e);
    /* "memory": a database in memory, which has no log and no other reader. */
    wal = status == KITH_OK && row &&
          (str_eqz(column_str(st, 0), "wal") || str_eqz(column_str(st, 0), "memory"));
    sqlite3_finalize(st);
    TRY(status);
    return wal ? KITH_OK
               : err_set(e, KITH_E_IO, NULL,
                         "%s: this file system cannot hold a write-ahead log; use a local disk",
                         c->path);
}

static kith_status configure(struct conn *c, enum conn_kind kind, kith_error *e) {
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 512, 128);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_extended_result_codes(c->db, 1);
    sqlite3_busy_timeout(c->db, STORE_BUSY_MS);
    sqlite3_limit(c->db, SQLITE_LIMIT_LENGTH, 256 * 1024 * 1024);
    TRY(check_ours(c, kind, e));
    TRY(store_functions(c, e));
    /* Caches in KB: what misses is mostly in the system's cache of the file. Twice as much made
     * writing and reading no faster, but took half of the memory that a server may have. */
    switch (kind) {
    case CONN_WRITER:
        TRY(use_wal(c, e));
        return conn_exec(c,
                         "PRAGMA synchronous=FULL;"
                         "PRAGMA wal_autocheckpoint=0;"
                         "PRAGMA secure_delete=ON;" /* what is erased is overwritten */
                         "PRAGMA cache_size=-16384; PRAGMA foreign_keys=OFF",
                         e);
    case CONN_READER:
        return conn_exec(
            c, "PRAGMA query_only=1; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-4096", e);
    case CONN_CHECKPOINT:
        return conn_exec(c,
                         "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
                         "PRAGMA cache_size=-64",
                         e);
    }
    return KITH_OK;
}

kith_status conn_open(struct conn **out, const char *path, enum conn_kind kind, const char *vfs,
                      kith_error *e) {
    *out = NULL;
    TRY(store_setup(e));
    struct conn *c = calloc(1, sizeof *c);
    if (!c || !(c->path = strdup(path))) {
        free(c);
        return err_nomem(e);
    }
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE;
    if (kind == CONN_WRITER)
        flags |= SQLITE_OPEN_CREATE;
    /* A read-only open could not take part in unix-excl's shared lock: readers are held to reading
     * by query_only. */
    const char *layer = vfs_over(vfs);
    int rc = layer ? sqlite3_open_v2(path, &c->db, flags, layer) : SQLITE_ERROR;
    kith_status st = rc == SQLITE_OK ? configure(c, kind, e) : conn_error(c, rc, e);
    if (st != KITH_OK) { /* what is not ours to open is left as it is, with its log */
        if (c->db)
            sqlite3_db_config(c->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        conn_close(c);
        return st;
    }
    *out = c;
    return KITH_OK;
}

kith_status conn_alone(struct conn *c, kith_error *e) {
    return conn_exec(c, "PRAGMA wal_autocheckpoint=4000", e);
}

kith_status conn_look(struct conn **out, const char *path, kith_error *e) {
    TRY(conn_open(out, path, CONN_READER, NULL, e));
    sqlite3_db_config((*out)->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return KITH_OK;
}

void conn_forget_statements(struct conn *c) {
    size_t pos = 0;
    void *st;
    while (map_next(&c->statements, &pos, NULL, &st))
        sqlite3_finalize(st);
    map_free(&c->statements);
    for (size_t i = 0; i < STORE_RECENT; i++) {
        sqlite3_finalize(c->recent[i].st);
        free(c->recent[i].sql);
        c->recent[i].st = NULL;
        c->recent[i].sql = NULL;
    }
}

void conn_close(struct conn *c) {
    if (!c)
        return;
    conn_forget_statements(c);
    sqlite3_close(c->db);
    free(c->path);
    free(c);
}

/* -- statements -------------------------------------------------------------------------------- */

kith_status conn_exec(struct conn *c, const char *sql, kith_error *e) {
    int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? KITH_OK : conn_error(c, rc, e);
}

static sqlite3_stmt *afresh(sqlite3_stmt *st) {
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return st;
}

kith_status conn_prepare(struct conn *c, const char *sql, sqlite3_stmt **out, kith_error *e) {
    *out = NULL;
    kith_str key = str_of(sql);
    sqlite3_stmt *st = map_get(&c->statements, key);
    if (st) {
        *out = afresh(st);
        return KITH_OK;
    }
    int rc = sqlite3_prepare_v3(c->db, sql, (int)key.len + 1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
    if (rc != SQLITE_OK)
        return conn_error(c, rc, e);
    if (!map_put(&c->statements, key, st)) {
        sqlite3_finalize(st);
        return err_nomem(e);
    }
    *out = st;
    return KITH_OK;
}

kith_status conn_prepare_recent(struct conn *c, const char *sql, sqlite3_stmt **out,
                                kith_error *e) {
    *out = NULL;
    for (size_t i = 0; i < STORE_RECENT; i++)
        if (c->recent[i].sql && strcmp(c->recent[i].sql, sql) == 0) {
            *out = afresh(c->recent[i].st);
            return KITH_OK;
        }
    char *copy = strdup(sql);
    sqlite3_stmt *st = NULL;
    if (!copy)
        return err_nomem(e);
    int rc = sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
    if (rc != SQLITE_OK) {
        free(copy);
        return conn_error(c, rc, e);
    }
    size_t at = c->recent_next++ % STORE_RECENT;
    sqlite3_finalize(c->recent[at].st);
    free(c->recent[at].sql);
    c->recent[at].sql = copy;
    c->recent[at].st = *out = st;
    return KITH_OK;
}

kith_status conn_prepare_once(struct conn *c, const char *sql, sqlite3_stmt **out, kith_error *e) {
    int rc = sqlite3_prepare_v3(c->db, sql, -1, 0, out, NULL);
    return rc == SQLITE_OK ? KITH_OK : conn_error(c, rc, e);
}

kith_status conn_step(struct conn *c, sqlite3_stmt *st, bool *row, kith_error *e) {
    int rc = sqlite3_step(st);
    *row = rc == SQLITE_ROW;
    if (rc == SQLITE_ROW)
        return KITH_OK;
    if (rc == SQLITE_DONE) {
        sqlite3_reset(st);
        return KITH_OK;
    }
    kith_status status = conn_error(c, rc, e);
    sqlite3_reset(st);
    return status;
}

kith_status conn_run(struct conn *c, sqlite3_stmt *st, kith_error *e) {
    bool row;
    TRY(conn_step(c, st, &row, e));
    if (row)
        sqlite3_reset(st);
    return KITH_OK;
}

kith_status conn_first(struct conn *c, sqlite3_stmt *st, int64_t otherwise, int64_t *out,
                       kith_error *e) {
    bool row;
    *out = otherwise;
    TRY(conn_step(c, st, &row, e));
    if (row && sqlite3_column_type(st, 0) != SQLITE_NULL)
        *out = sqlite3_column_int64(st, 0);
    if (row)
        sqlite3_reset(st);
    return KITH_OK;
}

kith_status conn_any(struct conn *c, sqlite3_stmt *st, bool *yes, kith_error *e) {
    TRY(conn_step(c, st, yes, e));
    sqlite3_reset(st);
    return KITH_OK;
}

kith_status conn_int(struct conn *c, const char *sql, int64_t otherwise, int64_t *out,
                     kith_error *e) {
    sqlite3_stmt *st;
    *out = otherwise;
    TRY(conn_prepare(c, sql, &st, e));
    return conn_first(c, st, otherwise, out, e);
}

kith_status conn_ids(struct conn *c, sqlite3_stmt *st, struct arena *a, kith_id **ids,
                     size_t *count, kith_error *e) {
    struct id_list l = {0};
    kith_status status = KITH_OK;
    bool row = true;
    while (status == KITH_OK && (status = conn_step(c, st, &row, e)) == KITH_OK && row)
        status = id_list_add(&l, a, (kith_id)sqlite3_column_int64(st, 0), e);
    if (status != KITH_OK)
        sqlite3_reset(st);
    *ids = l.items;
    *count = l.count;
    return status;
}

kith_status conn_rows(struct conn *c, sqlite3_stmt *st, struct arena *a, size_t size,
                      take_row_fn take, void *out, size_t *count, kith_error *e) {
    char *items = NULL;
    size_t n = 0, cap = 0;
    kith_status status = KITH_OK;
    bool row = true;
    while (status == KITH_OK && (status = conn_step(c, st, &row, e)) == KITH_OK && row) {
        char *more = arena_grow(a, items, n, &cap, size);
        status = more ? take(st, a, more + n * size, e) : err_nomem(e);
        items = more ? more : items;
        n += status == KITH_OK;
    }
    sqlite3_reset(st);
    memcpy(out, &items, sizeof items);
    *count = n;
    return status;
}

kith_status conn_upgraded(struct conn *c, kith_error *e) {
    int64_t format;
    char sql[48];
    TRY(conn_int(c, "PRAGMA user_version", 0, &format, e));
    if (format == STORE_FORMAT)
        return KITH_OK;
    log_info("store", "%s: format %lld becomes %d", c->path, (long long)format, STORE_FORMAT);
    snprintf(sql, sizeof sql, "PRAGMA user_version=%d", STORE_FORMAT);
    return conn_exec(c, sql, e);
}

/* A disk that is filled to the last byte stops others, too: said before, and not found out. */
static kith_status check_room(struct conn *from, const char *path, kith_error *e) {
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    struct statvfs fs;
    int64_t pages, size;
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    TRY(conn_int(from, "PRAGMA page_count", 0, &pages, e));
    TRY(conn_int(from, "PRAGMA page_size", 0, &size, e));
    if (statvfs(folder[0] ? folder : "/", &fs) != 0)
        return KITH_OK; /* creating the file says what is wrong */
    uint64_t needed = (uint64_t)pages * (uint64_t)size, room = fs.f_bavail * fs.f_frsize;
    if (needed <= room)
        return KITH_OK;
    return err_set(e, KITH_E_FULL, NULL,
                   "a copy of the database needs %.1f MB, and the disk of '%s' has only %.1f MB"
                   " free: make room there",
                   (double)needed / 1e6, folder, (double)room / 1e6);
}

/* Has what was written so far go to the disk. One file that is written all at once keeps every
 * other's sync waiting for all of it, that of the log among them. */
static void write_back(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    fdatasync(fd);
    close(fd);
}

static int copy_pages(sqlite3_backup *b, const char *path) {
    int rc;
    while ((rc = sqlite3_backup_step(b, COPY_PAGES)) == SQLITE_OK)
        write_back(path);
    int done = sqlite3_backup_finish(b);
    return rc == SQLITE_DONE ? done : rc;
}

/* The snapshot is held over all steps: else each commit of the writer would have it begin anew. */
static kith_status copy_snapshot(struct conn *from, const char *path, kith_error *e) {
    sqlite3 *to = NULL;
    int64_t tables;
    TRY(conn_int(from, "SELECT count(*) FROM sqlite_schema", 0, &tables, e));
    const char *layer = vfs_over("unix");
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int rc = layer ? sqlite3_open_v2(path, &to, flags, layer) : SQLITE_ERROR;
    sqlite3_backup *b = rc == SQLITE_OK ? sqlite3_backup_init(to, "main", from->db, "main") : NULL;
    if (b)
        rc = copy_pages(b, path);
    else if (rc == SQLITE_OK)
        rc = sqlite3_errcode(to);
    struct conn at = {.db = to, .path = (char *)(uintptr_t)path};
    kith_status st = rc == SQLITE_OK ? KITH_OK : conn_error(&at, rc, e);
    sqlite3_close(to);
    return st;
}

kith_status conn_snapshot(struct conn *c, kith_error *e) {
    int64_t ignored;
    TRY(conn_exec(c, "BEGIN", e)); /* it is the first look that takes it */
    return conn_int(c, "SELECT count(*) FROM sqlite_schema", 0, &ignored, e);
}

kith_status conn_copy(struct conn *from, const char *path, kith_error *e) {
    TRY(check_room(from, path, e));
    TRY(conn_exec(from, "BEGIN", e));
    kith_status st = copy_snapshot(from, path, e);
    kith_status end = conn_exec(from, "COMMIT", st == KITH_OK ? e : NULL);
    return st == KITH_OK ? end : st;
}

/* -- binding ----------------------------------------------------------------------------------- */

void bind_int(sqlite3_stmt *st, int i, int64_t v) {
    sqlite3_bind_int64(st, i, v);
}

void bind_str(sqlite3_stmt *st, int i, kith_str s) {
    if (s.ptr)
        sqlite3_bind_text64(st, i, s.ptr, s.len, SQLITE_STATIC, SQLITE_UTF8);
    else
        sqlite3_bind_null(st, i);
}

void bind_blob(sqlite3_stmt *st, int i, kith_str s) {
    sqlite3_bind_blob64(st, i, s.len ? s.ptr : "", s.len, SQLITE_STATIC);
}

void bind_null(sqlite3_stmt *st, int i) {
    sqlite3_bind_null(st, i);
}

void bind_real(sqlite3_stmt *st, int i, double v) {
    sqlite3_bind_double(st, i, v);
}

kith_str column_str(sqlite3_stmt *st, int i) {
    if (sqlite3_column_type(st, i) == SQLITE_NULL)
        return (kith_str){NULL, 0};
    const void *p = sqlite3_column_blob(st, i); /* text as bytes: no conversion, NULs kept */
    return (kith_str){p ? p : "", (uint64_t)sqlite3_column_bytes(st, i)};
}

void sql_name(struct buf *b, const char *name) {
    buf_putc(b, '"');
    for (size_t n; *name; name += n) {
        n = strcspn(name, "\"");
        buf_add(b, name, n);
        if (name[n] == '"') {
            buf_puts(b, "\"\"");
            n++;
        }
    }
    buf_putc(b, '"');
}
