/* SPDX-License-Identifier: Apache-2.0 */
/* Record JSON: see record_json.h. */
#include "record/record_json.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* -- out --------------------------------------------------------------------------------------- */

void record_json(const struct schema *s, const struct principal *p, const struct rtype *t,
                 kith_id id, const kith_value *values, struct json_out *j) {
    json_object_(j);
    json_key(j, "id");
    json_id(j, id);
    json_key(j, "type");
    json_strz(j, t->name);
    for (uint32_t i = 0; i < t->field_count; i++) {
        if (!access_reads(p, t->fields[i]))
            continue;
        json_key(j, t->fields[i]->name);
        value_json(s, &values[i], j);
    }
    json_object_end(j);
}

/* -- the marks --------------------------------------------------------------------------------- */

_Static_assert(crypto_shorthash_KEYBYTES == 16 && crypto_shorthash_BYTES == 8,
               "a mark is the key for what follows");

struct mark {
    uint64_t so_far, number; /* the key: what came before, and what is added */
};

static void add_to_mark(struct mark *m, uint64_t number, kith_str text) {
    unsigned char key[crypto_shorthash_KEYBYTES], out[crypto_shorthash_BYTES];
    m->number = number;
    memcpy(key, m, sizeof key);
    crypto_shorthash(out, (const unsigned char *)(text.ptr ? text.ptr : ""), text.len, key);
    memcpy(&m->so_far, out, sizeof m->so_far);
}

void record_version(const struct schema *s, const struct principal *p, const struct rtype *t,
                    kith_id id, const kith_value *values, char out[RECORD_VERSION]) {
    struct mark stored = {id, 0}, derived = {id, 0};
    struct buf text = {0};
    struct json_out j;
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct rfield *f = t->fields[i];
        if (values[i].kind == KITH_NULL || !access_reads(p, f))
            continue;
        buf_reset(&text);
        json_begin(&j, &text, false);
        value_json(s, &values[i], &j);
        add_to_mark(field_derived(f) ? &derived : &stored, f->id, buf_view(&text));
    }
    buf_free(&text);
    snprintf(out, RECORD_VERSION, "%016llx-%016llx", (unsigned long long)stored.so_far,
             (unsigned long long)derived.so_far);
}

/* -- in ---------------------------------------------------------------------------------------- */

static kith_status text_of_real(struct arena *a, double real, kith_value *v, kith_error *e) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_num(&j, real);
    *v = value_str(arena_str(a, buf_view(&b)));
    buf_free(&b);
    return v->as.s.ptr ? KITH_OK : err_nomem(e);
}

static kith_status text_of_json(struct arena *a, const json_t *json, kith_value *v, kith_error *e) {
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    *v = value_str(text ? arena_str(a, str_of(text)) : (kith_str){0});
    free(text);
    return v->as.s.ptr ? KITH_OK : err_nomem(e);
}

static kith_status list_of(struct arena *a, const json_t *json, uint32_t kind, kith_value *v,
                           kith_error *e) {
    size_t n = json_array_size(json);
    kith_value *items = ARENA_ARRAY(a, kith_value, n);
    if (!items)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++)
        TRY(json_value(a, json_array_get(json, i), kind, &items[i], e));
    *v = (kith_value){.kind = KITH_LIST, .as.list = {.items = items, .count = n}};
    return KITH_OK;
}

kith_status json_value(struct arena *a, const json_t *json, uint32_t kind, kith_value *out,
                       kith_error *e) {
    *out = value_null();
    switch (json_typeof(json)) {
    case JSON_STRING:
        *out =
            value_str(arena_str(a, (kith_str){json_string_value(json), json_string_length(json)}));
        return out->as.s.ptr ? KITH_OK : err_nomem(e);
    case JSON_INTEGER:
        *out = value_int(json_integer_value(json));
        return kind == KITH_F_MONEY || kind == KITH_F_TEXT || kind == KITH_F_LONGTEXT
                   ? text_of_json(a, json, out, e)
                   : KITH_OK;
    case JSON_REAL:
        return text_of_real(a, json_real_value(json), out, e);
    case JSON_TRUE:
    case JSON_FALSE:
        *out = (kith_value){.kind = KITH_BOOL, .as.i = json_is_true(json)};
        return KITH_OK;
    case JSON_NULL:
        return KITH_OK;
    case JSON_ARRAY:
        return kind == KITH_F_JSON ? text_of_json(a, json, out, e) : list_of(a, json, kind, out, e);
    default:
        return text_of_json(a, json, out, e);
    }
}
