/* SPDX-License-Identifier: Apache-2.0 */
#include "record/block_key.h"

#include <sodium.h>
#include <string.h>

kith_status block_key_setup(struct conn *c, kith_error *e) {
    sqlite3_stmt *st;
    unsigned char key[BLOCK_KEY];
    if (sodium_init() < 0)
        return err_set(e, KITH_E_INTERNAL, NULL, "libsodium does not start");
    randombytes_buf(key, sizeof key);
    TRY(conn_prepare(c, "INSERT OR IGNORE INTO kith_meta(key, value) VALUES('block_key', ?1)", &st,
                     e));
    bind_blob(st, 1, (kith_str){(const char *)key, sizeof key});
    return conn_run(c, st, e);
}

kith_status block_key_read(struct conn *c, unsigned char key[BLOCK_KEY], kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c, "SELECT value FROM kith_meta WHERE key = 'block_key'", &st, e));
    TRY(conn_step(c, st, &row, e));
    kith_str found = row ? column_str(st, 0) : (kith_str){0};
    bool there = found.len == BLOCK_KEY;
    if (there)
        memcpy(key, found.ptr, BLOCK_KEY);
    sqlite3_reset(st);
    return there ? KITH_OK
                 : err_set(e, KITH_E_NOTFOUND, NULL, "%s has no key for the hashes of its blocks",
                           c->path);
}
