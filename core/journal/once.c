/* SPDX-License-Identifier: Apache-2.0 */
/* Once: see once.h. */
#include "journal/once.h"

#include <sodium.h>
#include <string.h>

kith_status once_setup(struct conn *c, kith_error *e) {
    return conn_exec(c,
                     "CREATE TABLE IF NOT EXISTS kith_once(key BLOB PRIMARY KEY,"
                     " request BLOB NOT NULL, tx INTEGER NOT NULL, ids BLOB NOT NULL,"
                     " at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
                     "CREATE INDEX IF NOT EXISTS kith_once_at ON kith_once(at)",
                     e);
}

kith_status once_name(struct once *o, kith_id user, kith_str key, kith_error *e) {
    crypto_generichash_state h;
    const unsigned char *text = (const unsigned char *)(key.ptr ? key.ptr : "");
    if (key.len > ONCE_KEY_MAX)
        return err_set(e, KITH_E_INVAL, "Idempotency-Key",
                       "the key by which it is done once has at most %d bytes", ONCE_KEY_MAX);
    crypto_generichash_init(&h, NULL, 0, ONCE_DIGEST);
    crypto_generichash_update(&h, (const unsigned char *)&user, sizeof user);
    crypto_generichash_update(&h, (const unsigned char *)&key.len, sizeof key.len);
    crypto_generichash_update(&h, text, key.len);
    crypto_generichash_final(&h, o->key, ONCE_DIGEST);
    return KITH_OK;
}

static kith_str bytes(const void *p, size_t len) {
    return (kith_str){len ? p : "", len};
}

static kith_status take(sqlite3_stmt *st, struct once *o, struct arena *a, kith_error *e) {
    size_t len = (size_t)sqlite3_column_bytes(st, 2);
    if (sqlite3_column_bytes(st, 0) != ONCE_DIGEST ||
        memcmp(sqlite3_column_blob(st, 0), o->request, ONCE_DIGEST) != 0)
        return err_set(e, KITH_E_CONFLICT, NULL,
                       "this key was used for another request: take a new key for each");
    kith_id *ids = ARENA_ARRAY(a, kith_id, len / sizeof *ids + 1);
    if (!ids)
        return err_nomem(e);
    if (len)
        memcpy(ids, sqlite3_column_blob(st, 2), len);
    o->tx = (kith_id)sqlite3_column_int64(st, 1);
    o->ids = ids;
    o->count = len / sizeof *ids;
    return KITH_OK;
}

kith_status once_find(struct conn *c, struct once *o, int64_t now, struct arena *a, bool *found,
                      kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "SELECT request, tx, ids FROM kith_once WHERE key = ?1 AND at > ?2", &st,
                     e));
    bind_blob(st, 1, bytes(o->key, sizeof o->key));
    bind_int(st, 2, now - ONCE_KEEP_MS);
    TRY(conn_step(c, st, found, e));
    if (!*found)
        return KITH_OK;
    kith_status status = take(st, o, a, e);
    sqlite3_reset(st);
    return status;
}

kith_status once_note(struct conn *c, const struct once *o, int64_t now, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(c, "DELETE FROM kith_once WHERE at <= ?1", &st, e));
    bind_int(st, 1, now - ONCE_KEEP_MS);
    TRY(conn_run(c, st, e));
    TRY(conn_prepare(c,
                     "INSERT OR REPLACE INTO kith_once(key, request, tx, ids, at)"
                     " VALUES(?1, ?2, ?3, ?4, ?5)",
                     &st, e));
    bind_blob(st, 1, bytes(o->key, sizeof o->key));
    bind_blob(st, 2, bytes(o->request, sizeof o->request));
    bind_int(st, 3, (int64_t)o->tx);
    bind_blob(st, 4, bytes(o->ids, o->count * sizeof *o->ids));
    bind_int(st, 5, now);
    return conn_run(c, st, e);
}
