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

/* -- as programs send it ----------------------------------------------------------------------- */

/* "2024-02-29", and for a time also what follows it. */
static bool is_iso(const json_t *json, bool time) {
    static const char form[] = "dddd-dd-dd";
    const char *text = json_string_value(json);
    if (!text)
        return false;
    for (size_t i = 0; form[i]; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    const char *rest = text + sizeof form - 1;
    return !*rest || (time && (*rest == 'T' || *rest == 't' || *rest == ' '));
}

static bool all_strings(const json_t *list) {
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_is_string(json_array_get(list, i)))
            return false;
    return json_is_array(list);
}

/* NULL: it is of that form; else how it is written. */
static const char *unlike(const json_t *json, uint32_t kind) {
    switch (kind) {
    case KITH_F_INTEGER:
        return json_is_number(json) ? NULL : "7";
    case KITH_F_BOOLEAN:
        return json_is_boolean(json) ? NULL : "true or false";
    case KITH_F_DATE:
        return is_iso(json, false) ? NULL : "\"2024-02-29\"";
    case KITH_F_TIME:
        return is_iso(json, true) ? NULL : "\"2024-02-29T12:00:00Z\"";
    case KITH_F_DECIMAL:
        return json_is_string(json) || json_is_number(json) ? NULL : "\"0.25\"";
    case KITH_F_MONEY:
        return json_is_string(json) || json_is_number(json) ? NULL : "\"12.50 EUR\"";
    case KITH_F_LINKS:
    case KITH_F_TAGS:
        return all_strings(json) ? NULL : "[\"...\", \"...\"]";
    case KITH_F_JSON:
        return NULL;
    default:
        return json_is_string(json) ? NULL : "\"...\"";
    }
}

kith_status json_field_value(struct arena *a, const json_t *json, const struct rfield *f,
                             kith_value *out, kith_error *e) {
    const char *form = unlike(json, f->kind);
    if (json_is_null(json) || (json_is_string(json) && json_string_length(json) == 0) || !form)
        return json_value(a, json, f->kind, out, e);
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    if (!text)
        return err_nomem(e);
    kith_status st = err_set(e, KITH_E_INVAL, f->name, "%s: %.60s is no %s in JSON; write it as %s",
                             f->name, text, field_kind_name(f->kind), form);
    free(text);
    return st;
}
