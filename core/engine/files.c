/* SPDX-License-Identifier: Apache-2.0 */
/* Files, in parts of base64. */
#include "engine/files.h"
#include "engine/engine_internal.h"
#include "record/access.h"

#include "base/err.h"
#include <sodium.h>
#include <string.h>

#define FILES_LOOKED_AT 1000 /* of a record */
#define PARTS           (RECORD_FILE_MAX / FILE_PART + 1)

kith_status file_decode(struct arena *a, kith_str base64, kith_str *bytes, kith_error *e) {
    static const int forms[] = {sodium_base64_VARIANT_ORIGINAL,
                                sodium_base64_VARIANT_ORIGINAL_NO_PADDING};
    size_t room = (size_t)base64.len / 4 * 3 + 3, len;
    if (room > RECORD_FILE_MAX + 3)
        return err_set(e, KITH_E_LIMIT, NULL, "a file may have %zu MiB at most",
                       RECORD_FILE_MAX >> 20);
    unsigned char *out = arena_alloc(a, room);
    if (!out)
        return err_nomem(e);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (sodium_base642bin(out, room, base64.ptr, (size_t)base64.len, NULL, &len, NULL,
                              forms[i]) == 0) {
            *bytes = (kith_str){(const char *)out, len};
            return KITH_OK;
        }
    return err_set(e, KITH_E_INVAL, NULL, "what stands there is no base64");
}

/* -- writing ----------------------------------------------------------------------------------- */

static void digest_of(kith_str bytes, char out[FILE_DIGEST]) {
    unsigned char raw[32];
    crypto_generichash(raw, sizeof raw, (const unsigned char *)bytes.ptr, bytes.len, NULL, 0);
    sodium_bin2hex(out, FILE_DIGEST, raw, sizeof raw);
}

static kith_status has_file(struct txn *t, const struct base_fields *y, const struct rtype *type,
                            kith_id about, const char *kind, const char *digest, kith_id *has,
                            kith_error *e) {
    kith_id *ids;
    size_t n;
    TRY(record_referrers(txn_conn(t), y->file.about, about, type->id, FILES_LOOKED_AT, txn_arena(t),
                         &ids, &n, e));
    *has = 0;
    for (size_t i = 0; i < n && !*has; i++) {
        const kith_value *v;
        TRY(txn_get(t, y->file.type, ids[i], &v, e));
        const kith_value *d = &v[y->file.digest->index], *k = &v[y->file.kind->index];
        if (d->kind == KITH_TEXT && str_eqz(d->as.s, digest) && k->kind == KITH_TEXT &&
            str_eqz(k->as.s, kind))
            *has = ids[i];
    }
    return KITH_OK;
}

static kith_status add_part(struct txn *t, const struct base_fields *y, kith_id file,
                            int64_t number, kith_str bytes, kith_error *e) {
    size_t room = sodium_base64_encoded_len((size_t)bytes.len, sodium_base64_VARIANT_ORIGINAL);
    char *text = arena_alloc(txn_arena(t), room);
    if (!text)
        return err_nomem(e);
    sodium_bin2base64(text, room, (const unsigned char *)bytes.ptr, (size_t)bytes.len,
                      sodium_base64_VARIANT_ORIGINAL);
    struct assign set[] = {{y->file_part.file, value_link(file, y->file.type->id)},
                           {y->file_part.number, value_int(number)},
                           {y->file_part.data, value_str((kith_str){text, room - 1})}};
    return txn_create(t, y->file_part.type, set, sizeof set / sizeof *set, NULL, e);
}

/* Of a record that the principal may not read nothing is told, not even which files it has. */
static kith_status may_add(struct conn *c, const struct principal *p, const struct schema *s,
                           const struct rtype *type, kith_id about, struct arena *a,
                           kith_error *e) {
    const struct base_file *y = &s->base.file;
    kith_value *values = ARENA_ARRAY(a, kith_value, type->field_count),
               *file = ARENA_ARRAY(a, kith_value, y->type->field_count);
    bool yes;
    if (!values || !file)
        return err_nomem(e);
    TRY(access_find(c, p, type, about, a, values, &yes, e));
    if (!yes)
        return access_absent(type, about, e);
    file[y->about->index] = value_link(about, type->id);
    TRY(access_may(c, p, RIGHT_CREATE, y->type, 0, file, a, &yes, NULL, e));
    if (yes)
        return KITH_OK;
    TRY(access_only_reads(p, e));
    return err_set(e, KITH_E_DENIED, NULL, "%s may not put a file to this %s", p->name, type->name);
}

kith_status file_may_add(struct engine *g, const struct principal *p, const struct rtype *type,
                         kith_id about, kith_error *e) {
    struct arena a = {0};
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = may_add(c, p, engine_schema(g), type, about, &a, e);
    engine_reader_done(g, c);
    arena_free(&a);
    return st;
}

static kith_status add(struct txn *t, const struct rtype *type, kith_id about, const struct file *f,
                       const char *digest, kith_id *file, kith_error *e) {
    const struct base_fields *y = &engine_schema(txn_engine(t))->base;
    kith_value link = value_link(about, type->id);
    link.flags = VALUE_TYPED;
    struct assign set[] = {{y->file.about, link},
                           {y->file.name, value_str(f->name)},
                           {y->file.kind, value_str(str_of(f->kind))},
                           {y->file.size, value_int((int64_t)f->bytes.len)},
                           {y->file.digest, value_str(str_of(digest))},
                           {y->file.media_type, value_str(f->media)}};
    TRY(txn_create(t, y->file.type, set, sizeof set / sizeof *set - (f->media.len == 0), file, e));
    for (size_t at = 0, n = 1; at < f->bytes.len; at += FILE_PART, n++) {
        size_t left = (size_t)f->bytes.len - at;
        kith_str part = {f->bytes.ptr + at, left < FILE_PART ? left : FILE_PART};
        TRY(add_part(t, y, *file, (int64_t)n, part, e));
    }
    return KITH_OK;
}

kith_status file_add(struct txn *t, const struct rtype *type, kith_id about, const struct file *f,
                     kith_id *id, kith_error *e) {
    static const struct source kith = {SOURCE_CORE, "file", "", 0};
    const struct schema *s = engine_schema(txn_engine(t));
    const struct source *code = t->code;
    char digest[FILE_DIGEST];
    kith_id file;
    TRY(may_add(txn_conn(t), txn_principal(t), s, type, about, txn_arena(t), e));
    digest_of(f->bytes, digest);
    TRY(has_file(t, &s->base, type, about, f->kind, digest, &file, e));
    if (id)
        *id = file;
    if (file)
        return KITH_OK;
    t->code = &kith; /* what tells of the bytes is written by nobody else */
    kith_status st = add(t, type, about, f, digest, &file, e);
    t->code = code;
    if (id)
        *id = file;
    return st;
}

/* -- reading ----------------------------------------------------------------------------------- */

static kith_status read_record(struct conn *c, const struct rtype *t, kith_id id, struct arena *a,
                               kith_value **out, kith_error *e) {
    *out = ARENA_ARRAY(a, kith_value, t->field_count);
    return *out ? record_read(c, t, id, a, *out, e) : err_nomem(e);
}

static kith_status find_newest(struct conn *c, const struct base_fields *y,
                               const struct rtype *type, kith_id about, const char *kind,
                               struct arena *a, kith_id *file, struct file_text *out,
                               kith_error *e) {
    kith_id *ids;
    size_t n;
    *file = 0;
    TRY(record_referrers(c, y->file.about, about, type->id, FILES_LOOKED_AT, a, &ids, &n, e));
    for (size_t i = 0; i < n; i++) {
        kith_value *v;
        if (ids[i] < *file)
            continue;
        TRY(read_record(c, y->file.type, ids[i], a, &v, e));
        const kith_value *k = &v[y->file.kind->index], *media = &v[y->file.media_type->index];
        if (k->kind != KITH_TEXT || !str_eqz(k->as.s, kind))
            continue;
        *file = ids[i];
        out->media = media->kind == KITH_TEXT ? media->as.s : (kith_str){"", 0};
    }
    return *file ? KITH_OK : err_set(e, KITH_E_NOTFOUND, NULL, "it has no file that is a %s", kind);
}

static kith_status join_parts(struct conn *c, const struct base_fields *y, kith_id file,
                              struct arena *a, kith_str *out, kith_error *e) {
    kith_id *ids;
    size_t n;
    kith_str parts[PARTS] = {{0}};
    uint64_t len = 0;
    TRY(record_referrers(c, y->file_part.file, file, y->file.type->id, PARTS, a, &ids, &n, e));
    for (size_t i = 0; i < n; i++) {
        kith_value *v;
        TRY(read_record(c, y->file_part.type, ids[i], a, &v, e));
        int64_t number = v[y->file_part.number->index].as.i;
        if (number < 1 || number > (int64_t)n || parts[number - 1].ptr)
            return err_set(e, KITH_E_NOTFOUND, NULL, "the file lacks a part");
        parts[number - 1] = v[y->file_part.data->index].as.s;
        len += parts[number - 1].len;
    }
    char *text = arena_alloc(a, len + 1), *to = text;
    if (!text)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        memcpy(to, parts[i].ptr, parts[i].len);
        to += parts[i].len;
    }
    *out = (kith_str){text, len};
    return KITH_OK;
}

/* A file follows the record that it belongs to; its fields may be closed by themselves. */
bool file_readable(const struct engine *g, const struct principal *p) {
    const struct base_fields *y = &engine_schema(g)->base;
    return access_reads(p, y->file.about) && access_reads(p, y->file.kind) &&
           access_reads(p, y->file.media_type) && access_reads(p, y->file_part.data);
}

kith_status file_newest(struct engine *g, const struct rtype *type, kith_id about, const char *kind,
                        struct arena *a, struct file_text *out, kith_error *e) {
    const struct base_fields *y = &engine_schema(g)->base;
    struct conn *c;
    kith_id file;
    TRY(engine_reader(g, &c, e));
    kith_status st = find_newest(c, y, type, about, kind, a, &file, out, e);
    if (st == KITH_OK)
        st = join_parts(c, y, file, a, &out->base64, e);
    engine_reader_done(g, c);
    return st;
}

kith_status file_parts(struct engine *g, kith_id file, struct arena *a, kith_id **ids, size_t *n,
                       kith_error *e) {
    const struct base_fields *y = &engine_schema(g)->base;
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st =
        record_referrers(c, y->file_part.file, file, y->file.type->id, PARTS, a, ids, n, e);
    engine_reader_done(g, c);
    return st;
}

kith_status file_part(struct engine *g, kith_id part, size_t place, struct arena *a,
                      kith_str *bytes, kith_error *e) {
    const struct base_part *p = &engine_schema(g)->base.file_part;
    struct conn *c;
    kith_value *v;
    *bytes = (kith_str){"", 0};
    TRY(engine_reader(g, &c, e));
    kith_status st = read_record(c, p->type, part, a, &v, e);
    engine_reader_done(g, c);
    TRY(st);
    if (v[p->number->index].as.i != (int64_t)place + 1)
        return err_set(e, KITH_E_NOTFOUND, NULL, "the file lacks a part");
    return file_decode(a, v[p->data->index].as.s, bytes, e);
}
