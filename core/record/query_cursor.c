/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: cursors. A cursor is the place behind a row: the hash of its query, the rows
 * given out so far, and the row's sort keys, each a tag and a value, as base64 that is safe in a
 * URL. It holds nothing that its bearer has not seen. */
#include "base/str.h"
#include "record/query_internal.h"

#include <sodium.h>
#include <string.h>

#define CURSOR_VERSION 1
#define CURSOR_MAX     (1u << 20) /* characters */

enum { KEY_NULL, KEY_INT, KEY_TEXT };

/* -- writing ----------------------------------------------------------------------------------- */

static void put_u64(struct buf *b, uint64_t v) {
    char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(v >> (8 * i) & 0xff);
    buf_add(b, bytes, sizeof bytes);
}

static void put_key(struct buf *b, sqlite3_stmt *st, int column) {
    int type = sqlite3_column_type(st, column);
    if (type == SQLITE_NULL) {
        buf_putc(b, KEY_NULL);
    } else if (type == SQLITE_INTEGER) {
        buf_putc(b, KEY_INT);
        put_u64(b, (uint64_t)sqlite3_column_int64(st, column));
    } else {
        kith_str s = column_str(st, column);
        buf_putc(b, KEY_TEXT);
        put_u64(b, s.len);
        buf_str(b, s);
    }
}

static kith_status encode(const struct buf *b, struct arena *a, kith_str *out, kith_error *e) {
    size_t size = sodium_base64_encoded_len(b->len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = b->failed ? NULL : arena_alloc(a, size);
    if (!text)
        return err_nomem(e);
    sodium_bin2base64(text, size, (const unsigned char *)b->ptr, b->len,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    *out = (kith_str){text, size - 1};
    return KITH_OK;
}

kith_status query_cursor(const struct query *q, sqlite3_stmt *st, kith_str after, int64_t given,
                         struct arena *a, kith_str *cursor, kith_error *e) {
    struct buf b = {0};
    struct cursor before = {0};
    if (q->counts)
        return err_set(e, KITH_E_INVAL, NULL, "a count has one page");
    if (after.len)
        TRY(query_cursor_read(q, after, a, &before, e));
    buf_putc(&b, CURSOR_VERSION);
    put_u64(&b, q->hash);
    put_u64(&b, (uint64_t)before.given + (uint64_t)given);
    for (uint32_t i = 0; i < q->key_count; i++)
        put_key(&b, st, (int)(1 + q->root.type->column_count + i));
    kith_status status = encode(&b, a, cursor, e);
    buf_free(&b);
    return status;
}

/* -- reading ----------------------------------------------------------------------------------- */

struct reader {
    const unsigned char *at, *end;
};

static bool get_byte(struct reader *r, int *out) {
    if (r->at == r->end)
        return false;
    *out = *r->at++;
    return true;
}

static bool get_u64(struct reader *r, uint64_t *out) {
    if (r->end - r->at < 8)
        return false;
    *out = 0;
    for (int i = 0; i < 8; i++)
        *out |= (uint64_t)*r->at++ << (8 * i);
    return true;
}

static bool get_key(struct reader *r, const struct sort_key *key, kith_value *out) {
    enum value_class class = query_rule(&key->path)->class;
    bool text = class == CLASS_TEXT || (class == CLASS_OPTION && !query_rule(&key->path)->ranked);
    int tag;
    uint64_t n;
    *out = value_null();
    if (!get_byte(r, &tag))
        return false;
    if (tag == KEY_NULL)
        return key->nullable;
    if (tag != (text ? KEY_TEXT : KEY_INT) || !get_u64(r, &n))
        return false;
    if (!text) {
        *out = value_int((int64_t)n);
        return true;
    }
    if (n > (uint64_t)(r->end - r->at))
        return false;
    *out = value_str((kith_str){(const char *)r->at, n});
    r->at += n;
    return true;
}

static bool decode(const struct query *q, struct reader *r, struct cursor *out) {
    int version;
    uint64_t hash, given;
    if (!get_byte(r, &version) || version != CURSOR_VERSION || !get_u64(r, &hash) ||
        hash != q->hash || !get_u64(r, &given) || given > INT64_MAX / 2)
        return false;
    out->given = (int64_t)given;
    for (uint32_t i = 0; i < q->key_count; i++)
        if (!get_key(r, &q->keys[i], &out->keys[i]))
            return false;
    return r->at == r->end;
}

kith_status query_cursor_read(const struct query *q, kith_str text, struct arena *a,
                              struct cursor *out, kith_error *e) {
    size_t len = 0;
    unsigned char *bytes = text.len <= CURSOR_MAX ? arena_alloc(a, text.len) : NULL;
    if (!bytes && text.len <= CURSOR_MAX)
        return err_nomem(e);
    if (bytes && sodium_base642bin(bytes, text.len, text.ptr, text.len, NULL, &len, NULL,
                                   sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0) {
        struct reader r = {bytes, bytes + len};
        if (decode(q, &r, out))
            return KITH_OK;
    }
    return err_set(e, KITH_E_INVAL, "after",
                   "this cursor belongs to another query; begin again without it");
}
