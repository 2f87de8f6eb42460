/* SPDX-License-Identifier: Apache-2.0 */
/* Images: the binary form of what a row changed. Read with every length checked: a damaged row is
 * an error, never a crash. */
#include "journal/journal.h"

#include <string.h>

#define IMAGE_VERSION 1
#define LIST_DEPTH    2

/* -- writing ----------------------------------------------------------------------------------- */

static void put_varint(struct buf *b, uint64_t v) {
    char room[10];
    size_t n = 0;
    do {
        room[n++] = (char)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        v >>= 7;
    } while (v);
    buf_add(b, room, n);
}

static void put_signed(struct buf *b, int64_t v) {
    put_varint(b, ((uint64_t)v << 1) ^ (uint64_t)(v >> 63));
}

static void put_value(struct buf *b, const kith_value *v) {
    put_varint(b, v->kind);
    switch (v->kind) {
    case KITH_NULL:
        break;
    case KITH_TEXT:
        put_varint(b, v->as.s.len);
        buf_str(b, v->as.s);
        break;
    case KITH_DECIMAL:
        put_signed(b, v->as.decimal.units);
        put_varint(b, (uint64_t)v->as.decimal.scale);
        break;
    case KITH_MONEY:
        put_signed(b, v->as.money.minor);
        buf_add(b, v->as.money.currency, 3);
        break;
    case KITH_LINK:
        buf_add(b, (const char *)&v->as.link.id, sizeof v->as.link.id);
        put_varint(b, v->as.link.type);
        put_varint(b, v->flags);
        break;
    case KITH_PLACE:
    case KITH_REAL:
        buf_add(b, (const char *)&v->as,
                v->kind == KITH_REAL ? sizeof(double) : 2 * sizeof(double));
        break;
    case KITH_LIST:
        put_varint(b, v->as.list.count);
        for (uint64_t i = 0; i < v->as.list.count; i++)
            put_value(b, &v->as.list.items[i]);
        break;
    default:
        put_signed(b, v->as.i);
    }
}

void image_encode(struct buf *out, const struct rtype *t, const kith_value *before,
                  const kith_value *after, const struct fieldset *changed,
                  const uint32_t *sources) {
    static const kith_value null = {0};
    uint64_t count = 0, hooked = 0;
    for (uint32_t i = 0; i < t->field_count; i++)
        if (fieldset_has(changed, i)) {
            count++;
            hooked += sources && sources[i];
        }
    buf_putc(out, IMAGE_VERSION);
    put_varint(out, count);
    for (uint32_t i = 0; i < t->field_count; i++)
        if (fieldset_has(changed, i)) {
            put_varint(out, t->fields[i]->id);
            put_value(out, before ? &before[i] : &null);
            put_value(out, after ? &after[i] : &null);
        }
    put_varint(out, hooked);
    for (uint32_t i = 0; hooked && i < t->field_count; i++)
        if (fieldset_has(changed, i) && sources[i]) {
            put_varint(out, t->fields[i]->id);
            put_varint(out, sources[i]);
        }
}

void image_encode_fields(struct buf *out, const struct image_field *fields, size_t count) {
    uint64_t hooked = 0;
    buf_putc(out, IMAGE_VERSION);
    put_varint(out, count);
    for (size_t i = 0; i < count; i++) {
        put_varint(out, fields[i].field_id);
        put_value(out, &fields[i].before);
        put_value(out, &fields[i].after);
        hooked += fields[i].source != 0;
    }
    put_varint(out, hooked);
    for (size_t i = 0; i < count; i++)
        if (fields[i].source) {
            put_varint(out, fields[i].field_id);
            put_varint(out, fields[i].source);
        }
}

void image_encode_event(struct buf *out, uint32_t topic, uint32_t schema, kith_str json) {
    buf_putc(out, IMAGE_VERSION);
    put_varint(out, topic);
    put_varint(out, schema);
    buf_str(out, json);
}

/* -- reading ----------------------------------------------------------------------------------- */

struct in {
    const char *p, *end;
    bool bad, nomem;
};

static uint64_t get_varint(struct in *in) {
    uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (in->p >= in->end)
            break;
        unsigned char c = (unsigned char)*in->p++;
        v |= (uint64_t)(c & 0x7f) << shift;
        if (!(c & 0x80))
            return v;
    }
    in->bad = true;
    return 0;
}

static int64_t get_signed(struct in *in) {
    uint64_t v = get_varint(in);
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static void get_bytes(struct in *in, void *out, size_t n) {
    if ((size_t)(in->end - in->p) < n) {
        in->bad = true;
        return;
    }
    memcpy(out, in->p, n);
    in->p += n;
}

static void get_value(struct in *in, struct arena *a, kith_value *v, int depth) {
    *v = (kith_value){.kind = (uint32_t)get_varint(in)};
    uint64_t n;
    if (in->bad)
        return;
    switch (v->kind) {
    case KITH_NULL:
        break;
    case KITH_TEXT:
        n = get_varint(in);
        if (n > (uint64_t)(in->end - in->p)) {
            in->bad = true;
            break;
        }
        v->as.s = arena_str(a, (kith_str){in->p, n});
        in->bad |= in->nomem |= !v->as.s.ptr;
        in->p += n;
        break;
    case KITH_DECIMAL:
        v->as.decimal.units = get_signed(in);
        v->as.decimal.scale = (int32_t)get_varint(in);
        break;
    case KITH_MONEY:
        v->as.money.minor = get_signed(in);
        get_bytes(in, v->as.money.currency, 3);
        break;
    case KITH_LINK:
        get_bytes(in, &v->as.link.id, sizeof v->as.link.id);
        v->as.link.type = (uint32_t)get_varint(in);
        v->flags = (uint32_t)get_varint(in);
        break;
    case KITH_PLACE:
    case KITH_REAL:
        get_bytes(in, &v->as, v->kind == KITH_REAL ? sizeof(double) : 2 * sizeof(double));
        break;
    case KITH_LIST: {
        n = get_varint(in);
        kith_value *items = NULL;
        if (in->bad || depth == 0 || n > (uint64_t)(in->end - in->p)) {
            in->bad = true;
            break;
        }
        if (!(items = ARENA_ARRAY(a, kith_value, n + 1))) {
            in->bad = in->nomem = true;
            break;
        }
        for (uint64_t i = 0; i < n && !in->bad; i++)
            get_value(in, a, &items[i], depth - 1);
        v->as.list.items = items;
        v->as.list.count = n;
        break;
    }
    default:
        if (v->kind > KITH_LIST)
            in->bad = true;
        v->as.i = get_signed(in);
    }
}

static kith_status damaged(const struct journal_row *row, kith_error *e) {
    return err_set(e, KITH_E_CORRUPT, NULL, "the journal is damaged at row %llu",
                   (unsigned long long)row->seq);
}

static void get_sources(struct in *in, struct image_field *fields, uint64_t n) {
    uint64_t hooked = get_varint(in);
    for (uint64_t i = 0; i < hooked && !in->bad; i++) {
        uint64_t field = get_varint(in), source = get_varint(in);
        for (uint64_t k = 0; k < n; k++)
            if (fields[k].field_id == field)
                fields[k].source = (uint32_t)source;
    }
}

kith_status image_decode(const struct schema *s, const struct journal_row *row, struct arena *a,
                         struct image_field **fields, size_t *count, kith_error *e) {
    struct in in = {.p = row->image.ptr, .end = row->image.ptr + row->image.len};
    *fields = NULL;
    *count = 0;
    if (row->image.len == 0)
        return KITH_OK;
    if (row->image.len < 2 || *in.p++ != IMAGE_VERSION)
        return damaged(row, e);
    uint64_t n = get_varint(&in);
    if (in.bad || n > FIELDS_MAX)
        return damaged(row, e);
    struct image_field *out = ARENA_ARRAY(a, struct image_field, n + 1);
    if (!out)
        return err_nomem(e);
    for (uint64_t i = 0; i < n && !in.bad; i++) {
        out[i].field_id = (uint32_t)get_varint(&in);
        out[i].field = schema_field_by_id(s, out[i].field_id);
        get_value(&in, a, &out[i].before, LIST_DEPTH);
        get_value(&in, a, &out[i].after, LIST_DEPTH);
    }
    get_sources(&in, out, n);
    if (in.nomem)
        return err_nomem(e);
    if (in.bad || in.p != in.end)
        return damaged(row, e);
    *fields = out;
    *count = n;
    return KITH_OK;
}

kith_status image_decode_event(const struct journal_row *row, uint32_t *topic, uint32_t *schema,
                               kith_str *json, kith_error *e) {
    struct in in = {.p = row->image.ptr, .end = row->image.ptr + row->image.len};
    if (row->image.len < 3 || *in.p++ != IMAGE_VERSION)
        return damaged(row, e);
    *topic = (uint32_t)get_varint(&in);
    *schema = (uint32_t)get_varint(&in);
    *json = (kith_str){in.p, (uint64_t)(in.end - in.p)};
    return in.bad ? damaged(row, e) : KITH_OK;
}
