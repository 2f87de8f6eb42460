/* SPDX-License-Identifier: Apache-2.0 */
/* Store: the database file. Connections with their settings, a statement cache, one way to bind SQL
 * and one way to turn SQLite's refusals into a sentence. Knows SQL and nothing of CRM. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include <sqlite3.h>

/* Once per process, before any connection: memory and spill settings that SQLite takes globally. */
kith_status store_setup(kith_error *e);

enum conn_kind {
    CONN_WRITER,     /* the one that writes; creates the file when it is absent               */
    CONN_READER,     /* read-only, sees a WAL snapshot                                         */
    CONN_CHECKPOINT, /* only moves the WAL into the file                                       */
};

#define STORE_RECENT  64   /* statements that a connection keeps: those of a night, too */
#define STORE_BUSY_MS 5000 /* the longest that a connection waits for another's lock */

/* One connection. One thread at a time. */
struct conn {
    sqlite3 *db;
    char *path;
    struct map statements; /* cache: SQL text -> sqlite3_stmt */
    struct {
        char *sql;
        sqlite3_stmt *st;
    } recent[STORE_RECENT]; /* of texts that people type: the last ones */
    size_t recent_next;     /* which of them gives way */
};

/* vfs NULL: unix-excl; vfs.c lies over it. KITH_E_CORRUPT: not a database, or not one of ours
 * (application id). */
kith_status conn_open(struct conn **out, const char *path, enum conn_kind kind, const char *vfs,
                      kith_error *e);
void conn_close(struct conn *c);
/* The writer itself moves its log into the file now and then: no thread does. */
kith_status conn_alone(struct conn *c, kith_error *e);
/* A reader of a database that nobody works with: it is left as it is, with the log of a crash. */
kith_status conn_look(struct conn **out, const char *path, kith_error *e);
#define STORE_ZONE "kith_zone" /* the type of a zone that is bound as a pointer */
kith_status store_functions(struct conn *c,
                            kith_error *e); /* conn_open has done it (functions.c) */
kith_status conn_exec(struct conn *c, const char *sql, kith_error *e); /* no parameters, no rows */
/* A prepared statement, reset and cleared, borrowed until the next call with the same SQL. */
kith_status conn_prepare(struct conn *c, const char *sql, sqlite3_stmt **out, kith_error *e);
/* The same, for texts that people type, whose values are bound: the last STORE_RECENT are kept.
 * Borrowed until the next call of this; reset it when you have read it. */
kith_status conn_prepare_recent(struct conn *c, const char *sql, sqlite3_stmt **out, kith_error *e);
/* Without the cache, for what is hardly asked twice: the caller finalizes it. */
kith_status conn_prepare_once(struct conn *c, const char *sql, sqlite3_stmt **out, kith_error *e);
/* Steps. *row true: a row stands ready. At the end or on an error the statement is reset. */
kith_status conn_step(struct conn *c, sqlite3_stmt *st, bool *row, kith_error *e);
/* Steps a statement that gives no rows. */
kith_status conn_run(struct conn *c, sqlite3_stmt *st, kith_error *e);
/* The first column of the first row of a bound statement, which is reset; `otherwise` when there is
 * no row, or null in it. */
kith_status conn_first(struct conn *c, sqlite3_stmt *st, int64_t otherwise, int64_t *out,
                       kith_error *e);
/* Has a bound statement, which is reset, any row? */
kith_status conn_any(struct conn *c, sqlite3_stmt *st, bool *yes, kith_error *e);
/* conn_first of a query without parameters. */
kith_status conn_int(struct conn *c, const char *sql, int64_t otherwise, int64_t *out,
                     kith_error *e);
/* The first column of all rows of a bound statement, which is reset at the end. */
kith_status conn_ids(struct conn *c, sqlite3_stmt *st, struct arena *a, kith_id **ids,
                     size_t *count, kith_error *e);
/* All rows of a bound statement, as an array in the arena; out: where its address goes (T **). take
 * fills in one of them. */
typedef kith_status (*take_row_fn)(sqlite3_stmt *st, struct arena *a, void *item, kith_error *e);
kith_status conn_rows(struct conn *c, sqlite3_stmt *st, struct arena *a, size_t size,
                      take_row_fn take, void *out, size_t *count, kith_error *e);
void conn_forget_statements(struct conn *c);
/* The status and sentence for SQLite's last error on this connection. */
kith_status conn_error(struct conn *c, int rc, kith_error *e);
/* Begins a transaction that sees what is there now, and nothing that is written later. */
kith_status conn_snapshot(struct conn *c, kith_error *e);
/* Copies the whole database into a new file with the backup API: one snapshot, whoever writes
 * meanwhile. KITH_E_FULL, before anything is written, when the disk has no room for it. */
kith_status conn_copy(struct conn *from, const char *path, kith_error *e);

/* Is the write-ahead log of the database at `path` there? For before it is opened. */
kith_status conn_has_log(const char *path, const char *vfs, bool *there, kith_error *e);
/* Where the log is damaged although more was committed behind that place, which SQLite would pass
 * over without a word: its byte there; -1: nowhere. An end that a power loss tore is no damage, as
 * nobody was told of it. Reads the log once; before the database is opened. */
kith_status conn_log_damage(const char *path, const char *vfs, int64_t *at, kith_error *e);
/* The number of the file's format, in its header as user_version; a database of a larger one is
 * refused. 0: of Kith 0.1 before it was numbered. It goes up with a change that an older Kith would
 * spoil, not with a new type or field. */
#define STORE_FORMAT 3
/* Gives the database today's number, in the transaction that made it so. */
kith_status conn_upgraded(struct conn *c, kith_error *e);

/* Binding. Text and blobs must live until the statement is reset. Index from 1. */
void bind_int(sqlite3_stmt *st, int i, int64_t v);
void bind_str(sqlite3_stmt *st, int i, kith_str s); /* ptr NULL: NULL */
void bind_blob(sqlite3_stmt *st, int i, kith_str s);
void bind_null(sqlite3_stmt *st, int i);
void bind_real(sqlite3_stmt *st, int i, double v);
kith_str column_str(sqlite3_stmt *st, int i); /* borrowed until the next step */
/* An SQL identifier, quoted, appended. */
void sql_name(struct buf *b, const char *name);

#endif
