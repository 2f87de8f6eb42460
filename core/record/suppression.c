/* SPDX-License-Identifier: Apache-2.0 */
#include "record/suppression.h"
#include "record/block_key.h"
#include "record/lookup.h"

#include <sodium.h>

#define HASH 16   /* bytes: none is found by chance, and none of another address */
#define MANY 1000 /* of one address that are looked at */

/* A key of its own, so that these hashes and those of backups say nothing of each other. */
static kith_status read_key(struct conn *c, unsigned char key[crypto_kdf_KEYBYTES], kith_error *e) {
    unsigned char secret[BLOCK_KEY];
    _Static_assert(BLOCK_KEY == crypto_kdf_KEYBYTES, "the secret is a key to derive from");
    TRY(block_key_read(c, secret, e));
    crypto_kdf_derive_from_key(key, crypto_kdf_KEYBYTES, 1, "address", secret);
    sodium_memzero(secret, sizeof secret);
    return KITH_OK;
}

kith_status suppression_hash(struct conn *c, kith_str normal, struct arena *a, kith_str *out,
                             kith_error *e) {
    unsigned char key[crypto_kdf_KEYBYTES], hash[HASH];
    char *text = arena_alloc(a, 2 * HASH + 1);
    if (!text)
        return err_nomem(e);
    TRY(read_key(c, key, e));
    crypto_generichash(hash, sizeof hash, (const unsigned char *)normal.ptr, normal.len, key,
                       sizeof key);
    sodium_memzero(key, sizeof key);
    sodium_bin2hex(text, 2 * HASH + 1, hash, sizeof hash);
    *out = str_of(text);
    return KITH_OK;
}

kith_status suppressions_by(struct conn *c, const struct schema *s, kith_str hash, struct arena *a,
                            struct suppressions *out, kith_error *e) {
    const struct base_suppression *b = &s->base.suppression;
    const kith_value v = value_str(hash);
    kith_id ids[MANY];
    struct lookup l;
    uint32_t n;
    *out = (struct suppressions){0};
    TRY(lookup_make(&l, a, b->type, &b->address, 1, e));
    TRY(lookup_find(c, &l, &v, a, ids, MANY, &n, e));
    out->items = n ? ARENA_ARRAY(a, struct suppression, n) : NULL;
    if (n && !out->items)
        return err_nomem(e);
    for (uint32_t i = 0; i < n; i++) {
        struct suppression x = {.id = ids[i]};
        TRY(record_get(c, b->type, ids[i], a, &x.values, e));
        if (x.values)
            out->items[out->count++] = x;
    }
    return KITH_OK;
}

kith_status suppressions_of(struct conn *c, const struct schema *s, kith_str normal,
                            struct arena *a, struct suppressions *out, kith_error *e) {
    kith_str hash;
    bool any = false;
    sqlite3_stmt *st;
    *out = (struct suppressions){0};
    if (!s->base.suppression.type || !normal.len)
        return KITH_OK;
    TRY(conn_prepare(c, "SELECT 1 FROM suppression LIMIT 1", &st, e));
    TRY(conn_step(c, st, &any, e));
    if (!any)
        return KITH_OK;
    sqlite3_reset(st);
    TRY(suppression_hash(c, normal, a, &hash, e));
    return suppressions_by(c, s, hash, a, out, e);
}

bool suppression_holds(const struct schema *s, const struct suppression *x) {
    return x->values[s->base.suppression.lifted->index].kind == KITH_NULL;
}

kith_status addresses_accented(struct conn *c, kith_id after, uint32_t max, kith_id *ids,
                               uint32_t *n, kith_error *e) {
    sqlite3_stmt *st;
    *n = 0;
    TRY(conn_prepare(c,
                     "SELECT id FROM contact_point WHERE id > ?1 AND length(value) <>"
                     " length(CAST(value AS BLOB)) ORDER BY id LIMIT ?2",
                     &st, e));
    bind_int(st, 1, (int64_t)after);
    bind_int(st, 2, max);
    for (bool row = true; row;) {
        TRY(conn_step(c, st, &row, e));
        if (row)
            ids[(*n)++] = (kith_id)sqlite3_column_int64(st, 0);
    }
    return KITH_OK;
}
